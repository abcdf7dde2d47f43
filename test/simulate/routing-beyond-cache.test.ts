import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy, passThroughPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { Route } from '../../src/policy/routing.ts'
import { layersBeyond } from '../../src/simulate/beyond-cache.ts'
import { type CacheRun, served } from '../../src/simulate/cache-run.ts'
import { hasPromptCaches } from '../../src/simulate/prompt-caches.ts'
import { openBeyondCache } from '../../src/simulate/routing-beyond-cache.ts'
import { policyLatency } from '../../src/simulate/simulate-latency.ts'
import { decideHistory } from '../../src/worlds/decide-history.ts'
import type { History } from '../../src/worlds/history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { openHistoryPrefix } from '../../src/worlds/history-prefix.ts'
import { openHistorySight, openHistoryWorld } from '../../src/worlds/history-world.ts'
import type { CostOf } from '../../src/worlds/model-costs.ts'
import { nameTiers } from '../../src/worlds/named-tiers.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const open: StoredHistory[] = []
afterEach(() => {
  for (const stored of open.splice(0)) stored.close()
})

async function log(records: readonly object[]): Promise<StoredHistory> {
  const stored = await storedHistory(records)
  open.push(stored)
  return stored
}

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
const asked = 3_500_000
const atMini = 210_000

const tiers = {
  small: 'openai:gpt-4o-mini',
  medium: 'openai:gpt-4o',
  large: 'openai:gpt-4o',
}

const noBatch: CostOf = () => null

async function beyond(stored: StoredHistory, patch: PolicyPatch, batchCostOf = noBatch) {
  const { history, costOf } = stored
  const policy = nameTiers(mergePolicy(passThroughPolicy, patch), tiers)
  const compiled = compilePolicy(policy)
  const sight = openHistorySight({ history, policy, costOf })
  const options = { history, compiled, tiers, sight, costOf, batchCostOf, evidence: null }
  return { opened: await openBeyondCache(options), compiled, policy }
}

/** A run in which a cache serves some requests. */
function runOf({ count }: History, served_: readonly number[] = []): CacheRun {
  const nothing = () => new Float64Array(count).fill(Number.NaN)
  return {
    threshold: 1,
    by: Uint8Array.from({ length: count }, (_, place) =>
      served_.includes(place) ? served.exact : served.model,
    ),
    owner: new Int32Array(count).fill(-1),
    similarity: nothing(),
    entryBorn: nothing(),
    guard: new Uint8Array(count),
    exactHits: served_.length,
    semanticHits: 0,
    coalesced: 0,
  }
}

const all = new Set<string>(layersBeyond)
const route = (rest: Partial<Route>): Route => ({
  name: 'cheap',
  when: {},
  to: { kind: 'ladder', ladder: [{ target: 'small', validators: [], timeoutMs: null }] },
  ...rest,
})

