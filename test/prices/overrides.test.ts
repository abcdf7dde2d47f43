import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { UserError } from '../../src/domain/user-error.ts'
import { parseOverrides } from '../../src/prices/overrides.ts'
import { type OpenPriceBook, openPriceBook } from '../../src/prices/price-book.ts'
import { amountOf, at, million, priced, usageOf, usd } from './support.ts'

const both = { inputTokens: million, outputTokens: million }
const bookOf = (...files: readonly string[]): OpenPriceBook =>
  openPriceBook({
    overrides: files.map((text, i) => parseOverrides(parse(text), `prices-${i}.yaml`)),
  })

describe('an override', () => {
  test('with a contract price holds between its dates', () => {
    const book = bookOf(`
      - target: openai:gpt-4o
        from: 2026-01-01
        to: 2026-07-01
        rates: { input: 2.00, cacheRead: 0.90, output: 8.00 }`)
    const price = (day: string) => amountOf(book, { model: 'gpt-4o', at: at(day) }, both)
    expect(price('2025-12-31T23:59:59Z')).toBe(usd(12.5))
    expect(price('2026-01-01')).toBe(usd(10))
    expect(price('2026-06-30T23:59:59Z')).toBe(usd(10))
    expect(price('2026-07-01')).toBe(usd(12.5))
  })

  test('says where it came from', () => {
    const book = bookOf('[{ target: gpt-4o, from: 2026-01-01, rates: { input: 1, output: 2 } }]')
    const { price } = priced(book.price({ model: 'gpt-4o' }, usageOf(both)))
    expect(price).toMatchObject({
      source: 'override prices-0.yaml prices[0]',
      target: 'openai:gpt-4o',
      since: '2026-01-01',
      usdPerMillion: { input: '1', cacheRead: '1.25', output: '2' },
    })
  })

  test('for a model of the book holds for its snapshots and spellings', () => {
    const book = bookOf('[{ target: "openai:gpt-4o", rates: { input: 1, output: 1 } }]')
    for (const model of ['gpt-4o', 'gpt-4o-2024-08-06', 'openai/gpt-4o']) {
      expect(amountOf(book, { model }, both)).toBe(usd(2))
    }
    expect(amountOf(book, { provider: 'azure', model: 'gpt-4o' }, both)).toBe(usd(12.5))
  })
})

describe('an override of a service tier, band or provider', () => {
  test('still takes the batch factor, but no list price of another tier', () => {
    const book = bookOf('[{ target: gpt-4o-mini, rates: { input: 0.1, output: 0.5 } }]')
    const of = (serviceTier: string) => amountOf(book, { model: 'gpt-4o-mini', serviceTier }, both)
    expect(of('batch')).toBe(usd(0.3))
    expect(of('priority')).toBe(usd(0.6))
  })

  test('may be for one service tier', () => {
    const book = bookOf(`
      - { target: gpt-4o, serviceTier: batch, rates: { input: 1, output: 4 } }
      - { target: gpt-4o, rates: { input: 2, output: 8 } }`)
    expect(amountOf(book, { model: 'gpt-4o', serviceTier: 'batch' }, both)).toBe(usd(5))
    expect(amountOf(book, { model: 'gpt-4o' }, both)).toBe(usd(10))
  })

  test('may have bands and fees', () => {
    const book = bookOf(`
      - target: mine
        rates: { input: 1, output: 2 }
        bands: [{ above: 1000, rates: { input: 3, output: 4 } }]
        fees: { webSearch: 8 }`)
    expect(amountOf(book, { model: 'mine' }, { inputTokens: 1_000 })).toBe(1_000_000)
    expect(amountOf(book, { model: 'mine' }, { inputTokens: 1_001 })).toBe(3_003_000)
    expect(amountOf(book, { model: 'mine' }, {}, { webSearches: 1 })).toBe(usd(0.008))
  })

  test('may be a discount on all of a provider', () => {
    const book = bookOf('[{ target: "openai:*", factor: 0.85 }]')
    // 12.50 × 0.85, and half of it in batch
    expect(amountOf(book, { model: 'gpt-4o' }, both)).toBe(usd(10.625))
    expect(amountOf(book, { model: 'gpt-4o', serviceTier: 'batch' }, both)).toBe(usd(5.3125))
    expect(amountOf(book, { model: 'o3', at: at('2025-06-01') }, both)).toBe(usd(42.5))
    expect(amountOf(book, { model: 'claude-sonnet-5' }, both)).toBe(usd(12))
  })
})

