import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderDescending } from '../../src/simulate/order-descending.ts'

const values = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ min: 0.7, max: 1, noNaN: true }),
  fc.constantFrom(0, -0, 1, -1, 1 + Number.EPSILON, 1 - Number.EPSILON / 2),
)

test('indexes stand in the order of a stable sort, to the last bit of a number', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 50 }), (list) => {
      const expected = [...list.keys()].sort((a, b) => {
        const [left, right] = [list[a] as number, list[b] as number]
        return left === right ? a - b : right > left ? 1 : -1
      })
      expect([...orderDescending(Float64Array.from(list))]).toEqual(expected)
    }),
  )
})
