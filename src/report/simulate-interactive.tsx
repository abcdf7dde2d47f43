import { Text, useApp, useInput } from 'ink'
import { type ReactNode, useEffect, useState } from 'react'
import { type OwnTerminal, showOnOwnScreen, useSize } from './own-screen.tsx'
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

/** Shows the explorer on a screen of its own until it is left, then gives the old one back. */
export async function runInteractive(
  model: ExplorerModel,
  terminal: OwnTerminal,
  view: Pick<View, 'color' | 'unicode'>,
): Promise<void> {
  requireTerminal(terminal)
  await showOnOwnScreen(terminal, (quit) => (
    <SimulateScreen model={model} onQuit={quit} view={view} />
  ))
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

const directions: readonly Direction[] = ['up', 'down', 'left', 'right']
