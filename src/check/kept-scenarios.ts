import { hash53 } from '../domain/row.ts'
import type { SnapshotScenario } from './snapshot.ts'

/** Those whose names have the smallest hashes, by name: any two snapshots keep the same ones of those they share. */
export function keptScenarios(
  scenarios: readonly SnapshotScenario[],
  most: number,
): readonly SnapshotScenario[] {
  const byName = (a: SnapshotScenario, b: SnapshotScenario) => (a.scenario < b.scenario ? -1 : 1)
  if (scenarios.length <= most) return [...scenarios].sort(byName)
  return scenarios
    .map((scenario) => ({ scenario, order: hash53(scenario.scenario) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, most)
    .map(({ scenario }) => scenario)
    .sort(byName)
}
