import { expect, test } from 'vitest'
import { aggregateTotals } from '../../src/analyze/aggregates.ts'
import type { LoggedAggregate } from '../../src/analyze/options.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { day, report, usd } from '../support/analyze-source.ts'
import { sourceOf } from '../support/request-source.ts'

const row = (fields: Partial<LoggedAggregate> = {}): LoggedAggregate => ({
  source: 'openai console',
  provider: 'openai',
  model: 'gpt-4o',
  at: day('2026-07-06', 0),
  requests: 10,
  usage: { ...noUsage, inputTokens: 100, outputTokens: 5 },
  costNanoUsd: usd(2),
  ...fields,
})

test('console rows add up by source and model, beside the requests of their days', () => {
  const { source } = sourceOf([
    { at: day('2026-07-05', 23), costs: { input: usd(64) } },
    { at: day('2026-07-06', 0), costs: { input: usd(1) } },
    { at: day('2026-07-07', 23), costs: { input: usd(2) } },
    { at: day('2026-07-07', 23), model: 'gpt-4o-mini', costs: { input: usd(16) } },
    { at: day('2026-07-08', 0), costs: { input: usd(32) } },
  ])
  const rows = [
    row(),
    row({ at: day('2026-07-07', 0), costNanoUsd: null }),
    row({ model: 'other' }),
  ]
  expect(aggregateTotals(rows, source)).toEqual([
    {
      source: 'openai console',
      model: 'gpt-4o',
      from: '2026-07-06T00:00:00.000Z',
      to: '2026-07-07T00:00:00.000Z',
      requests: 20,
      inputTokens: 200,
      cacheReadTokens: 0,
      outputTokens: 10,
      costUsd: 2,
      requestsCostUsd: 3,
    },
    expect.objectContaining({ model: 'other', requestsCostUsd: null }),
  ])
})

test('what a console does not tell is unknown', () => {
  const { source } = sourceOf([])
  const rows = [row({ at: null, requests: 0, usage: null, costNanoUsd: null })]
  expect(aggregateTotals(rows, source)).toMatchObject([
    { from: null, to: null, requests: null, inputTokens: 0, costUsd: null, requestsCostUsd: null },
  ])
})

test('they are no part of the totals', () => {
  expect(report([], { aggregates: [row()] }).totals).toMatchObject({ requests: 0, costUsd: 0 })
})
