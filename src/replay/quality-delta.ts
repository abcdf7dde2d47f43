import type { Interval } from '../domain/report.ts'
import { bootstrapInterval } from '../stats/bootstrap.ts'
import type { PairedCounts } from '../stats/mcnemar.ts'
import { pairedDifference } from '../stats/paired-difference.ts'

/** One pair of answers, as statistics see it. */
export type ScoredDifference = {
  /** Candidate − baseline, −1 to 1. */
  readonly difference: number
  /** How many of the affected it stands for, by the mean of all. */
  readonly weight: number
  readonly cluster: string
}

export type QualityDelta = {
  /** Weighted mean of the differences; null without a pair. */
  readonly estimate: number | null
  readonly interval: Interval | null
  readonly pairs: number
  /** Pairs in which the two do not do alike. */
  readonly discordant: number
  /** By how much the pairs are worth less than as many independent ones of equal weight. */
  readonly designEffect: number
}

/** With fewer clusters that hold a discordant pair a bootstrap's interval is too short. */
const leastDiscordant = 10

/** Weights that differ by so little change nothing. */
const evenDesign = 1.02

/**
 * The mean difference with its interval: Tango's for right-or-wrong pairs of equal weight, else a bootstrap over
 * clusters; with few discordant ones Tango's on as many pairs as they are worth.
 */
export function qualityDelta(
  pairs: readonly ScoredDifference[],
  seed: string,
  level = 0.95,
): QualityDelta {
  const weights = pairs.reduce((sum, { weight }) => sum + weight, 0)
  const discordant = pairs.filter(({ difference }) => difference !== 0).length
  const designEffect = designEffectOf(pairs)
  const base = { pairs: pairs.length, discordant, designEffect }
  if (pairs.length === 0) return { ...base, estimate: null, interval: null }
  const sum = pairs.reduce((total, { difference, weight }) => total + difference * weight, 0)
  const estimate = sum / weights
  const isBinary = pairs.every(({ difference }) => Number.isInteger(difference))
  const isPlain = designEffect <= evenDesign
  const interval =
    (isBinary && isPlain) || discordantClusters(pairs) < leastDiscordant
      ? pairedDifference(countsOf(pairs, isPlain ? 1 : designEffect), level)
      : bootstrapByCluster(pairs, seed, level)
  return { ...base, estimate, interval }
}

const discordantClusters = (pairs: readonly ScoredDifference[]): number =>
  new Set(pairs.flatMap(({ difference, cluster }) => (difference === 0 ? [] : [cluster]))).size

/**
 * Pairs by who did well; concordant pairs are all called "both", which changes no difference. A graded difference is a
 * part of a pair: won or lost whole, as seldom, it would vary more.
 */
function countsOf(pairs: readonly ScoredDifference[], designEffect: number): PairedCounts {
  let [won, lost, weights] = [0, 0, 0]
  for (const { difference, weight } of pairs) {
    weights += weight
    if (difference > 0) won += difference * weight
    else lost -= difference * weight
  }
  const worth = pairs.length / weights / designEffect
  const [onlyFirst, onlySecond] = [won * worth, lost * worth]
  return { both: (weights - won - lost) * worth, onlyFirst, onlySecond, neither: 0 }
}

/** Kish's effect of weights, by that of clusters whose members all say the same. */
function designEffectOf(pairs: readonly ScoredDifference[]): number {
  if (pairs.length === 0) return 1
  let sum = 0
  let squares = 0
  const sizes = new Map<string, number>()
  for (const { weight, cluster } of pairs) {
    sum += weight
    squares += weight * weight
    sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1)
  }
  const clustered = [...sizes.values()].reduce((total, size) => total + size * size, 0)
  return ((pairs.length * squares) / (sum * sum)) * (clustered / pairs.length)
}

function bootstrapByCluster(
  pairs: readonly ScoredDifference[],
  seed: string,
  level: number,
): Interval {
  const clusters = new Map<string, number>()
  const sums = new Float64Array(pairs.length)
  const weights = new Float64Array(pairs.length)
  for (const { difference, weight, cluster } of pairs) {
    const unit = clusters.get(cluster) ?? clusters.size
    clusters.set(cluster, unit)
    sums[unit] = (sums[unit] as number) + difference * weight
    weights[unit] = (weights[unit] as number) + weight
  }
  return bootstrapInterval({
    units: clusters.size,
    seed,
    level,
    statistic: (drawn) => {
      let sum = 0
      let weight = 0
      for (const unit of drawn) {
        sum += sums[unit] as number
        weight += weights[unit] as number
      }
      return sum / weight
    },
  })
}
