import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PriceQuery } from '../../src/domain/price.ts'
import { costTotal } from '../../src/domain/price.ts'
import type { Fees, Usage } from '../../src/domain/usage.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { amountOf, at, million, priced, usageOf, usd } from './support.ts'

const book = openPriceBook()

type Golden = readonly [
  name: string,
  query: PriceQuery,
  counts: Partial<Usage>,
  dollars: number | string,
  fees?: Fees,
]

const sonnet45 = { provider: 'anthropic', model: 'claude-sonnet-4-5' }
const both = { inputTokens: million, outputTokens: million }

// Amounts by hand: tokens × dollars per million, as written beside each row.
const golden: readonly Golden[] = [
  // 200k × 2.50 + 800k × 1.25
  [
    'cached input of gpt-4o',
    { model: 'gpt-4o' },
    { inputTokens: 200_000, cacheReadTokens: 800_000 },
    1.5,
  ],
  // no cached price: 1M × 5
  [
    'the first gpt-4o snapshot',
    { model: 'gpt-4o-2024-05-13' },
    { inputTokens: 200_000, cacheReadTokens: 800_000 },
    5,
  ],
  // 200k × 2 + 800k × 0.5
  [
    'cached input of gpt-4.1',
    { model: 'gpt-4.1' },
    { inputTokens: 200_000, cacheReadTokens: 800_000 },
    0.8,
  ],
  // 200k × 1.25 + 800k × 0.125
  [
    'cached input of gpt-5',
    { model: 'gpt-5' },
    { inputTokens: 200_000, cacheReadTokens: 800_000 },
    0.35,
  ],
  // 0.30 + 1.20
  ['a fine-tune the book lists', { model: 'ft:gpt-4o-mini-2024-07-18:org::id' }, both, 1.5],
  [
    'a fine-tune it does not',
    { model: 'ft:gpt-4.1-mini-2025-04-14:org::id' },
    both,
    'unknown-model',
  ],
  // 10k × 3 + 50k × 0.3 + 20k × 3.75 + 2k × 15 = 0.03 + 0.015 + 0.075 + 0.03
  [
    'a write for five minutes',
    sonnet45,
    {
      inputTokens: 10_000,
      cacheReadTokens: 50_000,
      cacheWrite5mTokens: 20_000,
      outputTokens: 2_000,
    },
    0.15,
  ],
  // 0.03 + 0.015 + 20k × 6 + 0.03
  [
    'a write for an hour',
    sonnet45,
    {
      inputTokens: 10_000,
      cacheReadTokens: 50_000,
      cacheWrite1hTokens: 20_000,
      outputTokens: 2_000,
    },
    0.195,
  ],
  // 10k × 3 + 170k × 0.3 + 20k × 3.75 + 2k × 15; the input is 200,000 in all
  [
    'the last request below a band',
    sonnet45,
    {
      inputTokens: 10_000,
      cacheReadTokens: 170_000,
      cacheWrite5mTokens: 20_000,
      outputTokens: 2_000,
    },
    0.186,
  ],
  // one token more: 10,001 × 6 + 170k × 0.6 + 20k × 7.5 + 2k × 22.5
  [
    'the first request above it, every class repriced',
    sonnet45,
    {
      inputTokens: 10_001,
      cacheReadTokens: 170_000,
      cacheWrite5mTokens: 20_000,
      outputTokens: 2_000,
    },
    0.357006,
  ],
  // 300k × 6 + 10k × 22.5
  [
    'a band on its last day',
    { model: 'claude-sonnet-4-6', at: at('2026-03-12T23:59:59.999Z') },
    { inputTokens: 300_000, outputTokens: 10_000 },
    2.025,
  ],
  // 300k × 3 + 10k × 15
  [
    'and on the day it was dropped',
    { model: 'claude-sonnet-4-6', at: at('2026-03-13T00:00:00Z') },
    { inputTokens: 300_000, outputTokens: 10_000 },
    1.05,
  ],
  // 10 + 40
  ['o3 on the eve of its cut', { model: 'o3', at: at('2025-06-09T23:59:59Z') }, both, 50],
  // 2 + 8
  ['o3 on the day of its cut', { model: 'o3', at: at('2025-06-10') }, both, 10],
  // 100k × 1 + 10k × 6
  [
    'gpt-5.6-luna before its cut',
    { model: 'gpt-5.6-luna', at: at('2026-07-29T12:00Z') },
    { inputTokens: 100_000, outputTokens: 10_000 },
    0.16,
  ],
  // 100k × 0.2 + 10k × 1.2
  [
    'gpt-5.6-luna after it',
    { model: 'gpt-5.6-luna', at: at('2026-07-30') },
    { inputTokens: 100_000, outputTokens: 10_000 },
    0.032,
  ],
  // 100k × 5 + 10k × 30
  [
    'gpt-5.6-sol before its cut',
    { model: 'gpt-5.6-sol', at: at('2026-08-20T23:00Z') },
    { inputTokens: 100_000, outputTokens: 10_000 },
    0.8,
  ],
  // 100k × 4 + 10k × 20
  [
    'gpt-5.6-sol after it',
    { model: 'gpt-5.6-sol', at: at('2026-08-21') },
    { inputTokens: 100_000, outputTokens: 10_000 },
    0.6,
  ],
  // 100k × 5 × 1.25
  [
    'a cache write at OpenAI',
    { model: 'gpt-5.6-sol', at: at('2026-08-01') },
    { cacheWrite5mTokens: 100_000 },
    0.625,
  ],
  // 271,999 × 2.50
  ['gpt-5.4 below its band', { model: 'gpt-5.4' }, { inputTokens: 271_999 }, 0.6799975],
  // 272,000 × 5
  ['gpt-5.4 in its band', { model: 'gpt-5.4' }, { inputTokens: 272_000 }, 1.36],
  // 272,000 × 2
  ['gpt-6-sol below its band', { model: 'gpt-6-sol' }, { inputTokens: 272_000 }, 0.544],
  // 272,001 × 4
  ['gpt-6-sol in its band', { model: 'gpt-6-sol' }, { inputTokens: 272_001 }, 1.088004],
  // 199,999 × 2
  [
    'grok-4.5 below its band',
    { provider: 'xai', model: 'grok-4.5' },
    { inputTokens: 199_999 },
    0.399998,
  ],
  // 200,000 × 4: inclusive
  ['grok-4.5 at its band', { provider: 'xai', model: 'grok-4.5' }, { inputTokens: 200_000 }, 0.8],
  // 100k × 1.25 + 100k × 0.125 + 5k × 10
  [
    'gemini-2.5-pro at 200,000',
    { model: 'gemini-2.5-pro' },
    { inputTokens: 100_000, cacheReadTokens: 100_000, outputTokens: 5_000 },
    0.1875,
  ],
  // 100,001 × 2.5 + 100k × 0.25 + 5k × 15
  [
    'gemini-2.5-pro at 200,001',
    { model: 'models/gemini-2.5-pro' },
    { inputTokens: 100_001, cacheReadTokens: 100_000, outputTokens: 5_000 },
    0.3500025,
  ],
  ['a model nobody sells', { model: 'gpt-5.7' }, both, 'unknown-model'],
  ['a provider nobody knows', { provider: 'acme', model: 'gpt-4o' }, both, 'unknown-provider'],
  ['a self-hosted server', { provider: 'hosted_vllm', model: 'gpt-4o' }, both, 'unknown-provider'],
  // 1 + 5
  ['a dated Claude', { model: 'claude-haiku-4-5-20251001' }, both, 6],
  // 1M × 0.25: 0.025 of the input price
  ['a read of Fable 5.1', { model: 'claude-fable-5-1' }, { cacheReadTokens: million }, 0.25],
  // 1M × 0.2: 0.05 of the input price
  ['a read of Opus 5.5', { model: 'claude-opus-5-5' }, { cacheReadTokens: million }, 0.2],
  // 2 + 10: the rise announced for 2026-09-01 was revoked
  ['Sonnet 5 in September', { model: 'claude-sonnet-5', at: at('2026-09-15') }, both, 12],
  // 1M × 0.02
  ['an embedding', { model: 'text-embedding-3-small' }, { inputTokens: million }, 0.02],
  // 600k × 8 + 400k × 3
  [
    'reasoning with a price of its own',
    { provider: 'perplexity', model: 'sonar-deep-research' },
    { outputTokens: million, reasoningTokens: 400_000 },
    6,
  ],
  // reasoning is output: 1M × 10
  [
    'reasoning without',
    { model: 'gpt-5' },
    { outputTokens: million, reasoningTokens: 400_000 },
    10,
  ],
  // 1M × 1 + $12 per thousand requests
  [
    'a fee with every request',
    { provider: 'perplexity', model: 'sonar' },
    { inputTokens: million },
    1.012,
  ],
  [
    'a model priced by the hour of audio',
    { provider: 'openai', model: 'whisper-1' },
    both,
    'no-rate',
  ],
  // 1M × 1 (audio) + 1M × 0.30: half of 2M input tokens are audio
  [
    'audio with a price of its own',
    { model: 'gemini-2.5-flash' },
    { inputTokens: 2 * million },
    1.3,
    { inputAudioTokens: million },
  ],
  // 5 × $10 per thousand
  ['web searches at Anthropic', sonnet45, {}, 0.05, { webSearches: 5 }],
  // 2 × $2.50 per thousand
  ['file searches at OpenAI', { model: 'gpt-5' }, {}, 0.005, { fileSearches: 2 }],
]

