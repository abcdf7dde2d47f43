import { join } from 'node:path'
import { insertFloor } from './commands.ts'
import { chatLog, type LogFile } from './inputs.ts'
import type { Subject } from './interleave.ts'
import { measure } from './measure.ts'
import type { Figures } from './outcome.ts'
import { newFolder, removeFolder } from './work-folder.ts'

/** Rows per second of floor (b) on the machine on which the limits in seconds were set. */
export const referenceRowsPerSecond = 81_000

/** Long enough that starting Node weighs little, short enough to be run in every round. */
const usualBytes = 50e6

/** What one floor tells of a machine's pace at the time of a run. */
export type Pace = {
  /** 1 where the limits were set, 0.5 where everything takes twice as long. */
  readonly share: number
  /** Whether the log was long enough to judge by. */
  readonly isJudged: boolean
}

export const paceLog = (sizeBytes: number | undefined): LogFile =>
  chatLog(Math.min(sizeBytes ?? usualBytes, usualBytes))

/** Floor (b), run in the rounds of a bench for its pace alone: nothing is compared with it. */
export const paceSubject = (log: LogFile): Subject => ({
  ...insertFloor(log),
  name: 'pace: floor (b)',
  role: 'pace',
})

/** What `paceSubject` takes, for benches that measure more than whole processes. */
export async function paceMs(log: LogFile): Promise<number> {
  const folder = newFolder()
  try {
    const store = join(folder, 'store.db')
    return (await measure(paceSubject(log).command({ folder, store }), folder)).wallMs
  } finally {
    removeFolder(folder)
  }
}

/** The pace found by `paceSubject` among the figures of a bench. */
export function paceIn(figures: readonly Figures[], log: LogFile): Pace {
  const found = figures.find(({ role }) => role === 'pace')
  if (found === undefined) throw new Error('no figures of a pace')
  return paceOf(found.wallMs.median, log)
}

export const paceOf = (wallMs: number, log: LogFile): Pace => ({
  share: log.rows / (wallMs / 1000) / referenceRowsPerSecond,
  isJudged: log.bytes >= usualBytes * 0.9,
})
