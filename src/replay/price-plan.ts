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
 * What a sample will cost: low is the sure calls at 30 % fewer tokens than expected, high is every call that may be made
 * at 30 % more. Stored answers cost nothing.
 */
export function planSpend(
  sample: readonly ReplayCase[],
  callsOf: CallsOf,
  concurrency: number,
): PlannedSpend {
  const all = sample.flatMap((each) => callsOf(each))
  const asked = all.filter(({ isStored }) => !isStored)
  const sure = asked.filter(({ isPerhaps }) => !isPerhaps)
  const perhaps = asked.filter(({ isPerhaps }) => isPerhaps)
  const unpriced = asked.filter(({ costNanoUsd }) => costNanoUsd === null)
  const [least, more] = [sumOfCosts(sure), sumOfCosts(perhaps)]
  const times = sure.map(({ latencyMs }) => latencyMs)
  return {
    calls: sure.length,
    storedCalls: all.length - asked.length,
    priceNanoUsd:
      unpriced.length > 0 && least + more === 0
        ? null
        : {
            low: Math.round(least * (1 - uncertainty)),
            high: Math.round((least + more) * (1 + uncertainty)),
          },
    unpricedTargets: [...new Set(unpriced.map(({ target }) => target))].sort(),
    durationMs: times.includes(null)
      ? null
      : times.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) / concurrency,
  }
}

const sumOfCosts = (calls: readonly PlannedCall[]): number =>
  calls.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0)
