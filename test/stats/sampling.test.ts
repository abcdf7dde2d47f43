import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrapInterval, bootstrapWrongRate } from '../../src/stats/bootstrap.ts'
import { hypergeometricUpper } from '../../src/stats/hypergeometric.ts'
import { labelNumber } from '../../src/stats/label-sample.ts'
import { randomFrom, shuffle } from '../../src/stats/random.ts'

describe('seeded random numbers', () => {
  // Made with an independent Python version of sfc32 and SHA-256 (hashlib).
  it('are those of sfc32', () => {
    const random = randomFrom('llmcost')
    expect([random(), random(), random()].map((value) => value * 2 ** 32)).toEqual([
      1308156410, 2566665682, 1956540914,
    ])
  })

  it('are uniform enough for a shuffle to reach every order equally often', () => {
    const random = randomFrom('orders')
    const counts = new Map<string, number>()
    for (let i = 0; i < 12_000; i++) {
      const list = ['a', 'b', 'c', 'd']
      shuffle(list, random)
      counts.set(list.join(''), (counts.get(list.join('')) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 500) ** 2 / 500, 0)
    // The 99.9th percentile of chi-square with 23 degrees of freedom.
    expect(chiSquare).toBeLessThan(49.73)
  })
})

describe('the label sample', () => {
  it('gives each request one number for good, from seed and id', () => {
    // sha256("s\0req-1") and sha256("t\0req-1"), first 48 bits, by Python's hashlib.
    expect(labelNumber('s', 'req-1')).toBeCloseTo(0.21107579331830095, 12)
    expect(labelNumber('t', 'req-1')).toBeCloseTo(0.3425570534704221, 12)
  })

  it('only grows with the share, and holds that share of the requests', () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `request-${i}`)
    const drawn = (share: number) => ids.filter((id) => labelNumber('a', id) < share)
    const [tenth, fifth] = [drawn(0.1), new Set(drawn(0.2))]
    expect(tenth.every((id) => fifth.has(id))).toBe(true)
    expect(Math.abs(tenth.length - 2_000)).toBeLessThan(140)
    expect(Math.abs(fifth.size - 4_000)).toBeLessThan(190)
    expect(drawn(0)).toEqual([])
    expect(drawn(1)).toEqual(ids)
  })
})

describe('the bound for this log', () => {
  // Made with scipy 1.17 (hypergeom.cdf), trying every count.
  it.each([
    [1_000, 299, 0, 8],
    [1_000, 200, 5, 49],
    [50, 50, 7, 7],
    [500, 1, 0, 474],
    [500, 1, 1, 500],
    [20_000, 300, 12, 1_276],
    [10, 0, 0, 10],
  ])('of %i hits, %i labelled, %i of them wrong, is %i', (population, sample, wrong, bound) => {
    expect(hypergeometricUpper({ population, sample, wrong })).toBe(bound)
  })

  it('holds as often as it says, by counting all samples', () => {
    const small = fc.record({
      population: fc.integer({ min: 1, max: 12 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      truth: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(small, fc.constantFrom(0.8, 0.95), ({ population, share, truth }, level) => {
        const sample = Math.round(population * share)
        const all = Math.round(population * truth)
        let held = 0
        let samples = 0
        for (let mask = 0; mask < 1 << population; mask++) {
          if (bits(mask) !== sample) continue
          samples++
          const wrong = bits(mask & ((1 << all) - 1))
          if (hypergeometricUpper({ population, sample, wrong }, level) >= all) held++
        }
        expect(held / samples).toBeGreaterThanOrEqual(level - 1e-9)
      }),
      { numRuns: 40 },
    )
  })

  it('refuses a sample larger than the log', () => {
    expect(() => hypergeometricUpper({ population: 5, sample: 6, wrong: 0 })).toThrow(RangeError)
  })
})

const bits = (mask: number): number => mask.toString(2).replaceAll('0', '').length

describe('the bootstrap', () => {
  const entries = Array.from({ length: 120 }, (_, j) => ({
    hits: 1 + (j % 5),
    wrong: j % 6 === 0 ? 1 : 0,
  }))

  it('is the same for the same seed and another for another', () => {
    const first = bootstrapWrongRate(entries, { seed: 'fingerprint' })
    expect(bootstrapWrongRate(entries, { seed: 'fingerprint' })).toEqual(first)
    expect(bootstrapWrongRate(entries, { seed: 'other' })).not.toEqual(first)
    expect(first?.method).toBe('percentile-bootstrap (sfc32)')
  })

  it('is as wide as the spread over entries', () => {
    const { low = 0, high = 0 } = bootstrapWrongRate(entries, { seed: 'x' }) ?? {}
    const n = entries.reduce((sum, entry) => sum + entry.hits, 0)
    const p = 20 / n
    const squares = entries.reduce((sum, e) => sum + (e.wrong - p * e.hits) ** 2, 0)
    const standardError = Math.sqrt(squares) / n
    expect((high - low) / (2 * 1.96 * standardError)).toBeGreaterThan(0.9)
    expect((high - low) / (2 * 1.96 * standardError)).toBeLessThan(1.1)
    expect((low + high) / 2).toBeCloseTo(p, 2)
  })

  it('is wider where the wrong hits are of few entries', () => {
    const width = (list: typeof entries) => {
      const interval = bootstrapWrongRate(list, { seed: 'w' })
      return (interval?.high ?? 0) - (interval?.low ?? 0)
    }
    const spread = Array.from({ length: 400 }, (_, j) => ({ hits: 1, wrong: j < 40 ? 1 : 0 }))
    const flocks = Array.from({ length: 40 }, (_, j) => ({ hits: 10, wrong: j < 4 ? 10 : 0 }))
    expect(width(flocks) / width(spread)).toBeGreaterThan(2.5)
  })

  it('is not made of fewer than ten wrong hits, nor of nothing', () => {
    expect(bootstrapWrongRate([{ hits: 500, wrong: 9 }], { seed: 'x' })).toBeNull()
    expect(() => bootstrapInterval({ units: 0, statistic: () => 0, seed: 'x' })).toThrow(RangeError)
  })
})
