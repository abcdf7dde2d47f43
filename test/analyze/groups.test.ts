import { expect, test } from 'vitest'
import { report, usd } from '../support/analyze-source.ts'
import type { PlainRequest } from '../support/request-source.ts'

const paid = (cost: number, fields: PlainRequest): PlainRequest => ({
  at: 0,
  costs: { input: usd(cost) },
  latencyMs: cost * 100,
  ...fields,
})

test('groups, counted by hand, dearest first', () => {
  const log = [
    paid(1, { feature: 'a', user: 'ann' }),
    paid(3, { feature: 'a', user: 'bob', status: 'error' }),
    paid(6, {
      feature: 'b',
      user: 'ann',
      inputTokens: 7,
      cacheWrite5mTokens: 1,
      cacheWrite1hTokens: 2,
    }),
    { at: 0, feature: 'b', user: 'ann', costs: null },
  ]
  const { groups, groupCount } = report(log, { by: ['feature'] })
  expect(groupCount).toBe(2)
  expect(groups).toMatchObject([
    {
      by: { feature: 'b' },
      requests: 2,
      costUsd: 6,
      costShare: 0.6,
      inputTokens: 7,
      cacheWriteTokens: 3,
      errors: 0,
      unpricedRequests: 1,
      perRequest: { meanUsd: 6, p50Usd: 6 },
      latencyMs: { p50: 600 },
    },
    {
      by: { feature: 'a' },
      requests: 2,
      costUsd: 4,
      costShare: 0.4,
      errors: 1,
      latencyMs: { p50: 100 },
    },
  ])
})

test('two dimensions, and null where a request has no value', () => {
  const log = [
    paid(1, { user: 'ann', feature: 'a' }),
    paid(2, { feature: 'a' }),
    paid(4, { at: null }),
  ]
  const { groups } = report(log, { by: ['user', 'month'] })
  expect(groups.map(({ by, costUsd }) => [by, costUsd])).toEqual([
    [{ user: null, month: null }, 4],
    [{ user: null, month: '1970-01' }, 2],
    [{ user: 'ann', month: '1970-01' }, 1],
  ])
})

test('--top shows the first of all groups; shares are of all cost', () => {
  const log = Array.from({ length: 5 }, (_, index) => paid(index, { user: `u${index}` }))
  const { groups, groupCount } = report(log, { by: ['user'], top: 1 })
  expect(groupCount).toBe(5)
  expect(groups).toMatchObject([{ by: { user: 'u4' }, costShare: 0.4 }])
})

test('tags, from the profile', () => {
  const log = [
    paid(1, { tags: '[["job","x"]]' }),
    paid(2, { tags: '[["other","x"]]' }),
    paid(4, {}),
  ]
  const { groups } = report(log, { by: ['tag:job'] })
  expect(groups.map(({ by, requests }) => [by['tag:job'], requests])).toEqual([
    [null, 2],
    ['x', 1],
  ])
})

test('groups without any cost have no share', () => {
  expect(report([{ costs: null }], { by: ['model'] }).groups).toMatchObject([
    { costUsd: 0, costShare: 0, perRequest: { meanUsd: null } },
  ])
})
