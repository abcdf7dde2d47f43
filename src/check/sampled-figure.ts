import {
  quantileFigure,
  ratioFigure,
  type Sides,
  type WeightedFigure,
} from '../stats/weighted-test.ts'
import type { ScenarioPair } from './pair-scenarios.ts'
import { place } from './run-sample.ts'
import type { RunSample, SnapshotScenario } from './snapshot.ts'
import type { TestedFigure } from './tested-figures.ts'

type Ratio = Extract<TestedFigure, { kind: 'ratio' }>
type Quantile = Extract<TestedFigure, { kind: 'quantile' }>

/** Runs of two sides with a figure of theirs. */
export const sampledSides = (
  figure: Ratio | Quantile,
  before: RunSample,
  after: RunSample,
): Sides =>
  figure.kind === 'ratio'
    ? ratioSides(figure, before.runs, after.runs, false)
    : quantileSides(figure, before.requests, after.requests)

/** Scenarios of both sides with a rate of theirs; null where scenarios do not hold what it is made of. */
export function pairedSides(figure: Ratio, pairs: readonly ScenarioPair[]): Sides | null {
  if ([...figure.over, ...figure.under].includes('errors')) return null
  return ratioSides(
    figure,
    pairs.map(({ before }) => lineOf(before)),
    pairs.map(({ after }) => lineOf(after)),
    true,
  )
}

/** A scenario's mean run as a line of a sample; no scenario says which requests failed. */
function lineOf(scenario: SnapshotScenario): readonly number[] {
  const { requests, calls, unpriced, inputTokens, cacheReadTokens, cacheWriteTokens } = scenario
  const { outputTokens, costNanoUsd, runs } = scenario
  const sums = [requests, requests - calls, 0, unpriced, inputTokens, cacheReadTokens]
  return [...sums, cacheWriteTokens, outputTokens, costNanoUsd].map(
    (sum) => sum / Math.max(1, runs),
  )
}

function ratioSides(
  { over, under }: Ratio,
  before: readonly (readonly number[])[],
  after: readonly (readonly number[])[],
  arePairs: boolean,
): Sides {
  const lines = [...before, ...after]
  const sums = (names: Ratio['over']) =>
    Float64Array.from(lines, (line) =>
      names.reduce((sum, name) => sum + (line[place[name]] ?? 0), 0),
    )
  const figure: WeightedFigure = ratioFigure(sums(over), sums(under))
  return { figure, first: before.length, second: after.length, arePairs }
}

/** Of the runs whose requests have a value. */
function quantileSides(
  { of, share }: Quantile,
  before: RunSample['requests'],
  after: RunSample['requests'],
): Sides {
  const first = valuesOf(before, of, 0)
  const second = valuesOf(after, of, first.things)
  return {
    figure: quantileFigure([...first.values, ...second.values], share),
    first: first.things,
    second: second.things,
    arePairs: false,
  }
}

function valuesOf(requests: RunSample['requests'], of: Quantile['of'], from: number) {
  const numbers = new Map<number, number>()
  const values = requests.flatMap(([run, cost, latency]) => {
    const value = of === 'cost' ? cost : latency
    if (run === null || run === undefined || value === null || value === undefined) return []
    const thing = numbers.get(run) ?? numbers.size
    numbers.set(run, thing)
    return [{ thing: from + thing, value }]
  })
  return { values, things: numbers.size }
}
