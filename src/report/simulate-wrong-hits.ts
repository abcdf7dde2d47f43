import type { Certified, SemanticLayer, SimulateResult } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatShare, plural } from './numbers.ts'
import {
  certifiedText,
  type Fact,
  formatCountRange,
  formatShareRange,
  formatThreshold,
  intervalText,
  knownFacts,
} from './simulate-phrases.ts'

/** How often a served answer does not fit, with its interval; or that nobody knows. */
export function wrongHitPieces(semantic: SemanticLayer): readonly string[] {
  const { wrongHits, wrongPerHit, wrongPerRequest, judged, hits, estimated } = semantic
  const interval = semantic.wrongPerHitInterval
  if (hits === 0) return []
  if (wrongPerHit === null) {
    return ['unmeasured: no hit could be judged', 'labels or a replay would settle it']
  }
  return [
    `${estimated ? 'estimated ' : ''}${formatShareRange(wrongPerHit)} per hit`,
    ...(interval === null ? [] : [`${intervalText(interval)}, n ${formatCount(judged)}`]),
    ...(wrongPerRequest === null ? [] : [`${formatShareRange(wrongPerRequest)} per request`]),
    ...(wrongHits === null ? [] : [`${formatCountRange(wrongHits)} of ${plural(hits, 'hit')}`]),
  ]
}

/** What the rate of wrong hits rests on. */
export function wrongHitFacts(result: SimulateResult): readonly Fact[] {
  const { semantic } = result.layers
  const certificate = certificateFacts(result.certified)
  if (!semantic.on || semantic.hits === 0)
    return result.certified.alpha === null ? [] : knownFacts(certificate)
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
    ...certificate,
  ])
}

/** What is promised of future traffic, what of this log, and what a random half in place of the later one would promise. */
function certificateFacts(certified: Certified): readonly Fact[] {
  const { thisLog, randomSplit } = certified
  return [
    { label: 'certificate', pieces: [certifiedText(certified)] },
    { label: 'this log', pieces: thisLog === null ? [] : [thisLogText(thisLog, certified)] },
    {
      label: 'random split',
      pieces: randomSplit === null || randomSplit.labels === 0 ? [] : [splitText(randomSplit)],
    },
  ]
}

function thisLogText(
  { hits, labels, wrong, wrongAtMost }: NonNullable<Certified['thisLog']>,
  { confidence }: Certified,
): string {
  const of = `${plural(hits, 'hit')} of its second half`
  if (labels === hits) return `${formatCount(wrong)} of ${of} are wrong: all are labelled`
  const sure = confidence === null ? '' : ` with ${formatShare(confidence)} confidence`
  return `at most ${formatCount(wrongAtMost)} of ${of} are wrong${sure}`
}

function splitText({ threshold, labels, errors }: NonNullable<Certified['randomSplit']>): string {
  const basis = `${plural(labels, 'label')}, ${formatCount(errors)} wrong`
  return threshold === null
    ? `a random half of the requests would certify none (${basis})`
    : `a random half of the requests in place of the later one would certify ${formatThreshold(threshold)} (${basis})`
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
