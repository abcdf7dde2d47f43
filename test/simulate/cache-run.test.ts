import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type { Asked, World } from '../../src/domain/world.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { decide } from '../../src/engine/decide.ts'
import { unasked } from '../../src/engine/validators.ts'
import type { Namespace } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { cacheRules, prepareCache } from '../../src/simulate/cache-inputs.ts'
import { type CacheRun, runCache, served } from '../../src/simulate/cache-run.ts'
import { bypassReasons, type History } from '../../src/worlds/history.ts'
import { HistoryCache, type SemanticInputs } from '../../src/worlds/history-cache.ts'
import { crowded, crowdedSteps, crowdedTurns, factsOf } from './crowded-history.ts'

const limit = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: null })
const layer = {
  on: fc.boolean(),
  ttlSeconds: fc.option(fc.constantFrom(0.002, 0.005, 0.01), { nil: null }),
  refreshOnHit: fc.boolean(),
  maxEntries: limit(4),
  capacityPer: fc.constantFrom('all', 'namespace'),
} as const
const policies = fc
  .record({
    coalesce: fc.boolean(),
    exact: fc.record(layer),
    semantic: fc.record({
      ...layer,
      insert: fc.constantFrom('on-miss', 'always', 'always-oracle'),
      maxMessages: fc.integer({ min: 1, max: 2 }),
    }),
    namespace: fc.constantFrom<Namespace>(
      { kind: 'shared' },
      { kind: 'log' },
      { kind: 'fields', fields: ['user'] },
    ),
  })
  .map(
    ({ coalesce, exact, semantic, namespace }): Policy =>
      mergePolicy(defaultPolicy, {
        coalesce,
        cache: {
          exact,
          semantic,
          namespace,
          rules: [
            { name: 'strict', when: { feature: ['strict'] }, threshold: 0.95, ttlSeconds: 0.004 },
            { name: 'never', when: { feature: ['never'] }, exact: false, semantic: false },
          ],
        },
      } as Parameters<typeof mergePolicy>[1]),
  )

/** What `decide` says, in the words of a run. */
async function decided(history: History, semantic: SemanticInputs, policy: Policy) {
  const world: World = {
    cache: new HistoryCache(history, semantic, policy.cache),
    ledger: { admit: () => null, settle: () => {} },
    ask: (_, { id }) => ({
      kind: 'answered',
      answer: null,
      usage: noUsage,
      costNanoUsd: 0 as NanoUsd,
      latencyMs: history.latencyMs[id as number] as number,
    }),
    isUp: () => true,
    classify: () => ({ label: 'medium', costNanoUsd: 0 as NanoUsd, latencyMs: 0 }),
    wait: () => {},
  }
  const compiled = compilePolicy(policy)
  const by: number[] = []
  const owner: number[] = []
  const guard: number[] = []
  for (let place = 0; place < history.count; place++) {
    const asked: Asked = {
      id: place,
      at: history.at[place] as number,
      request: history.requestAt(place),
      bypass: bypassReasons[history.bypass[place] as number] ?? null,
    }
    const seen = { facts: factsOf(history)(place), asks: async () => unasked }
    const { receipt } = await decide(asked, seen, compiled, world)
    const hit = receipt.steps.find((step) => step.kind === 'hit')
    by.push(
      receipt.outcome === 'coalesced'
        ? served.coalesced
        : hit === undefined
          ? served.model
          : served[hit.layer],
    )
    owner.push((receipt.servedBy ?? -1) as number)
    guard.push(receipt.steps.some(({ kind }) => kind === 'guarded') ? 1 : 0)
  }
  return { by, owner, guard }
}

const plain = ({ by, owner, guard }: CacheRun) => ({
  by: [...by],
  owner: [...owner],
  guard: [...guard],
})

describe('a run over arrays', () => {
  test('is what decide says of each request, whatever the policy', async () => {
    await fc.assert(
      fc.asyncProperty(
        crowdedSteps,
        crowdedTurns,
        fc.constantFrom(0.6, 0.8, 0.9, 0.97, 1),
        policies,
        async (steps, turns, threshold, policy) => {
          const { history, semantic } = crowded(steps, turns)
          const asked = mergePolicy(policy, { cache: { semantic: { threshold } } })
          const compiled = compilePolicy(asked)
          const rules = cacheRules(history, compiled, factsOf(history))
          const { inputs } = prepareCache(history, semantic, compiled, rules)
          expect(plain(runCache(inputs, threshold))).toEqual(
            await decided(history, semantic, asked),
          )
        },
      ),
      { numRuns: 2000 },
    )
  }, 60_000)
})
