import type { Clock } from '../../src/providers/clock.ts'

/** A clock that stands still until it is told to go on. */
export function openTestClock(): Clock & { advance(ms: number): void; timers(): number } {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  return {
    now: () => nowMs,
    after(ms, run) {
      const timer = { atMs: nowMs + ms, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms) {
      nowMs += ms
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue
        timers.delete(timer)
        timer.run()
      }
    },
    timers: () => timers.size,
  }
}
