import { describe, expect, test } from 'vitest'
import { estimateTokens, loadTokenCounter } from '../../src/prices/count-tokens.ts'

describe('an estimate of tokens', () => {
  test.each([
    ['', 0],
    ['a', 1],
    ['abcd', 1],
    ['abcde', 2],
    // Three bytes each.
    ['你好世界', 3],
  ])('%j is about %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens)
  })
})

describe('the count of o200k', () => {
  test('is the vocabulary of GPT-4o', async () => {
    const count = await loadTokenCounter()
    expect(count('')).toBe(0)
    expect(count('hello world')).toBe(2)
    expect(count('Hello, world!')).toBe(4)
  })

  test('takes what looks like a special token for text', async () => {
    const count = await loadTokenCounter()
    expect(count('<|endoftext|>')).toBeGreaterThan(1)
  })

  test('of a long text is the sum of its sentences', async () => {
    const count = await loadTokenCounter()
    const sentence = 'The quick brown fox jumps over the lazy dog.\n'
    expect(count(sentence.repeat(500))).toBe(count(sentence) * 500)
  })

  test('of one unbroken stretch is quick and near', async () => {
    const count = await loadTokenCounter()
    const start = performance.now()
    expect(count('a'.repeat(400_000))).toBeGreaterThan(10_000)
    expect(count(' '.repeat(400_000))).toBeGreaterThan(100)
    expect(count('🙂'.repeat(50_000))).toBeGreaterThan(10_000)
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})
