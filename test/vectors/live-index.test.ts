import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cosine } from '../../src/vectors/cosine.ts'
import { type Nearest, openLiveIndex } from '../../src/vectors/live-index.ts'
import { VectorError } from '../../src/vectors/vector-error.ts'
import { random, randomVectors } from './random-vectors.ts'

/** The same with a list and a loop. */
class Loop {
  #entries: { readonly id: number; readonly vector: Float32Array; readonly group: string }[] = []

  get size(): number {
    return this.#entries.length
  }

  add(id: number, vector: Float32Array, group: string): void {
    this.remove(id)
    if (vector.some((x) => x !== 0)) this.#entries.push({ id, vector, group })
  }

  remove(id: number): boolean {
    const before = this.#entries.length
    this.#entries = this.#entries.filter((entry) => entry.id !== id)
    return this.#entries.length < before
  }

  nearest(
    vector: Float32Array,
    group: string,
    floor: number,
    accepts: (id: number) => boolean = () => true,
  ): Nearest<number> | null {
    let best: Nearest<number> | null = null
    for (const entry of this.#entries) {
      if (entry.group !== group || !accepts(entry.id)) continue
      const similarity = cosine(vector, entry.vector)
      if (similarity >= floor && similarity > (best?.similarity ?? -2))
        best = { id: entry.id, similarity }
    }
    return best
  }
}

const dimensions = 24
/** Few, so that equal ones meet; one is zero. */
const pool = Array.from({ length: 40 }, (_, row) =>
  row === 0
    ? new Float32Array(dimensions)
    : randomVectors({ count: 1, dimensions, seed: Math.floor(row / 2) }),
)
const group = fc.constantFrom('a', 'b', '')
const vector = fc.nat(pool.length - 1).map((row) => pool[row] ?? new Float32Array(dimensions))
const operation = fc.oneof(
  fc.record({ do: fc.constant('add' as const), id: fc.nat(60), vector, group }),
  fc.record({ do: fc.constant('remove' as const), id: fc.nat(60) }),
  fc.record({
    do: fc.constant('ask' as const),
    vector,
    group,
    floor: fc.constantFrom(-1, 0, 0.3, 0.9, 1),
    refused: fc.constantFrom(1, 2, 3),
  }),
)

test.each(['exact', 'fast'] as const)(
  'answers what a loop over all entries answers, whatever was added and removed: %s',
  (mode) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300, size: 'max' }), (operations) => {
        const index = openLiveIndex<number>({ dimensions, mode })
        const loop = new Loop()
        for (const each of operations) {
          if (each.do === 'add') {
            index.add(each.id, each.vector, each.group)
            loop.add(each.id, each.vector, each.group)
          } else if (each.do === 'remove') {
            expect(index.remove(each.id)).toBe(loop.remove(each.id))
          } else {
            const accepts = (id: number) => each.refused === 1 || id % each.refused !== 0
            const ask = (who: Pick<Loop, 'nearest'>) =>
              who.nearest(each.vector, each.group, each.floor, accepts)
            expect(ask(index)).toEqual(ask(loop))
          }
          expect(index.size).toBe(loop.size)
        }
      }),
      { numRuns: 100 },
    )
  },
)

describe('a large index', () => {
  const count = 6000
  const wide = 96
  const vectors = randomVectors({ count, dimensions: wide, seed: 3, clusters: 900 })
  const at = (row: number) => vectors.subarray(row * wide, (row + 1) * wide)

  const groupOf = (id: number) => (id % 10 === 0 ? 'rare' : 'common')
  const changed: readonly { readonly id: number; readonly gone: number | null }[] = (() => {
    const next = random(5)
    return Array.from({ length: count }, (_, id) => ({
      id,
      gone: next() < 0.3 ? Math.floor(next() * id) : null,
    }))
  })()

  /** What is answered while entries come and go: after every fortieth. */
  function answers(index: Pick<Loop, 'add' | 'remove' | 'nearest'>) {
    const next = random(7)
    return changed.flatMap(({ id, gone }) => {
      index.add(id, at(id), groupOf(id))
      if (gone !== null) index.remove(gone)
      const asked = Math.floor(next() * count)
      return id % 40 === 39 ? [index.nearest(at(asked), groupOf(asked), 0.8)] : []
    })
  }
  const expected = answers(new Loop())

  test('answers right while it grows and shrinks', () => {
    expect(expected.filter((answer) => answer !== null).length).toBeGreaterThan(30)
    expect(answers(openLiveIndex({ dimensions: wide, mode: 'exact' }))).toEqual(expected)
  })

  test('misses hardly anything by its hashes', () => {
    const found = answers(openLiveIndex({ dimensions: wide, mode: 'fast' }))
    const isRight = (answer: Nearest<number> | null, n: number) =>
      answer?.id === expected[n]?.id && answer?.similarity === expected[n]?.similarity
    expect(found.filter(isRight).length).toBeGreaterThanOrEqual(expected.length - 1)
  })
})

test('asks to accept only what would be the answer', () => {
  const index = openLiveIndex<string>({ dimensions: 2, mode: 'exact' })
  index.add('near', Float32Array.of(1, 0.1), 'g')
  index.add('far', Float32Array.of(0, 1), 'g')
  index.add('nearer', Float64Array.of(1, 0.01), 'g')
  index.add('elsewhere', Float32Array.of(1, 0), 'h')
  const asked: string[] = []
  const nearest = index.nearest(Float32Array.of(1, 0), 'g', 0.5, (id) => {
    asked.push(id)
    return id !== 'nearer'
  })
  expect(nearest?.id).toBe('near')
  expect(asked.sort()).toEqual(['near', 'nearer'])
})

test('keeps its own copy of a vector', () => {
  const index = openLiveIndex<number>({ dimensions: 2, mode: 'exact' })
  const changing = Float32Array.of(1, 0)
  index.add(1, changing, 'g')
  changing.set([0, 1])
  expect(index.nearest(Float32Array.of(1, 0), 'g', 0.9)).toEqual({ id: 1, similarity: 1 })
})

test('refuses what has no cosine, and keeps what it had', () => {
  const index = openLiveIndex<number>({ dimensions: 2, mode: 'fast' })
  index.add(1, Float32Array.of(1, 0), 'g')
  expect(() => index.add(1, Float32Array.of(Number.NaN, 1), 'g')).toThrow(VectorError)
  expect(() => index.add(1, Float32Array.of(1, 1, 1), 'g')).toThrow(VectorError)
  expect(() => index.nearest(Float32Array.of(1), 'g', 0)).toThrow(VectorError)
  expect(index.nearest(Float32Array.of(1, 0), 'g', 1)).toEqual({ id: 1, similarity: 1 })
})
