import { flag } from '../domain/row.ts'
import { driftBetween } from '../stats/drift.ts'
import { clopperPearsonLower } from '../stats/intervals.ts'
import type { History } from '../worlds/history.ts'
import type { PreparedCache } from './cache-inputs.ts'
import { type CacheRun, served } from './cache-run.ts'
import { cacheableIn } from './count-bypasses.ts'
import { entriesOf, hitQuality } from './hit-quality.ts'
import { type Judge, type JudgedHit, judgeHits } from './judge-hits.ts'
import { lookUpSpend, lookUps } from './look-up-spend.ts'
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
  const { on, ttlSeconds } = compiled.policy.cache.exact
  const cacheable = cacheableIn(bypasses, 'exact')
  return {
    on,
    ttlSeconds,
    cacheable,
    hits: run.exactHits,
    hitRate: rate(run.exactHits, cacheable),
    entries: distinctSlots(inputs),
    savingUsd: usd(avoidedSpend(history, run, served.exact)),
  }
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
  { bypasses, inputs }: PreparedCache,
  run: CacheRun,
  judged: readonly JudgedHit[],
  exactOnly: CacheRun,
  judge: Judge,
  options: SimulateOptions,
): SemanticLayer {
  const { compiled, embedder, found } = options
  const embedding = lookUpSpend(options, lookUps(inputs, run))
  const { on, ttlSeconds, insert, guards } = compiled.policy.cache.semantic
  const cacheable = cacheableIn(bypasses, 'semantic')
  const quality = hitQuality(judged, run.semanticHits, history.count)
  return {
    on,
    ttlSeconds,
    cacheable,
    hits: run.semanticHits,
    hitRate: rate(run.semanticHits, cacheable),
    wrongHits: quality.wrongHits,
    wrongPerHit: quality.wrongPerHit,
    wrongPerHitInterval: quality.interval,
    wrongPerRequest: quality.wrongPerRequest,
    labelled: quality.judged,
    rungs: quality.rungs,
    estimated: quality.estimated,
    noiseFloor: noiseFloorOf(history, exactOnly, judge),
    threshold: run.threshold,
    insert,
    embedder,
    guards: guards.map((guard, index) => ({
      guard,
      caught: run.guard.reduce((sum, each) => sum + (each === index + 1 ? 1 : 0), 0),
    })),
    recall: recallOf(found?.recall ?? null),
    embeddingUsd: found === null || embedding === null ? null : usd(embedding),
    savingUsd: usd(avoidedSpend(history, run, served.semantic) - (embedding ?? 0n)),
    drift: driftOf(history, judged),
  }
}

const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** How often a model answers an exact repeat otherwise: rows that a cache had served say nothing of that. */
function noiseFloorOf(history: History, run: CacheRun, judge: Judge): SemanticLayer['noiseFloor'] {
  const repeats = judgeHits(history, run, 'exact', judge, 'noise').filter(
    ({ place }) => ((history.columns.flags[place] as number) & flag.servedFromCache) === 0,
  )
  const { judged, wrongHits, wrongPerHit } = hitQuality(repeats, repeats.length, history.count)
  return { repeats: judged, differing: wrongHits, rate: wrongPerHit }
}

function recallOf(
  recall: { readonly looked: number; readonly found: number } | null,
): SemanticLayer['recall'] {
  if (recall === null) return null
  const { looked, found } = recall
  return { looked, found, lowerBound: clopperPearsonLower({ successes: found, trials: looked }) }
}

/** Between the first and the second half of the requests. */
function driftOf(history: History, judged: readonly JudgedHit[]): SemanticLayer['drift'] {
  const middle = history.count / 2
  const owners = new Map<number, { first: JudgedHit[]; second: JudgedHit[] }>()
  for (const hit of judged) {
    const halves = owners.get(hit.owner) ?? { first: [], second: [] }
    halves[hit.place < middle ? 'first' : 'second'].push(hit)
    owners.set(hit.owner, halves)
  }
  const count = (hits: readonly JudgedHit[]) =>
    entriesOf(hits, ({ judgement }) => judgement.verdict === 'wrong')[0] ?? { hits: 0, wrong: 0 }
  const drift = driftBetween(
    [...owners.values()].map(({ first, second }) => ({
      first: count(first),
      second: count(second),
    })),
  )
  if (drift === null) return null
  const { firstRate, secondRate, z, drifted } = drift
  return { first: firstRate, second: secondRate, z, drifted }
}