describe('what happens behind the response cache', () => {
  it('costs what was logged where the policy does nothing', async () => {
    const stored = await log([ask(0, 'x'), ask(1, 'y', { model: 'nobody-knows' })])
    const { opened } = await beyond(stored, {})
    expect(opened.spendOf(runOf(stored.history), all)).toBe(BigInt(asked))
    expect([...opened.costs(runOf(stored.history, [0]))]).toEqual([0, 0])
    const { layers, quality, unmeasuredRequests } = opened.report(runOf(stored.history))
    expect(layers.routing).toMatchObject({ on: false, routes: [], savingUsd: 0, sensitivity: null })
    expect(quality).toMatchObject({ status: 'unmeasured', note: 'every answer is one of the log' })
    expect(unmeasuredRequests).toBe(0)
  })

  it('sends requests elsewhere, says what that costs and what nobody measured', async () => {
    const stored = await log([
      ask(0, 'x', { feature: 'tags' }),
      ask(1, 'y', { feature: 'tags' }),
      ask(2, 'z'),
    ])
    const { opened } = await beyond(stored, { routes: [route({ when: { feature: ['tags'] } })] })
    const run = runOf(stored.history)
    expect(opened.spendOf(run, new Set())).toBe(BigInt(3 * asked))
    expect(opened.spendOf(run, new Set(['routing']))).toBe(BigInt(asked + 2 * atMini))
    const { layers, unmeasuredRequests, quality } = opened.report(run)
    expect(layers.routing).toMatchObject({
      on: true,
      routes: [
        { route: 'cheap', requests: 2, target: 'openai:gpt-4o-mini', costUsd: (2 * atMini) / 1e9 },
      ],
      escalations: 0,
      savingUsd: (2 * (asked - atMini)) / 1e9,
    })
    const { sensitivity } = layers.routing
    expect((sensitivity?.highUsd ?? 0) - (sensitivity?.lowUsd ?? 0)).toBeCloseTo(
      (0.6 * 2 * atMini) / 1e9,
      12,
    )
    expect(unmeasuredRequests).toBe(2)
    expect(quality.note).toMatch(/^2 requests would be answered by another model/)
    expect(opened.spendOf(runOf(stored.history, [0]), all)).toBe(BigInt(asked + atMini))
  })

  it('reads from the prompt cache of a model that keeps all, where the asked one keeps nothing', async () => {
    const system = 'a rule '.repeat(1000)
    const old = (minute: number, text: string) =>
      ask(minute, text, {
        model: 'gpt-4',
        usage: { inputTokens: 2000, outputTokens: 100 },
        prompt: { system, messages: [{ role: 'user', content: text }] },
      })
    const stored = await log([old(0, 'x'), old(1, 'y'), old(2, 'z')])
    const { opened } = await beyond(stored, { routes: [route({})] })
    const run = runOf(stored.history)
    const { prefix } = opened.report(run).layers
    // Two later requests each read 1,920 of 2,000 tokens, at half of $0.15 a million.
    expect(prefix.readTokens).toBe(2 * 1920)
    expect(opened.spendOf(run, all)).toBe(BigInt(3 * 360_000 - 2 * 1920 * 75))
    expect([prefix.costUsd, prefix.uncachedCostUsd]).toEqual([
      (3 * 360_000 - 2 * 1920 * 75) / 1e9,
      (3 * 360_000) / 1e9,
    ])
    const kept = await log([old(0, 'x'), old(1, 'y')].map((each) => ({ ...each, model: 'gpt-4o' })))
    const { opened: other } = await beyond(kept, { routes: [route({})] })
    // What reads nothing at a model that keeps all reads nothing at another one, in any figure.
    const { layers } = other.report(runOf(kept.history))
    expect(layers.prefix).toMatchObject({ readTokens: 0, costUsd: (2 * 360_000) / 1e9 })
    expect(other.spendOf(runOf(kept.history), all)).toBe(2n * 360_000n)
  })

  it('asks nobody elsewhere what a cache had answered in the log', async () => {
    const stored = await log([ask(0, 'x', { servedFromCache: true }), ask(1, 'y')])
    const { opened } = await beyond(stored, { routes: [route({})] })
    expect([...opened.costs(runOf(stored.history))]).toEqual([0, atMini])
  })

  it('shows what each routing preset would cost', async () => {
    const long = 'words that ask for nothing in particular '.repeat(40)
    const stored = await log([ask(0, 'what is rust'), ask(1, long), ask(2, 'thanks')])
    const { opened } = await beyond(stored, {})
    const { presets } = opened.report(runOf(stored.history)).layers.routing
    const line = (name: string) => presets.find(({ preset }) => preset === name)
    expect(presets.map(({ preset }) => preset)).toEqual([
      'length',
      'signals',
      'keywords',
      'three-way',
      'cascade',
    ])
    expect(line('signals')).toEqual({
      preset: 'signals',
      decidedShare: 1,
      mix: { simple: 2 / 3, medium: 0, hard: 1 / 3 },
      costUsd: (asked + 2 * atMini) / 1e9,
      savingUsd: (2 * (asked - atMini)) / 1e9,
      quality: 'unmeasured',
    })
    expect(line('cascade')).toMatchObject({
      decidedShare: null,
      mix: null,
      costUsd: (3 * atMini) / 1e9,
    })
  })

  it('halves what may wait, or takes the batch price where there is one', async () => {
    const stored = await log([
      ask(0, 'x', { feature: 'nightly' }),
      ask(1, 'y'),
      ask(2, 'z', { feature: 'nightly', serviceTier: 'batch' }),
    ])
    const batch = [{ name: 'night', when: { feature: ['nightly'] }, maxWaitSeconds: 60 }]
    const run = runOf(stored.history)
    const halved = await beyond(stored, { batch })
    const logged = halved.opened.spendOf(run, new Set())
    expect(halved.opened.report(run).layers.batch).toMatchObject({
      on: true,
      requests: 1,
      savingUsd: asked / 2 / 1e9,
    })
    const listed = await beyond(stored, { batch }, () => 1_000_000 as ReturnType<CostOf>)
    expect(logged - listed.opened.spendOf(run, all)).toBe(BigInt(asked - 1_000_000))
  })

  it('cuts outputs at their cap, and prompts by what they repeat', async () => {
    const rule = 'Answer in the language of the customer, and never promise a refund.'
    const prompt = {
      messages: [
        { role: 'system', content: `${rule}\n\n${rule}` },
        { role: 'user', content: 'x' },
      ],
    }
    const stored = await log([ask(0, 'x', { prompt }), ask(1, 'y')])
    const { opened } = await beyond(stored, {
      outputCaps: [{ name: 'cap', when: {}, maxTokens: 60 }],
      compress: [{ name: 'repeats', when: {}, with: { kind: 'drop-repeated' } }],
    })
    const { layers } = opened.report(runOf(stored.history))
    // 40 tokens of each answer at $10 a million.
    expect(layers.outputCap).toMatchObject({ requests: 2, savingUsd: 0.0008 })
    expect(layers.compression.requests).toBe(1)
    // About half of 1,000 tokens at $2.50 a million.
    expect(layers.compression.savingUsd).toBeCloseTo(0.00122, 4)
    expect(layers.compression.note).toMatch(/^quality unmeasured/)
  })

  it('adds up, layer after layer, to what all of them save', async () => {
    const stored = await log([ask(0, 'x', { feature: 'a' }), ask(1, 'y'), ask(2, 'z z z')])
    const { opened } = await beyond(stored, {
      routes: [route({ when: { feature: ['a'] } })],
      outputCaps: [{ name: 'cap', when: {}, maxTokens: 60 }],
      batch: [{ name: 'night', when: {}, maxWaitSeconds: 60 }],
      prefix: { mode: 'inject' },
    })
    const run = runOf(stored.history)
    const { routing, prefix, compression, outputCap, batch } = opened.report(run).layers
    const parts = [routing, prefix, compression, outputCap, batch].map(({ savingUsd }) => savingUsd)
    const whole = opened.spendOf(run, new Set()) - opened.spendOf(run, all)
    expect(Math.round(parts.reduce((sum, part) => sum + part, 0) * 1e9)).toBe(Number(whole))
  })
})