describe('an alias', () => {
  test.each([
    ['an Azure deployment', { provider: 'azure', model: 'chat-prod' }, 'azure:chat-prod'],
    [
      'an application inference profile',
      {
        provider: 'aws',
        model: 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2',
      },
      'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2',
    ],
    [
      'a fine-tune',
      { model: 'ft:gpt-4.1-mini-2025-04-14:org::id' },
      'ft:gpt-4.1-mini-2025-04-14:org::id',
    ],
    ['a model group', { provider: 'litellm', model: 'fast-chat' }, 'fast-chat'],
  ])('names the model behind %s', (_name, query, target) => {
    const book = bookOf(`[{ target: "${target}", as: "openai:gpt-4o" }]`)
    expect(amountOf(book, query, both)).toBe(usd(12.5))
    expect(amountOf(book, { ...query, serviceTier: 'batch' }, both)).toBe(usd(6.25))
    const { price } = priced(book.price(query, usageOf(both)))
    expect(price.target).toBe('openai:gpt-4o')
    expect(price.factors).toEqual(['as openai:gpt-4o (prices-0.yaml)'])
  })

  test('follows the dates of the model it names', () => {
    const book = bookOf('[{ target: thinker, as: o3, factor: 0.5 }]')
    expect(amountOf(book, { model: 'thinker', at: at('2025-06-09') }, both)).toBe(usd(25))
    expect(amountOf(book, { model: 'thinker', at: at('2025-06-10') }, both)).toBe(usd(5))
  })
})

describe('an override of a self-hosted model', () => {
  test('may be free', () => {
    const book = bookOf('[{ target: "ollama:*", free: true }]')
    expect(amountOf(book, { provider: 'ollama', model: 'llama3' }, both)).toBe(0)
  })

  test('by the hour charges the time of the answer', () => {
    const book = bookOf(
      '[{ target: "vllm:llama", hourly: { usdPerGpuHour: 2.5, gpus: 4, atOnce: 8 } }]',
    )
    const query = { provider: 'vllm', model: 'llama' }
    // $10 an hour × 3.6 s / 3,600 s / 8 at once
    const pricing = priced(book.price({ ...query, latencyMs: 3_600 }, usageOf(both)))
    expect(pricing.cost.other).toBe(usd(0.00125))
    expect(book.price(query, usageOf(both))).toEqual({
      kind: 'unpriced',
      reason: 'no-rate',
      warnings: ['latency-missing'],
    })
  })
})

describe('among overrides', () => {
  test('of one model the first file wins', () => {
    const book = bookOf(
      '[{ target: gpt-4o, rates: { input: 1, output: 1 } }]',
      '[{ target: gpt-4o, rates: { input: 9, output: 9 } }]',
    )
    expect(amountOf(book, { model: 'gpt-4o' }, both)).toBe(usd(2))
  })

  test('each change changes the fingerprint of the book', () => {
    const one = bookOf('[{ target: gpt-4o, rates: { input: 1, output: 1 } }]')
    const two = bookOf('[{ target: gpt-4o, rates: { input: 1, output: 2 } }]')
    expect(new Set([one, two, openPriceBook()].map((book) => book.fingerprint)).size).toBe(3)
  })
})

