import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Receipt, Step } from '../../src/domain/receipt.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy, passThroughPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { Route } from '../../src/policy/routing.ts'
import { decideHistory } from '../../src/worlds/decide-history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { type HistoryWorldOptions, openHistoryWorld } from '../../src/worlds/history-world.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const open: StoredHistory[] = []
afterEach(() => {
  for (const stored of open.splice(0)) stored.close()
})

async function history(records: readonly object[]): Promise<StoredHistory> {
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

/** A request of `ask` costs this much: 1,000 × $2.50 + 100 × $10 a million. */
const asked = 3_500_000

async function decided(
  { history, costOf }: StoredHistory,
  policy: Policy,
  more: Partial<HistoryWorldOptions> = {},
) {
  const inputs = { questions: lastUserQuestions(history), neighbours: null }
  const cache = new HistoryCache(history, inputs, policy.cache)
  const world = openHistoryWorld({ history, cache, policy, costOf, ...more })
  const receipts: Receipt[] = []
  const onReceipt = (receipt: Receipt) => receipts.push(receipt)
  await decideHistory(history, compilePolicy(policy), world, { onReceipt })
  return { receipts, world }
}

const costsOf = (receipts: readonly Receipt[]) => receipts.map(({ costNanoUsd }) => costNanoUsd)
const outcomesOf = (receipts: readonly Receipt[]) => receipts.map(({ outcome }) => outcome)
const attemptsOf = ({ steps }: Receipt) =>
  steps.filter((step): step is Extract<Step, { kind: 'attempt' }> => step.kind === 'attempt')

const patched = (patch: PolicyPatch, base = passThroughPolicy) => mergePolicy(base, patch)
const exactOnly = patched({
  cache: { exact: { on: true }, semantic: { on: false }, rules: [], namespace: { kind: 'shared' } },
  coalesce: true,
})
const toMini = (rest: Partial<Route> = {}): Route => ({
  name: 'mini',
  when: {},
  to: {
    kind: 'ladder',
    ladder: [{ target: 'openai:gpt-4o-mini', validators: [], timeoutMs: null }],
  },
  ...rest,
})

describe('a history as a world', () => {
  const anyRecord = fc.record({
    minute: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined }),
    text: fc.constantFrom('a', 'b', 'c'),
    model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'nobody-knows'),
    status: fc.constantFrom('ok', 'ok', 'ok', 'error', 'timeout'),
    latencyMs: fc.option(fc.nat(9000), { nil: undefined }),
    usage: fc.record({
      inputTokens: fc.nat(5000),
      cacheReadTokens: fc.nat(3000),
      outputTokens: fc.nat(900),
    }),
  })
  const recordOf = ({
    minute,
    text,
    ...rest
  }: typeof anyRecord extends fc.Arbitrary<infer T> ? T : never) => {
    const { at, ...record } = ask(minute ?? 0, text, rest)
    return { ...record, ...(minute !== undefined && { at }) }
  }

  it('gives back the logged cost to the nano-dollar where the policy changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 30 }), async (list) => {
        const stored = await storedHistory(list.map(recordOf))
        try {
          const { receipts } = await decided(stored, passThroughPolicy)
          const { cost, latencyMs } = stored.history.columns
          expect(costsOf(receipts)).toEqual(
            Array.from(cost, (nano) => (Number.isNaN(nano) ? 0 : nano)),
          )
          expect(receipts.map((receipt) => receipt.latencyMs)).toEqual(
            Array.from(latencyMs, (ms) => (Number.isNaN(ms) ? 0 : ms)),
          )
        } finally {
          stored.close()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('serves repeats from the cache, which cost nothing, and asks again when their time is over', async () => {
    const stored = await history([ask(0, 'x'), ask(1, 'x'), ask(2, 'y'), ask(1441.1, 'x')])
    const { receipts } = await decided(stored, exactOnly)
    expect(outcomesOf(receipts)).toEqual(['answered', 'hit', 'answered', 'answered'])
    expect(costsOf(receipts)).toEqual([asked, 0, asked, asked])
    expect(receipts[1]).toMatchObject({ servedBy: 0, latencyMs: 1 })
  })

  it('lets identical requests share a call in flight, but none that took no time', async () => {
    const pair = (latencyMs: number) => [ask(0, 'x', { latencyMs }), ask(0.001, 'x', { latencyMs })]
    const flying = await decided(await history(pair(800)), exactOnly)
    expect(outcomesOf(flying.receipts)).toEqual(['answered', 'coalesced'])
    const instant = await decided(await history(pair(0)), exactOnly)
    expect(outcomesOf(instant.receipts)).toEqual(['answered', 'hit'])
  })

  it('keeps requests without a time from every cache', async () => {
    const { at: _, ...undated } = ask(0, 'x')
    const stored = await history([ask(0, 'x'), undated, { ...undated, id: 'other' }])
    const { receipts } = await decided(stored, exactOnly)
    expect(outcomesOf(receipts)).toEqual(['answered', 'answered', 'answered'])
    expect(receipts[2]?.steps).toContainEqual({
      kind: 'bypass',
      layer: 'exact',
      reason: 'no-time',
    })
  })

  it('does not know what another model would have said, and models what it would have cost', async () => {
    const stored = await history([ask(0, 'x'), ask(1, 'y', { model: 'gpt-4o-mini-2024-07-18' })])
    const { receipts, world } = await decided(stored, patched({ routes: [toMini()] }))
    expect(outcomesOf(receipts)).toEqual(['unmeasured', 'answered'])
    // 1,000 × $0.15 + 100 × $0.60 a million.
    expect(costsOf(receipts)).toEqual([210_000, 210_000])
    expect(world.assumptions().ratios).toEqual([
      'openai:gpt-4o-mini counts and writes as many tokens as openai:gpt-4o: assumed, and newer tokenizers give up to 30 % more',
    ])
  })

  it('learns from requests that both models were asked how many tokens the other one makes', async () => {
    const both = Array.from({ length: 12 }, (_, index) => [
      ask(index, `q${index}`),
      ask(index + 0.5, `q${index}`, {
        model: 'gpt-4o-mini',
        usage: { inputTokens: 1200, outputTokens: 150 },
      }),
    ]).flat()
    const stored = await history([...both, ask(60, 'new')])
    const { receipts } = await decided(stored, patched({ routes: [toMini()] }))
    expect(attemptsOf(receipts.at(-1) as Receipt)[0]?.usage).toMatchObject({
      inputTokens: 1200,
      outputTokens: 150,
    })
  })

  it('keeps the requests of a session where the first of them went', async () => {
    const stored = await history([
      ask(0, 'x', { session: 's', tags: { half: 'first' } }),
      ask(1, 'y', { session: 's' }),
      ask(2, 'z', { session: 't' }),
      ask(3, 'u', { session: 't', tags: { half: 'first' } }),
      ask(4, 'v', { tags: { half: 'first' } }),
    ])
    const routes = [toMini({ when: { tags: { half: ['first'] } } })]
    const targets = async (sticky: Policy['sticky']) => {
      const { receipts } = await decided(stored, patched({ routes, sticky }))
      return receipts.map((receipt) => attemptsOf(receipt)[0]?.target.replace(/^openai:/, ''))
    }
    const [mini, own] = ['gpt-4o-mini', 'gpt-4o']
    expect(await targets('session')).toEqual([mini, mini, own, own, mini])
    expect(await targets('none')).toEqual([mini, own, own, mini, mini])
  })

  it('climbs where a logged answer fails its validator, and pays for both', async () => {
    const stored = await history([ask(0, 'x'), ask(1, 'y', { answer: { text: 'No.' } })])
    const test = { kind: 'length', min: 5, max: null } as const
    const validator = { name: 'long', mode: 'enforce', maxFalsePassRate: 0.03, test } as const
    const ladder = [
      { target: 'openai:gpt-4o', validators: [validator], timeoutMs: null },
      { target: 'openai:gpt-4o-mini', validators: [], timeoutMs: null },
    ]
    const { receipts } = await decided(
      stored,
      patched({ routes: [toMini({ to: { kind: 'ladder', ladder } })] }),
    )
    expect(costsOf(receipts)).toEqual([asked, asked + 210_000])
    expect(outcomesOf(receipts)).toEqual(['answered', 'unmeasured'])
  })

  /** One target, left alone for a minute after two failures. */
  const patient = patched({
    routes: [
      toMini({
        to: {
          kind: 'ladder',
          ladder: [{ target: 'openai:gpt-4o', validators: [], timeoutMs: null }],
        },
      }),
    ],
    failure: { breaker: { failures: 2, openSeconds: 60 } },
  })

  it('leaves a failing target alone for a while, then probes it once', async () => {
    const failing = (minute: number) => ask(minute, `f${minute}`, { status: 'error' })
    const stored = await history([
      failing(0),
      failing(0.1),
      ask(0.2, 'down'),
      failing(2),
      ask(2.5, 'still down'),
      ask(4, 'probe'),
      ask(4.1, 'up'),
    ])
    const { receipts } = await decided(stored, patient)
    expect(receipts.map((receipt) => attemptsOf(receipt).length)).toEqual([1, 1, 0, 1, 0, 1, 1])
  })

  it('leaves a target alone that failed where it was asked for by name, and never that name', async () => {
    const routes = [toMini({ when: { feature: ['chat'] }, to: patient.routes[0]?.to as never })]
    const plain = { requestedModel: 'gpt-4o', model: 'gpt-4o-2024-08-06' }
    const failing = { ...plain, status: 'error' }
    const stored = await history([
      ask(0, 'a', failing),
      ask(0.1, 'b', failing),
      ask(0.2, 'routed', { feature: 'chat' }),
      ask(0.3, 'by name', plain),
      ask(0.4, 'routed again', { feature: 'chat' }),
    ])
    const { receipts } = await decided(stored, { ...patient, routes })
    expect(receipts.map((receipt) => attemptsOf(receipt).length)).toEqual([1, 1, 0, 1, 1])
  })

  it.each([
    ['a bad request', { status: 'error', statusCode: 400 }, 1],
    ['a caller who left', { status: 'cancelled' }, 1],
    ['a used-up limit', { status: 'error', statusCode: 429 }, 0],
    ['a broken server', { status: 'error', statusCode: 502 }, 0],
    ['nobody knows what', { status: 'error' }, 0],
    ['a limit of time', { status: 'timeout', statusCode: 400 }, 0],
  ] as const)(
    'leaves a target alone after %s only where that is its fault',
    async (_, came, then) => {
      const stored = await history([ask(0, 'a', came), ask(0.1, 'b', came), ask(0.2, 'next')])
      const { receipts } = await decided(stored, patient)
      expect(receipts.map((receipt) => attemptsOf(receipt).length)).toEqual([1, 1, then])
    },
  )

  it('counts a model classifier that nobody asked as medium, and pays for asking it', async () => {
    const stored = await history([ask(0, 'x')])
    const classifiers = {
      small: { kind: 'model', target: 'openai:gpt-4o-mini', after: null, maxTokens: 10 },
    } as const
    const routes = [toMini({ when: { label: { classifier: 'small', is: ['medium'] } } })]
    const { receipts, world } = await decided(stored, patched({ routes, classifiers }))
    expect(receipts[0]?.steps).toContainEqual({
      kind: 'classify',
      classifier: 'small',
      label: 'medium',
      // 71 × $0.15 + 10 × $0.60 a million.
      costNanoUsd: 16_650,
      latencyMs: 0,
    })
    expect(world.assumptions().labels).toBe(1)
  })
})

