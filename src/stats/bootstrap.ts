import type { EntryHits } from './clustered-hits.ts'
import type { Interval } from './intervals.ts'
import { quantiles } from './quantile.ts'
import { generatorName, randomFrom } from './random.ts'

/** Units are drawn whole, with replacement; the statistic sees which ones, by index. */
export type Resampling = {
  readonly units: number
  readonly statistic: (drawn: Int32Array) => number
  /** The result's fingerprint: the same one gives the same interval. */
  readonly seed: string
  readonly level?: number
}

/** Enough for the 2.5th and 97.5th percentile to have 50 draws beyond them (Efron, Tibshirani 1993). */
const resamples = 2_000
/** With fewer wrong hits the percentile interval is too short. */
const leastWrong = 10

/** A percentile bootstrap over whole units. */
export function bootstrapInterval({ units, statistic, seed, level = 0.95 }: Resampling): Interval {
  if (!(Number.isInteger(units) && units > 0)) throw new RangeError(`no units to draw: ${units}`)
  const random = randomFrom(seed)
  const drawn = new Int32Array(units)
  const values = new Float64Array(resamples)
  for (let b = 0; b < resamples; b++) {
    for (let i = 0; i < units; i++) drawn[i] = Math.floor(random() * units)
    values[b] = statistic(drawn)
  }
  const [low = Number.NaN, high = Number.NaN] = quantiles(values, [
    (1 - level) / 2,
    (1 + level) / 2,
  ])
  return { low, high, level, method: `percentile-bootstrap (${generatorName})` }
}

/** Wrong hits per hit, resampled by the entries that served them; null below ten wrong hits. */
export function bootstrapWrongRate(
  entries: readonly EntryHits[],
  options: { readonly seed: string; readonly level?: number },
): Interval | null {
  const used = entries.filter(({ hits }) => hits > 0)
  const hits = Float64Array.from(used, (entry) => entry.hits)
  const wrong = Float64Array.from(used, (entry) => entry.wrong)
  if (wrong.reduce((sum, value) => sum + value, 0) < leastWrong) return null
  const statistic = (drawn: Int32Array): number => {
    let n = 0
    let k = 0
    for (const i of drawn) {
      n += hits[i] as number
      k += wrong[i] as number
    }
    return k / n
  }
  return bootstrapInterval({ units: used.length, statistic, ...options })
}
