import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cosine } from '../../src/vectors/cosine.ts'
import { type NeighbourPairs, neighbourPairs } from '../../src/vectors/neighbour-pairs.ts'
import { VectorError } from '../../src/vectors/vector-error.ts'
import { random, randomVectors, type Shape } from './random-vectors.ts'

type Vectors = Float32Array | Float64Array
type Triple = readonly [later: number, earlier: number, similarity: number]

/** Every pair, by the one cosine. */
function bruteForce(
  vectors: Vectors,
  dimensions: number,
  floor: number,
  groups?: Uint32Array,
): readonly Triple[] {
  const count = vectors.length / dimensions
  const rows = Array.from({ length: count }, (_, row) =>
    vectors.subarray(row * dimensions, (row + 1) * dimensions),
  )
  const found: Triple[] = []
  for (const [i, a] of rows.entries()) {
    for (const [j, b] of rows.slice(0, i).entries()) {
      if (groups !== undefined && groups[i] !== groups[j]) continue
      const similarity = cosine(a, b)
      if (similarity >= floor) found.push([i, j, similarity])
    }
  }
  return found
}

function triplesOf({ offsets, neighbours, similarities }: NeighbourPairs): readonly Triple[] {
  return Array.from(offsets.subarray(0, -1), (from, row) =>
    Array.from(neighbours.subarray(from, offsets[row + 1]), (neighbour, n): Triple => {
      return [row, neighbour, similarities[from + n] ?? Number.NaN]
    }),
  ).flat()
}

