import { usdOf } from '../domain/money.ts'
import type { Pairing, ScenarioPair } from './pair-scenarios.ts'
import type { ScenarioChange } from './result.ts'
import type { SnapshotScenario } from './snapshot.ts'

/** Changed scenarios that a result lists. */
export const mostChanges = 100

/** New, gone, renamed and changed scenarios, the largest difference in dollars first. */
export function scenarioChanges({ pairs, added, gone }: Pairing): readonly ScenarioChange[] {
  const changes = [
    ...pairs.filter(isChanged).map(changeOf),
    ...added.map((scenario) => oneSided(scenario, 'new')),
    ...gone.map((scenario) => oneSided(scenario, 'gone')),
  ]
  return changes.sort(
    (a, b) =>
      Math.abs(b.differenceUsd) - Math.abs(a.differenceUsd) || (a.scenario < b.scenario ? -1 : 1),
  )
}

const counts = [
  'calls',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
] as const

export type PerRunCount = (typeof counts)[number]

const perRun = (value: number, { runs }: SnapshotScenario): number => value / Math.max(1, runs)

/** Of the two sides of a pair per run. */
export const differenceOf = (
  { before, after }: ScenarioPair,
  name: 'costNanoUsd' | PerRunCount,
): number => perRun(after[name], after) - perRun(before[name], before)

export const isRenamed = ({ before, after }: ScenarioPair): boolean =>
  before.scenario !== after.scenario

const isChanged = (pair: ScenarioPair): boolean =>
  isRenamed(pair) ||
  [...counts, 'costNanoUsd' as const].some((name) => differenceOf(pair, name) !== 0)

const usdPerRun = (scenario: SnapshotScenario): number =>
  usdOf(Math.round(perRun(scenario.costNanoUsd, scenario)))

function changeOf(pair: ScenarioPair): ScenarioChange {
  const { before, after } = pair
  return {
    scenario: after.scenario,
    feature: after.feature,
    change: isRenamed(pair) ? 'renamed' : 'changed',
    formerly: isRenamed(pair) ? before.scenario : null,
    beforeUsd: usdPerRun(before),
    afterUsd: usdPerRun(after),
    differenceUsd: usdOf(Math.round(differenceOf(pair, 'costNanoUsd'))),
    difference: {
      calls: differenceOf(pair, 'calls'),
      inputTokens: differenceOf(pair, 'inputTokens'),
      cacheReadTokens: differenceOf(pair, 'cacheReadTokens'),
      cacheWriteTokens: differenceOf(pair, 'cacheWriteTokens'),
      outputTokens: differenceOf(pair, 'outputTokens'),
    },
  }
}

function oneSided(scenario: SnapshotScenario, change: 'new' | 'gone'): ScenarioChange {
  const usd = usdPerRun(scenario)
  return {
    scenario: scenario.scenario,
    feature: scenario.feature,
    change,
    formerly: null,
    beforeUsd: change === 'gone' ? usd : null,
    afterUsd: change === 'new' ? usd : null,
    differenceUsd: change === 'new' ? usd : -usd,
    difference: null,
  }
}
