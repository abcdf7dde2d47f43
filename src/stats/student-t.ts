import { betaQuantileLogit } from './beta.ts'

/**
 * The p-quantile of Student's t with `degrees` > 0 degrees of freedom (not necessarily whole). From
 * P(|T| ≥ t) = I_x(ν/2, 1/2) with x = ν/(ν + t²), so t² = ν (1 − x)/x, whose ratio is the logit of
 * x.
 */
export function studentTQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`p must be inside (0, 1), got ${p}`)
  if (!(degrees > 0 && degrees < Infinity)) {
    throw new RangeError(`degrees of freedom must be positive and finite, got ${degrees}`)
  }
  if (p === 0.5) return 0
  const bothTails = 2 * Math.min(p, 1 - p)
  const logit = betaQuantileLogit(bothTails, { a: degrees / 2, b: 0.5 })
  const t = Math.sqrt(degrees) * Math.exp(-logit / 2)
  return p < 0.5 ? -t : t
}
