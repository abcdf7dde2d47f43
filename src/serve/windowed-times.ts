import type { Quantiles, WindowName } from './gateway-figures.ts'
import { WindowedCounts } from './windowed-counts.ts'

/** Bars of 2^(1/16), 4.4 % wide, from a twentieth of a millisecond to half an hour; the ends take what lies beyond. */
const barsPerDoubling = 16
const leastMs = 0.05
const mostMs = 1_800_000
const bars = 2 + Math.ceil(barsPerDoubling * Math.log2(mostMs / leastMs))

/** Durations over the windows of `WindowedCounts`, as histograms: their quantiles are at most 2.2 % off. */
export class WindowedTimes {
  readonly #counts = new WindowedCounts(bars, (length) => new Uint32Array(length))

  open(minute: number): void {
    this.#counts.open(minute)
  }

  add(ms: number): void {
    this.#counts.add(barOf(ms), 1)
  }

  quantiles(window: WindowName, minute: number): Quantiles {
    return quantilesOf(this.#counts.sum(window, minute))
  }

  /** Since the start, by bar: `quantilesOf` reads them. */
  get bars(): Float64Array {
    return this.#counts.sum('start', 0)
  }

  ofMinute(minute: number): Quantiles {
    return quantilesOf(this.#counts.ofMinute(minute))
  }
}

function barOf(ms: number): number {
  if (!(ms > leastMs)) return 0
  return Math.min(bars - 1, 1 + Math.floor(barsPerDoubling * Math.log2(ms / leastMs)))
}

/** The middle of a bar, in proportion, to three digits; the ends stand for their inner edge. */
function msOf(bar: number): number {
  if (bar === 0) return leastMs
  if (bar === bars - 1) return mostMs
  return Number((leastMs * 2 ** ((bar - 0.5) / barsPerDoubling)).toPrecision(3))
}

/** By nearest rank, as `stats/quantile.ts` has them. */
export function quantilesOf(counts: Float64Array): Quantiles {
  const count = counts.reduce((sum, each) => sum + each, 0)
  if (count === 0) return { count, p50: null, p95: null, p99: null }
  const at = (share: number): number => {
    let left = Math.max(1, Math.ceil(share * count))
    for (let bar = 0; bar < bars; bar++) {
      left -= counts[bar] as number
      if (left <= 0) return msOf(bar)
    }
    return mostMs
  }
  return { count, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
