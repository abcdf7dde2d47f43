import { insertFloor, llmcost } from '../commands.ts'
import { chatLog } from '../inputs.ts'
import { interleave } from '../interleave.ts'
import type { BenchOptions, Figures, Outcome, Target } from '../outcome.ts'
import { referenceRowsPerSecond } from '../pace.ts'
import { inBytes, inTime, inWhole } from '../table.ts'
import { memoryTarget, timeTarget } from '../targets.ts'
import { chatBytes, inputWords, judgedBytes } from './ingest.ts'

const defaultRuns = 3
/** 20 s for a million rows, where floor (b) is as quick as where that was set. */
const timesFloor = 20 / (1e6 / referenceRowsPerSecond)
const peakRssBytes = 300e6

/** `llmcost analyze FILE` into a new store: what a user waits for the first report. */
export async function benchFirstAnalyze({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? chatBytes)
  const { figures } = await interleave(
    [
      insertFloor(log),
      {
        name: 'llmcost analyze, new store',
        role: 'measured',
        command: ({ store }) => llmcost('analyze', log.path, '--db', store, '--quiet'),
      },
    ],
    { runs: runs ?? defaultRuns, rows: log.rows },
  )
  return {
    bench: 'first-analyze',
    input: inputWords(log),
    figures,
    targets: targetsOf(figures, log.bytes >= judgedBytes),
  }
}

function targetsOf([floor, analyze]: readonly Figures[], isJudged: boolean): readonly Target[] {
  if (floor === undefined || analyze === undefined) return []
  const scaledMs = floor.wallMs.median * timesFloor
  const words = `below 20 s for a million rows where floor (b) reaches ${inWhole(referenceRowsPerSecond)} rows/s; here ${inTime(scaledMs)}`
  const speed = timeTarget(words, analyze, scaledMs)
  return [
    isJudged ? speed : { ...speed, met: null },
    ...memoryTarget(`peak RSS below ${inBytes(peakRssBytes)}`, analyze, peakRssBytes),
  ]
}
