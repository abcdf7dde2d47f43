import { setMaxListeners } from 'node:events'
import type { Terminal } from './terminal.ts'

/** Runs work that Ctrl-C may stop; the signal says that it was pressed. */
export async function interruptible<T>(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = new AbortController()
  // As many listen as calls are under way.
  setMaxListeners(0, interrupt.signal)
  const stopListening = terminal.onInterrupt?.(() => interrupt.abort())
  try {
    return await work(interrupt.signal)
  } finally {
    stopListening?.()
  }
}

/** Resolves on Ctrl-C or SIGTERM. Nobody listens any more then, so that another one ends the process at once. */
export const untilToldToEnd = (terminal: Terminal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      for (const stop of stops) stop?.()
      resolve()
    }
    const stops = [terminal.onInterrupt?.(end), terminal.onTerminate?.(end)]
  })

/** Standard input, which may be silent for ever, to its end or until Ctrl-C. */
export async function* untilInterrupted(
  stream: Terminal['stdin'] & { destroy?(): unknown },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]()
  const stopped = new Promise<{ done: true; value: undefined }>((resolve) => {
    const end = () => resolve({ done: true, value: undefined })
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
  for (;;) {
    const read = chunks.next()
    read.catch(() => {})
    const next = await Promise.race([read, stopped])
    if (next.done === true) break
    yield next.value
  }
  // A read that is under way would keep the process alive.
  if (signal.aborted) stream.destroy?.()
}
