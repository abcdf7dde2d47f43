import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyHash, requestKeys } from '../../src/engine/cache-key.ts'
import {
  breakpointsOf,
  promptBlocksOf,
  textBlockTokens,
  tokensPerBlockOf,
} from '../../src/engine/prefix-blocks.ts'
import { openPrefixCache } from '../../src/engine/prefix-cache.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const sharedBlocks = (one: Float64Array, other: Float64Array) => {
  let shared = 0
  while (shared < one.length && one[shared] === other[shared]) shared++
  return shared
}

describe('the blocks of a prompt', () => {
  it('hold 256 bytes each, and leave the tail out', () => {
    expect(textBlockTokens).toBe(64)
    const { blocks, bytes, contentEnds } = promptBlocksOf([
      user('a'.repeat(700)),
      assistant('b'.repeat(67)),
      user('c'.repeat(1)),
    ])
    expect(bytes).toBe(768)
    expect(blocks.length).toBe(3)
    expect(contentEnds).toEqual([2, 2, 3])
  })

  it('count the bytes of UTF-8', () => {
    const text = fc.string({ unit: 'binary', maxLength: 2000 })
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
        const { bytes, blocks } = promptBlocksOf(texts.map(user))
        expect(bytes).toBe(texts.reduce((sum, each) => sum + Buffer.byteLength(each), 0))
        // A block may end some bytes late, after the character that fills it.
        expect(blocks.length).toBe(Math.floor(bytes / 256))
      }),
    )
  })

  it('are equal as far as prompts are, and differ from there to the end', () => {
    const tail = 'z'.repeat(2560)
    fc.assert(
      fc.property(fc.nat(5000), (place) => {
        const start = 'a'.repeat(place)
        const one = promptBlocksOf([user(`${start}1${tail}`)]).blocks
        const other = promptBlocksOf([user(`${start}2${tail}`)]).blocks
        const same = Math.floor(place / 256)
        expect(sharedBlocks(one, other)).toBe(same)
        const later = [...one].filter((block, index) => block === other[index])
        expect(later.length).toBe(same)
      }),
    )
  })

  it('tell roles and the bounds of messages apart', () => {
    const long = 'a'.repeat(600)
    const forms = [
      [user(long)],
      [assistant(long)],
      [user(long.slice(0, 200)), user(long.slice(200))],
      [user(long.slice(0, 201)), user(long.slice(201))],
    ].map((links) => promptBlocksOf(links).blocks[1])
    expect(new Set(forms).size).toBe(4)
  })

  it('differ after a short message that fills none, whatever its words', () => {
    const behind = (short: string) => promptBlocksOf([user(short), user('c'.repeat(600))]).blocks
    expect(sharedBlocks(behind('yes'), behind('yes'))).toBe(2)
    expect(sharedBlocks(behind('yes'), behind('now'))).toBe(0)
  })

  it('of the next turn begin with those of the turn before', () => {
    const turns = [user('q'.repeat(900)), assistant('r'.repeat(900)), user('s'.repeat(900))]
    const before = promptBlocksOf(turns.slice(0, 1)).blocks
    const after = promptBlocksOf(turns).blocks
    expect(sharedBlocks(before, after)).toBe(before.length)
  })

  it('never meet by chance', () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `${index} `.padEnd(256, '.')).join(
      '',
    )
    const { blocks } = promptBlocksOf([user(text)])
    const others = promptBlocksOf([assistant(text)]).blocks
    expect(new Set([...blocks, ...others]).size).toBe(200_000)
  })
})

describe('breakpoints', () => {
  const prompt = {
    tools: [{ name: 'look', description: 'x'.repeat(8000) }],
    system: 's'.repeat(6000),
    messages: [user('m'.repeat(3000))],
  }
  const { chain } = requestKeys(
    { model: 'claude-sonnet-4-5', operation: 'chat', status: 'ok', prompt },
    keyHash('secret'),
  )
  const text = promptBlocksOf(chain)

  it('stand after tools, system prompt and conversation', () => {
    const [tools = 0, system = 0, history = 0] = text.contentEnds
    expect(text.contentRoles).toEqual(['tools', 'system', 'user'])
    expect(breakpointsOf(text, ['tools', 'system', 'history'])).toEqual([tools, system, history])
    expect([tools, system - tools, history]).toEqual([31, 23, text.blocks.length])
  })

  it('are left out where a prompt has no such part', () => {
    const bare = promptBlocksOf([user('hello')])
    expect(breakpointsOf(bare, ['tools', 'system', 'history'])).toEqual([])
  })

  it('let another conversation read tools and system prompt, as tokens of the count it was given', () => {
    const cache = openPrefixCache()
    const read = (links: typeof chain, totalInputTokens: number) => {
      const each = promptBlocksOf(links)
      return cache.read({
        at: 0,
        model: 'claude-sonnet-4-5',
        scope: '',
        blocks: each.blocks,
        tokensPerBlock: tokensPerBlockOf(each, totalInputTokens),
        totalInputTokens,
        breakpoints: breakpointsOf(each, ['system', 'history']),
        contentEnds: each.contentEnds,
      })
    }
    const other = chain.map((link) =>
      link.role === 'user' ? { ...link, content: 'n'.repeat(3000) } : link,
    )
    expect(read(chain, 5000)).toMatchObject({ cacheReadTokens: 0, cacheWrite5mTokens: 5000 })
    const expected = Math.floor((54 * 256 * 5000) / text.bytes)
    expect(read(other, 5000)).toMatchObject({ cacheReadTokens: expected, inputTokens: 0 })
  })
})
