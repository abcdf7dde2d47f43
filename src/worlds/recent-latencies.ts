import { quantiles } from '../stats/quantile.ts'

/** A condition on a target's latency looks at this much time. */
export const latencyWindowMs = 300_000
/** So many answers say where the 95th percentile is; a busy target gives them in less time. */
const mostAnswers = 1024
const firstAnswers = 32

/** How long the last answers of a target took: a ring that grows to its size as answers come. */
export class RecentLatencies {
  #startedMs = new Float64Array(firstAnswers)
  #latencyMs = new Float64Array(firstAnswers)
  #count = 0

  note(startedMs: number, latencyMs: number): void {
    if (this.#count === this.#latencyMs.length && this.#count < mostAnswers) this.#grow()
    const place = this.#count % this.#latencyMs.length
    this.#startedMs[place] = startedMs
    this.#latencyMs[place] = latencyMs
    this.#count += 1
  }

  /** Of the requests that came in the five minutes up to a moment and were answered by then. */
  within(at: number): Float64Array {
    return this.#latencyMs.filter((latencyMs, place) => {
      const startedMs = this.#startedMs[place] as number
      return place < this.#count && startedMs > at - latencyWindowMs && startedMs + latencyMs <= at
    })
  }

  #grow(): void {
    const wider = (values: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(values.length * 2)
      grown.set(values)
      return grown
    }
    this.#startedMs = wider(this.#startedMs)
    this.#latencyMs = wider(this.#latencyMs)
  }
}

/** Null where there is none. */
export const p95Of = (latenciesMs: Float64Array): number | null =>
  quantiles(latenciesMs, [0.95])[0] ?? null
