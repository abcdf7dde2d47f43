import type { EntryHits } from './clustered-hits.ts'
import { normalQuantile } from './normal.ts'

/** The labelled hits of one entry in the two halves of a window. */
export type EntryHalves = { readonly first: EntryHits; readonly second: EntryHits }

/** Wrong hits per hit in two halves of a window, and how far apart they are. */
export type Drift = {
  readonly firstRate: number
  readonly secondRate: number
  /** second − first */
  readonly difference: number
  readonly standardError: number
  readonly z: number
  /** Further apart than chance explains once in twenty. */
  readonly drifted: boolean
}

const warningLevel = 0.95

/**
 * Compares the halves. An entry that serves in both counts as one unit, so the error of the
 * difference is √(G/(G−1) Σ r²) over entries with r = (w₂ − p₂m₂)/n₂ − (w₁ − p₁m₁)/n₁, and never
 * less than that of as many independent hits. Null where a half has no hits, or all hits agree.
 */
export function driftBetween(entries: readonly EntryHalves[]): Drift | null {
  const first = totalOf(entries.map((entry) => entry.first))
  const second = totalOf(entries.map((entry) => entry.second))
  const hits = first.hits + second.hits
  const pooled = (first.wrong + second.wrong) / hits
  if (first.hits === 0 || second.hits === 0 || pooled === 0 || pooled === 1) return null
  const firstRate = first.wrong / first.hits
  const secondRate = second.wrong / second.hits
  const residuals = entries
    .filter((entry) => entry.first.hits + entry.second.hits > 0)
    .map(
      (entry) =>
        (entry.second.wrong - secondRate * entry.second.hits) / second.hits -
        (entry.first.wrong - firstRate * entry.first.hits) / first.hits,
    )
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, 0)
  const units = residuals.length
  const clustered = units > 1 ? (units / (units - 1)) * squares : 0
  const independent = pooled * (1 - pooled) * (1 / first.hits + 1 / second.hits)
  const standardError = Math.sqrt(Math.max(clustered, independent))
  const difference = secondRate - firstRate
  const z = difference / standardError
  const drifted = Math.abs(z) > normalQuantile((1 + warningLevel) / 2)
  return { firstRate, secondRate, difference, standardError, z, drifted }
}

function totalOf(entries: readonly EntryHits[]): EntryHits {
  return {
    hits: entries.reduce((sum, { hits }) => sum + hits, 0),
    wrong: entries.reduce((sum, { wrong }) => sum + wrong, 0),
  }
}
