import { render, useStdout } from 'ink'
import { type ReactNode, useEffect, useState } from 'react'

/** Where the terminal's own streams are; no more of them is asked for than this. */
export type OwnTerminal = {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown }
}

/** Shows what is drawn on a screen of its own until it is left, then gives the old one back. */
export async function showOnOwnScreen(
  { stdin, stdout }: OwnTerminal,
  draw: (quit: () => void) => ReactNode,
): Promise<void> {
  const end = new AbortController()
  const quit = () => end.abort()
  for (const signal of endings) process.on(signal, quit)
  stdout.write(ownScreen)
  try {
    const app = render(draw(quit), {
      stdin: stdin as NodeJS.ReadStream,
      stdout: stdout as NodeJS.WriteStream,
      patchConsole: false,
    })
    end.signal.addEventListener('abort', () => app.unmount())
    await app.waitUntilExit()
  } finally {
    stdout.write(oldScreen)
    for (const signal of endings) process.removeListener(signal, quit)
  }
}

/** The size of the terminal, as it changes. */
export function useSize(): { readonly columns: number; readonly rows: number } {
  const { stdout } = useStdout()
  const read = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })
  const [size, setSize] = useState(read)
  useEffect(() => {
    const resized = () => setSize({ columns: stdout.columns || 80, rows: stdout.rows || 24 })
    stdout.on('resize', resized)
    return () => {
      stdout.off('resize', resized)
    }
  }, [stdout])
  return size
}

/** Signals that end a program; raw mode makes Ctrl-C a key, which ink takes. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The alternate screen (xterm, private mode 1049), entered empty, and back. */
const ownScreen = '\x1b[?1049h\x1b[H'
const oldScreen = '\x1b[?1049l'
