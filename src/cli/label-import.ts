import type { StoredVerdict } from '../domain/stored-verdict.ts'
import { sampleNames } from '../report/label-csv.ts'
import { plural } from '../report/numbers.ts'
import type { Database } from '../store/database.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openVerdicts } from '../store/verdicts.ts'
import { withExistingStore } from './existing-store.ts'
import {
  cellText,
  type FilledRow,
  type RowProblem,
  readFilledCsv,
  sayProblems,
} from './filled-csv.ts'
import type { LabelFlags } from './label.ts'
import { pairMark } from './label-pair-mark.ts'
import { importRouted } from './label-routed.ts'
import type { Terminal } from './terminal.ts'

/** `llmcost label --import`: verdicts from a file for people to fill in, whichever command wrote it. */
export async function importLabels(
  path: string,
  by: string,
  flags: LabelFlags,
  terminal: Terminal,
): Promise<number> {
  const [row] = await readFilledCsv(path, ['verdict'], 'llmcost label --csv')
  if (row !== undefined && isBlind(row)) return await importRouted(path, by, flags, terminal)
  const rows = await readFilledCsv(path, neededColumns, 'llmcost label --csv')
  return await withExistingStore(flags, terminal, 'requests', 'write', (store, narrator) => {
    const read = readRows(rows, openAnswerKeys(store.database), by, flags.explore === true)
    openVerdicts(store.database).put(read.verdicts)
    sayProblems(path, read.problems, narrator)
    terminal.stdout.write(`${summaryOf(read)}\n`)
    if (read.verdicts.length > 0)
      narrator.say('llmcost simulate --max-wrong-hits 1% says what they prove')
    return read.problems.length > 0 && flags.strict === true ? 2 : 0
  })
}

type ReadLabels = {
  readonly verdicts: readonly StoredVerdict[]
  readonly unlabelled: number
  readonly problems: readonly RowProblem[]
}
type AnswerKey = (request: number) => string | null

/** Of a pair in places that tell nothing: not of a cache. */
const isBlind = ({ record }: FilledRow): boolean => 'first' in record && !('servedBy' in record)

const neededColumns = ['request', 'servedBy', 'verdict'] as const

/** The key of the answer that a request was given, by its number in the store. */
function openAnswerKeys(database: Database): AnswerKey {
  const lookup = openRequestLookup(database)
  return (request) => lookup.answerOf(request)?.hash ?? null
}

function readRows(
  rows: readonly FilledRow[],
  keyOf: AnswerKey,
  by: string,
  isExploring: boolean,
): ReadLabels {
  const verdicts: StoredVerdict[] = []
  const problems: RowProblem[] = []
  let unlabelled = 0
  for (const row of rows) {
    const read = readRow(row, keyOf)
    if (read === null) unlabelled++
    else if (typeof read === 'string') problems.push({ line: row.line, problem: read })
    else
      verdicts.push({
        ...read,
        kind: 'human',
        by,
        exploratory: isExploring || read.exploratory,
      })
  }
  return { verdicts, unlabelled, problems }
}

/** A verdict; null where none was given, a sentence where it cannot be read. */
function readRow(
  row: FilledRow,
  keyOf: AnswerKey,
): Pick<StoredVerdict, 'servedHash' | 'ownHash' | 'verdict' | 'exploratory'> | null | string {
  const cell = (name: string) => cellText(row, name)
  const word = cell('verdict').toLowerCase()
  if (word === '') return null
  const verdict = verdictOf.get(word)
  if (verdict === undefined) return `"${cell('verdict')}" is neither right nor wrong`
  const ownHash = keyOf(Number(cell('request') || Number.NaN))
  const servedHash = keyOf(Number(cell('servedBy') || Number.NaN))
  const names = `requests ${cell('request')} and ${cell('servedBy')}`
  if (ownHash === null || servedHash === null)
    return `${names} have no answers in this store: was it made anew?`
  const mark = cell('pair')
  if (mark !== '' && mark !== pairMark(servedHash, ownHash))
    return `${names} are others than they were when the sample was written`
  return { servedHash, ownHash, verdict, exploratory: cell('sample') === sampleNames.exploratory }
}

const verdictOf = new Map<string, StoredVerdict['verdict']>([
  ...['right', 'r', 'y', 'yes', 'true', '1'].map((word) => [word, 'right'] as const),
  ...['wrong', 'w', 'n', 'no', 'false', '0'].map((word) => [word, 'wrong'] as const),
  ...['unsettled', 's', 'skip', '?'].map((word) => [word, 'unsettled'] as const),
])

function summaryOf({ verdicts, unlabelled, problems }: ReadLabels): string {
  const count = (verdict: string) => verdicts.filter((each) => each.verdict === verdict).length
  const exploratory = verdicts.filter((each) => each.exploratory).length
  const parts = [
    `${plural(verdicts.length, 'verdict')}: ${count('right')} right, ${count('wrong')} wrong`,
    ...(count('unsettled') > 0 ? [`${count('unsettled')} not settled`] : []),
    ...(exploratory > 0 ? [`${exploratory} exploratory, which certify nothing`] : []),
    ...(unlabelled > 0 ? [`${plural(unlabelled, 'row')} without a verdict`] : []),
    ...(problems.length > 0 ? [`${plural(problems.length, 'row')} that could not be read`] : []),
  ]
  return parts.join(', ')
}
