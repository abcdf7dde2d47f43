import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnalyzeResult, Group } from '../../src/analyze/result.ts'
import { report, usd } from '../support/analyze-source.ts'
import { type PlainRequest, priceAt } from '../support/request-source.ts'

const nano = (dollars: number): bigint => BigInt(Math.round(dollars * 1e9))
const hour = 3_600_000
const prices = [
  priceAt(),
  priceAt({ input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' }),
]

const word = (name: string, count: number) =>
  fc.option(
    fc.integer({ min: 0, max: count - 1 }).map((number) => `${name}${number}`),
    { nil: undefined, freq: 4 },
  )

/** Usage at the price above, so that no rule can find more than was paid. */
const tokens = fc.record({
  inputTokens: fc.integer({ min: 0, max: 20_000 }),
  cacheReadTokens: fc.constantFrom(0, 0, 3000),
  cacheWrite5mTokens: fc.constantFrom(0, 0, 5000),
  outputTokens: fc.integer({ min: 0, max: 3000 }),
})

const requests = fc.array(
  fc
    .record({
      usage: tokens,
      unpriced: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
      // Times a request apart: ties are told apart by their place in the log, which a shuffle changes.
      at: fc.integer({ min: 0, max: 20 * 24 * 60 }),
      undated: fc.integer({ min: 0, max: 19 }).map((number) => number === 0),
      status: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'error'),
      provider: fc.constant('anthropic'),
      model: fc.constantFrom('claude-a', 'claude-b'),
      feature: fc.constantFrom('chat', 'nightly', null),
      namespace: fc.constantFrom('a', 'b', null),
      flags: fc.constantFrom(0, 0, 0, 4, 8, 16, 128),
      words: fc.record({
        user: word('u', 5),
        session: word('s', 4),
        trace: word('t', 3),
        exact: word('k', 6),
        system: word('p', 2),
        step: word('x', 2),
      }),
      systemShare: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ usage, unpriced, undated, words, systemShare, at, ...rest }): PlainRequest => {
      const { inputTokens, cacheReadTokens, cacheWrite5mTokens, outputTokens } = usage
      const read = inputTokens + cacheReadTokens + cacheWrite5mTokens
      const cost = {
        input: inputTokens * 3000,
        cacheRead: cacheReadTokens * 300,
        cacheWrite: cacheWrite5mTokens * 3750,
        output: outputTokens * 15_000,
      }
      return {
        ...rest,
        ...usage,
        ...Object.fromEntries(Object.entries(words).filter(([, text]) => text !== undefined)),
        at: undated ? null : at * 60_000,
        systemTokens: Math.floor(systemShare * read),
        price: unpriced ? 0 : 1,
        costs: unpriced ? null : (rest.flags & 4) !== 0 ? {} : cost,
      }
    }),
  { maxLength: 60 },
)

const runs = { numRuns: 100 }

