import { describe, expect, test } from 'vitest'
import { seedSpreads } from '../../scripts/seed-spreads.ts'

describe('literals that begin with a spread are seeded', () => {
  test.each([
    ['f({ ...a, n: 1 })', 'f({ ...null, ...a, n: 1 })'],
    ['f({ ...a })', 'f({ ...null, ...a })'],
    ['f({ ...{ ...a }, b })', 'f({ ...null, ...{ ...null, ...a }, b })'],
    ['f({\n  ...a,\n  n: 1,\n})', 'f({\n  ...null, ...a,\n  n: 1,\n})'],
    ['f({ ...(a && { b }), c })', 'f({ ...null, ...(a && { b }), c })'],
  ])('%s', (code, seeded) => {
    expect(seedSpreads(code)).toBe(seeded)
  })

  test.each([
    'f({ n: 1, ...a })',
    'f([...a], ...b)',
    'const { ...rest } = a',
    'const f = ({ ...rest }) => rest',
    "f('{ ...a }', `{ ...a }`, /{ ...a }/)",
    '// { ...a }',
  ])('not: %s', (code) => {
    expect(seedSpreads(code)).toBe(code)
  })

  test('and mean what they meant', () => {
    const code = '({ ...{ a: 1, b: 2 }, b: 3, ...{ c: { ...{ d: 4 } } } })'
    const seeded = seedSpreads(code)
    expect(seeded).toContain('...null, ')
    // biome-ignore lint/security/noGlobalEval: what the code says is what is asked here
    expect(Object.entries(eval(seeded) as object)).toEqual(Object.entries(eval(code) as object))
  })
})