describe('the golden rows', () => {
  for (const [name, query, counts, expected, fees] of golden) {
    test(name, () => {
      const dollars = typeof expected === 'number' ? usd(expected) : expected
      expect(amountOf(book, query, counts, fees)).toBe(dollars)
    })
  }
})

describe('DeepSeek by the time of day', () => {
  const amount = (model: string, time: string) => amountOf(book, { model, at: at(time) }, both)

  test.each([
    // 0.27 + 1.10 from 00:30 to 16:30 UTC, 0.135 + 0.55 outside
    ['deepseek-chat', '2025-07-01T00:29:59Z', 0.685],
    ['deepseek-chat', '2025-07-01T00:30:00Z', 1.37],
    ['deepseek-chat', '2025-07-01T16:29:59Z', 1.37],
    ['deepseek-chat', '2025-07-01T16:30:00Z', 0.685],
    // the windows ended on 2025-09-05 at 16:00: 0.56 + 1.68, then 0.28 + 0.42
    ['deepseek-chat', '2025-09-05T15:59:59Z', 1.37],
    ['deepseek-chat', '2025-09-05T16:00:00Z', 2.24],
    ['deepseek-chat', '2025-10-01T20:00:00Z', 0.7],
    // flat before 2026-08-17, even at what are peak hours since: 0.14 + 0.28
    ['deepseek-v4-flash', '2026-08-14T02:00:00Z', 0.42],
    // then 0.22 + 0.66, and twice that from 01:00 to 04:00 and from 06:00 to 10:00
    ['deepseek-v4-flash', '2026-08-18T00:59:59Z', 0.88],
    ['deepseek-v4-flash', '2026-08-18T01:00:00Z', 1.76],
    ['deepseek-v4-flash', '2026-08-18T05:00:00Z', 0.88],
    ['deepseek-v4-flash', '2026-08-18T09:59:59Z', 1.76],
    // 2026-08-29 is a Saturday; in Beijing it begins on Friday at 16:00 UTC
    ['deepseek-v4-flash', '2026-08-28T09:00:00Z', 1.76],
    ['deepseek-v4-flash', '2026-08-29T02:00:00Z', 0.88],
    ['deepseek-v4-flash', '2026-08-31T02:00:00Z', 1.76],
  ])('%s at %s', (model, time, dollars) => {
    expect(amount(model, time)).toBe(usd(dollars))
  })
})

