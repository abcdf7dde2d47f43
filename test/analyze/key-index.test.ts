import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyIndex, NumberList } from '../../src/analyze/key-index.ts'

test('keys are numbered in the order they come, and found again', () => {
  const key = fc.maxSafeNat()
  fc.assert(
    fc.property(fc.array(key, { maxLength: 500 }), (keys) => {
      const index = new KeyIndex()
      const known = new Map<number, number>()
      for (const each of keys) {
        const expected = known.get(each) ?? known.size
        known.set(each, expected)
        expect(index.add(each)).toBe(expected)
      }
      expect(index.size).toBe(known.size)
      for (const [each, number] of known) expect(index.find(each)).toBe(number)
    }),
  )
})

test('an unknown key has no number', () => {
  const index = new KeyIndex()
  index.add(7)
  expect(index.find(8)).toBe(-1)
})

test('keys that differ in their high bits alone do not crowd one place', () => {
  const index = new KeyIndex()
  const keys = 200_000
  // Crowded, these would take some 10^10 steps, far beyond the limit of any test.
  for (let part = 0; part < keys; part++) index.add(part * 2 ** 32)
  expect(index.size).toBe(keys)
})

test('a list of numbers grows as it is written to', () => {
  const list = new NumberList(Number.NaN, 2)
  list.set(9, 4)
  list.set(3, 1)
  list.set(3, list.get(3) + 1)
  expect([list.get(3), list.get(9)]).toEqual([2, 4])
  expect(list.get(100)).toBeNaN()
})
