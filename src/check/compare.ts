import { detectableIncrease } from '../stats/increase.ts'
import type { View } from './filtered.ts'
import { leastPairs, leastRuns } from './noise.ts'
import { type Pairing, pairScenarios, pairSnapshots, type ScenarioPair } from './pair-scenarios.ts'
import type { Comparison } from './result.ts'
import { differenceOf, isRenamed, type PerRunCount } from './scenario-changes.ts'
import type { Snapshot } from './snapshot.ts'

/** The chance that noise alone fails a check, over all of its tests. */
export const familyLevel = 0.01
const power = 0.9

/** From this share of the spend on, what scenarios say stands for the whole. */
const leastCoverage = 0.5
/** Where so many pairs answer with as many tokens in as many calls, answers are no noise. */
const shareAlike = 0.9
/** Fewer answers may be alike by chance. */
const leastUntouched = 3

export type Compared = {
  readonly comparison: Comparison
  readonly pairing: Pairing
}

/** Decides how two snapshots are held against each other. `tests` is how many assertions will be tested. */
export function compare(
  before: Snapshot,
  after: Snapshot,
  options: { readonly exact: boolean; readonly tests: number },
): Compared {
  const pairing = pairSnapshots(before, after)
  const runs = { before: before.runs.count, after: after.runs.count }
  const mode = modeOf(before, after, pairing, options.exact)
  const comparison: Comparison = {
    mode,
    pairs: pairing.pairs.length,
    added: pairing.added.length,
    gone: pairing.gone.length,
    renamed: pairing.pairs.filter(isRenamed).length,
    runs,
    detectableIncrease:
      mode === 'unpaired'
        ? detectableIncrease(
            before.runs.samples,
            { first: before.runs.samples.length, second: after.runs.samples.length },
            { threshold: familyLevel / Math.max(1, options.tests), power },
          )
        : null,
    familyLevel,
  }
  return { comparison, pairing }
}

/** The same for a part of both sides, which may pair where the whole does not. */
export function compareViews(
  before: View | null,
  after: View,
  whole: Compared['comparison'],
): Pick<Compared, 'pairing'> & { readonly mode: Comparison['mode'] } {
  const pairing = pairScenarios(before?.scenarios ?? [], after.scenarios)
  const runs = { before: before?.runs.count ?? 0, after: after.runs.count }
  const isSettled = whole.mode === 'exact' || whole.mode === 'none'
  return { pairing, mode: isSettled ? whole.mode : sampledMode(pairing, runs) }
}

function modeOf(
  before: Snapshot,
  after: Snapshot,
  pairing: Pairing,
  isExact: boolean,
): Comparison['mode'] {
  // Reports without runs, those of a simulation, come out the same every time.
  if (isExact || before.runs.count === 0 || after.runs.count === 0) return 'exact'
  const mode = sampledMode(pairing, { before: before.runs.count, after: after.runs.count })
  if (mode === 'unpaired') return mode
  return isDeterministic(pairing.pairs) ? 'exact' : 'paired'
}

/**
 * Whether answers are no noise: what asks as before is answered as before. Where a change touches most scenarios, or
 * noise reaches what is asked, all of them must be alike.
 */
function isDeterministic(pairs: readonly ScenarioPair[]): boolean {
  const isSame = (pair: ScenarioPair, names: readonly PerRunCount[]) =>
    names.every((name) => differenceOf(pair, name) === 0)
  const untouched = pairs.filter((pair) => isSame(pair, ['calls', 'inputTokens']))
  const isMost = untouched.length >= Math.max(leastUntouched, pairs.length / 2)
  const judged = isMost ? untouched : pairs
  const alike = judged.filter((pair) => isSame(pair, ['outputTokens', 'calls']))
  return alike.length >= shareAlike * judged.length
}

/** Two samples of what is not asked again: that a scenario is new or gone says nothing. */
export const areSamples = ({ mode, runs, pairs, added, gone }: Comparison): boolean =>
  mode === 'unpaired' && fewest(runs) >= leastRuns && pairs < added + gone

const fewest = ({ before, after }: Comparison['runs']): number => Math.min(before, after)

/** Few scenarios with many runs each show more as two samples of runs. */
function sampledMode(
  { pairs, coverage }: Pairing,
  runs: Comparison['runs'],
): 'paired' | 'unpaired' {
  const isPaired = pairs.length > 0 && coverage >= leastCoverage
  return isPaired && (pairs.length >= leastPairs || fewest(runs) < leastRuns)
    ? 'paired'
    : 'unpaired'
}

export const noComparison: Comparison = {
  mode: 'none',
  pairs: 0,
  added: 0,
  gone: 0,
  renamed: 0,
  runs: { before: 0, after: 0 },
  detectableIncrease: null,
  familyLevel,
}
