import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { didYouMean, editDistance } from '../../src/prices/did-you-mean.ts'
import { parseOverrides } from '../../src/prices/overrides.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { overrideSnippet, suggestModels } from '../../src/prices/suggest-models.ts'
import { amountOf, million, usd } from './support.ts'

const book = openPriceBook()

test.each([
  ['gpt-4o-mimi', 'gpt-4o-mini'],
  ['claude-sonet-4-5', 'claude-sonnet-4-5'],
  ['openai:gpt-4o-mimi', 'openai:gpt-4o-mini'],
])('%s suggests %s', (name, model) => {
  expect(suggestModels(book, name)[0]).toBe(model)
})

test('a name like no other suggests nothing', () => {
  expect(suggestModels(book, 'zzzzzzzzzzzz')).toEqual([])
})

test.each([
  ['kitten', 'sitting', 3],
  ['input', 'inptu', 1],
  ['', 'ab', 2],
  ['same', 'same', 0],
])('%s is %s in %i edits', (a, b, distance) => {
  expect(editDistance(a, b, 9)).toBe(distance)
  expect(editDistance(b, a, 9)).toBe(distance)
})

test('a word is only suggested when it is near', () => {
  expect(didYouMean('rats', ['rates', 'bands'])).toBe('rates')
  expect(didYouMean('colour', ['rates', 'bands'])).toBeNull()
})

describe('the lines to paste for an unpriced model', () => {
  test.each(['my-deployment', 'azure:chat-prod', 'ft:gpt-4.1-mini:org::id', 'odd "name": #1'])(
    'parse and price %s',
    (target) => {
      for (const as of [undefined, 'openai:gpt-4o-mini']) {
        const text = overrideSnippet(target, as)
        expect(text.trimEnd().split('\n')).toHaveLength(3)
        const overrides = [parseOverrides(parse(text), 'llmcost.yaml')]
        const own = openPriceBook({ overrides })
        const query = target.startsWith('azure:')
          ? { provider: 'azure', model: 'chat-prod' }
          : { model: target }
        const counts = { inputTokens: million, outputTokens: million }
        expect(amountOf(own, query, counts)).toBe(usd(as === undefined ? 5 : 0.75))
      }
    },
  )
})
