import { expect, test } from 'vitest'
import { opportunity, report, saved, usd } from '../../support/analyze-source.ts'
import type { PlainRequest } from '../../support/request-source.ts'

const hour = 3_600_000
const ask = (at: number, fields: PlainRequest = {}): PlainRequest => ({
  at,
  exact: 'k',
  latencyMs: 1000,
  costs: { input: usd(1) },
  ...fields,
})
const repeats = (...requests: readonly PlainRequest[]) => saved(requests, 'exact-repeats')

test('a repeat within a day of the answer is saved, one after it is asked anew', () => {
  const born = 1000
  expect(repeats(ask(0), ask(24 * hour + born))).toEqual([1, 1])
  expect(repeats(ask(0), ask(24 * hour + born + 1))).toBeNull()
})

test('a hit does not renew the answer', () => {
  expect(repeats(ask(0), ask(20 * hour), ask(30 * hour))).toEqual([1, 1])
})

test('an expired answer is replaced by the one that was asked anew', () => {
  expect(repeats(ask(0), ask(25 * hour), ask(48 * hour))).toEqual([1, 1])
})

test('a request waits for the same one that is being answered', () => {
  expect(repeats(ask(0, { latencyMs: 60_000 }), ask(10))).toEqual([1, 1])
})

test.each<[string, PlainRequest]>([
  ['failed', { status: 'error' }],
  ['truncated', { flags: 128 }],
  ['with a tool call', { finishReason: 'tool_calls' }],
  ['served from a cache', { flags: 4, costs: {} }],
  ['one of several choices', { params: '{"n":2}' }],
  ['undated', { at: null }],
  ['without a key', { exact: undefined as unknown as string }],
])('an answer %s serves nobody', (_name, fields) => {
  expect(repeats(ask(0, fields), ask(10_000))).toBeNull()
})

test('a truncated answer could still have been served one', () => {
  expect(repeats(ask(0), ask(10_000, { flags: 128 }))).toEqual([1, 1])
})

test('namespaces share nothing; what ignoring them would add equals a log of one namespace', () => {
  const log = [
    ask(0, { namespace: 'a' }),
    ask(5000, { namespace: 'b' }),
    ask(9000, { namespace: 'a' }),
    ask(9500),
  ]
  const apart = opportunity(report(log), 'exact-repeats')
  expect(apart).toMatchObject({ savingUsd: 1, requests: 1 })
  expect(apart?.evidence).toContain('2 more across namespaces')
  const one = log.map((request) => ({ ...request, namespace: null }))
  expect(repeats(...one)).toEqual([3, 3])
})

test('the title counts every repeat, the saving those that cost something', () => {
  const found = opportunity(
    report([ask(0), ask(5000), ask(6000, { costs: null })]),
    'exact-repeats',
  )
  expect(found).toMatchObject({ requests: 1, savingUsd: 1 })
  expect(found?.title).toBe('2 of 3 requests (67 %) repeat an earlier one exactly')
  expect(found?.evidence).toContain('1 of them without a cost')
})

test('the order of the rows does not matter', () => {
  expect(repeats(ask(30 * hour), ask(20 * hour), ask(0))).toEqual([1, 1])
})