describe('an exact search', () => {
  test.each<Shape & { readonly floor: number }>([
    { count: 300, dimensions: 96, seed: 1, clusters: 20, floor: 0.8 },
    { count: 300, dimensions: 384, seed: 2, clusters: 20, floor: 0.8 },
    { count: 130, dimensions: 1536, seed: 3, clusters: 20, floor: 0.7 },
    { count: 301, dimensions: 101, seed: 4, clusters: 9, spread: 0.2, floor: 0.95 },
    { count: 200, dimensions: 3, seed: 5, floor: 0.5 },
    { count: 150, dimensions: 1, seed: 6, floor: 1 },
    { count: 120, dimensions: 40, seed: 7, floor: -1 },
    { count: 1, dimensions: 8, seed: 8, floor: 0 },
    { count: 2, dimensions: 8, seed: 9, clusters: 1, spread: 0.1, floor: 0.5 },
    { count: 0, dimensions: 8, seed: 10, floor: 0 },
  ])('finds what a comparison of all finds, bit for bit: %o', async (shape) => {
    const { floor, dimensions, count } = shape
    const vectors = randomVectors(shape)
    const found = await neighbourPairs({ vectors, dimensions, count, floor, mode: 'exact' })
    expect(triplesOf(found)).toEqual(bruteForce(vectors, dimensions, floor))
    expect(found).toMatchObject({ method: 'scan', recall: null })
    if (count > 1) expect(found.neighbours.length).toBeGreaterThan(0)
  })

  test.each([0.95, 1.05])(
    'is exact where components weigh unequally, by %d each',
    async (weight) => {
      const dimensions = 160
      const count = 250
      const even = randomVectors({ count, dimensions, seed: 12, clusters: 30 })
      const vectors = even.map((x, k) => x * weight ** (k % dimensions))
      for (const floor of [0.5, 0.8, 0.95]) {
        const found = await neighbourPairs({ vectors, dimensions, count, floor, mode: 'exact' })
        expect(triplesOf(found)).toEqual(bruteForce(vectors, dimensions, floor))
      }
    },
  )

  test('compares only vectors with equal keys', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 150 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        async (count, keys, seed) => {
          const next = random(seed)
          const dimensions = 20
          const groups = Uint32Array.from({ length: count }, () => Math.floor(next() * keys) * 1e8)
          const vectors = randomVectors({ count, dimensions, seed, clusters: 3, spread: 0.7 })
          const options = { vectors, dimensions, count, groups, floor: 0.6, mode: 'exact' } as const
          const expected = bruteForce(vectors, dimensions, 0.6, groups)
          expect(triplesOf(await neighbourPairs(options))).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('keeps a pair exactly at the floor and drops one a step below it', async () => {
    const vectors = Float64Array.from(
      randomVectors({ count: 2, dimensions: 77, seed: 3, clusters: 1 }),
    )
    const similarity = cosine(vectors.subarray(0, 77), vectors.subarray(77))
    const at = (floor: number) =>
      neighbourPairs({ vectors, dimensions: 77, count: 2, floor, mode: 'exact' })
    expect((await at(similarity)).similarities).toEqual(Float64Array.of(similarity))
    expect((await at(similarity + 2 ** -53)).similarities).toEqual(Float64Array.of())
  })

  test('sees only directions, at any length, in either precision', async () => {
    const dimensions = 48
    const single = randomVectors({ count: 60, dimensions, seed: 11, clusters: 5 })
    const vectors = Float64Array.from(
      single,
      (x, k) => x * 10 ** ((Math.floor(k / dimensions) % 100) - 50),
    )
    const options = { vectors, dimensions, count: 60, floor: 0.8, mode: 'exact' } as const
    const found = triplesOf(await neighbourPairs(options))
    expect(found).toEqual(bruteForce(vectors, dimensions, 0.8))
    const pairs = (all: readonly Triple[]) => all.map(([i, j]) => [i, j])
    expect(pairs(found)).toEqual(pairs(bruteForce(single, dimensions, 0.8)))
  })

  test('gives a zero vector no neighbours, and equal vectors a similarity of exactly 1', async () => {
    const vectors = Float32Array.of(0, 0, 0.1, 0.7, 0, 0, 0.1, 0.7, -0.1, -0.7)
    const options = { vectors, dimensions: 2, count: 5, mode: 'exact' } as const
    expect(triplesOf(await neighbourPairs({ ...options, floor: -1 }))).toEqual([
      [3, 1, 1],
      [4, 1, -1],
      [4, 3, -1],
    ])
    expect(triplesOf(await neighbourPairs({ ...options, floor: 1 }))).toEqual([[3, 1, 1]])
  })
})

describe('a fast search', () => {
  const count = 5000
  const dimensions = 96
  const floor = 0.8
  test.each([
    ['directions all around', {}, 256],
    ['directions all around, long hashes', {}, 512],
    ['directions that gather around their mean', { shift: 0.9, spread: 0.6 }, 256],
  ] as const)('finds nearly all pairs of %s', async (_, shape, hashBits) => {
    const vectors = randomVectors({ count, dimensions, seed: 21, clusters: 200, ...shape })
    const options = { vectors, dimensions, count, floor } as const
    const fast = await neighbourPairs({ ...options, mode: 'fast', hashBits })
    const exact = triplesOf(await neighbourPairs({ ...options, mode: 'exact' }))
    const expected = new Map(exact.map(([i, j, similarity]) => [`${i} ${j}`, similarity]))
    const found = triplesOf(fast)
    expect(fast.method).toBe('simhash')
    for (const [i, j, similarity] of found) expect(expected.get(`${i} ${j}`)).toBe(similarity)
    expect(found.length / exact.length).toBeGreaterThan(0.999)
    expect(found.length).toBeLessThanOrEqual(exact.length)
    expect(fast.recall?.truePairs).toBeGreaterThan(500)
    expect(fast.recall?.found).toBeLessThanOrEqual(fast.recall?.truePairs ?? 0)
  })

  test('compares all pairs where few vectors, few dimensions or crowded hashes make that quicker', async () => {
    const methodOf = async (shape: Shape) => {
      const vectors = randomVectors(shape)
      return (await neighbourPairs({ ...shape, vectors, floor, mode: 'fast' })).method
    }
    expect(await methodOf({ count: 500, dimensions, seed: 1 })).toBe('scan')
    expect(await methodOf({ count, dimensions: 32, seed: 1 })).toBe('scan')
    expect(await methodOf({ count, dimensions, seed: 1, clusters: 1, spread: 0.75 })).toBe('scan')
  })
})

describe('a search', () => {
  const dimensions = 64
  const count = 6000
  const vectors = randomVectors({ count, dimensions, seed: 31 })
  const options = { vectors, dimensions, count, floor: 0.9, mode: 'exact' } as const

  test('says how far it is', async () => {
    const told: number[] = []
    await neighbourPairs({
      ...options,
      onProgress: ({ done, total }) => {
        expect(total).toBe((count * (count - 1)) / 2)
        told.push(done)
      },
    })
    expect(told.length).toBeGreaterThan(1)
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe((count * (count - 1)) / 2)
  })

  test('stops when it is cancelled, before it began or under way', async () => {
    const gone = AbortSignal.abort(new Error('no longer wanted'))
    await expect(neighbourPairs({ ...options, signal: gone })).rejects.toThrow('no longer wanted')
    const controller = new AbortController()
    let told = 0
    const search = neighbourPairs({
      ...options,
      signal: controller.signal,
      onProgress: () => {
        told++
        controller.abort(new Error('enough'))
      },
    })
    await expect(search).rejects.toThrow('enough')
    expect(told).toBe(1)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e80])(
    'refuses a component of %d',
    async (bad) => {
      const spoiled = Float64Array.from(vectors.subarray(0, 10 * dimensions))
      spoiled[7 * dimensions + 3] = bad
      const search = neighbourPairs({ ...options, vectors: spoiled, count: 10 })
      await expect(search).rejects.toThrow(VectorError)
      await expect(search).rejects.toMatchObject({ row: 7 })
    },
  )

  test('refuses vectors and keys that are not as many as said', async () => {
    const groups = new Uint32Array(3)
    await expect(neighbourPairs({ ...options, groups })).rejects.toThrow(RangeError)
    await expect(neighbourPairs({ ...options, count: count + 1 })).rejects.toThrow(VectorError)
  })
})
