import { UserError } from '../domain/user-error.ts'
import type { ThresholdRange } from '../simulate/options.ts'

const usualStep = '0.01'
const usualSweep = `0.80:0.99:${usualStep}`
/** In the place of a step, or of all. */
const every = 'every'
/** Of all: from where neighbours are found anyway. */
const wholeRange = { from: 0.8, to: 1 }
/** More points than a plot can show, and than a run with a capacity can take. */
const mostPoints = 1000

export type AskedSweep = {
  /** From high to low. */
  readonly grid: readonly number[]
  /** Where every threshold is asked for besides. */
  readonly every?: ThresholdRange
}

/** "0.80:0.99:0.01", "0.80:0.99:every" or "every" as thresholds; the latter have the usual grid besides. */
export function sweepOf(sweep: string = usualSweep): AskedSweep {
  if (sweep === every) return { grid: sweepOf().grid, every: wholeRange }
  const parts = sweep.split(':').map((part) => part.trim())
  const isEvery = parts[2] === every
  const [from = Number.NaN, to = Number.NaN, step = Number.NaN] = parts.map((part, index) =>
    part === '' ? Number.NaN : Number(isEvery && index === 2 ? usualStep : part),
  )
  const isRange = parts.length === 3 && from >= 0 && to <= 1 && from <= to && step > 0
  if (!isRange) {
    throw new UserError(`--sweep ${sweep} is no range of thresholds`, {
      hint: 'write FROM:TO:STEP between 0 and 1, e.g. 0.80:0.99:0.01; every is a step too',
    })
  }
  const points = Math.floor((to - from) / step + 1e-9) + 1
  if (points > mostPoints) {
    throw new UserError(`--sweep ${sweep} has ${points} thresholds`, {
      hint: `take a step that makes ${mostPoints} at most, or FROM:TO:${every}`,
    })
  }
  // Rounded, so that 0.8 + 12 × 0.01 is 0.92 and not a little less.
  const grid = Array.from({ length: points }, (_, index) =>
    Number((from + index * step).toFixed(9)),
  ).reverse()
  return { grid, ...(isEvery && { every: { from, to } }) }
}
