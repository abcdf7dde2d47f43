import { detectableIncrease } from '../stats/increase.ts'
import type { View } from './filtered.ts'
import { leastRuns } from './noise.ts'
import { type Pairing, pairScenarios } from './pair-scenarios.ts'
import type { Comparison } from './result.ts'
import { differenceOf, isRenamed } from './scenario-changes.ts'
import type { Snapshot } from './snapshot.ts'

/** The chance that noise alone fails a check, over all of its tests. */
export const familyLevel = 0.01
const power = 0.9

/** From this share of the spend on, what scenarios say stands for the whole. */
const leastCoverage = 0.5
/** Where so many pairs answer with as many tokens in as many calls, answers are no noise. */
const shareAlike = 0.9

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
  const pairing = pairScenarios(before.scenarios, after.scenarios)
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
  const isSettled = whole.mode === 'exact' || whole.mode === 'none'
  return { pairing, mode: isSettled ? whole.mode : sampledMode(pairing) }
}

function modeOf(
  before: Snapshot,
  after: Snapshot,
  pairing: Pairing,
  isExact: boolean,
): Comparison['mode'] {
  // Reports without runs, those of a simulation, come out the same every time.
  if (isExact || before.runs.count === 0 || after.runs.count === 0) return 'exact'
  const mode = sampledMode(pairing)
  if (mode === 'unpaired') return mode
  const alike = pairing.pairs.filter(
    (pair) => differenceOf(pair, 'outputTokens') === 0 && differenceOf(pair, 'calls') === 0,
  )
  return alike.length >= shareAlike * pairing.pairs.length ? 'exact' : 'paired'
}

/** Enough runs that it is no matter which of them another side has: as many are new as are gone. */
export const areSamples = ({ mode, runs }: Comparison): boolean =>
  mode === 'unpaired' && Math.min(runs.before, runs.after) >= leastRuns

const sampledMode = ({ pairs, coverage }: Pairing): 'paired' | 'unpaired' =>
  pairs.length > 0 && coverage >= leastCoverage ? 'paired' : 'unpaired'

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
