import { insertFloor, llmcost, parseFloor } from '../commands.ts'
import { chatLog, type LogFile } from '../inputs.ts'
import { interleave } from '../interleave.ts'
import type { BenchOptions, Figures, Outcome, Target } from '../outcome.ts'
import { referenceRowsPerSecond } from '../pace.ts'
import { inBytes, inWhole } from '../table.ts'

/** Default bytes of a generated chat log. */
export const chatBytes = 200e6
const defaultRuns = 3
/** Below this, starting Node weighs more than the rows: rates of small logs are not judged. */
export const judgedBytes = 100e6
const rowsPerSecond = 60_000
/** Of floor (b)'s rows per second. */
const shareOfFloor = rowsPerSecond / referenceRowsPerSecond

/** `llmcost ingest` of chat pairs into a new store, against reading alone and against the least a store costs. */
export async function benchIngest({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? chatBytes)
  const floor = insertFloor(log)
  const { figures } = await interleave(
    [
      parseFloor(log),
      floor,
      {
        name: 'llmcost ingest',
        role: 'measured',
        command: ({ store }) => llmcost('ingest', log.path, '--db', store, '--quiet'),
      },
    ],
    { runs: runs ?? defaultRuns, rows: log.rows },
  )
  const isJudged = log.bytes >= judgedBytes
  const targets = figures.flatMap((one) => speedTarget(one, floor.name, isJudged))
  return { bench: 'ingest', input: inputWords(log), figures, targets }
}

export const inputWords = ({ rows, bytes }: LogFile): string =>
  `${inWhole(rows)} chat requests, ${inBytes(bytes)}`

function speedTarget({ ratios }: Figures, floor: string, isJudged: boolean): readonly Target[] {
  const ratio = ratios.find(({ to }) => to === floor)
  if (ratio === undefined) return []
  const share = 1 / ratio.time.median
  return [
    {
      words: `at least ${inWhole(rowsPerSecond)} rows/s where floor (b) reaches ${inWhole(referenceRowsPerSecond)}: ${shareOfFloor.toFixed(2)} of floor (b)`,
      found: `${share.toFixed(2)} of floor (b)`,
      met: isJudged ? share >= shareOfFloor : null,
    },
  ]
}
