import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import { cacheRules, prepareCache } from '../../src/simulate/cache-inputs.ts'
import { type CacheInputs, type CacheRun, runCache, served } from '../../src/simulate/cache-run.ts'
import { runGrid } from '../../src/simulate/grid-team.ts'
import { hitQuality } from '../../src/simulate/hit-quality.ts'
import { type HitTotals, type HitWorth, newHitTally } from '../../src/simulate/hit-tally.ts'
import { canSweepIncrementally, incrementalSweep } from '../../src/simulate/incremental-sweep.ts'
import { openJudge } from '../../src/simulate/judge-hits.ts'
import { lookUps } from '../../src/simulate/look-up-spend.ts'
import { crowded, crowdedSteps, crowdedTurns, factsOf } from './crowded-history.ts'

const ttl = fc.option(fc.constantFrom(0.002, 0.005, 0.01), { nil: null })
const patches = fc
  .record({
    coalesce: fc.boolean(),
    exact: fc.record({ on: fc.boolean(), ttlSeconds: ttl }),
    semantic: fc.record({ ttlSeconds: ttl, maxMessages: fc.integer({ min: 1, max: 2 }) }),
    shared: fc.boolean(),
    ruleThreshold: fc.option(fc.constantFrom(0.7, 0.95), { nil: undefined }),
    ruleTtl: fc.constantFrom(0.001, 0.004, null),
  })
  .map(({ coalesce, exact, semantic, shared, ruleThreshold, ruleTtl }) => ({
    coalesce,
    cache: {
      exact,
      semantic: { ...semantic, on: true },
      namespace: shared ? { kind: 'shared' } : { kind: 'log' },
      rules: [
        {
          name: 'strict',
          when: { feature: ['strict'] },
          ttlSeconds: ruleTtl,
          ...(ruleThreshold !== undefined && { threshold: ruleThreshold }),
        },
        { name: 'never', when: { feature: ['never'] }, exact: false, semantic: false },
      ],
    },
  }))

/** A history under a policy. Judges some of more hits than `most`. */
function prepared(
  steps: Parameters<typeof crowded>[0],
  turns: readonly number[],
  patch: unknown,
  most = Number.POSITIVE_INFINITY,
) {
  const { history, semantic } = crowded(steps, turns)
  const compiled = compilePolicy(mergePolicy(defaultPolicy, patch as PolicyPatch))
  const rules = cacheRules(history, compiled, factsOf(history))
  const { inputs } = prepareCache(history, semantic, compiled, rules)
  const { judge, numberOf } = openJudge(history, undefined)
  const worth: HitWorth = {
    // Every cost is another power of two: no two sums of requests are alike.
    costOf: (place) => 2 ** place,
    verdictOf: (place, owner) => judge(place, owner).verdict,
    numberOf: (place) => numberOf('pairs', place),
    shareOf: (hits) => Math.min(1, most / Math.max(1, hits)),
  }
  return { inputs, worth }
}

/** The sums of a whole run, added up the slow way. */
function summed(
  run: Pick<CacheRun, 'by' | 'owner'>,
  { semanticSlot }: CacheInputs,
  worth: HitWorth,
): HitTotals {
  const places = [...run.by.keys()]
  const hits = places.filter((place) => run.by[place] === served.semantic)
  const judged = hits
    .filter((place) => worth.numberOf(place) < worth.shareOf(hits.length))
    .map((place) => ({ place, owner: run.owner[place] as number }))
    .map(({ place, owner }) => ({
      place,
      owner,
      judgement: { verdict: worth.verdictOf(place, owner), rung: null },
    }))
  const { wrongHits, wrongPerHit, interval } = hitQuality(judged, hits.length, places.length)
  return {
    hits: hits.length,
    lookUps: lookUps({ semanticSlot }, run),
    savedNanoUsd: places
      .filter((place) => run.by[place] !== served.model)
      .reduce((sum, place) => sum + BigInt(worth.costOf(place)), 0n),
    wrongHits,
    wrongPerHit,
    interval,
  }
}

