import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseHash } from '../../src/vectors/choose-hash.ts'
import { squaredLength } from '../../src/vectors/cosine.ts'
import type { HashBits } from '../../src/vectors/kernels.ts'
import {
  hashLimit,
  hashLimits,
  limitAt,
  transformLength,
  widestAngle,
} from '../../src/vectors/simhash.ts'
import { randomVectors, type Shape } from './random-vectors.ts'

describe('the number of bits in which hashes may differ', () => {
  test.each<[number, HashBits, number]>([
    [0.8, 256, 73],
    [0.8, 512, 134],
    [0.7, 256, 87],
    [0.7, 512, 161],
    [0.9, 256, 55],
    [0.9, 512, 99],
    [1, 256, 0],
    [-1, 512, 512],
  ])('at a cosine of %d and %i bits is %i', (cosine, bits, limit) => {
    expect(hashLimit(bits, Math.acos(cosine))).toBe(limit)
  })

  test('holds 99.9 % of the binomial distribution, and no smaller number does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), (thousandths) => {
        const p = thousandths / 1000
        const limit = hashLimit(256, p * Math.PI)
        expect(1 - upperTail(256, p, limit)).toBeGreaterThanOrEqual(0.999)
        expect(1 - upperTail(256, p, limit - 1)).toBeLessThan(0.999)
      }),
    )
  })

  test('is at most a little larger in the table, never smaller', () => {
    const table = hashLimits(256)
    fc.assert(
      fc.property(fc.double({ min: 0, max: Math.PI, noNaN: true }), (angle) => {
        const found = limitAt(table, angle)
        expect(found).toBeGreaterThanOrEqual(hashLimit(256, angle))
        if (angle < 2) expect(found).toBeLessThanOrEqual(hashLimit(256, angle) + 2)
      }),
    )
  })
})

/** P(Bin(n, p) > k), each term by logarithms. */
function upperTail(n: number, p: number, k: number): number {
  const logFactorials = [0]
  for (let i = 1; i <= n; i++) logFactorials.push((logFactorials[i - 1] ?? 0) + Math.log(i))
  const log = (i: number) => logFactorials[i] ?? 0
  let sum = 0
  for (let i = k + 1; i <= n; i++)
    sum += Math.exp(log(n) - log(i) - log(n - i) + i * Math.log(p) + (n - i) * Math.log1p(-p))
  return sum
}

test.each<[number, HashBits, number]>([
  [1, 256, 256],
  [96, 512, 512],
  [256, 256, 256],
  [257, 256, 512],
  [384, 512, 512],
  [1536, 256, 2048],
])('a transform of %i dimensions for %i bits has %i', (dimensions, bits, length) => {
  expect(transformLength(dimensions, bits)).toBe(length)
})

describe('the widest angle seen from a centre', () => {
  const length = fc.double({ min: 0.05, max: 1.4, noNaN: true })
  const cosine = fc.double({ min: -0.9, max: 0.99, noNaN: true })

  test('is that of the floor where the centre is the origin', () => {
    const one = { min: 1, max: 1 }
    for (const floor of [-0.5, 0, 0.7, 0.8, 0.99])
      expect(widestAngle(floor, one, one, 0)).toBeCloseTo(Math.acos(floor), 12)
  })

  test('is reached by no pair of lengths inside, of ends no further apart', () => {
    fc.assert(
      fc.property(length, length, length, length, cosine, (a, b, c, d, floor) => {
        const left = { min: Math.min(a, b), max: Math.max(a, b) }
        const right = { min: Math.min(c, d), max: Math.max(c, d) }
        const widest = widestAngle(floor, left, right, 0)
        for (let n = 0; n <= 10; n++) {
          for (let m = 0; m <= 10; m++) {
            const r = left.min + ((left.max - left.min) * n) / 10
            const t = right.min + ((right.max - right.min) * m) / 10
            const cos = (r * r + t * t - (2 - 2 * floor)) / (2 * r * t)
            if (cos <= 1) expect(Math.acos(Math.max(-1, cos))).toBeLessThanOrEqual(widest + 1e-7)
          }
        }
      }),
    )
  })
})

describe('directions', () => {
  const rowsOf = (shape: Shape) => {
    const vectors = randomVectors(shape)
    const squaredLengths = Float64Array.from({ length: shape.count }, (_, row) =>
      squaredLength(vectors, row, shape.dimensions),
    )
    return { vectors, dimensions: shape.dimensions, squaredLengths }
  }
  const shape = { count: 3000, dimensions: 128, seed: 5, clusters: 300 }

  test('that lie all around are hashed as seen from the origin', () => {
    expect(chooseHash(rowsOf(shape), 0.8, 256)).toEqual({ bits: 256, centre: null, lengths: null })
  })

  test('that gather around their mean are hashed as seen from there', () => {
    const rows = rowsOf({ ...shape, shift: 1 })
    const choice = chooseHash(rows, 0.8, 256)
    const mean = Math.hypot(...(choice?.centre ?? []))
    expect(mean ** 2).toBeGreaterThan(0.4)
    for (const [row, length] of choice?.lengths?.entries() ?? []) {
      const own = rows.vectors.subarray(row * 128, (row + 1) * 128)
      const scale = Math.sqrt(rows.squaredLengths[row] ?? 0)
      expect(length).toBeCloseTo(
        Math.hypot(...Array.from(own, (x, k) => x / scale - (choice?.centre?.[k] ?? 0))),
        12,
      )
    }
  })
})
