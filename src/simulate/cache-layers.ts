import type { CachePolicy } from '../policy/caching.ts'
import { mayCompare, mayMatch } from '../policy/layers-in-use.ts'
import { clopperPearsonLower } from '../stats/intervals.ts'
import type { History } from '../worlds/history.ts'
import type { PreparedCache } from './cache-inputs.ts'
import { type CacheRun, served } from './cache-run.ts'
import { cacheableIn } from './count-bypasses.ts'
import { driftOf } from './drift-of.ts'
import { hitQuality } from './hit-quality.ts'
import type { Judge, JudgedHit } from './judge-hits.ts'
import type { LabelSample } from './label-sample.ts'
import { lookUpSpend, lookUps } from './look-up-spend.ts'
import { noiseFloorOf } from './noise-floor.ts'
import type { SimulateOptions } from './options.ts'
import type { ExactLayer, SemanticLayer } from './result.ts'
import { avoidedSpend, usd } from './spend.ts'

/** The exact layer of a run. */
export function exactLayer(
  history: History,
  { inputs, bypasses }: PreparedCache,
  run: CacheRun,
  { compiled }: SimulateOptions,
): ExactLayer {
  const { cache } = compiled.policy
  const cacheable = cacheableIn(bypasses, 'exact')
  return {
    on: mayMatch(cache),
    ttlSeconds: cache.exact.ttlSeconds,
    cacheable,
    hits: run.exactHits,
    hitRate: rate(run.exactHits, cacheable),
    entries: distinctSlots(inputs),
    savingUsd: usd(avoidedSpend(history, run, served.exact)),
  }
}

const ruleThresholds = ({ rules }: CachePolicy, usual: number): readonly number[] => {
  const said = rules.map(({ threshold = usual }) => threshold)
  return [...new Set(said)].filter((each) => each !== usual).sort((a, b) => a - b)
}

function distinctSlots({ exactSlot, exactSlots }: PreparedCache['inputs']): number {
  const seen = new Uint8Array(exactSlots)
  let distinct = 0
  for (const slot of exactSlot) {
    if (slot === -1 || seen[slot] === 1) continue
    seen[slot] = 1
    distinct++
  }
  return distinct
}

/** The semantic layer of a run, with what its hits are worth. */
export function semanticLayer(
  history: History,
  prepared: PreparedCache,
  run: CacheRun,
  judged: readonly JudgedHit[],
  sample: LabelSample,
  judge: Judge,
  options: SimulateOptions,
): SemanticLayer {
  const { compiled, embedder, found } = options
  const embedding = lookUpSpend(options, lookUps(prepared.inputs, run))
  const { cache } = compiled.policy
  const { ttlSeconds, insert, guards } = cache.semantic
  const cacheable = cacheableIn(prepared.bypasses, 'semantic')
  const quality = hitQuality(judged, run.semanticHits, history.count)
  return {
    on: mayCompare(cache),
    ttlSeconds,
    cacheable,
    hits: run.semanticHits,
    hitRate: rate(run.semanticHits, cacheable),
    wrongHits: quality.wrongHits,
    wrongPerHit: quality.wrongPerHit,
    wrongPerHitInterval: quality.interval,
    wrongPerRequest: quality.wrongPerRequest,
    judged: quality.judged,
    labelled: quality.labelled,
    rungs: quality.rungs,
    estimated: quality.estimated,
    noiseFloor: noiseFloorOf(history, prepared, judge),
    threshold: run.threshold,
    ruleThresholds: ruleThresholds(cache, run.threshold),
    insert,
    embedder,
    guards: guards.map((guard, index) => ({
      guard,
      caught: run.guard.reduce((sum, each) => sum + (each === index + 1 ? 1 : 0), 0),
    })),
    recall: recallOf(found?.recall ?? null),
    embeddingUsd: found === null || embedding === null ? null : usd(embedding),
    savingUsd: usd(avoidedSpend(history, run, served.semantic) - (embedding ?? 0n)),
    drift: driftOf(history, sample.countedOf(run)),
  }
}

const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

function recallOf(
  recall: { readonly looked: number; readonly found: number } | null,
): SemanticLayer['recall'] {
  if (recall === null) return null
  const { looked, found } = recall
  return { looked, found, lowerBound: clopperPearsonLower({ successes: found, trials: looked }) }
}
