import { UserError } from '../domain/user-error.ts'

const usualSweep = '0.80:0.99:0.01'
/** More points than a plot can show, and than a run with a capacity can take. */
const mostPoints = 1000

/** "0.80:0.99:0.01" as thresholds from high to low. */
export function gridOf(sweep: string = usualSweep): readonly number[] {
  const parts = sweep.split(':').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [from = Number.NaN, to = Number.NaN, step = Number.NaN] = parts
  const isRange = parts.length === 3 && from >= 0 && to <= 1 && from <= to && step > 0
  if (!isRange) {
    throw new UserError(`--sweep ${sweep} is no range of thresholds`, {
      hint: 'write FROM:TO:STEP between 0 and 1, e.g. 0.80:0.99:0.01',
    })
  }
  const points = Math.floor((to - from) / step + 1e-9) + 1
  if (points > mostPoints) {
    throw new UserError(`--sweep ${sweep} has ${points} thresholds`, {
      hint: `take a step that makes ${mostPoints} at most`,
    })
  }
  // Rounded, so that 0.8 + 12 × 0.01 is 0.92 and not a little less.
  return Array.from({ length: points }, (_, index) =>
    Number((from + index * step).toFixed(9)),
  ).reverse()
}
