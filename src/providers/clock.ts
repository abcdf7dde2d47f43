/** Time that only goes forward, for latencies and limits. */
export type Clock = {
  /** Milliseconds since any fixed moment. */
  now(): number
  /** Runs it once, so many milliseconds from now; the function given back takes that back. */
  after(ms: number, run: () => void): () => void
}

/** Node's timers fire at once when asked for more. */
const longestTimerMs = 2 ** 31 - 1

export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, longestTimerMs))
    return () => clearTimeout(timer)
  },
}
