import { describe, expect, test } from 'vitest'
import { chooseHead, tailLengths } from '../../src/vectors/choose-head.ts'
import { dotLimit, unit } from '../../src/vectors/quantise.ts'
import { random } from './random-vectors.ts'

const width = 128
const count = 200

/** Unit rows whose components have these weights. */
function rowsOf(weight: (k: number) => number): Int16Array {
  const next = random(9)
  const rows = Float64Array.from(
    { length: count * width },
    (_, k) => (next() - 0.5) * weight(k % width),
  )
  return Int16Array.from(rows, (x, k) => {
    const row = Math.floor(k / width) * width
    return Math.round((x / Math.hypot(...rows.subarray(row, row + width))) * unit)
  })
}

const headFor = (weight: (k: number) => number, floor: number): number =>
  chooseHead({ rows: rowsOf(weight), width, count }, dotLimit(floor, width))

describe('the components looked at first', () => {
  test('are about half of alike ones, and fewer the higher the limit is', () => {
    const heads = [0.7, 0.8, 0.9, 0.95].map((floor) => headFor(() => 1, floor))
    expect(heads).toEqual([...heads].sort((a, b) => b - a))
    for (const head of heads) expect(head / width).toBeGreaterThan(0.05)
    for (const head of heads) expect(head / width).toBeLessThan(0.65)
  })

  test('are few where those weigh most, and all where the last weigh most or any pair may reach the limit', () => {
    expect(headFor((k) => (k < 16 ? 10 : 1), 0.8)).toBeLessThanOrEqual(32)
    expect(headFor((k) => (k < width - 8 ? 0.01 : 1), 0.8)).toBe(width)
    expect(headFor(() => 1, -1)).toBe(width)
  })
})

test('what is left behind a head is never made shorter than it is', () => {
  const rows = rowsOf(() => 1)
  const tails = tailLengths({ rows, width, count }, 48)
  for (const [row, tail] of tails.entries()) {
    const exact = Math.hypot(...rows.subarray(row * width + 48, (row + 1) * width))
    expect(tail).toBeGreaterThanOrEqual(exact)
    expect(tail / exact).toBeLessThan(1 + 1e-6)
  }
})