describe('budgets in a history', () => {
  const budget = {
    name: 'cap',
    scope: 'user',
    window: 'day',
    limitNanoUsd: (2 * asked) as Policy['budgets'][number]['limitNanoUsd'],
    action: 'block',
    mode: 'hard',
    when: {},
  } as const
  const byUser = (minute: number, user: string) => ask(minute, `${user}${minute}`, { user })

  it('are spent by each member in each day of the policy’s time zone', async () => {
    // 2026-08-01T10:00Z; midnight in Auckland (UTC+12) is two hours later.
    const stored = await history([
      byUser(0, 'ann'),
      byUser(1, 'ann'),
      byUser(2, 'ann'),
      byUser(3, 'bob'),
      byUser(121, 'ann'),
      ask(122, 'nobody'),
    ])
    const policy = patched({ budgets: [budget], timezone: 'Pacific/Auckland' })
    const { receipts, world } = await decided(stored, policy)
    expect(outcomesOf(receipts)).toEqual([
      'answered',
      'answered',
      'blocked',
      'answered',
      'answered',
      'answered',
    ])
    expect(world.ledger.budgets()).toEqual([
      { budget: 'cap', refused: 1, mostSpentNanoUsd: 2 * asked },
    ])
  })

  it('are shared by all who name no member, but for traces and sessions', async () => {
    const stored = await history([0, 1, 2].map((minute) => ask(minute, `nobody ${minute}`)))
    const third = async (scope: Policy['budgets'][number]['scope']) => {
      const policy = patched({ budgets: [{ ...budget, scope }] })
      return outcomesOf((await decided(stored, policy)).receipts)[2]
    }
    const scopes = ['user', 'key', 'team', 'session', 'trace'] as const
    expect(await Promise.all(scopes.map(third))).toEqual([
      ...['blocked', 'blocked', 'blocked'],
      ...['answered', 'answered'],
    ])
  })

  it.each(['week', 'month', 'lifetime'] as const)('begin anew by %s', async (window) => {
    const minutes = { week: 2 * 1440, month: 31 * 1440, lifetime: 1e6 }[window]
    const stored = await history([byUser(0, 'ann'), byUser(1, 'ann'), byUser(minutes, 'ann')])
    const { receipts } = await decided(stored, patched({ budgets: [{ ...budget, window }] }))
    const last = window === 'lifetime' ? 'blocked' : 'answered'
    expect(outcomesOf(receipts)).toEqual(['answered', 'answered', last])
  })

  it('count what a cache served as nothing', async () => {
    const stored = await history([0, 1, 2, 3].map((minute) => ask(minute, 'x', { user: 'ann' })))
    const { receipts } = await decided(stored, mergePolicy(exactOnly, { budgets: [budget] }))
    expect(outcomesOf(receipts)).toEqual(['answered', 'hit', 'hit', 'hit'])
  })

  it('never pass their limit in hard mode', async () => {
    const spend = fc.array(
      fc.record({
        minute: fc.nat(6000),
        user: fc.constantFrom('ann', 'bob'),
        usage: fc.record({ inputTokens: fc.nat(4000), outputTokens: fc.nat(400) }),
      }),
      { minLength: 1, maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(spend, fc.boolean(), async (list, isRouted) => {
        const stored = await storedHistory(
          list.map(({ minute, ...rest }, index) => ask(minute, `${index}`, rest)),
        )
        try {
          const routes = isRouted ? [toMini()] : []
          const { world } = await decided(stored, patched({ budgets: [budget], routes }))
          const [state] = world.ledger.budgets()
          expect(state?.mostSpentNanoUsd).toBeLessThanOrEqual(budget.limitNanoUsd)
        } finally {
          stored.close()
        }
      }),
      { numRuns: 12 },
    )
  })

  it('only warn where they say so, and stop loops of one trace', async () => {
    const stored = await history([0, 1, 2, 3].map((minute) => ask(minute, 'x', { trace: 't' })))
    const alerting = patched({
      budgets: [{ ...budget, scope: 'trace', action: 'alert', limitNanoUsd: budget.limitNanoUsd }],
      loopGuard: { maxSimilarInRow: 3, action: 'block' },
    })
    const { receipts } = await decided(stored, alerting)
    expect(outcomesOf(receipts)).toEqual(['answered', 'answered', 'answered', 'blocked'])
    expect(receipts[2]?.steps[0]).toEqual({ kind: 'budget', budget: 'cap', action: 'alert' })
  })
})

describe('the loop guard in a history', () => {
  const message = (role: string, content: string) => ({ role, content })

  it('stops a trace whose steps are nearly identical, however long its conversation grows', async () => {
    const failing = (minute: number) =>
      ask(minute, '', {
        trace: 't',
        prompt: {
          messages: Array.from({ length: minute + 1 }, (_, step) => [
            message('user', `Try ${step}`),
            message('tool', `Error  on line ${step}: not found`),
          ]).flat(),
        },
      })
    const stored = await history([failing(0), failing(1), failing(2), failing(3)])
    const loopGuard = { maxSimilarInRow: 2, action: 'block' } as const
    const { receipts } = await decided(stored, patched({ loopGuard }))
    expect(outcomesOf(receipts)).toEqual(['answered', 'answered', 'blocked', 'blocked'])
  })

  it('stops a trace that has spent what it may, and no other', async () => {
    const inTrace = (trace: string, minute: number) => ask(minute, `${minute}`, { trace })
    const stored = await history([
      inTrace('t', 0),
      inTrace('t', 1),
      inTrace('t', 2),
      inTrace('u', 3),
      ask(4, 'x'),
    ])
    // The estimate of the third is a fifth more than it would have come to.
    const maxNanoUsd = (3 * asked) as Policy['budgets'][number]['limitNanoUsd']
    const loopGuard = { maxNanoUsd, action: 'block' } as const
    const { receipts, world } = await decided(stored, patched({ loopGuard }))
    expect(outcomesOf(receipts)).toEqual([
      'answered',
      'answered',
      'blocked',
      'answered',
      'answered',
    ])
    expect(receipts[2]?.steps).toEqual([{ kind: 'budget', budget: 'loop guard', action: 'block' }])
    expect(world.ledger.budgets()).toEqual([])
  })
})

describe('the facts of a history', () => {
  it('hold the hint, the whole input and the requests of the last minute', async () => {
    const stored = await history([
      ask(0, 'x', { feature: 'f', tags: { hint: 'hard' } }),
      ask(0.5, 'y', { feature: 'f' }),
      ask(0.9, 'z', { feature: 'g' }),
      ask(1.2, 'u', { feature: 'f', params: { 'x-llmcost-hint': 'simple' } }),
    ])
    const { world } = await decided(stored, defaultPolicy)
    const facts = [0, 1, 2, 3].map((place) => world.factsAt(place))
    expect(facts.map(({ hint }) => hint)).toEqual(['hard', undefined, undefined, 'simple'])
    expect(facts.map(({ burstPerMinute }) => burstPerMinute)).toEqual([1, 2, 1, 2])
    expect(facts[0]?.contextTokens).toBe(1000)
    expect(facts[0]?.timeoutClass).toBe('passthrough')
    expect(facts[3]?.target('openai:gpt-4o')).toEqual({
      breaker: 'closed',
      p95LatencyMs: 800,
      inputUsdPerMillion: 2.5,
      outputUsdPerMillion: 10,
    })
    expect(facts[0]?.target('who:knows')).toBeUndefined()
  })
})
