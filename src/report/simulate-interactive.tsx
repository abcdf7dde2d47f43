import { render, Text, useApp, useInput, useStdout } from 'ink'
import { type ReactNode, useEffect, useState } from 'react'
import { requireTerminal } from './require-terminal.ts'
import { screenOf, type View } from './screen.ts'
import {
  type Cursor,
  type Direction,
  type Evaluation,
  type ExplorerModel,
  explorerLines,
  keyOf,
  moveCursor,
  nextUnknown,
  startCursor,
} from './simulate-explorer.ts'

export type SimulateScreenProps = {
  readonly model: ExplorerModel
  readonly onQuit: () => void
  readonly view?: Pick<View, 'color' | 'unicode'>
}

/** The threshold explorer: arrow keys change the settings, everything else follows. */
export function SimulateScreen({ model, onQuit, view }: SimulateScreenProps): ReactNode {
  const [cursor, setCursor] = useState(() => startCursor(model))
  const known = useEvaluations(model, cursor)
  const { columns, rows } = useSize()
  useInput((input, key) => {
    if (input === 'q') return onQuit()
    const direction = directions.find((each) => key[`${each}Arrow`])
    if (direction !== undefined) setCursor((old) => moveCursor(model, old, direction))
  })
  const { color = true, unicode = true } = view ?? {}
  const screen = { ...screenOf({ width: columns, color, unicode }), rows: rows - 1 }
  return <Text wrap="truncate">{explorerLines(model, cursor, known, screen).join('\n')}</Text>
}

/** Where the terminal's own streams are; no more of them is asked for than this. */
export type InteractiveTerminal = {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown }
}

/** Shows the explorer on a screen of its own until it is left, then gives the old one back. */
export async function runInteractive(
  model: ExplorerModel,
  { stdin, stdout }: InteractiveTerminal,
  view: Pick<View, 'color' | 'unicode'>,
): Promise<void> {
  requireTerminal({ stdin, stdout })
  const end = new AbortController()
  const quit = () => end.abort()
  for (const signal of endings) process.on(signal, quit)
  stdout.write(ownScreen)
  try {
    const app = render(<SimulateScreen model={model} onQuit={quit} view={view} />, {
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

/** What is known so far; the setting that is looked at comes first, one at a time between key presses. */
function useEvaluations(model: ExplorerModel, cursor: Cursor): ReadonlyMap<string, Evaluation> {
  const { exit } = useApp()
  const [known, setKnown] = useState<ReadonlyMap<string, Evaluation>>(new Map())
  const next = nextUnknown(model, cursor, known)
  useEffect(() => {
    if (next === undefined) return
    const turn = setImmediate(() => {
      try {
        const found = model.evaluate(next)
        setKnown((old) => new Map(old).set(keyOf(next), found))
      } catch (error) {
        exit(error instanceof Error ? error : new Error(String(error)))
      }
    })
    return () => clearImmediate(turn)
  })
  return known
}

/** The size of the terminal, as it changes. */
function useSize(): { readonly columns: number; readonly rows: number } {
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

const directions: readonly Direction[] = ['up', 'down', 'left', 'right']

/** Signals that end a program; raw mode makes Ctrl-C a key, which ink takes. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The alternate screen (xterm, private mode 1049), entered empty, and back. */
const ownScreen = '\x1b[?1049h\x1b[H'
const oldScreen = '\x1b[?1049l'
