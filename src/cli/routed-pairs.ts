import { UserError } from '../domain/user-error.ts'
import { judgedPairs, type RoutedPair } from '../replay/routed-pairs.ts'
import { plural } from '../report/numbers.ts'
import { labelNumber } from '../stats/label-sample.ts'
import { comparedRoutes } from '../store/compared-answers.ts'
import type { Database } from '../store/database.ts'
import { storedMeasurements } from '../store/measurements.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { answerOf } from '../worlds/stored-request.ts'
import type { Narrator } from './narrator.ts'
import { requestNumbers } from './request-numbers.ts'

/** As many as a person labels in an hour. */
export const usualPairs = 200

export type RoutedPairs = {
  /** In the order in which they are drawn, which stays however many more there are. */
  readonly pairs: readonly RoutedPair[]
  /** Audits of which the text of one answer, or of the question, is not in the store. */
  readonly untold: number
}

/** Answers of cheaper models beside the strongest model's, of all requests that a gateway audited. */
export function readRoutedPairs(database: Database): RoutedPairs {
  const lookup = openRequestLookup(database)
  const seqOf = requestNumbers(database)
  const textAt = (seq: number | null) =>
    seq === null ? null : (answerOf(lookup.answerOf(seq), null)?.text ?? null)
  const pairs = new Map<string, RoutedPair>()
  const audits = comparedRoutes(database)
  let untold = 0
  for (const { group: route, target, strong, of, fresh } of audits) {
    const [seq, freshSeq] = [seqOf(of), seqOf(fresh)]
    const question = seq === null ? null : lookup.questionOf(seq)
    const [candidate, baseline] = [textAt(seq), textAt(freshSeq)]
    if (seq === null || freshSeq === null) untold++
    else if (question === null || candidate === null || baseline === null) untold++
    else {
      const texts = { question, candidate, baseline }
      pairs.set(String(of), { id: String(of), seq, freshSeq, route, target, strong, ...texts })
    }
  }
  const drawn = [...pairs.values()].map((pair) => ({ pair, at: labelNumber(drawSeed, pair.id) }))
  return { pairs: drawn.sort((a, b) => a.at - b.at).map(({ pair }) => pair), untold }
}

const drawSeed = 'routed'

/** The first so many that nobody has judged, and a word on those that are left out. */
export function pairsToJudge(
  database: Database,
  limit: number | undefined,
  narrator: Narrator,
): readonly RoutedPair[] {
  const { pairs, untold } = readRoutedPairs(database)
  const judged = judgedPairs(storedMeasurements(database))
  const open = pairs.filter(({ id }) => !judged.has(id))
  const known = pairs.length - open.length
  if (open.length === 0) narrator.say('no pair is left to judge: serve.audit.routeShare makes some')
  if (known > 0) narrator.say(`${plural(known, 'pair')} left out: somebody has judged them`)
  if (untold > 0) {
    narrator.say(
      `${plural(untold, 'pair')} left out: the text of both is not kept (privacy.content: full keeps it)`,
    )
  }
  return open.slice(0, limit ?? usualPairs)
}

/** Routed pairs are drawn from all audits: a part of them would be another sample. */
export function refuseSelection(flags: {
  readonly since?: unknown
  readonly until?: unknown
  readonly where?: unknown
}): void {
  if (flags.since === undefined && flags.until === undefined && flags.where === undefined) return
  throw new UserError('--routed draws from all that was audited', {
    hint: 'leave out --since, --until and --where; --limit says how many pairs',
  })
}
