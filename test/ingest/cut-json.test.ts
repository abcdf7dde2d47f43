import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCutOff } from '../../src/ingest/cut-json.ts'

describe('parseCutOff', () => {
  test.each([
    ['{"a":1,"b":"long te', { a: 1, b: 'long te' }],
    ['{"a":1,"b', { a: 1 }],
    ['{"a":1,', { a: 1 }],
    ['{"a":{"b":[1,2,{"c":"x\\', { a: { b: [1, 2, { c: 'x' }] } }],
    ['{"a":"x\\u00', { a: 'x' }],
    ['{"a":"x\\\\', { a: 'x\\' }],
    ['{"a":tr', {}],
    ['[{"a":1},{"b":2', [{ a: 1 }, {}]],
    ['{"a":1}', { a: 1 }],
    ['', undefined],
    ['no json', undefined],
  ])('%s', (text, value) => {
    expect(parseCutOff(text)).toEqual(value)
  })

  test('gives a value for every beginning of an object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, length) => {
        const text = JSON.stringify(value)
        expect(parseCutOff(text)).toEqual(JSON.parse(text))
        expect(parseCutOff(text.slice(0, 1 + (length % text.length)))).toBeTypeOf('object')
      }),
    )
  })
})
