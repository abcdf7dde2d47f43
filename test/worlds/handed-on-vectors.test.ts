import { expect, test } from 'vitest'
import { zeroNanoUsd } from '../../src/domain/money.ts'
import { handingOn } from '../../src/worlds/handed-on-vectors.ts'
import type { LiveEmbedder } from '../../src/worlds/text-vectors.ts'

function counted(isAtOnce: boolean) {
  const asked: string[] = []
  const vectorOf = (text: string) => {
    asked.push(text)
    if (text === 'broken') throw new Error('no answer')
    return text === '-' ? null : Float64Array.of(text.length, 1)
  }
  const embedder: LiveEmbedder = {
    fingerprint: 'f',
    embed: async (texts) => ({ vectors: texts.map(vectorOf), tokens: 1 }),
    costOf: () => zeroNanoUsd,
    ...(isAtOnce && { embedOne: vectorOf }),
  }
  return { embedder, asked }
}

test.each([true, false])(
  'a text that was looked up is not embedded again (at once: %s)',
  async (isAtOnce) => {
    const { embedder, asked } = counted(isAtOnce)
    const handed = handingOn(embedder)
    const look = async (text: string) =>
      handed.embedder.embedOne?.(text) ?? (await handed.embedder.embed([text])).vectors[0]
    const looked = await look('heap')
    expect(await handed.vectorOf('heap')).toBe(looked)
    expect(asked).toEqual(['heap'])
    // Each is handed on once: vectors do not stay.
    expect(await handed.vectorOf('heap')).toEqual(looked)
    expect(asked).toEqual(['heap', 'heap'])
  },
)

test('a text that nobody looked up is embedded, and one that failed is not tried again', async () => {
  const { embedder, asked } = counted(false)
  const handed = handingOn(embedder)
  expect(await handed.vectorOf('tree')).toEqual(Float64Array.of(4, 1))
  await expect(handed.embedder.embed(['broken'])).rejects.toThrow('no answer')
  expect(await handed.vectorOf('broken')).toBeNull()
  expect(asked).toEqual(['tree', 'broken'])
  expect(await handed.vectorOf('broken')).toBeNull()
  expect(asked).toEqual(['tree', 'broken', 'broken'])
})

test('a bounded number waits, the oldest go first', async () => {
  const { embedder, asked } = counted(true)
  const handed = handingOn(embedder)
  const texts = Array.from({ length: 257 }, (_, index) => `text ${index}`)
  for (const text of texts) handed.embedder.embedOne?.(text)
  asked.length = 0
  for (const text of ['text 0', 'text 1', 'text 256']) await handed.vectorOf(text)
  expect(asked).toEqual(['text 0'])
})
