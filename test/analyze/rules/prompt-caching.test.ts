import { expect, test } from 'vitest'
import { report, saved, usd } from '../../support/analyze-source.ts'
import { type PlainRequest, priceAt } from '../../support/request-source.ts'

/** $1, $0.10, $1.25 and $2 per thousand tokens, to have round dollars. */
const price = priceAt({
  input: '1000',
  cacheRead: '100',
  cacheWrite5m: '1250',
  cacheWrite1h: '2000',
  output: '5000',
})
const prices = [price, price]
const minute = 60_000

const prompt = (at: number, fields: PlainRequest = {}): PlainRequest => ({
  at,
  price: 1,
  inputTokens: 2000,
  system: 's',
  systemTokens: 2000,
  tip: `tip ${at}`,
  costs: { input: usd(2) },
  ...fields,
})

const unused = (...log: readonly PlainRequest[]) => saved(log, 'unused-prompt-caching', prices)

test('a prefix that comes again within 5 minutes could be read, once it was written', () => {
  // Two reads save 2,000 × $0.0009 each, the write costs 2,000 × $0.00025 on top.
  expect(unused(prompt(0), prompt(5 * minute), prompt(10 * minute))).toEqual([3.1, 2])
  expect(unused(prompt(0), prompt(5 * minute + 1))).toBeNull()
})

test('one write and many reads come to the known saving', () => {
  // 5,000 tokens at $3, $3.75 and $0.30 per million, one write and 100 reads: $0.16875 against $1.515.
  const claude = priceAt({ input: '3', cacheRead: '0.3', cacheWrite5m: '3.75' })
  const log = Array.from({ length: 101 }, (_, index) =>
    prompt(index * minute, {
      inputTokens: 5000,
      systemTokens: 5000,
      costs: { input: usd(0.015) },
    }),
  )
  const [found] = saved(log, 'unused-prompt-caching', [claude, claude]) ?? [Number.NaN]
  expect(found).toBeCloseTo(1.515 - 0.16875, 9)
})

test.each<[string, PlainRequest]>([
  ['too short', { systemTokens: 1023 }],
  ['another prefix', { system: 'other' }],
  ['another model', { model: 'gpt-4o-mini' }],
  ['read from the cache', { cacheReadTokens: 1900, inputTokens: 100 }],
  ['written to the cache', { cacheWrite5mTokens: 2000, inputTokens: 0 }],
  ['answered by a response cache', { flags: 4 }],
  ['undated', { at: null }],
])('no saving for a prefix that is %s', (_name, fields) => {
  expect(unused(prompt(0), prompt(1000, fields))).toBeNull()
})

test('a turn reads the conversation before it, which had to be written', () => {
  const first = prompt(0, { inputTokens: 3000, tip: 'turn 1', costs: { input: usd(3) } })
  const second = prompt(minute, {
    inputTokens: 5000,
    tip: 'turn 2',
    history: 'turn 1',
    historyTokens: 3000,
    costs: { input: usd(5) },
  })
  const third = prompt(2 * minute, {
    inputTokens: 6000,
    tip: 'turn 3',
    history: 'turn 2',
    historyTokens: 5000,
    costs: { input: usd(6) },
  })
  // Reads of 3,000 and 5,000 tokens save $7.20; 2,000 + 1,000 + 2,000 tokens had to be written, for $1.25 more.
  expect(unused(first, second, third)).toEqual([5.95, 2])
})

test('prefixes that are never repeated cost their writes: such savings are dropped', () => {
  const log = Array.from({ length: 9 }, (_, index) => prompt(index, { system: `s${index}` }))
  expect(unused(...log)).toBeNull()
})

const written = (at: number, fields: PlainRequest = {}): PlainRequest => ({
  at,
  price: 1,
  session: 's',
  cacheWrite5mTokens: 2000,
  costs: { cacheWrite: usd(2.5) },
  ...fields,
})
const lost = (...log: readonly PlainRequest[]) => saved(log, 'lost-prompt-cache', prices)

test('a session that pauses beyond the life of its cache writes it again', () => {
  // 2,000 tokens × ($1.25 − $0.10) / 1,000.
  expect(lost(written(0), written(5 * minute + 1))).toEqual([2.3, 1])
  expect(lost(written(0), written(5 * minute))).toBeNull()
  expect(lost(written(0), written(minute, { model: 'gpt-4o-mini' }))).toEqual([2.3, 1])
  expect(lost(written(0), written(6 * minute, { session: 't' }))).toBeNull()
})

test('an hour is an hour, and dearer', () => {
  const long = { cacheWrite5mTokens: 0, cacheWrite1hTokens: 2000, costs: { cacheWrite: usd(4) } }
  expect(lost(written(0, long), written(59 * minute, long))).toBeNull()
  expect(lost(written(0, long), written(61 * minute, long))).toEqual([3.8, 1])
})

test('unread writes cost the premium over plain input', () => {
  const log = [
    written(0, { cacheWrite1hTokens: 1000, costs: { cacheWrite: usd(4.5) } }),
    written(1, { feature: 'f' }),
    { ...written(2, { feature: 'f' }), cacheReadTokens: 1 },
  ]
  // 2,000 × $0.25 + 1,000 × $1 per thousand; the feature `f` does read.
  expect(saved(log, 'unread-cache-writes', prices)).toEqual([1.5, 1])
})

test('an answer of a response cache wrote nothing', () => {
  const log = [0, 6 * minute].map((at) => written(at, { flags: 4, costs: {} }))
  expect(lost(...log)).toBeNull()
  expect(saved(log, 'unread-cache-writes', prices)).toBeNull()
})

test('no saving is more than the request cost', () => {
  const result = report([prompt(0), prompt(1000)], {}, prices)
  for (const { savingUsd } of result.facts) expect(savingUsd).toBeLessThanOrEqual(4)
})