describe('routes without a response cache', () => {
  const validator = {
    name: 'long',
    mode: 'enforce',
    maxFalsePassRate: 0.03,
    test: { kind: 'length', min: 8, max: null },
  } as const
  const ladders: Policy['routes'] = [
    route({ when: { feature: ['a'] } }),
    route({
      name: 'climbing',
      when: { feature: ['b'] },
      to: {
        kind: 'ladder',
        ladder: [
          { target: 'openai:gpt-4o', validators: [validator], timeoutMs: 5000 },
          { target: 'openai:gpt-4o-mini', validators: [], timeoutMs: null },
        ],
      },
    }),
    route({
      name: 'judged',
      when: { feature: ['c'] },
      to: {
        kind: 'classifier',
        classifier: 'length',
        ladders: {
          simple: [{ target: 'small', validators: [], timeoutMs: null }],
          medium: [{ target: 'anthropic:claude-haiku-4-5', validators: [], timeoutMs: null }],
          hard: [{ target: 'large', validators: [], timeoutMs: null }],
        },
      },
    }),
  ]
  const fallback = {
    targets: {
      'openai:gpt-4o': ['openai:gpt-4o', 'anthropic:claude-sonnet-4-5'],
      'openai:gpt-4o-mini': ['anthropic:claude-haiku-4-5'],
    },
  }
  const anyLog = fc.array(
    fc.record({
      minute: fc.nat(40),
      text: fc.constantFrom('x', 'why so', 'a longer question '.repeat(40)),
      rest: fc.record({
        feature: fc.constantFrom('a', 'b', 'c', 'd'),
        session: fc.constantFrom('s', 't'),
        model: fc.constantFrom('gpt-4o', 'gpt-4o-mini'),
        latencyMs: fc.constantFrom(10, 9000),
        status: fc.constantFrom('ok', 'ok', 'error'),
        servedFromCache: fc.constantFrom(false, false, true),
        usage: fc.record({
          inputTokens: fc.integer({ min: 1, max: 2000 }),
          cacheReadTokens: fc.constantFrom(0, 1500),
          outputTokens: fc.nat(300),
        }),
      }),
    }),
    { minLength: 1, maxLength: 25 },
  )

  it('cost what deciding request after request costs, prompt caches, sessions and fallbacks included', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLog,
        fc.constantFrom('none', 'session') as fc.Arbitrary<Policy['sticky']>,
        fc.constantFrom('as-logged', 'inject') as fc.Arbitrary<Policy['prefix']['mode']>,
        fc.boolean(),
        fc.boolean(),
        async (list, sticky, mode, hasFallback, isSpeculative) => {
          const stored = await storedHistory(
            list.map(({ minute, text, rest }) => ask(minute, text, rest)),
          )
          try {
            const { history, costOf } = stored
            const { opened, compiled, policy } = await beyond(stored, {
              routes: ladders,
              sticky,
              prefix: { mode },
              failure: { breaker: { on: false }, fallback: { ...fallback, on: hasFallback } },
              speculative: isSpeculative ? { kind: 'on', withinMs: 200 } : { kind: 'off' },
            })
            const inputs = { questions: lastUserQuestions(history), neighbours: null }
            const cache = new HistoryCache(history, inputs, policy.cache)
            const prefix = hasPromptCaches(history, policy)
              ? openHistoryPrefix(history, policy)
              : null
            const world = openHistoryWorld({ history, cache, policy, costOf, prefix })
            const costs: number[] = []
            const times: number[] = []
            await decideHistory(history, compiled, world, {
              onReceipt({ costNanoUsd, latencyMs }) {
                costs.push(costNanoUsd)
                times.push(latencyMs)
              },
            })
            expect([...opened.costs(runOf(history))]).toEqual(costs)
            // A receipt takes the logged time where nobody knows another.
            const known = opened.latencies(runOf(history))?.ms ?? history.latencyMs
            expect(times).toEqual(times.map((ms, place) => known[place] || ms))
          } finally {
            stored.close()
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('how long requests take elsewhere', () => {
  const mini = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      ask(index + 1, `m${index}`, {
        model: 'gpt-4o-mini',
        latencyMs: 100 + 2 * (index + 1) * 10,
        usage: { inputTokens: 10, outputTokens: (index + 1) * 10 },
      }),
    )
  const elsewhere = { routes: [route({ when: { feature: ['a'] } })] }

  it('is what the model took in the log for as many output tokens', async () => {
    // 100 ms and 2 ms a token; the request that goes there had 100 tokens.
    const stored = await log([ask(0, 'x', { feature: 'a' }), ...mini(21)])
    const { opened } = await beyond(stored, elsewhere)
    const run = runOf(stored.history)
    const calls = opened.latencies(run)
    expect([calls?.ms[0], calls?.unknown]).toEqual([300, []])
    const { latencyMs, latencyBasis } = policyLatency(stored.history, run, calls)
    expect(latencyMs).toEqual({ p50: 300, p95: 500 })
    expect(latencyBasis).toMatchObject({ requests: 22, known: 22, share: 1 })
    expect(latencyBasis.note).toMatch(/less spread/)
  })

  it('is unknown where the log has few answers of it, with the share that is known', async () => {
    const stored = await log([ask(0, 'x', { feature: 'a' }), ...mini(3)])
    const { opened } = await beyond(stored, elsewhere)
    const run = runOf(stored.history)
    expect(policyLatency(stored.history, run, opened.latencies(run))).toEqual({
      latencyMs: { p50: null, p95: null },
      latencyBasis: {
        requests: 4,
        known: 3,
        share: 0.75,
        note: 'nobody knows how long openai:gpt-4o-mini would take: too few answers in the log, none in evidence',
      },
    })
    // A cache that serves it makes it known.
    const served = policyLatency(stored.history, runOf(stored.history, [0]), opened.latencies(run))
    expect(served.latencyBasis.known).toBe(4)
  })

  it('is as logged without routes', async () => {
    const stored = await log(mini(2))
    const { opened } = await beyond(stored, {})
    expect(opened.latencies(runOf(stored.history))).toBeNull()
  })
})

it('takes the default policy as it is', async () => {
  const stored = await log([ask(0, 'x')])
  const { opened } = await beyond(stored, defaultPolicy)
  expect(opened.spendOf(runOf(stored.history), all)).toBe(BigInt(asked))
})
