import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOf, SplitMap } from '../../src/vectors/split-map.ts'

test('is a map, whatever its size', () => {
  const key = fc.oneof(fc.integer({ min: -9000, max: 9000 }), fc.string({ maxLength: 3 }))
  const change = fc.tuple(fc.boolean(), key)
  fc.assert(
    fc.property(fc.array(change), fc.integer({ min: 0, max: 6000 }), (changes, many) => {
      const [split, plain] = [new SplitMap<string | number, number>(endOf), new Map()]
      for (let n = 0; n < many; n++) {
        split.set(n, n)
        plain.set(n, n)
      }
      for (const [n, [isSet, name]] of changes.entries()) {
        if (!isSet) expect(split.delete(name)).toBe(plain.delete(name))
        else {
          split.set(name, n)
          plain.set(name, n)
        }
      }
      expect(split.size).toBe(plain.size)
      for (const [name, value] of plain) expect(split.get(name)).toBe(value)
      for (const [, name] of changes) expect(split.get(name)).toBe(plain.get(name))
    }),
    { numRuns: 60 },
  )
})
