import { describe, expect, test } from 'vitest'
import { countOf, firstCount } from '../../src/domain/json.ts'

describe('a count of a log', () => {
  test.each([
    [12, 12],
    ['12', 12],
    [' 12.0 ', 12],
    ['1,694', 1694],
    ['12,345,678', 12_345_678],
    [-3, -3],
  ])('%j is %d', (written, count) => {
    expect(countOf(written)).toBe(count)
  })

  test.each([
    [undefined],
    [null],
    [''],
    [' '],
    ['NULL'],
    ['None'],
    ['nan'],
    ['NaN'],
    ['N/A'],
    ['\\N'],
    ['-'],
    ['–'],
  ])('%j is left out', (written) => {
    expect(countOf(written)).toBeUndefined()
    expect(firstCount(written, 7)).toBe(7)
  })

  test.each([['12x'], ['1,69'], ['1,6944'], ['Infinity'], [{ count: 1 }], [[1]], [true]])(
    '%j is there and no count',
    (written) => {
      expect(countOf(written)).toBeNaN()
      expect(firstCount(written, 7)).toBeNaN()
    },
  )
})
