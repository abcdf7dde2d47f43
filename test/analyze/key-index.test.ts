import { expect, test } from 'vitest'
import { KeyIndex } from '../../src/analyze/key-index.ts'

test('numbers keys in the order they come', () => {
  const index = new KeyIndex(1)
  expect([7, 9, 7, 2 ** 52, 0, 9].map((key) => index.add(key))).toEqual([0, 1, 0, 2, 3, 1])
  expect([index.size, index.find(2 ** 52), index.find(1)]).toEqual([4, 2, -1])
})

/** Slow by the square where such keys share a place: 200,000 of them would take minutes. */
test.each([
  ['low half', 1],
  ['high half', 2 ** 32],
  ['low half, in steps of a power of two', 2 ** 20],
])('spreads keys that differ in their %s', (_, step) => {
  const index = new KeyIndex()
  for (let key = 0; key < 200_000; key++) index.add(key * step)
  expect(index.size).toBe(200_000)
})
