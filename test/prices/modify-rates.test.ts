import { describe, expect, test } from 'vitest'
import type { PriceQuery } from '../../src/domain/price.ts'
import type { Fees, Usage } from '../../src/domain/usage.ts'
import { modifiers } from '../../src/prices/modifiers.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { amountOf, at, million, priced, usageOf, usd } from './support.ts'

const book = openPriceBook()
const both = { inputTokens: million, outputTokens: million }
const short = { inputTokens: 100_000, outputTokens: 100_000 }

type Row = readonly [string, PriceQuery, Partial<Usage>, number, Fees?]

const rows: readonly Row[] = [
  // (0.15 + 0.60) × 0.5
  ['batch at OpenAI', { model: 'gpt-4o-mini', serviceTier: 'batch' }, both, 0.375],
  // 100k × (1.5 + 0.15 + 1.875 + 7.5): caching is halved too
  [
    'batch with caching at Anthropic',
    { model: 'claude-sonnet-4-6', serviceTier: 'batch' },
    {
      inputTokens: 100_000,
      cacheReadTokens: 100_000,
      cacheWrite5mTokens: 100_000,
      outputTokens: 100_000,
    },
    1.1025,
  ],
  // 10 searches at $10 per thousand, not halved
  [
    'tool fees in batch',
    { model: 'claude-sonnet-4-6', serviceTier: 'batch' },
    {},
    0.1,
    { webSearches: 10 },
  ],
  // 100k × 0.625 + 100k × 0.125: a cached token at its standard price
  [
    'batch with caching at Google',
    { model: 'gemini-2.5-pro', serviceTier: 'batch' },
    { inputTokens: 100_000, cacheReadTokens: 100_000 },
    0.075,
  ],
  // 100k × 0.25 + 100k × 0.025
  [
    'and on Gemini 3 Flash',
    { model: 'gemini-3-flash-preview', serviceTier: 'batch' },
    { inputTokens: 100_000, cacheReadTokens: 100_000 },
    0.0275,
  ],
  // 300k × 5 × 0.5 + 1k × 22.5 × 0.5: the band first
  [
    'batch above a band',
    { model: 'gpt-5.4', serviceTier: 'batch' },
    { inputTokens: 300_000, outputTokens: 1_000 },
    0.76125,
  ],
  // (2 + 8) × 0.5
  ['flex', { model: 'o3', serviceTier: 'flex' }, both, 5],
  // (0.3 + 2.5) × 0.5
  ['flex at Google', { model: 'gemini-2.5-flash', serviceTier: 'flex' }, both, 1.4],
  // (2.50 + 10) × 1.7
  ['priority on gpt-4o', { model: 'gpt-4o', serviceTier: 'priority' }, both, 21.25],
  // 8.75 + 26.25
  [
    'priority on its first snapshot',
    { model: 'gpt-4o-2024-05-13', serviceTier: 'priority' },
    both,
    35,
  ],
  // 0.25 + 1.00
  ['priority on gpt-4o-mini', { model: 'gpt-4o-mini', serviceTier: 'priority' }, both, 1.25],
  // 100k × (2.5 + 20)
  ['priority on gpt-5', { model: 'gpt-5', serviceTier: 'priority' }, short, 2.25],
  // 100k × (12.5 + 75)
  ['priority on gpt-5.5', { model: 'gpt-5.5', serviceTier: 'priority' }, short, 8.75],
  // 100k × (0.7 + 2.8)
  ['priority on gpt-4.1-mini', { model: 'gpt-4.1-mini', serviceTier: 'priority' }, short, 0.35],
  // the same tier under its newer name
  ['fast on gpt-5.5', { model: 'gpt-5.5', serviceTier: 'fast' }, short, 8.75],
  // 30 + 150, flat: no long-context band
  [
    'fast mode of Opus 4.6',
    { model: 'claude-opus-4-6', speed: 'fast', at: at('2026-02-20') },
    both,
    180,
  ],
  // 10 + 50
  ['fast mode of Opus 4.8', { model: 'claude-opus-4-8', speed: 'fast' }, both, 60],
  // 1M × 37.5 + 1M × 60 + 1M × 3
  [
    'caching in fast mode',
    { model: 'claude-opus-4-7', speed: 'fast' },
    { cacheWrite5mTokens: million, cacheWrite1hTokens: million, cacheReadTokens: million },
    100.5,
  ],
  // (3 + 15) × 1.1 × 100k
  ['inference in the US', { model: 'claude-sonnet-4-6', inferenceGeo: 'us' }, short, 1.98],
  ['inference anywhere', { model: 'claude-sonnet-4-6', inferenceGeo: 'not_available' }, short, 1.8],
  // (3 + 15) × 0.5 × 1.1 × 100k
  [
    'batch in the US',
    { model: 'claude-sonnet-4-6', inferenceGeo: 'us', serviceTier: 'batch' },
    short,
    0.99,
  ],
  // (2.5 + 15) × 1.1 × 100k
  ['an OpenAI region', { model: 'gpt-5.4', region: 'eu' }, short, 1.925],
  // (2.5 + 10) × 100k: older models have no such surcharge
  ['an OpenAI region on gpt-4o', { model: 'gpt-4o', region: 'eu' }, short, 1.25],
  // 16.5 + 3.3, listed so
  ['a Bedrock region', { model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }, both, 19.8],
  ['Bedrock global', { model: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0' }, both, 18],
  // (3 + 15) × 1.1 × 100k
  [
    'a Vertex region',
    { provider: 'vertex_ai', model: 'claude-sonnet-4-5', region: 'us-east5' },
    short,
    1.98,
  ],
  [
    'Vertex global',
    { provider: 'vertex_ai', model: 'claude-sonnet-4-5', region: 'global' },
    short,
    1.8,
  ],
  // (2 + 6) × 1.1 × 100k
  ['xAI in the US', { provider: 'x-ai', model: 'grok-4.5', region: 'us-east-1' }, short, 0.88],
  // 2.2 × 2: Bedrock lists no price for an hour, the maker says twice the input
  [
    'an hour of caching at Bedrock',
    { model: 'us.anthropic.claude-sonnet-5' },
    { cacheWrite1hTokens: million },
    4.4,
  ],
]

describe('what changes a listed price', () => {
  for (const [name, query, counts, dollars, fees] of rows) {
    test(name, () => {
      expect(amountOf(book, query, counts, fees)).toBe(usd(dollars))
    })
  }
})

describe('a tier or speed that cannot be priced', () => {
  test.each([
    ['scale', { model: 'gpt-4o', serviceTier: 'scale' }, 12.5, 'service-tier-unpriced'],
    [
      'priority at Anthropic',
      { model: 'claude-sonnet-5', serviceTier: 'priority' },
      12,
      'service-tier-unpriced',
    ],
    [
      'flex where there is none',
      { model: 'gpt-4o', serviceTier: 'flex' },
      12.5,
      'service-tier-unpriced',
    ],
    ['fast mode of Sonnet', { model: 'claude-sonnet-5', speed: 'fast' }, 12, 'speed-unpriced'],
    // (2 + 10) × 0.5: batch has no fast mode
    [
      'batch in fast mode',
      { model: 'claude-sonnet-5', speed: 'fast', serviceTier: 'batch' },
      6,
      'speed-unpriced',
    ],
  ])('%s takes the standard rate and says so', (_name, query, dollars, warning) => {
    expect(amountOf(book, query, both)).toBe(usd(dollars))
    expect(priced(book.price(query, usageOf(both))).warnings).toEqual([warning])
  })

  test.each(['standard', 'default', 'auto', 'on_demand', ''])(
    '"%s" is the standard',
    (serviceTier) => {
      const pricing = priced(book.price({ model: 'gpt-4o', serviceTier }, usageOf(both)))
      expect(pricing.warnings).toEqual([])
    },
  )

  test('priority ends where long context begins', () => {
    const query = { model: 'gpt-4.1', serviceTier: 'priority' }
    // 128,000 × 3.50, then 128,001 × 2
    expect(amountOf(book, query, { inputTokens: 128_000 })).toBe(usd(0.448))
    expect(amountOf(book, query, { inputTokens: 128_001 })).toBe(usd(0.256002))
    const beyond = priced(book.price(query, usageOf({ inputTokens: 128_001 })))
    expect(beyond.warnings).toEqual(['service-tier-unpriced'])
    // The band of the book itself: 272,000 × 5
    const banded = { model: 'gpt-5.4', serviceTier: 'priority' }
    expect(amountOf(book, banded, { inputTokens: 271_999 })).toBe(usd(1.359995))
    expect(amountOf(book, banded, { inputTokens: 272_000 })).toBe(usd(1.36))
  })
})

test('every modifier names its source and stands after none that hides it', () => {
  for (const [index, row] of modifiers.entries()) {
    expect(row.source).toMatch(/\.[a-z]{2,}\//)
    const earlier = modifiers.slice(0, index)
    const same = earlier.filter(
      (other) =>
        other.stage === row.stage &&
        other.providers.join() === row.providers.join() &&
        JSON.stringify([other.when, other.from]) === JSON.stringify([row.when, row.from]),
    )
    for (const other of same) expect(String(other.model)).not.toBe('/^/')
  }
})
