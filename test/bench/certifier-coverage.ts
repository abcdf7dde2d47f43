import { certify, type GridPoint } from '../../src/stats/certify.ts'
import type { RiskLimit } from '../../src/stats/labels-needed.ts'

/** Picks a threshold, or none, from what one run shows. */
export type Rule = (grid: readonly GridPoint[], limit: RiskLimit) => number | null

/** The certificate. */
export const certified: Rule = (grid, limit) => certify(grid, limit).chosen?.threshold ?? null

/** What one is tempted to do: the lowest threshold whose observed rate is below the limit. */
export const lowestObserved: Rule = (grid, { alpha }) => {
  const passing = grid.filter(({ entries }) => {
    const { hits, wrong } = totalOf(entries)
    return hits > 0 && wrong / hits < alpha
  })
  return passing.length === 0 ? null : Math.min(...passing.map(({ threshold }) => threshold))
}

export type Coverage = {
  readonly runs: number
  /** Runs in which the rule picked a threshold. */
  readonly picked: number
  /** Of these, those whose threshold is in truth at the limit or above. */
  readonly broken: number
  /** Mean savings of all runs, 0 where nothing was picked. */
  readonly meanSavings: number
}

/** The risk of each threshold over all runs together: what a promise is held against. */
export function trueRisks(runs: readonly (readonly GridPoint[])[]): ReadonlyMap<number, number> {
  const totals = new Map<number, { hits: number; wrong: number }>()
  for (const { threshold, entries } of runs.flat()) {
    const sum = totals.get(threshold) ?? { hits: 0, wrong: 0 }
    const { hits, wrong } = totalOf(entries)
    totals.set(threshold, { hits: sum.hits + hits, wrong: sum.wrong + wrong })
  }
  return new Map([...totals].map(([threshold, { hits, wrong }]) => [threshold, wrong / hits]))
}

/** How often a rule's promise is broken over runs whose true risks are known. */
export function coverageOf(
  rule: Rule,
  runs: readonly (readonly GridPoint[])[],
  limit: RiskLimit,
  risks: ReadonlyMap<number, number> = trueRisks(runs),
): Coverage {
  let picked = 0
  let broken = 0
  let savings = 0
  for (const grid of runs) {
    const threshold = rule(grid, limit)
    if (threshold === null) continue
    picked++
    savings += grid.find((point) => point.threshold === threshold)?.savings ?? 0
    if ((risks.get(threshold) ?? 1) >= limit.alpha) broken++
  }
  return { runs: runs.length, picked, broken, meanSavings: savings / runs.length }
}

function totalOf(entries: GridPoint['entries']): { hits: number; wrong: number } {
  let hits = 0
  let wrong = 0
  for (const entry of entries) {
    hits += entry.hits
    wrong += entry.wrong
  }
  return { hits, wrong }
}
