import type { SemanticLayer, SimulateResult } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatShare, plural } from './numbers.ts'
import {
  certifiedText,
  type Fact,
  formatCountRange,
  formatShareRange,
  intervalText,
  knownFacts,
} from './simulate-phrases.ts'

/** How often a served answer does not fit, with its interval; or that nobody knows. */
export function wrongHitPieces(semantic: SemanticLayer): readonly string[] {
  const { wrongHits, wrongPerHit, wrongPerRequest, labelled, hits, estimated } = semantic
  const interval = semantic.wrongPerHitInterval
  if (hits === 0) return []
  if (wrongPerHit === null) {
    return ['unmeasured: no hit could be judged', 'labels or a replay would settle it']
  }
  return [
    `${estimated ? 'estimated ' : ''}${formatShareRange(wrongPerHit)} per hit`,
    ...(interval === null ? [] : [`${intervalText(interval)}, n ${formatCount(labelled)}`]),
    ...(wrongPerRequest === null ? [] : [`${formatShareRange(wrongPerRequest)} per request`]),
    ...(wrongHits === null ? [] : [`${formatCountRange(wrongHits)} of ${plural(hits, 'hit')}`]),
  ]
}

/** What the rate of wrong hits rests on. */
export function wrongHitFacts(result: SimulateResult): readonly Fact[] {
  const { semantic } = result.layers
  if (!semantic.on || semantic.hits === 0) return []
  const { drift } = semantic
  return knownFacts([
    { label: 'noise floor', pieces: noisePieces(semantic) },
    { label: 'judged by', pieces: rungPieces(semantic) },
    {
      label: 'drift',
      pieces:
        drift === null
          ? []
          : [
              `${formatShare(drift.first)} per hit in the first half, ${formatShare(drift.second)} in the second (z ${drift.z.toFixed(1)})`,
              drift.drifted ? 'it drifts: certify on recent traffic' : 'steady',
            ],
    },
    { label: 'certificate', pieces: [certifiedText(result.certified)] },
  ])
}

function noisePieces({ noiseFloor }: SemanticLayer): readonly string[] {
  if (noiseFloor.rate === null) return ['unmeasured: no exact repeat could be compared']
  const differing =
    noiseFloor.differing === null ? '' : `${formatCountRange(noiseFloor.differing)} of `
  return [
    `${formatShareRange(noiseFloor.rate)}: ${differing}${plural(noiseFloor.repeats, 'exact repeat')} were answered otherwise`,
  ]
}

/** Rungs of the ladder with their verdicts, most first. */
const rungPieces = ({ rungs }: SemanticLayer): readonly string[] =>
  Object.entries(rungs)
    .filter(([, verdicts]) => verdicts > 0)
    .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .map(([rung, verdicts]) => `${safeText(rung)} ${formatCount(verdicts)}`)
