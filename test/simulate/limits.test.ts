import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Receipt } from '../../src/domain/receipt.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { passThroughPolicy } from '../../src/policy/default-policy.ts'
import type { Budget } from '../../src/policy/governance.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import { cacheRules, prepareCache } from '../../src/simulate/cache-inputs.ts'
import { runCache } from '../../src/simulate/cache-run.ts'
import { hasLimits, LimitCollector, limitsOf } from '../../src/simulate/limits.ts'
import type { SimulateOptions } from '../../src/simulate/options.ts'
import { openBeyondCache } from '../../src/simulate/routing-beyond-cache.ts'
import { decideHistory } from '../../src/worlds/decide-history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { openHistoryPrefix } from '../../src/worlds/history-prefix.ts'
import { openHistorySight, openHistoryWorld } from '../../src/worlds/history-world.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const start = Date.parse('2026-08-01T10:00:00Z')
const ask = (minute: number, text: string, rest: object = {}) => ({
  at: new Date(start + minute * 60_000).toISOString(),
  provider: 'openai',
  model: 'gpt-4o',
  latencyMs: 800,
  usage: { inputTokens: 1000, outputTokens: 100 },
  prompt: { messages: [{ role: 'user', content: text }] },
  answer: { text: `About ${text}` },
  ...rest,
})
/** 1,000 tokens in and 100 out, at $2.50 and $10 a million, and at a mini model's $0.15 and $0.60. */
const asked = 3_500_000
const atMini = 210_000

const cap: Budget = {
  name: 'cap',
  scope: 'user',
  window: 'day',
  limitNanoUsd: (2 * asked) as NanoUsd,
  action: 'block',
  mode: 'hard',
  when: {},
}

/** The report's limits, and the receipts that they must be the sum of. */
async function limited(stored: StoredHistory, patch: PolicyPatch) {
  const { history, costOf } = stored
  const policy = mergePolicy(
    mergePolicy(passThroughPolicy, {
      cache: { exact: { on: true }, namespace: { kind: 'shared' } },
      failure: { breaker: { on: false } },
    }),
    patch,
  )
  const compiled = compilePolicy(policy)
  const semantic = { questions: lastUserQuestions(history), neighbours: null }
  const sight = openHistorySight({ history, policy, costOf })
  const tiers = { small: 'gpt-4o-mini', medium: 'gpt-4o', large: 'gpt-4o' }
  const batchCostOf = () => null
  const beyond = await openBeyondCache({
    ...{ history, compiled, tiers, sight, costOf, batchCostOf },
    evidence: null,
  })
  const rules = cacheRules(history, compiled, sight.factsAt)
  const prepared = prepareCache(history, semantic, compiled, rules)
  const run = runCache(prepared.inputs, 1)
  const collector = new LimitCollector(history.count)
  const receipts: Receipt[] = []
  const world = openHistoryWorld({
    ...{ history, policy, costOf },
    cache: new HistoryCache(history, semantic, policy.cache),
    prefix: openHistoryPrefix(history, policy),
  })
  await decideHistory(history, compiled, world, {
    onReceipt(receipt, place) {
      receipts.push(receipt)
      collector.note(receipt, place)
    },
  })
  const options = { found: null, embedCostOf: () => 0 } as unknown as SimulateOptions
  const limits = limitsOf({ beyond, prepared, options }, run, collector.words())
  const unlimitedNanoUsd = beyond.costs(run).reduce((sum, cost) => sum + cost, 0)
  return { limits, receipts, unlimitedNanoUsd, policy }
}

const nano = (usd: number): number => Math.round(usd * 1e9)

async function withHistory<T>(records: readonly object[], use: (stored: StoredHistory) => T) {
  const stored = await storedHistory(records)
  try {
    return await use(stored)
  } finally {
    stored.close()
  }
}