describe('a price', () => {
  test('says where it came from', () => {
    const { price, warnings } = priced(
      book.price(
        { model: 'o3', at: at('2025-07-01'), serviceTier: 'flex' },
        usageOf({ inputTokens: 10 }),
      ),
    )
    expect(price).toMatchObject({
      source: 'genai-prices 0.1.8',
      target: 'openai:o3',
      since: '2025-06-10',
      band: null,
      usdPerMillion: { input: '1', cacheRead: '0.25', output: '4' },
    })
    expect(price.factors).toEqual(['flex × 0.5 (developers.openai.com/api/docs/pricing)'])
    expect(warnings).toEqual([])
  })

  test('names its band', () => {
    const above = priced(book.price(sonnet45, usageOf({ inputTokens: 200_001 })))
    expect(above.price.band).toBe('>200000')
    expect(above.warnings).toEqual(['price-source-disagreement'])
    const below = priced(book.price(sonnet45, usageOf({ inputTokens: 200_000 })))
    expect(below.price.band).toBeNull()
    expect(below.warnings).toEqual([])
    expect(below.price.id).not.toBe(above.price.id)
  })

  test('has one id for equal rates and another for other rates', () => {
    const idOf = (query: PriceQuery) => priced(book.price(query, usageOf({}))).price.id
    expect(idOf({ model: 'gpt-4o' })).toBe(idOf({ provider: 'openai', model: 'openai/gpt-4o' }))
    expect(idOf({ model: 'o3', at: at('2025-06-01') })).not.toBe(idOf({ model: 'o3' }))
  })

  test('is of the day asked for, whatever the request says', () => {
    const then = openPriceBook({ asOf: at('2025-06-01') })
    expect(amountOf(then, { model: 'o3', at: at('2026-01-01') }, both)).toBe(usd(50))
    expect(then.fingerprint).not.toBe(book.fingerprint)
  })

  test('of a request without a time is the one in force on the date of the book', () => {
    // 0.75 + 3.75 until the end of 2026; the rise announced for 2027 is not yet in force.
    expect(amountOf(book, { model: 'gemini-3.6-flash' }, both)).toBe(usd(4.5))
    expect(amountOf(book, { model: 'gemini-3.6-flash', at: at('2027-01-01') }, both)).toBe(usd(9))
  })

  test('is never made of a missing count', () => {
    const misspelt = { prompt_tokens: 100 } as unknown as Usage
    expect(() => book.price({ model: 'gpt-4o' }, misspelt)).toThrow()
  })
})

