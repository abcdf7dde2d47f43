/** Answers are counted by slices of this length, for as long as latencies are. */
const sliceMs = 10_000
const slices = 30
/** Fewer answers in a slice do not show what a target can do. */
const leastAnswers = 10
/** How much the latest answer counts in what is usual. */
const latestShare = 0.1

/**
 * How long a request would wait in a target's queue. By Little's law so many calls in flight take their number over the
 * rate of answers; what is more than an answer takes without a queue is the queue. The rate is what is known of the
 * target, else the best that it has shown in five minutes.
 */
export class QueueEstimate {
  readonly #counts = new Uint32Array(slices)
  #slice = Number.NEGATIVE_INFINITY
  /** What an answer takes that had not to wait. */
  #serviceMs: number | null = null

  /** Milliseconds; null: nobody can tell yet. `perSecond` is the rate where it is known. */
  queueMs(inFlight: number, now: number, perSecond: number | null): number | null {
    const rate = perSecond ?? this.#bestPerSecond(now)
    if (rate === null || this.#serviceMs === null) return null
    return Math.max(0, (inFlight / rate) * 1000 - this.#serviceMs)
  }

  /** An answer came. `queueMs` is what was estimated when its call began. */
  note(latencyMs: number, queueMs: number | null, now: number): void {
    this.#advance(now)
    const place = this.#slice % slices
    this.#counts[place] = (this.#counts[place] as number) + 1
    // Else a queue that lasts would come to pass for what is usual.
    if (queueMs !== null && queueMs > 0) return
    const usual = this.#serviceMs ?? latencyMs
    this.#serviceMs = usual + latestShare * (latencyMs - usual)
  }

  #bestPerSecond(now: number): number | null {
    this.#advance(now)
    const present = this.#slice % slices
    let most = 0
    for (const [place, count] of this.#counts.entries())
      if (place !== present && count > most) most = count
    return most < leastAnswers ? null : (most / sliceMs) * 1000
  }

  #advance(now: number): void {
    const slice = Math.floor(now / sliceMs)
    if (slice - this.#slice >= slices) this.#counts.fill(0)
    else for (let next = this.#slice + 1; next <= slice; next++) this.#counts[next % slices] = 0
    this.#slice = Math.max(this.#slice, slice)
  }
}
