import { expect, test } from 'vitest'
import { opportunity, report, saved, usd } from '../../support/analyze-source.ts'
import type { PlainRequest } from '../../support/request-source.ts'

const paid = (cost: number, fields: PlainRequest = {}): PlainRequest => ({
  at: 0,
  costs: { input: usd(cost) },
  ...fields,
})

test('failed attempts: what errors, timeouts and cancelled calls cost', () => {
  const log = [
    paid(1),
    paid(2, { status: 'error' }),
    paid(4, { status: 'timeout' }),
    paid(8, { status: 'cancelled' }),
    paid(0, { status: 'error' }),
  ]
  expect(saved(log, 'failed-attempts')).toEqual([14, 3])
  expect(opportunity(report([paid(1, { status: 'error' })]), 'failed-attempts')?.title).toBe(
    '1 failed call was paid for',
  )
})

test('truncated answers and answers nobody read cost all they cost', () => {
  expect(saved([paid(1), paid(2, { flags: 128 })], 'truncated-answers')).toEqual([2, 1])
  expect(saved([paid(1), paid(4, { flags: 16 })], 'unread-output')).toEqual([4, 1])
})

test('loops: from the fifth equal step in a row on', () => {
  const steps = ['a', 'x', 'x', 'x', 'x', 'x', 'x', 'a', 'x']
  const log = steps.map((step, at) => paid(1, { at, trace: 't', step }))
  expect(saved(log, 'loops')).toEqual([2, 2])
  expect(opportunity(report(log), 'loops')?.title).toBe('2 calls went round in circles in 1 trace')
})

test('loops: traces do not mix, and steps without text equal nothing', () => {
  const log = Array.from({ length: 8 }, (_, at) => paid(1, { at, trace: `t${at % 2}`, step: 'x' }))
  expect(saved(log, 'loops')).toBeNull()
  const mute = Array.from({ length: 9 }, (_, at) => paid(1, { at, trace: 't' }))
  expect(saved(mute, 'loops')).toBeNull()
})

test('loops: beyond the 40th call of a trace', () => {
  const log = Array.from({ length: 43 }, (_, at) => paid(1, { at, trace: 't', step: `${at}` }))
  expect(saved(log, 'loops')).toEqual([3, 3])
})

test('repeated context: the share of the prompt over 8,000 tokens, at what the prompt cost', () => {
  const request: PlainRequest = {
    at: 0,
    inputTokens: 10_000,
    cacheReadTokens: 10_000,
    systemTokens: 3000,
    historyTokens: 13_000,
    costs: { input: usd(3), cacheRead: usd(1), output: usd(7) },
  }
  // 5,000 of 20,000 tokens, of $4.
  expect(saved([request], 'repeated-context')).toEqual([1, 1])
  expect(saved([{ ...request, historyTokens: 8000 }], 'repeated-context')).toBeNull()
})

test('output outliers: above the 95th percentile, four medians and 300 tokens', () => {
  const answer = (outputTokens: number): PlainRequest => ({
    at: 0,
    outputTokens,
    costs: { output: outputTokens * 1e6 },
  })
  const log = [...Array.from({ length: 49 }, () => answer(100)), answer(1000)]
  // The limit is max(100, 400, 300) = 400: 600 tokens at a thousandth of a dollar.
  expect(saved(log, 'output-outliers')).toEqual([0.6, 1])
  expect(saved(log.slice(1), 'output-outliers')).toBeNull()
  const small = log.map(({ outputTokens = 0 }) => answer(outputTokens / 10))
  expect(saved(small, 'output-outliers')).toBeNull()
})

test('unpriced requests save nothing, and a log of them has no opportunities', () => {
  const log = [0, 1].map((at) => ({ at, costs: null, flags: 128 | 16, status: 'error' }))
  expect(report(log).opportunities).toEqual([])
})