describe('what cannot be priced as it should be', () => {
  test('audio without an audio price is priced as text and says so', () => {
    const pricing = priced(
      book.price(
        { model: 'gpt-4o-audio-preview' },
        usageOf({ inputTokens: million, outputTokens: million }),
        { inputAudioTokens: million, outputAudioTokens: million },
      ),
    )
    expect(costTotal(pricing.cost)).toBe(usd(12.5))
    expect(pricing.warnings).toEqual(['audio-rate-missing'])
  })

  test('a tool fee nobody lists is left out and says so', () => {
    const pricing = priced(
      book.price({ provider: 'groq', model: 'llama-3.3-70b-versatile' }, usageOf({}), {
        webSearches: 1,
      }),
    )
    expect(costTotal(pricing.cost)).toBe(0)
    expect(pricing.warnings).toEqual(['tool-fee-unpriced'])
  })
})

describe('the look-up', () => {
  test('prices two million remembered requests a second', { retry: 3 }, () => {
    const models = ['gpt-4o', 'claude-sonnet-4-5', 'o3', 'gemini-2.5-pro', 'gpt-4o-mini']
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      query: { provider: undefined, model: models[i % 5] ?? '', at: 1.7e12 + i * 1e8 },
      usage: usageOf({ inputTokens: i * 37, cacheReadTokens: i * 11, outputTokens: i * 3 }),
    }))
    const run = (times: number) => {
      for (let i = 0; i < times; i++) for (const { query, usage } of rows) book.price(query, usage)
    }
    run(100)
    const start = performance.now()
    run(500)
    // Measured 8 to 10 million; the floor leaves room for a busy machine.
    expect(500_000 / (performance.now() - start)).toBeGreaterThan(2_000)
  })
})

const realData =
  process.env['LLMCOST_REAL_DATA'] ?? join(import.meta.dirname, '../../../shared/data')
const trace = join(realData, 'usage/AzureLLMInferenceTrace_code.csv')

test.skipIf(!existsSync(trace))('Azure code trace costs $47.608895 as gpt-4o', () => {
  const rows = readFileSync(trace, 'utf8').trim().split(/\r?\n/).slice(1)
  const total = rows.reduce((sum, row) => {
    const [, input, output] = row.split(',')
    const counts = { inputTokens: Number(input), outputTokens: Number(output) }
    return sum + Number(amountOf(book, { model: 'gpt-4o' }, counts))
  }, 0)
  expect(total).toBe(47_608_895_000)
})