describe('for any log', () => {
  test.each([[['model']], [['user', 'day']], [['feature', 'hour']], [['trace', 'namespace']]])(
    'the groups by %s add up to the totals',
    (by) => {
      fc.assert(
        fc.property(requests, (log) => {
          const { groups, groupCount, totals } = report(log, { by, top: 1000 }, prices)
          const sum = (of: (group: Group) => number) =>
            groups.reduce((total, group) => total + nano(of(group)), 0n)
          expect(groupCount).toBe(groups.length)
          expect(sum(({ costUsd }) => costUsd)).toBe(nano(totals.costUsd))
          for (const name of ['input', 'cacheRead', 'cacheWrite', 'output'] as const)
            expect(sum(({ costByClass }) => costByClass[name])).toBe(nano(totals.costByClass[name]))
          expect(groups.reduce((total, group) => total + group.requests, 0)).toBe(log.length)
          expect(groups.reduce((total, group) => total + group.errors, 0)).toBe(totals.errors)
          expect(groups.reduce((total, group) => total + group.unpricedRequests, 0)).toBe(
            totals.unpricedRequests,
          )
        }),
        runs,
      )
    },
  )

  test('days add up to what is dated', () => {
    fc.assert(
      fc.property(requests, (log) => {
        const { daily } = report(log, { zone: 'America/New_York' }, prices)
        const dated = report(
          log.filter(({ at }) => at !== null),
          {},
          prices,
        )
        expect(daily.reduce((sum, { costUsd }) => sum + nano(costUsd), 0n)).toBe(
          nano(dated.totals.costUsd),
        )
      }),
      runs,
    )
  })

  test('facts do not overlap: together they save less than all cost, each less than its opportunity', () => {
    fc.assert(
      fc.property(requests, (log) => {
        const { facts, opportunities, totals } = report(log, {}, prices)
        const sum = facts.reduce((total, { savingUsd }) => total + nano(savingUsd), 0n)
        // Each of three facts is rounded once.
        expect(sum).toBeLessThanOrEqual(nano(totals.costUsd) + 2n)
        expect(new Set(facts.map(({ kind }) => kind)).size).toBe(facts.length)
        for (const fact of facts) {
          const whole = opportunities.find(({ kind }) => kind === fact.kind)
          expect(fact.savingUsd).toBeLessThanOrEqual(whole?.savingUsd ?? 0)
          expect(fact.requests).toBeLessThanOrEqual(whole?.requests ?? 0)
          expect(fact.savingUsd).toBeGreaterThan(0)
        }
        const [first] = facts
        const most = Math.max(0, ...opportunities.map(({ savingUsd }) => savingUsd))
        expect(first?.savingUsd ?? 0).toBe(most)
      }),
      runs,
    )
  })

  test('every opportunity saves something, at most what all cost', () => {
    fc.assert(
      fc.property(requests, (log) => {
        const { opportunities, totals } = report(log, {}, prices)
        for (const { savingUsd, share, requests: counted, examples } of opportunities) {
          expect(savingUsd).toBeGreaterThan(0)
          expect(savingUsd).toBeLessThanOrEqual(totals.costUsd)
          expect(share).toBeCloseTo(savingUsd / totals.costUsd, 12)
          expect(counted).toBeLessThanOrEqual(log.length)
          expect(examples.length).toBeLessThanOrEqual(3)
        }
      }),
      runs,
    )
  })

  test('the order of the rows changes nothing', () => {
    const apart = requests.map((log) =>
      log.map((request, index) => ({ ...request, id: `r${index}`, at: timeOf(request, index) })),
    )
    fc.assert(
      fc.property(
        apart.chain((log) =>
          fc.tuple(fc.constant(log), fc.shuffledSubarray(log, { minLength: log.length })),
        ),
        ([log, shuffled]) => {
          const options = { by: ['model', 'day'], top: 1000 }
          expect(orderless(report(shuffled, options, prices))).toEqual(
            orderless(report(log, options, prices)),
          )
        },
      ),
      runs,
    )
  })
})

/** No two requests at one time. */
const timeOf = ({ at }: PlainRequest, index: number): number | null =>
  typeof at === 'number' ? at + index : null

/** A report without what ties leave to the order of the log. */
function orderless({
  groups,
  perTrace,
  opportunities,
  facts,
  topRepeated: _,
  ...rest
}: AnalyzeResult) {
  const plain = (found: AnalyzeResult['opportunities']) =>
    found.map(({ examples: _examples, savingUsd, savingUsdPerMonth, share, ...each }) => ({
      ...each,
      // Parts of nano-dollars add up in the order of the masks.
      savings: [savingUsd, savingUsdPerMonth, share].map((number) => Number(number.toPrecision(5))),
    }))
  return {
    ...rest,
    groups: groups.toSorted((a, b) => (JSON.stringify(a.by) < JSON.stringify(b.by) ? -1 : 1)),
    perTrace: { ...perTrace, worst: perTrace.worst.map(({ costUsd }) => costUsd) },
    opportunities: plain(opportunities).toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    facts: plain(facts),
  }
}

test('a saving on requests that cost more elsewhere does not hide what really saves', () => {
  // Each prefix comes twice, read once, but many are written and never read: caching would cost more than it saves.
  const prompt = (at: number, system: string, fields: PlainRequest = {}): PlainRequest => ({
    at,
    price: 1,
    system,
    systemTokens: 5000,
    inputTokens: 5000,
    costs: { input: usd(0.015) },
    ...fields,
  })
  const pair = [prompt(0, 'a'), prompt(1, 'a', { flags: 128 })]
  const alone = Array.from({ length: 9 }, (_, index) => prompt(index * hour, `b${index}`))
  const { facts } = report([...pair, ...alone], {}, prices)
  expect(facts.map(({ kind, savingUsd }) => [kind, savingUsd])).toEqual([
    ['truncated-answers', 0.015],
  ])
})

test('a report knows only the profiles of its own requests', async () => {
  const { sourceOf } = await import('../support/request-source.ts')
  const { analyze } = await import('../../src/analyze/analyze.ts')
  const { optionsOf } = await import('../support/analyze-source.ts')
  const { source, lookup } = sourceOf([{ at: 0, user: 'u', feature: 'chat' }])
  const other = { ...source.profiles[1], feature: 'legal', plan: 'pro' } as never
  const result = analyze({ ...source, profiles: [...source.profiles, other] }, lookup, optionsOf())
  expect(result.unitEconomics).toBeNull()
  expect(result.verdict.reasons.join()).not.toContain('legal')
})
