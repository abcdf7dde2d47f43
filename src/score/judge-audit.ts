import type { Interval } from '../domain/report.ts'
import { independentDifference } from '../stats/independent-difference.ts'
import { predictionPowered } from '../stats/prediction-powered.ts'

/** How well a judge of pairs does, as far as people say. */
export type JudgeSummary = {
  readonly name: string
  /** Of the labelled pairs, those where judge and person prefer the same answer; null without. */
  readonly agreement: number | null
  /** Of the pairs with two readable verdicts, those where another place was another winner. */
  readonly flipRate: number | null
  readonly parseFailures: number
  /** Pairs that a person and the judge both decided: what agreement to informativeness are about. */
  readonly labelled: number
  /** Of pairs where people prefer the candidate, those where the judge does; null without such pairs. */
  readonly sensitivity: number | null
  /** Of pairs where people prefer the baseline, those where the judge does; null without such pairs. */
  readonly specificity: number | null
  /** Cohen's: agreement beyond what chance would give; null where chance alone gives all of it. */
  readonly kappa: number | null
  /** Sensitivity + specificity − 1: 0 knows nothing, 1 all, below 0 the opposite. */
  readonly informativeness: number | null
  /** Newcombe's; null without labelled pairs. */
  readonly informativenessInterval: Interval | null
  /**
   * Share of all pairs that prefer the candidate, corrected by human labels (PPI++); ties, and for the judge what it did
   * not decide, count half. Null where that method says nothing: see `predictionPowered`.
   */
  readonly ppi: {
    readonly estimate: number
    readonly interval: Interval
    readonly lambda: number
  } | null
}

/** A pair as judge and person saw it: 1 prefers the candidate, −1 the baseline, 0 is a tie. */
export type AuditedPair = {
  /** Null: it could not be read. */
  readonly judged: -1 | 0 | 1 | null
  readonly isFlip: boolean
  readonly parseFailures: number
  /** Null: nobody was asked, or could not tell. */
  readonly human: -1 | 0 | 1 | null
}

/** Holds a judge of pairs to what people said of some of them; those must be drawn at random from all. */
export function auditJudge(name: string, pairs: readonly AuditedPair[]): JudgeSummary {
  const counts = countDecided(pairs)
  const { bothCandidate, onlyPerson, onlyJudge, bothBaseline } = counts
  const labelled = bothCandidate + onlyPerson + onlyJudge + bothBaseline
  const readable = pairs.filter(({ judged }) => judged !== null)
  const sensitivity = share(bothCandidate, bothCandidate + onlyPerson)
  const specificity = share(bothBaseline, bothBaseline + onlyJudge)
  return {
    name,
    agreement: share(bothCandidate + bothBaseline, labelled),
    flipRate: share(readable.filter(({ isFlip }) => isFlip).length, readable.length),
    parseFailures: pairs.reduce((sum, each) => sum + each.parseFailures, 0),
    labelled,
    sensitivity,
    specificity,
    kappa: kappaOf(counts, labelled),
    informativeness:
      sensitivity === null || specificity === null ? null : sensitivity + specificity - 1,
    informativenessInterval: labelled === 0 ? null : informativenessInterval(counts),
    ppi: correctedShare(pairs),
  }
}

/**
 * Whether nothing may rest on this judge alone: as far as people's labels tell, it may know nothing (or prefer the
 * opposite). Without labels that is open, and the judge's word an unaudited estimate: false.
 */
export const refusesJudgeOnly = ({
  informativenessInterval: interval,
}: Pick<JudgeSummary, 'informativenessInterval'>): boolean => interval !== null && interval.low <= 0

/** Pairs that both decided, by who prefers the candidate. */
type DecidedCounts = {
  readonly bothCandidate: number
  readonly onlyPerson: number
  readonly onlyJudge: number
  readonly bothBaseline: number
}

function countDecided(pairs: readonly AuditedPair[]): DecidedCounts {
  const count = (person: -1 | 1, judge: -1 | 1) =>
    pairs.filter(({ human, judged }) => human === person && judged === judge).length
  return {
    bothCandidate: count(1, 1),
    onlyPerson: count(1, -1),
    onlyJudge: count(-1, 1),
    bothBaseline: count(-1, -1),
  }
}

const share = (part: number, of: number): number | null => (of === 0 ? null : part / of)

function kappaOf(counts: DecidedCounts, labelled: number): number | null {
  const { bothCandidate, onlyPerson, onlyJudge, bothBaseline } = counts
  const [person, judge] = [bothCandidate + onlyPerson, bothCandidate + onlyJudge]
  const byChance = person * judge + (labelled - person) * (labelled - judge)
  const beyond = labelled ** 2 - byChance
  return share((bothCandidate + bothBaseline) * labelled - byChance, beyond)
}

/** Sensitivity less the share of the judge's wrong preferences for the candidate: two independent groups of pairs. */
const informativenessInterval = (counts: DecidedCounts): Interval =>
  independentDifference(
    { successes: counts.bothCandidate, trials: counts.bothCandidate + counts.onlyPerson },
    { successes: counts.onlyJudge, trials: counts.onlyJudge + counts.bothBaseline },
  )

function correctedShare(pairs: readonly AuditedPair[]): JudgeSummary['ppi'] {
  const labelled = pairs.filter(({ human }) => human !== null)
  const unlabelled = pairs.filter(({ human }) => human === null)
  const found = predictionPowered({
    labels: labelled.map(({ human }) => winOf(human)),
    judgedLabelled: labelled.map(({ judged }) => winOf(judged)),
    judgedUnlabelled: unlabelled.map(({ judged }) => winOf(judged)),
  })
  if (found === null) return null
  const { estimate, interval, lambda } = found
  return { estimate, interval, lambda }
}

/** Whatever the judge says of a pair, the correction makes of it no bias: what it did not decide may count half. */
const winOf = (difference: -1 | 0 | 1 | null): number => ((difference ?? 0) + 1) / 2
