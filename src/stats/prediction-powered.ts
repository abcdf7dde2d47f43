import type { Interval } from './intervals.ts'
import { normalQuantile } from './normal.ts'

/** Judgements of what a human labelled, in the same order, and of what none did. All in [0, 1]. */
export type JudgedLabels = {
  readonly labels: readonly number[]
  readonly judgedLabelled: readonly number[]
  readonly judgedUnlabelled: readonly number[]
}

/** A mean that human labels make unbiased and a judge makes narrower. */
export type PredictionPowered = {
  readonly estimate: number
  /** How far the judge is trusted; 0 is not at all. */
  readonly lambda: number
  readonly standardError: number
  readonly interval: Interval
}

/**
 * PPI++ (Angelopoulos, Duchi, Zrnic 2023): mean(Y) + λ(mean f_U − mean f_L) with
 * λ = Cov(Y, f)/(Var f_L + (m/N) Var f_U), variance Var(Y − λf)/m + λ² Var f_U/N, and an interval on
 * the logit of the estimate. Null with fewer than two labels, and where the estimate is not inside
 * (0, 1), where it has no logit: then bound the labels alone.
 */
export function predictionPowered(judged: JudgedLabels, level = 0.95): PredictionPowered | null {
  const { labels, judgedLabelled, judgedUnlabelled } = judged
  if (labels.length !== judgedLabelled.length)
    throw new RangeError(`${labels.length} labels, ${judgedLabelled.length} of them judged`)
  const m = labels.length
  const n = judgedUnlabelled.length
  if (m < 2) return null
  const lambda = n < 2 ? 0 : trustIn(judged)
  const correction = lambda === 0 ? 0 : lambda * (mean(judgedUnlabelled) - mean(judgedLabelled))
  const estimate = mean(labels) + correction
  if (!(estimate > 0 && estimate < 1)) return null
  const residuals = labels.map((label, i) => label - lambda * (judgedLabelled[i] as number))
  const fromUnlabelled = lambda === 0 ? 0 : (lambda ** 2 * variance(judgedUnlabelled)) / n
  const standardError = Math.sqrt(variance(residuals) / m + fromUnlabelled)
  const logit = Math.log(estimate / (1 - estimate))
  const half = (normalQuantile((1 + level) / 2) * standardError) / (estimate * (1 - estimate))
  const interval = {
    low: logistic(logit - half),
    high: logistic(logit + half),
    level,
    method: 'ppi++',
  }
  return { estimate, lambda, standardError, interval }
}

function trustIn({ labels, judgedLabelled, judgedUnlabelled }: JudgedLabels): number {
  const share = labels.length / judgedUnlabelled.length
  const spread = variance(judgedLabelled) + share * variance(judgedUnlabelled)
  return spread === 0 ? 0 : covariance(labels, judgedLabelled) / spread
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const variance = (values: readonly number[]): number => covariance(values, values)

/** Of a sample (n − 1). */
function covariance(x: readonly number[], y: readonly number[]): number {
  const middleX = mean(x)
  const middleY = mean(y)
  const products = x.reduce(
    (sum, value, i) => sum + (value - middleX) * ((y[i] as number) - middleY),
    0,
  )
  return products / (x.length - 1)
}

const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit))
