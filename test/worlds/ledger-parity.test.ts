import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { BudgetWord } from '../../src/domain/world.ts'
import { keyHash, requestKeys } from '../../src/engine/cache-key.ts'
import { passThroughPolicy } from '../../src/policy/default-policy.ts'
import { type Budget, budgetScopes } from '../../src/policy/governance.ts'
import { openHistoryLedger } from '../../src/worlds/history-ledger.ts'
import { openHistorySight } from '../../src/worlds/history-world.ts'
import { LiveLedger } from '../../src/worlds/live-ledger.ts'
import { ledgerPolicy } from '../support/ledger.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const start = Date.parse('2026-07-28T10:00:00Z')
const maybe = <T>(...values: readonly T[]) => fc.constantFrom(undefined, ...values)

const anyRequest = fc.record({
  hours: fc.integer({ min: 0, max: 20 }),
  text: fc.constantFrom('Retry 1', 'retry   2', 'something else'),
  fields: fc.record(
    {
      user: maybe('ann', 'bob'),
      key: maybe('k1', 'k2'),
      team: maybe('red', 'blue'),
      feature: maybe('chat', 'search'),
      session: maybe('s', 't'),
      trace: maybe('t', 'u'),
      model: fc.constantFrom('gpt-4o', 'gpt-4o-mini'),
    },
    { requiredKeys: ['model'] },
  ),
  amounts: fc.record({ hard: fc.nat(900), soft: fc.nat(500) }),
  cost: fc.nat(900),
})
type AnyRequest = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never

const anyBudget = fc.record({
  scope: fc.constantFrom(...budgetScopes),
  window: fc.constantFrom('day', 'week', 'month', 'lifetime'),
  limitNanoUsd: fc.integer({ min: 0, max: 5000 }).map((amount) => amount as NanoUsd),
  action: fc.constantFrom('alert', 'downgrade', 'block'),
  mode: fc.constantFrom('hard', 'soft'),
  when: fc.constantFrom<Budget['when']>({}, {}, { model: ['gpt-4o-mini'] }, { user: ['ann'] }),
}) as fc.Arbitrary<Omit<Budget, 'name'>>

const anyPolicy = fc
  .record({
    budgets: fc.array(anyBudget, { maxLength: 4 }),
    maxCalls: fc.option(fc.integer({ min: 1, max: 9 })),
    maxSimilarInRow: fc.option(fc.integer({ min: 1, max: 3 })),
    maxNanoUsd: fc.option(fc.nat(4000).map((amount) => amount as NanoUsd)),
    action: fc.constantFrom('alert' as const, 'block' as const),
    timezone: fc.constantFrom('UTC', 'Pacific/Auckland', 'America/New_York'),
  })
  .map(({ budgets, timezone, ...loopGuard }) =>
    ledgerPolicy(
      budgets.map((budget, index) => ({ ...budget, name: `budget ${index}` })),
      loopGuard,
      timezone,
    ),
  )

function recordsOf(requests: readonly AnyRequest[]): readonly object[] {
  let at = start
  return requests.map(({ hours, text, fields }, index) => {
    at += hours * 3_600_000
    return {
      id: `r${index}`,
      at: new Date(at).toISOString(),
      provider: 'openai',
      usage: { inputTokens: 10, outputTokens: 1 },
      prompt: { messages: [{ role: 'user', content: text }] },
      ...fields,
    }
  })
}

/** The words of both ledgers to each request, and the most that each budget let a member spend. */
function decideBoth(
  { history, costOf, secret }: StoredHistory,
  requests: readonly AnyRequest[],
  limits: ReturnType<typeof ledgerPolicy>,
) {
  const policy = { ...passThroughPolicy, ...limits }
  const { factsAt } = openHistorySight({ history, policy, costOf })
  const placeOf = (id: unknown) => Number(String(id).slice('req_'.length))
  const amountsAt = (place: number) => requests[place]?.amounts ?? { hard: 0, soft: 0 }
  const past = openHistoryLedger(history, { policy: limits, factsAt, reserve: amountsAt })
  const hash = keyHash(secret)
  const live = new LiveLedger({
    policy: limits,
    factsOf: ({ id }) => factsAt(placeOf(id)),
    reserve: ({ id }, mode) => amountsAt(placeOf(id))[mode],
    stepOf: ({ request }) => requestKeys(request, hash).stepKey,
  })
  const words: [BudgetWord | null, BudgetWord | null][] = []
  for (const [place, { cost }] of requests.entries()) {
    const at = history.at[place] as number
    const request = history.requestAt(place)
    const logged = { id: place, at, request, bypass: null }
    const asked = { ...logged, id: `req_${place}` }
    const said: BudgetWord | null = past.admit(logged) as BudgetWord | null
    words.push([said, live.admit(asked)])
    if (said?.action === 'block') continue
    past.settle(logged, cost as NanoUsd)
    live.settle(asked, cost as NanoUsd)
  }
  const last = history.at[history.count - 1] as number
  const refused = live.standings(last, 1).map((standing) => standing.refused)
  return { words, past: past.budgets(), refused: refused.slice(-limits.budgets.length) }
}

it('history and live traffic are told the same by one policy, request after request', async () => {
  const requests = fc.array(anyRequest, { minLength: 1, maxLength: 40 })
  let spoken = 0
  await fc.assert(
    fc.asyncProperty(requests, anyPolicy, async (list, policy) => {
      const stored = await storedHistory(recordsOf(list))
      try {
        const { words, past, refused } = decideBoth(stored, list, policy)
        for (const [before, now] of words) expect(now).toEqual(before)
        spoken += words.filter(([word]) => word !== null).length
        if (policy.budgets.length > 0) expect(refused).toEqual(past.map((state) => state.refused))
      } finally {
        stored.close()
      }
    }),
    { numRuns: 40 },
  )
  expect(spoken).toBeGreaterThan(40)
}, 60_000)
