import type { RequestLookup } from '../domain/columns.ts'
import { UserError } from '../domain/user-error.ts'
import { type LabelRow, labelCsv } from '../report/label-csv.ts'
import { plural } from '../report/numbers.ts'
import { labelNumber } from '../stats/label-sample.ts'
import { type ComparedAnswer, comparedAnswers } from '../store/compared-answers.ts'
import type { Database } from '../store/database.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openVerdicts } from '../store/verdicts.ts'
import { answerOf } from '../worlds/stored-request.ts'
import { withExistingStore } from './existing-store.ts'
import type { ExportFlags } from './export.ts'
import { pairMark } from './label-pair-mark.ts'
import { requestNumbers } from './request-numbers.ts'
import { usualPairs } from './routed-pairs.ts'
import type { Terminal } from './terminal.ts'
import { writeNew } from './write-new.ts'
import { writeOut } from './write-out.ts'

/** As certificates draw: what is labelled first is what they ask for first. */
const drawSeed = 'certify'

/**
 * `llmcost export --shadow`: answers that a gateway's cache gave, or would have given, beside fresh ones, at random, for
 * people to judge; `llmcost label --import` reads them back.
 */
export async function exportShadow(flags: ExportFlags, terminal: Terminal): Promise<number> {
  refuseFilters(flags)
  return await withExistingStore(flags, terminal, 'anything', 'read', async (store, narrator) => {
    const { rows, known, untold } = readPairs(store.database, flags.limit ?? usualPairs)
    if (rows.length > 0 && flags.out !== undefined) writeNew(flags.out, labelCsv(rows))
    else if (rows.length > 0) await writeOut(terminal.stdout, labelCsv(rows))
    const where = flags.out === undefined ? '' : ` written to ${flags.out}`
    narrator.say(
      rows.length === 0
        ? 'no pair is left to judge: a shadow, or serve.auditShare, makes some'
        : `${plural(rows.length, 'pair')}${where}: fill in the column verdict with right or wrong, then llmcost label --import FILE`,
    )
    if (known > 0) narrator.say(`${plural(known, 'pair')} left out: somebody has judged them`)
    if (untold > 0)
      narrator.say(`${plural(untold, 'pair')} left out: the text of both is not kept any more`)
    return 0
  })
}

type Pairs = {
  readonly rows: readonly LabelRow[]
  /** Judged by people already. */
  readonly known: number
  /** Without the text of both. */
  readonly untold: number
}

function readPairs(database: Database, limit: number): Pairs {
  const lookup = openRequestLookup(database)
  const verdicts = openVerdicts(database)
  const seqOf = requestNumbers(database)
  const rows = new Map<string, LabelRow>()
  let [known, untold] = [0, 0]
  const drawn = comparedAnswers(database)
    .map((each) => ({ each, number: labelNumber(drawSeed, each.id) }))
    .sort((a, b) => a.number - b.number)
  for (const { each } of drawn) {
    if (rows.size >= limit) break
    const read = readPair(lookup, seqOf(each.entry), seqOf(each.fresh), each)
    if (read === null) untold++
    else if (verdicts.lookup(read.servedHash, read.ownHash)?.kind === 'human') known++
    // The same two answers once.
    else if (!rows.has(read.row.pair)) rows.set(read.row.pair, read.row)
  }
  return { rows: [...rows.values()], known, untold }
}

/** Null where one of both is not in the store, or its text is not. */
function readPair(
  lookup: RequestLookup,
  servedBy: number | null,
  seq: number | null,
  { similarity }: ComparedAnswer,
): { readonly row: LabelRow; readonly servedHash: string; readonly ownHash: string } | null {
  if (servedBy === null || seq === null) return null
  const [own, served] = [lookup.answerOf(seq), lookup.answerOf(servedBy)]
  const ownAnswer = answerOf(own, null)?.text ?? null
  const servedAnswer = answerOf(served, null)?.text ?? null
  const question = lookup.questionOf(seq)
  if (own === null || served === null || question === null) return null
  if (ownAnswer === null || servedAnswer === null) return null
  const row: LabelRow = {
    request: seq,
    servedBy,
    similarity,
    question,
    servedQuestion: lookup.questionOf(servedBy),
    ownAnswer,
    servedAnswer,
    exploratory: false,
    pair: pairMark(served.hash, own.hash),
  }
  return { row, servedHash: served.hash, ownHash: own.hash }
}

function refuseFilters({ since, until, where }: ExportFlags): void {
  if (since === undefined && until === undefined && where === undefined) return
  throw new UserError('--shadow draws from all that was compared', {
    hint: 'leave out --since, --until and --where; --limit says how many pairs',
  })
}
