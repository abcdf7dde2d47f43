import { Text, useInput } from 'ink'
import { type ReactNode, useEffect, useState } from 'react'
import { type WindowName, windowNames } from '../serve/gateway-figures.ts'
import type { GatewaySnapshot } from '../serve/gateway-snapshot.ts'
import { safeText } from './escape.ts'
import { type OwnTerminal, showOnOwnScreen, useSize } from './own-screen.tsx'
import { colorPaint, plainPaint } from './paint.ts'
import { requireTerminal } from './require-terminal.ts'
import type { View } from './screen.ts'
import { formatServeStatus } from './serve-status.ts'
import { truncateText } from './text-width.ts'

export type StatusWatchProps = {
  /** Asks the gateway; an error it rejects with is shown, and it is asked again. */
  readonly fetchSnapshot: () => Promise<GatewaySnapshot>
  readonly onQuit: () => void
  readonly view?: Pick<View, 'color' | 'unicode'>
  readonly everyMs?: number
}

/** `llmcost serve status --watch`: the status as it changes; q quits. */
export async function watchServeStatus(
  fetchSnapshot: StatusWatchProps['fetchSnapshot'],
  terminal: OwnTerminal,
  view: Pick<View, 'color' | 'unicode'>,
): Promise<void> {
  requireTerminal(terminal, {
    flag: '--watch',
    hint: 'leave it out to print the status once, or take --format json',
  })
  await showOnOwnScreen(terminal, (quit) => (
    <StatusWatch fetchSnapshot={fetchSnapshot} onQuit={quit} view={view} />
  ))
}

/** The status on a whole screen: left and right choose the window of time, up and down scroll. */
export function StatusWatch({ fetchSnapshot, onQuit, view, everyMs }: StatusWatchProps): ReactNode {
  const { snapshot, problem } = usePolled(fetchSnapshot, everyMs ?? defaultEveryMs)
  const [window, setWindow] = useState<WindowName>('hour')
  const [top, setTop] = useState(0)
  const { columns, rows } = useSize()
  const { color = true, unicode = true } = view ?? {}
  const text =
    snapshot === null
      ? ''
      : formatServeStatus(snapshot, { width: columns - 1, color, unicode, window })
  const lines = text.split('\n').slice(0, -1)
  const room = Math.max(1, rows - 2)
  const last = Math.max(0, lines.length - room)
  useInput((input, key) => {
    if (input === 'q') return onQuit()
    if (key.leftArrow) setWindow((old) => neighbour(old, -1))
    if (key.rightArrow) setWindow((old) => neighbour(old, 1))
    if (key.upArrow) setTop((old) => Math.max(0, Math.min(old, last) - 1))
    if (key.downArrow) setTop((old) => Math.min(last, old + 1))
    if (key.pageUp) setTop((old) => Math.max(0, Math.min(old, last) - room))
    if (key.pageDown) setTop((old) => Math.min(last, old + room))
  })
  const paint = color ? colorPaint : plainPaint
  const state =
    problem !== null
      ? paint('red', truncateText(`${safeText(problem)}; asking again`, columns - 1))
      : paint('dim', truncateText(snapshot === null ? 'asking the gateway' : keys, columns - 1))
  const from = Math.min(top, last)
  const shown = lines.slice(from, from + room)
  return <Text wrap="truncate">{[...shown, state].join('\n')}</Text>
}

const keys = '← → hour, 24 hours, since start   ↑ ↓ scroll   q quit'

const neighbour = (window: WindowName, step: 1 | -1): WindowName =>
  windowNames[windowNames.indexOf(window) + step] ?? window

/** Milliseconds between two looks. */
const defaultEveryMs = 1000

type Polled = { readonly snapshot: GatewaySnapshot | null; readonly problem: string | null }

/** The newest snapshot; the next is asked for so long after the last one came. */
function usePolled(fetchSnapshot: StatusWatchProps['fetchSnapshot'], everyMs: number): Polled {
  const [polled, setPolled] = useState<Polled>({ snapshot: null, problem: null })
  useEffect(() => {
    let isOver = false
    let timer: NodeJS.Timeout | undefined
    const look = async () => {
      const next = await fetchSnapshot().then(
        (snapshot) => (): Polled => ({ snapshot, problem: null }),
        (error: unknown) =>
          (old: Polled): Polled => ({
            ...old,
            problem: error instanceof Error ? error.message : String(error),
          }),
      )
      if (isOver) return
      setPolled(next)
      timer = setTimeout(() => void look(), everyMs)
    }
    void look()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [fetchSnapshot, everyMs])
  return polled
}
