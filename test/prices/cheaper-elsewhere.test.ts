import { describe, expect, test } from 'vitest'
import { cheaperElsewhere, modelKey } from '../../src/prices/cheaper-elsewhere.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { amountOf, million, usageOf, usd } from './support.ts'

const book = openPriceBook()
const counts = { inputTokens: million, outputTokens: million }

describe('the same model elsewhere', () => {
  test('is offered where it costs less, cheapest first', () => {
    const query = { provider: 'groq', model: 'llama-3.3-70b-versatile' }
    expect(cheaperElsewhere(book, query, usageOf(counts))).toEqual([])
    const regional = { model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }
    const offers = cheaperElsewhere(book, regional, usageOf({ inputTokens: 100_000 }))
    // $3.30 at a Bedrock region, $3.00 at the maker
    expect(offers.find(({ provider }) => provider === 'anthropic')).toMatchObject({
      model: 'claude-sonnet-4-5',
      costNanoUsd: usd(0.3),
      price: { target: 'anthropic:claude-sonnet-4-5' },
    })
    const costs = offers.map(({ costNanoUsd }) => costNanoUsd)
    expect(costs).toEqual([...costs].sort((a, b) => a - b))
  })

  test('is never dearer, free, or the same provider', () => {
    const query = { provider: 'together', model: 'deepseek-ai/deepseek-v3' }
    const now = amountOf(book, query, counts)
    for (const offer of cheaperElsewhere(book, query, usageOf(counts))) {
      expect(offer.costNanoUsd).toBeLessThan(Number(now))
      expect(offer.provider).not.toBe('together')
      expect(offer.model).not.toMatch(/:free/)
    }
  })

  test('of an unknown model is not known', () => {
    expect(cheaperElsewhere(book, { model: 'mine' }, usageOf(counts))).toEqual([])
  })
})

test.each([
  ['regional.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5'],
  ['anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5'],
  ['accounts/fireworks/models/llama-v3p1', 'llama-v3p1'],
  ['claude-3-5-haiku-latest', 'claude-3-5-haiku'],
  ['gpt-4o-2024-05-13', 'gpt-4o'],
])('%s is the model %s', (id, key) => {
  expect(modelKey(id)).toBe(key)
})
