import { describe, expect, test } from 'vitest'
import { listPrices } from '../../src/prices/list-prices.ts'
import { parseOverrides } from '../../src/prices/overrides.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'

const book = openPriceBook()

describe('the list of prices', () => {
  test('has every model of the book', () => {
    const rows = listPrices(book)
    expect(new Set(rows.map(({ provider, model }) => `${provider} ${model}`)).size).toBe(1694)
  })

  test('shows a model with its dates', () => {
    const rows = listPrices(book, { model: 'openai:o3' })
    const o3 = rows.filter(({ model }) => model === 'o3')
    expect(o3.map(({ since, bands }) => [since, bands[0]?.usdPerMillion.input])).toEqual([
      [null, '10'],
      ['2025-06-10', '2'],
    ])
    expect(o3[0]).toMatchObject({ provider: 'openai', source: 'genai-prices 0.1.8', hours: null })
    expect(o3[0]?.modifiers).toContain('batch × 0.5 (developers.openai.com/api/docs/pricing)')
  })

  test('shows bands, hours, other units and what is free', () => {
    const [first] = listPrices(book, { provider: 'google', model: 'gemini-2.5-pro' })
    expect(first?.bands).toEqual([
      { above: null, usdPerMillion: { input: '1.25', cacheRead: '0.125', output: '10' } },
      { above: 200_000, usdPerMillion: { input: '2.5', cacheRead: '0.25', output: '15' } },
    ])
    const hours = listPrices(book, { model: 'deepseek:deepseek-chat' }).map((row) => row.hours)
    expect(hours).toEqual([null, '00:30–16:30'])
    const whisper = listPrices(book, { provider: 'openai', model: 'whisper-1' })[0]
    expect(whisper?.bands).toEqual([])
    expect(whisper?.otherUnits).toContain('audio_hours 0.36')
    expect(listPrices(book, { model: 'gpt-oss-20b:free' })[0]?.note).toBe('free')
  })

  test('finds a model by a name as logs write it', () => {
    const names = listPrices(book, { model: 'azure/gpt-35-turbo' }).map(({ model }) => model)
    expect(names).toEqual(['gpt-3.5-turbo'])
  })

  test('finds nothing by a name that nothing has', () => {
    expect(listPrices(book, { model: 'no-such-model' })).toEqual([])
  })

  test('puts the user own prices first', () => {
    const overrides = [
      parseOverrides(
        [
          { target: 'openai:gpt-4o', rates: { input: 2 }, from: '2026-01-01' },
          { target: 'azure:gpt-4o-prod', as: 'openai:gpt-4o', factor: 0.9 },
        ],
        'prices.yaml',
      ),
    ]
    const [first, second] = listPrices(openPriceBook({ overrides }), { model: 'gpt-4o' })
    expect(first).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o',
      since: '2026-01-01',
      source: 'override prices.yaml prices[0]',
    })
    expect(second?.note).toBe('as openai:gpt-4o × 0.9')
  })
})
