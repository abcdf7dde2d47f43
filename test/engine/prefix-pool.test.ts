import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { type BlockPoolOptions, openBlockPool } from '../../src/engine/prefix-pool.ts'
import { hasRealData, realData } from '../support/real-data.ts'

/** The same pool as a list, newest last. `prefixes` stands for hashes that cover what came before. */
function naivePool(capacity: number) {
  const held: string[] = []
  return (blocks: readonly number[]): number => {
    const prefixes = blocks.map((_, index) => blocks.slice(0, index + 1).join())
    let hits = 0
    for (const [index, prefix] of prefixes.entries()) {
      const place = held.indexOf(prefix)
      if (place >= 0) held.splice(place, 1)
      if (place >= 0 && hits === index) hits++
      held.push(prefix)
      if (held.length > capacity) held.shift()
    }
    return hits
  }
}

describe('a pool of prompt blocks', () => {
  it('counts the leading blocks it holds, not later ones', () => {
    const pool = openBlockPool({})
    expect(pool.read([1, 2, 3])).toBe(0)
    expect(pool.read([1, 2, 9, 3])).toBe(2)
    expect(pool.read([2, 3])).toBe(0)
    expect(pool.size).toBe(7)
  })

  it('takes hashes and contents, as numbers or text', () => {
    const pool = openBlockPool({})
    pool.read(['a', 'b', 'ab'])
    expect(pool.read(['a', 'b'])).toBe(2)
    expect(pool.read(['ab'])).toBe(0)
    expect(pool.read(Float64Array.of(2 ** 52 + 1, 0.5))).toBe(0)
    expect(pool.read([2 ** 52 + 1, 0.5])).toBe(2)
    expect(pool.read([2 ** 52 + 2])).toBe(0)
  })

  it('equals a plain list of what was used last, whatever its size', () => {
    const prompts = fc.array(fc.array(fc.nat(3), { maxLength: 6 }), { maxLength: 60 })
    fc.assert(
      fc.property(prompts, fc.integer({ min: 1, max: 12 }), (list, capacity) => {
        const pool = openBlockPool({ blocks: capacity })
        const read = naivePool(capacity)
        for (const blocks of list) {
          expect(pool.read(blocks)).toBe(read(blocks))
          expect(pool.size).toBeLessThanOrEqual(capacity)
        }
      }),
    )
  })

  it('equals, many times full, an ordered map', () => {
    const pool = openBlockPool({ blocks: 3000 })
    const held = new Set<number>()
    let hits = 0
    let expected = 0
    for (let turn = 0; turn < 30_000; turn++) {
      // Single blocks, some of them often: the squares of a counter modulo a prime.
      const block = (turn * turn) % 7919
      hits += pool.read([block])
      expected += Number(held.delete(block))
      held.add(block)
      const [oldest] = held
      if (held.size > 3000 && oldest !== undefined) held.delete(oldest)
    }
    expect(hits).toBe(expected)
    expect(hits).toBeGreaterThan(1000)
  })

  it('grows past its first tables and still finds what it held', () => {
    const pool = openBlockPool({})
    const long = Array.from({ length: 10_000 }, (_, index) => index)
    expect(pool.read(long)).toBe(0)
    expect(pool.read(long)).toBe(10_000)
    expect(pool.size).toBe(10_000)
  })

  it('refuses a size that holds nothing', () => {
    expect(() => openBlockPool({ blocks: 0 })).toThrow(RangeError)
    expect(() => openBlockPool({ blocks: 1.5 })).toThrow(RangeError)
  })
})

type Trace = { readonly hash_ids: readonly number[] }
type Expected = {
  readonly requests: number
  readonly blocks: number
  readonly uniqueBlocks: number
} & { readonly [pool: string]: { readonly hitBlocks: number } }

describe.skipIf(!hasRealData)('3,993 requests of the Mooncake trace', () => {
  const textOf = (name: string) => readFileSync(realData(`prefix/${name}`), 'utf8')
  const read = () => ({
    expected: JSON.parse(textOf('mooncake_synthetic.expected.json')) as Expected,
    prompts: textOf('mooncake_synthetic.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Trace).hash_ids),
  })

  test.each<readonly [string, BlockPoolOptions]>([
    ['unlimited', {}],
    ['lru 1000', { blocks: 1000 }],
    ['lru 10000', { blocks: 10_000 }],
    ['lru 30000', { blocks: 30_000 }],
    ['lru 50000', { blocks: 50_000 }],
    ['lru 100000', { blocks: 100_000 }],
  ])('hit as many blocks as was counted elsewhere: %s', (name, size) => {
    const { expected, prompts } = read()
    const pool = openBlockPool(size)
    const hits = prompts.reduce((sum, blocks) => sum + pool.read(blocks), 0)
    expect(hits).toBe(expected[name]?.hitBlocks)
    expect(prompts.length).toBe(expected.requests)
    expect(prompts.reduce((sum, blocks) => sum + blocks.length, 0)).toBe(expected.blocks)
    expect(pool.size).toBe(Math.min(size.blocks ?? Infinity, expected.uniqueBlocks))
  })
})
