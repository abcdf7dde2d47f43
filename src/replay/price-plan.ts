import type { ReplayCase } from './case.ts'

/** A call that a case will, or may, take. */
export type PlannedCall = {
  readonly target: string
  /** What it is expected to cost, nano-dollars; null: unpriced. */
  readonly costNanoUsd: number | null
  /** Null: nobody knows how long the target takes. */
  readonly latencyMs: number | null
  /** Only asked where an earlier answer is rejected or fails. */
  readonly isPerhaps: boolean
  readonly isStored: boolean
}

export type CallsOf = (each: ReplayCase) => readonly PlannedCall[]

export type PlannedSpend = {
  /** To be made for sure. */
  readonly calls: number
  readonly storedCalls: number
  readonly priceNanoUsd: { readonly low: number; readonly high: number } | null
  readonly unpricedTargets: readonly string[]
  readonly durationMs: number | null
}

/** Token counts elsewhere may be so far off (docs/methods.md, "Routing"). */
const uncertainty = 0.3

/**
 * Adds up what a sample will cost: low is the sure calls at 30 % fewer tokens than expected, high is every call that may
 * be made at 30 % more. Stored answers cost nothing.
 */
export function openSpendPlan(concurrency: number): {
  add(calls: readonly PlannedCall[]): void
  planned(): PlannedSpend
} {
  const unpriced = new Set<string>()
  let calls = 0
  let storedCalls = 0
  let least = 0
  let more = 0
  let timeMs: number | null = 0
  const add = ({ target, costNanoUsd, latencyMs, isPerhaps, isStored }: PlannedCall) => {
    if (isStored) {
      storedCalls++
      return
    }
    if (costNanoUsd === null) unpriced.add(target)
    if (isPerhaps) {
      more += costNanoUsd ?? 0
      return
    }
    calls++
    least += costNanoUsd ?? 0
    timeMs = timeMs === null || latencyMs === null ? null : timeMs + latencyMs
  }
  return {
    add: (all) => all.forEach(add),
    planned: () => ({
      calls,
      storedCalls,
      priceNanoUsd:
        unpriced.size > 0 && least + more === 0
          ? null
          : {
              low: Math.round(least * (1 - uncertainty)),
              high: Math.round((least + more) * (1 + uncertainty)),
            },
      unpricedTargets: [...unpriced].sort(),
      durationMs: timeMs === null ? null : timeMs / concurrency,
    }),
  }
}