const refused: readonly (readonly [text: string, message: string])[] = [
  ['{ gpt-4o: 3 }', 'prices: should be a list'],
  ['[gpt-4o]', 'prices[0]: should be an entry with a target, not "gpt-4o"'],
  ['[{ free: true }]', 'prices[0].target: should be a name, not nothing'],
  ['[{ target: a }]', 'prices[0]: should have one of rates, as, factor, hourly, free; has none'],
  ['[{ target: a, free: true, as: gpt-4o }]', 'has as and free'],
  ['[{ target: a, free: no }]', 'prices[0].free: should be true, not "no"'],
  ['[{ target: a, fre: true }]', 'prices[0].fre: unknown key (did you mean "free"?)'],
  ['[{ model: a, free: true }]', 'prices[0].model: unknown key (did you mean "target"?)'],
  [
    '[{ target: a, rates: { inptu: 1 } }]',
    'prices[0].rates.inptu: unknown key (did you mean "input"?)',
  ],
  ['[{ target: a, rates: { prompt: 1 } }]', 'did you mean "input"?'],
  ['[{ target: a, rates: { output: 1 } }]', 'prices[0].rates.input: is missing'],
  [
    '[{ target: a, rates: { input: cheap } }]',
    'prices[0].rates.input: should be a number, zero or more, not "cheap"',
  ],
  ['[{ target: a, rates: { input: -1 } }]', 'not -1'],
  ['[{ target: a, rates: 3 }]', 'prices[0].rates: should be rates, not 3'],
  ['[{ target: a, free: true, from: soon }]', 'prices[0].from: should be a day like'],
  ['[{ target: a, free: true, from: 2026-02-30 }]', 'prices[0].from: should be a day like'],
  [
    '[{ target: a, free: true, from: 2026-02-01, to: 2026-01-01 }]',
    'prices[0].to: should be after from',
  ],
  ['[{ target: a, hourly: { usdPerGpuHour: 1, gpus: 0 } }]', 'prices[0].hourly.gpus'],
  ['[{ target: a, hourly: { gpus: 1 } }]', 'prices[0].hourly.usdPerGpuHour'],
  ['[{ target: a, free: true, bands: [] }]', 'prices[0].bands: only goes with rates'],
  ['[{ target: a, rates: { input: 1 }, bands: [{ rates: { input: 1 } }] }]', 'bands[0].above'],
]

describe('a list of overrides', () => {
  test('reads the example of its documentation', () => {
    const file = new URL('../../src/prices/overrides.ts', import.meta.url)
    const [, example = ''] = /```yaml\n([^`]*)```/.exec(readFileSync(file, 'utf8')) ?? []
    const { entries } = parseOverrides(parse(example.replace(/^ \* ?/gm, '')), 'prices.yaml')
    expect(entries.map(({ price }) => price.kind)).toEqual([
      'rates',
      'factor',
      'as',
      'hourly',
      'free',
    ])
  })

  test('may be missing, and may stand under the key prices', () => {
    expect(parseOverrides(undefined, 'a').entries).toEqual([])
    expect(parseOverrides({ prices: [{ target: 'x', free: true }] }, 'a').entries).toHaveLength(1)
  })

  test.each(refused)('%s is refused: %s', (text, message) => {
    const read = () => parseOverrides(parse(text), 'prices.yaml')
    expect(read).toThrow(UserError)
    expect(read).toThrow(message)
  })

  test('tells every problem at once', () => {
    const read = () => parseOverrides([{ free: true }, { target: 'a' }], 'prices.yaml')
    expect(read).toThrow(
      /^2 problems in the prices of prices.yaml\n {2}prices\[0\].*\n {2}prices\[1\]/,
    )
  })

  test('with an alias of no known model is refused when the book opens', () => {
    expect(() => bookOf('[{ target: a, as: gpt-4o-mimi }]')).toThrow(
      'prices-0.yaml prices[0].as: "gpt-4o-mimi" (for "a") is not a model',
    )
    try {
      bookOf('[{ target: a, as: gpt-4o-mimi }]')
    } catch (error) {
      expect(error).toMatchObject({ hint: 'did you mean "gpt-4o-mini"?' })
    }
  })

  test('with aliases in a circle is refused', () => {
    expect(() => bookOf('[{ target: a, as: b }, { target: b, as: a }]')).toThrow(UserError)
  })
})
