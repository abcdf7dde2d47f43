import { isatty } from 'node:tty'

/** The slice of `process` a command may touch, so tests can pass their own. */
export type Terminal = {
  readonly stdin: AsyncIterable<Buffer> & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls back on Ctrl-C; returns how to stop listening. */
  readonly onInterrupt?: (listener: () => void) => () => void
  /** The same for the word to end that programs give (SIGTERM). */
  readonly onTerminate?: (listener: () => void) => () => void
  /** Calls back each time a program asks to read settings anew (SIGHUP); returns how to stop listening. */
  readonly onHangup?: (listener: () => void) => () => void
}

export type Output = {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** This process's own streams. A second Ctrl-C ends the process at once, whoever listens to the first. */
export const processTerminal = (): Terminal => ({
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onInterrupt: (listener) => onceOn('SIGINT', listener),
  onTerminate: (listener) => onceOn('SIGTERM', listener),
  onHangup,
})

function onceOn(signal: NodeJS.Signals, listener: () => void): () => void {
  process.once(signal, listener)
  return () => process.removeListener(signal, listener)
}

/** The signal is also how a terminal says that it was closed: then it ends the process, as it does every other. */
function onHangup(listener: () => void): () => void {
  const hadTerminal = isatty(process.stderr.fd)
  const onSignal = () => {
    if (!hadTerminal || isatty(process.stderr.fd)) listener()
    else {
      stop()
      process.kill(process.pid, 'SIGHUP')
    }
  }
  const stop = () => process.removeListener('SIGHUP', onSignal)
  process.on('SIGHUP', onSignal)
  return stop
}

/** How wide and how colourful output may be. NO_COLOR and FORCE_COLOR are respected (no-color.org). */
export function viewOf(
  output: Output,
  env: Terminal['env'],
): { width: number; color: boolean; unicode: boolean } {
  const isTerminal = output.isTTY === true
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  const color = (isTerminal || forced) && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const width = isTerminal ? output.columns || 80 : Number(env['COLUMNS']) || 80
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? 'UTF-8'
  const unicode = !isTerminal || /utf-?8/i.test(locale) || locale === ''
  return { width: Math.max(40, Math.min(width, 120)), color, unicode }
}
