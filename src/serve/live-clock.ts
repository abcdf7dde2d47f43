/** Time for a gateway: it follows the machine's clock forward, and never goes back. */
export type LiveClock = {
  /** Milliseconds since 1970 UTC. */
  now(): number
  /** What is wrong with the machine's clock, in words; empty where nothing is. */
  problems(): readonly string[]
}

export type ClockSources = {
  /** The machine's clock, which people and programs set: milliseconds since 1970 UTC. */
  readonly wall: () => number
  /** Milliseconds since any moment; only goes forward, and may stand still while the machine sleeps. */
  readonly steady: () => number
}

const realSources: ClockSources = { wall: Date.now, steady: () => performance.now() }

/** Smaller differences are left alone: clocks drift, and are read one after the other. */
const toleranceMs = 1_000
/** A jump forward is over when it happened; people read of it for so long. */
const toldMs = 600_000

/**
 * Opens the clock. After a jump forward, such as the end of a sleep, it goes on from there, so that days and lifetimes
 * are those of the machine; what was under way then seems to have taken that long. After a jump back it goes on as
 * before until the machine's clock has come up to it: no age and no latency is ever negative.
 */
export function openLiveClock({ wall, steady }: ClockSources = realSources): LiveClock {
  let offset = wall() - steady()
  let forward: { readonly ms: number; readonly at: number } | null = null
  const now = () => {
    const at = offset + steady()
    const behind = wall() - at
    if (behind <= toleranceMs) return at
    offset += behind
    forward = { ms: behind, at: at + behind }
    return at + behind
  }
  return {
    now,
    problems() {
      const at = now()
      const ahead = at - wall()
      if (ahead > toleranceMs) return [setBack(ahead)]
      return forward !== null && at - forward.at < toldMs ? [setForward(forward)] : []
    },
  }
}

const setBack = (ms: number): string =>
  `clock: the machine's clock was set back; the gateway's is ${seconds(ms)} ahead of it and goes on, so that nothing has a negative age (a restart takes the new time)`

const setForward = ({ ms, at }: { readonly ms: number; readonly at: number }): string =>
  `clock: the machine's clock jumped forward by ${seconds(ms)} at ${new Date(at).toISOString()}, and the gateway's with it: entries of caches and budget windows have aged by that`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
