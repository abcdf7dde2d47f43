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

  walk(vector: Float32Array, group: string, floor: number): Nearest<number>[] {
    const near = this.#entries
      .filter((entry) => entry.group === group)
      .map(({ id, vector: other }) => ({ id, similarity: cosine(vector, other) }))
      .filter(({ similarity }) => similarity >= floor)
    // Stable: equals stay in the order they were added.
    return near.sort((a, b) => b.similarity - a.similarity)
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
            const walked = [...index.walk(each.vector, each.group, each.floor)]
            expect(walked).toEqual(loop.walk(each.vector, each.group, each.floor))
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

describe('a walk over very many that are alike', () => {
  const count = 30_000
  const index = openLiveIndex<number>({ dimensions: 2, mode: 'fast', capacity: count })
  // Each a little further away, in an order of no meaning.
  const rankOf = (id: number) => (id * 7919) % count
  for (let id = 0; id < count; id++) index.add(id, pointAt(rankOf(id) / 1e5), 'g')

  test('shows the most similar of them, in order', () => {
    const walked = [...index.walk(pointAt(0), 'g', 0.9)]
    expect(walked.length).toBe(1024)
    expect(walked.slice(0, 900).map(({ id }) => rankOf(id))).toEqual(
      Array.from({ length: 900 }, (_, rank) => rank),
    )
  })

  test('ends where nobody wants more', () => {
    const [first] = index.walk(pointAt(0), 'g', 0.9)
    expect(first).toEqual({ id: 0, similarity: 1 })
  })

  test('shows some of those that are all the same', () => {
    const same = openLiveIndex<number>({ dimensions: 2, mode: 'exact' })
    for (let id = 0; id < 5000; id++) same.add(id, pointAt(1), 'g')
    const walked = [...same.walk(pointAt(1), 'g', 1)]
    expect(walked.length).toBe(1024)
    expect(walked[0]).toEqual({ id: 0, similarity: 1 })
  })
})

describe('the recall of hashes', () => {
  const vectors = randomVectors({ count: 4000, dimensions: 96, seed: 11, clusters: 300 })
  const at = (row: number) => vectors.subarray(row * 96, (row + 1) * 96)
  const indexOf = (mode: 'exact' | 'fast') => {
    const index = openLiveIndex<number>({ dimensions: 96, mode })
    for (let id = 0; id < 4000; id++) index.add(id, at(id), 'g')
    return index
  }

  /** What a generator returns. */
  function drained<T>(steps: Generator<void, T>): T {
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
    }
  }

  test('stands however entries come and go between its steps', () => {
    const index = indexOf('fast')
    const steps = index.recall(at(0), 'g', 0.8)
    steps.next()
    for (let id = 0; id < 4000; id++) if (id % 7 > 0) index.remove(id)
    for (let id = 5000; id < 6000; id++) index.add(id, at(id - 5000), 'other')
    index.nearest(at(1), 'g', 0.8)
    const sample = drained(steps)
    const left = [...index.walk(at(0), 'g', 0.8)].length
    expect(sample).toEqual({ truePairs: left, found: left })
  })

  test('is counted against a look at all entries that are accepted', () => {
    const index = indexOf('fast')
    const loop = new Loop()
    for (let id = 0; id < 4000; id++) loop.add(id, at(id), 'g')
    const accepts = (id: number) => id % 3 > 0
    const counted = { truePairs: 0, found: 0 }
    for (let row = 0; row < 4000; row += 40) {
      const sample = drained(index.recall(at(row), 'g', 0.8, accepts))
      expect(sample?.truePairs).toBe(
        loop.walk(at(row), 'g', 0.8).filter(({ id }) => accepts(id)).length,
      )
      counted.truePairs += sample?.truePairs ?? 0
      counted.found += sample?.found ?? 0
    }
    expect(counted.truePairs).toBeGreaterThan(300)
    expect(counted.found).toBeLessThanOrEqual(counted.truePairs)
    expect(counted.found / counted.truePairs).toBeGreaterThan(0.99)
  })

  test('is no question where all entries are compared', () => {
    expect(drained(indexOf('exact').recall(at(0), 'g', 0.8))).toBeNull()
    expect(drained(indexOf('fast').recall(at(0), 'nobody', 0.8))).toBeNull()
  })
})

/** A direction in the plane. */
function pointAt(angle: number): Float32Array {
  return Float32Array.of(Math.cos(angle), Math.sin(angle))
}

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
