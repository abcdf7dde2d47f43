import { usdOf } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import type { Quantiles } from './gateway-figures.ts'
import type { MinuteSeries } from './gateway-snapshot.ts'
import { isCacheable, isFailed, isHit, type ServedFacts } from './served-facts.ts'
import { minuteMs, SlotRing } from './windowed-counts.ts'

/** Minutes of one day. */
export const keptMinutes = 1440

const column = {
  requests: 0,
  costNano: 1,
  savedNano: 2,
  cacheable: 3,
  hits: 4,
  failed: 5,
  refused: 6,
  p50Ms: 7,
  p95Ms: 8,
} as const
const columns = 9

/** What charts draw: a ring of the last day's minutes. Latencies are put in when a minute is over, or looked at. */
export class MinuteRing {
  readonly #ring = new SlotRing(keptMinutes, columns)

  add(minute: number, served: Served, facts: ServedFacts): void {
    const offset = this.#ring.offsetOf(minute)
    this.#ring.add(offset + column.requests, 1)
    this.addCost(minute, served.receipt.costNanoUsd)
    if (facts.savedNanoUsd !== null) this.#ring.add(offset + column.savedNano, facts.savedNanoUsd)
    if (isCacheable(facts)) this.#ring.add(offset + column.cacheable, 1)
    if (isHit(facts)) this.#ring.add(offset + column.hits, 1)
    if (isFailed(served)) this.#ring.add(offset + column.failed, 1)
    if (served.receipt.outcome === 'blocked') this.#ring.add(offset + column.refused, 1)
  }

  addCost(minute: number, costNanoUsd: number): void {
    this.#ring.add(this.#ring.offsetOf(minute) + column.costNano, costNanoUsd)
  }

  setLatency(minute: number, { p50, p95 }: Quantiles): void {
    const offset = this.#ring.offsetOf(minute)
    this.#ring.set(offset + column.p50Ms, p50 ?? 0)
    this.#ring.set(offset + column.p95Ms, p95 ?? 0)
  }

  /** From one minute to another, both of the last day. */
  series(first: number, minute: number): MinuteSeries {
    const counts = (each: number): number[] => {
      const values: number[] = []
      for (let slot = first; slot <= minute; slot++) values.push(this.#ring.read(slot, each))
      return values
    }
    const dollars = (each: number) => counts(each).map(usdOf)
    const times = (each: number) => counts(each).map((ms) => (ms === 0 ? null : ms))
    return {
      from: new Date(first * minuteMs).toISOString(),
      stepMs: minuteMs,
      requests: counts(column.requests),
      costUsd: dollars(column.costNano),
      savedUsd: dollars(column.savedNano),
      cacheable: counts(column.cacheable),
      hits: counts(column.hits),
      failed: counts(column.failed),
      refused: counts(column.refused),
      latencyP50Ms: times(column.p50Ms),
      latencyP95Ms: times(column.p95Ms),
    }
  }
}
