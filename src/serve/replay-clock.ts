import type { LiveClock } from './live-clock.ts'

/** Time as replayed requests and a mock's answers tell it: nothing of it passes by itself, and it never goes back. */
export type ReplayClock = LiveClock & {
  /** A request was made at this moment, milliseconds since 1970 UTC. */
  goTo(ms: number): void
  /** A call took so long, milliseconds. */
  pass(ms: number): void
}

/** Opens the clock, which stands at 1970 until the first request. */
export function openReplayClock(): ReplayClock {
  let at = 0
  return {
    now: () => at,
    problems: () => [],
    goTo(ms) {
      at = Math.max(at, ms)
    },
    pass(ms) {
      at += ms
    },
  }
}
