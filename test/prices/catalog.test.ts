import { readFileSync } from 'node:fs'
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/domain/user-error.ts'
import { openCatalog } from '../../src/prices/catalog.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { amountOf, at, million, usd } from './support.ts'

const book = openPriceBook()

test('the bundled book is the installed package', () => {
  const file = new URL('../../node_modules/@pydantic/genai-prices/package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8'))
  expect(book.name).toBe(`genai-prices ${version}`)
})

const models = book.context.catalog.providers.flatMap(({ id, models }) =>
  models.map((model) => ({ provider: id, model: model.id })),
)

test('every model of the book is found by its id', () => {
  const unknown = models.filter((query) => amountOf(book, query, counts) === 'unknown-model')
  expect(unknown).toEqual([])
})

test.each(['2025-06-01T05:00Z', '2026-05-01T17:00Z', '2026-09-23T02:00Z'])(
  'every model of the book costs what the package says on %s',
  (day) => {
    const compared = models
      // DeepSeek's are put right, and the package does not find some of its own ids.
      .filter(({ provider }) => provider !== 'deepseek')
      .map((query) => ({
        ...query,
        ours: amountOf(book, { ...query, at: at(day) }, counts),
        theirs: packageUsd(query.provider, query.model, day),
      }))
      .filter(({ ours, theirs }) => ours !== 'no-rate' && theirs !== null)
    const different = compared.filter(
      ({ ours, theirs }) => !(Math.abs(Number(ours) - Number(theirs) * 1e9) <= 2),
    )
    expect(different).toEqual([])
    expect(compared.length).toBeGreaterThan(1_600)
  },
)

const counts = { inputTokens: 300_000, outputTokens: 1_000 }

const packageUsd = (providerId: string, model: string, day: string): number | null =>
  calcPrice({ input_tokens: 300_000, output_tokens: 1_000 }, model, {
    providerId,
    timestamp: new Date(at(day)),
  })?.total_price ?? null

describe('a price file of the user', () => {
  const file = (prices: unknown) => [
    {
      id: 'openai',
      name: 'OpenAI',
      api_pattern: '.*',
      model_match: { starts_with: 'gpt-' },
      models: [{ id: 'gpt-9', match: { starts_with: 'gpt-9' }, prices }],
    },
  ]

  test('takes the place of the bundled book', () => {
    const data = file([
      { prices: { input_mtok: 1, output_mtok: 2 } },
      { constraint: { start_date: '2026-10-01' }, prices: { input_mtok: 3, output_mtok: 4 } },
    ])
    const own = openPriceBook({ data, dataDate: '2026-11-01' })
    const both = { inputTokens: million, outputTokens: million }
    expect(amountOf(own, { model: 'gpt-9', at: at('2026-09-30') }, both)).toBe(usd(3))
    expect(amountOf(own, { model: 'gpt-9' }, both)).toBe(usd(7))
    expect(amountOf(own, { model: 'gpt-4o' }, both)).toBe('unknown-model')
    expect(own.date).toBe('2026-11-01')
    expect(own.fingerprint).not.toBe(book.fingerprint)
  })

  test('may be the bundled data as JSON', async () => {
    const data = JSON.parse(JSON.stringify(await waitForUpdate()))
    expect(openCatalog(data, undefined).providers).toHaveLength(43)
  })

  test.each([
    ['not JSON of the right shape', { providers: [] }, 'the file should be an array of providers'],
    ['no providers', [], 'at least one provider'],
    ['a misspelt price key', file({ input_mtokens: 1 }), '[0].models[0].prices.input_mtokens'],
    ['a price in words', file({ input_mtok: 'cheap' }), '[0].models[0].prices.input_mtok'],
    ['a negative price', file({ input_mtok: -1 }), '[0].models[0].prices.input_mtok'],
    ['tiers without a start', file({ input_mtok: { base: 1, tiers: [{ price: 2 }] } }), '.tiers'],
    ['no dates in a dated price', file([{ constraint: {}, prices: {} }]), '.constraint'],
    [
      'a wrong match rule',
      [{ id: 'a', models: [{ id: 'b', match: { like: 'b' }, prices: {} }] }],
      '[0].models[0].match',
    ],
  ])('with %s is refused', (_name, data, message) => {
    const open = () => openPriceBook({ data })
    expect(open).toThrow(UserError)
    expect(open).toThrow(message)
  })
})