describe('what budgets and the loop guard stop', () => {
  it('is refused, not saved, and costs others the answers that it would have left', async () => {
    // Ann's third question is refused; it was Bob's too, who now has to ask a model.
    const records = [
      ask(0, 'a', { user: 'ann' }),
      ask(1, 'b', { user: 'ann' }),
      ask(2, 'c', { user: 'ann' }),
      ask(3, 'c', { user: 'bob' }),
    ]
    await withHistory(records, async (stored) => {
      const { limits } = await limited(stored, { budgets: [cap] })
      expect(limits).toEqual({
        budgets: [{ budget: 'cap', refused: 1, downgraded: 0, alerted: 0 }],
        refusedRequests: 1,
        downgradedRequests: 0,
        alertedRequests: 0,
        costUsd: (3 * asked) / 1e9,
        refusedUsd: asked / 1e9,
        downgradedUsd: 0,
        othersUsd: -asked / 1e9,
      })
    })
  })

  it('stays on the first rung where it is downgraded', async () => {
    const ladder = ['openai:gpt-4o-mini', 'openai:gpt-4o'].map((target) => ({
      ...{ target, timeoutMs: null },
      validators: [
        {
          name: 'long',
          mode: 'enforce',
          maxFalsePassRate: 0.03,
          test: { kind: 'length', min: 80, max: null },
        } as const,
      ],
    }))
    const records = [0, 1, 2].map((minute) =>
      ask(minute, `${minute}`, { user: 'ann', model: 'gpt-4o-mini' }),
    )
    await withHistory(records, async (stored) => {
      const { limits } = await limited(stored, {
        routes: [{ name: 'up', when: {}, to: { kind: 'ladder', ladder } }],
        budgets: [
          { ...cap, action: 'downgrade', limitNanoUsd: (asked + atMini) as NanoUsd, mode: 'soft' },
        ],
      })
      // The short answers of the small model are rejected: all climb, but for those above the limit.
      expect(limits).toMatchObject({ downgradedRequests: 2, refusedRequests: 0 })
      expect([nano(limits.costUsd), nano(limits.downgradedUsd)]).toEqual([
        asked + 3 * atMini,
        2 * asked,
      ])
    })
  })

  const anyLog = fc.array(
    fc.record({
      minute: fc.nat(2000),
      text: fc.constantFrom('x', 'why so', 'a longer question'),
      rest: fc.record({
        user: fc.constantFrom('ann', 'bob'),
        trace: fc.constantFrom('t', 'u'),
        feature: fc.constantFrom('a', 'b'),
        session: fc.constantFrom('s', 't'),
        model: fc.constantFrom('gpt-4o', 'gpt-4o-mini'),
        status: fc.constantFrom('ok', 'ok', 'error'),
        usage: fc.record({ inputTokens: fc.nat(2000), outputTokens: fc.nat(300) }),
      }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  const anyLimits = fc.record({
    budgets: fc.array(
      fc.record({
        scope: fc.constantFrom('user', 'feature', 'all'),
        window: fc.constantFrom('day', 'lifetime'),
        limitNanoUsd: fc.integer({ min: 0, max: 6 * asked }).map((amount) => amount as NanoUsd),
        action: fc.constantFrom('block', 'downgrade', 'alert'),
        mode: fc.constantFrom('hard', 'soft'),
      }),
      { maxLength: 2 },
    ),
    maxCalls: fc.option(fc.integer({ min: 1, max: 10 }), { nil: null }),
    maxSimilarInRow: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
    loop: fc.constantFrom('block', 'alert'),
    sticky: fc.constantFrom('none', 'session'),
  })

  it('is to the nano-dollar what deciding request after request costs, and adds up', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, anyLimits, async (list, limiting) => {
        const { maxCalls, maxSimilarInRow, loop, sticky } = limiting
        const budgets = limiting.budgets.map((each, index) => ({
          ...each,
          name: `cap ${index}`,
          when: {},
        }))
        const rung = (target: string) => ({ target, validators: [], timeoutMs: 5000 })
        const ladder = [rung('openai:gpt-4o-mini'), rung('openai:gpt-4o')]
        const records = list.map(({ minute, text, rest }) => ask(minute, text, rest))
        await withHistory(records, async (stored) => {
          const { limits, receipts, unlimitedNanoUsd, policy } = await limited(stored, {
            budgets,
            loopGuard: { maxCalls, maxSimilarInRow, action: loop },
            sticky,
            routes: [{ name: 'up', when: { feature: ['a'] }, to: { kind: 'ladder', ladder } }],
          } as PolicyPatch)
          const sum = receipts.reduce((all, { costNanoUsd }) => all + costNanoUsd, 0)
          expect(nano(limits.costUsd)).toBe(sum)
          const { refusedUsd, downgradedUsd, othersUsd } = limits
          const parts = nano(refusedUsd) + nano(downgradedUsd) + nano(othersUsd)
          expect(unlimitedNanoUsd - parts).toBe(sum)
          const blocked = receipts.filter(({ outcome }) => outcome === 'blocked')
          expect(limits.refusedRequests).toBe(blocked.length)
          expect(hasLimits(policy) || limits.budgets.length === 0).toBe(true)
        })
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})