/** Every similarity, a threshold between each two, one above and one below all. */
function probes({ neighbours }: CacheInputs): readonly number[] {
  const all = [...new Set([1.5, 0.5, ...neighbours.similarities])].sort((a, b) => b - a)
  return all.flatMap((each, index) => [each, (each + (all[index + 1] ?? each)) / 2])
}

/** Holds every threshold of the incremental sweep to a whole run. */
function expectWholeRuns({ inputs, worth }: ReturnType<typeof prepared>): void {
  const tally = newHitTally(inputs, worth)
  const points = Array.from(incrementalSweep(inputs, tally), (threshold) => ({
    threshold,
    ...tally.totals(),
  }))
  for (const threshold of probes(inputs)) {
    const point = points.findLast((each) => each.threshold >= threshold)
    expect({ ...point, threshold }).toEqual({
      threshold,
      ...summed(runCache(inputs, threshold), inputs, worth),
    })
  }
}

describe('the incremental sweep', () => {
  test('is at every threshold what a whole run is', () => {
    const most = fc.constantFrom(1, 3, Number.POSITIVE_INFINITY)
    fc.assert(
      fc.property(crowdedSteps, crowdedTurns, patches, most, (steps, turns, patch, most) =>
        expectWholeRuns(prepared(steps, turns, patch, most)),
      ),
      { numRuns: 2000 },
    )
  }, 60_000)

  test('serves the older answer that comes to light where another one is as similar', () => {
    const step = { turn: 0, bypass: 0, insertable: true, namespace: 'a', user: '' } as const
    const chat = { ...step, latencyMs: 0, feature: 'chat' } as const
    const steps = [
      { ...chat, step: 0, latencyMs: 1, question: 2, label: 0 },
      { ...chat, step: 0, question: 0, label: 1 },
      // Below a threshold of one it is served the answer before, and no longer leaves a later one.
      { ...chat, step: 1, question: 0, label: 0 },
      { ...chat, step: 0, question: 0, label: 0, feature: 'strict' },
    ] as const
    const patch = {
      coalesce: false,
      cache: {
        exact: { on: false },
        semantic: { on: true, ttlSeconds: null, maxMessages: 1 },
        namespace: { kind: 'log' },
        rules: [{ name: 'strict', when: { feature: ['strict'] }, threshold: 0.7 }],
      },
    }
    expectWholeRuns(prepared(steps, [5, 0, 5, 0, 0, 0, 0, 0], patch))
  })

  const entangled: readonly PolicyPatch[] = [
    { cache: { semantic: { maxEntries: 2 } } },
    { cache: { exact: { maxEntries: 2 } } },
    { cache: { semantic: { refreshOnHit: true } } },
    { cache: { exact: { refreshOnHit: true } } },
    { cache: { semantic: { insert: 'always' } } },
    { cache: { semantic: { insert: 'always-oracle' } } },
  ]

  test('is for no policy where an entry depends on more than its slot', () => {
    const allows = (patch: PolicyPatch) => canSweepIncrementally(prepared([], [], patch).inputs)
    expect(entangled.map(allows)).toEqual(entangled.map(() => false))
    expect(allows({})).toBe(true)
  })

  test('gives way there to runs over a grid', () => {
    const patch = fc.constantFrom(...entangled)
    fc.assert(
      fc.property(crowdedSteps, crowdedTurns, patch, (steps, turns, patch) => {
        const { inputs, worth } = prepared(steps, turns, patch)
        // Up and down: what a run leaves behind is no matter to the next.
        const grid = Array.from(
          { length: 20 },
          (_, point) => [0.9, 0.6, 0.97, 0.8][point % 4] as number,
        )
        const found = Array.from(runGrid(inputs, grid), ({ by, owner, threshold }) => ({
          threshold,
          ...summed({ by, owner }, inputs, worth),
        }))
        expect(found).toEqual(
          grid.map((threshold) => ({
            threshold,
            ...summed(runCache(inputs, threshold), inputs, worth),
          })),
        )
      }),
      { numRuns: 500 },
    )
  }, 60_000)
})
