import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileSchema } from '../../src/engine/json-schema.ts'

const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
  required: ['name'],
  additionalProperties: false,
}

const tree = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: { value: {}, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
      required: ['value'],
    },
  },
}

const conditional = '{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}}'

/** Schema, values that fit, values that do not: as the standard (2020-12) has it. */
const cases: readonly (readonly [unknown, readonly unknown[], readonly unknown[]])[] = [
  [true, [1, null, {}], []],
  [false, [], [1, null, {}]],
  [{}, [1, 'a', []], []],
  [{ type: 'integer' }, [1, 1.0, -3], [1.5, '1', null, true]],
  [{ type: 'number' }, [1, 1.5], ['1', null]],
  [{ type: ['string', 'null'] }, ['a', null], [1, [], {}]],
  [{ type: 'object' }, [{}], [[], null, 'a']],
  [{ type: 'array' }, [[]], [{}, 'a']],
  [{ type: 'boolean' }, [true, false], [0, 'true']],
  [{ enum: [1, 'a', null, { x: [1] }] }, [1, 'a', null, { x: [1] }], [2, 'b', { x: [2] }]],
  [{ const: { a: [1], b: 2 } }, [{ b: 2, a: [1] }], [{ a: [1] }, { a: [1], b: 3 }]],
  [{ minimum: 3 }, [3, 4, 'abc'], [2.9]],
  [{ exclusiveMinimum: 3, maximum: 5 }, [3.1, 5], [3, 5.1]],
  [{ exclusiveMaximum: 3 }, [2.9, 'x'], [3]],
  [{ multipleOf: 0.1 }, [0.3, 0, 7], [0.35]],
  [{ minLength: 2, maxLength: 3 }, ['ab', 'abc', 5, '😀😀'], ['a', 'abcd', '😀']],
  [{ pattern: '^\\d+$' }, ['12', 5], ['a1', '']],
  [{ format: 'email' }, ['not one'], []],
  [{ items: { type: 'integer' } }, [[], [1, 2], 'x'], [[1, 'a']]],
  [{ prefixItems: [{ type: 'string' }], items: false }, [['a'], []], [['a', 1], [1]]],
  [{ items: [{ type: 'string' }, { type: 'integer' }] }, [['a', 1, null]], [['a', 'b']]],
  [{ contains: { type: 'string' } }, [[1, 'a'], {}], [[1], []]],
  [{ contains: { const: 1 }, minContains: 2, maxContains: 3 }, [[1, 1]], [[1], [1, 1, 1, 1]]],
  [{ contains: { const: 1 }, minContains: 0 }, [[]], []],
  [
    { uniqueItems: true },
    [[1, '1', { a: 1, b: 2 }]],
    [
      [1, 1],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  [{ minItems: 1, maxItems: 2 }, [[1], 'x'], [[], [1, 2, 3]]],
  [
    person,
    [{ name: 'A' }, { name: 'A', age: 3 }],
    [{}, { name: 'A', age: -1 }, { name: 'A', x: 1 }, 'A'],
  ],
  [{ properties: { a: { type: 'integer' } } }, [{ a: 1 }, {}, 5], [{ a: 'x' }]],
  [{ patternProperties: { '^n_': { type: 'number' } } }, [{ n_a: 1, b: 'x' }], [{ n_a: 'x' }]],
  [
    {
      properties: { a: {} },
      patternProperties: { '^b': {} },
      additionalProperties: { type: 'null' },
    },
    [{ a: 1, b1: 1, c: null }],
    [{ c: 1 }],
  ],
  [{ propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }, 'x'], [{}, { a: 1, b: 2, c: 3 }]],
  [{ required: ['constructor'] }, [{ constructor: 1 }, 'x'], [{}]],
  [{ dependentRequired: { card: ['address'] } }, [{}, { card: 1, address: 2 }], [{ card: 1 }]],
  [{ dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
  [{ allOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1, b: 1 }], [{ a: 1 }]],
  [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['a', 6], [4]],
  [{ oneOf: [{ type: 'integer' }, { minimum: 2 }] }, [1, 2.5, 'x'], [3]],
  [{ not: { type: 'string' } }, [1], ['a']],
  [JSON.parse(conditional), ['ab', 2], ['a', 1]],
  [JSON.parse('{"then": false, "else": false}'), [1], []],
  [tree, [{ value: 1, children: [{ value: 2, children: [] }] }], [{ value: 1, children: [{}] }]],
  [{ definitions: { a: { const: 1 } }, $ref: '#/definitions/a' }, [1], [2]],
  [{ $defs: { 'a/b~c': { const: 1 } }, $ref: '#/$defs/a~1b~0c' }, [1], [2]],
  [{ title: 'T', description: 'D', default: 1, examples: [], 'x-note': 1 }, [1, 'a'], []],
]

describe('a JSON Schema', () => {
  it.each(cases)('%j', (schema, fitting, others) => {
    const fits = compileSchema(schema)
    for (const value of fitting) expect(fits(value), JSON.stringify(value)).toBe(true)
    for (const value of others) expect(fits(value), JSON.stringify(value)).toBe(false)
  })

  it('reads names from answers as names, whatever objects inherit', () => {
    const fits = compileSchema({ properties: { constructor: { type: 'string' } } })
    expect(fits({})).toBe(true)
    expect(fits(JSON.parse('{"__proto__": 1, "constructor": 2}'))).toBe(false)
    const closed = compileSchema({ additionalProperties: false })
    expect(closed(JSON.parse('{"__proto__": 1}'))).toBe(false)
  })

  it.each([
    [{ unevaluatedProperties: false }, 'the JSON Schema keyword "unevaluatedProperties"'],
    [{ properties: { a: { requierd: ['x'] } } }, '"requierd" is not supported'],
    [{ $ref: 'https://example.com/schema' }, 'nothing at "https://example.com/schema"'],
    [{ $ref: '#/$defs/none', $defs: {} }, 'nothing at "#/$defs/none"'],
    [{ anyOf: {} }, 'are lists'],
    [{ properties: ['a'] }, 'are objects'],
    [{ type: 'int' }, 'no type "int"'],
    [{ pattern: '(' }, 'no regular expression: ('],
    [{ patternProperties: { '(': {} } }, 'no regular expression: ('],
    [{ items: 3 }, 'is an object, true or false'],
  ])('that would be misread is refused: %j', (schema, message) => {
    expect(() => compileSchema(schema)).toThrow(message)
  })

  it('says the opposite inside "not", and holds where all of its parts do', () => {
    const schemas = fc.constantFrom(...cases.map(([schema]) => schema))
    fc.assert(
      fc.property(schemas, schemas, fc.jsonValue(), (a, b, value) => {
        fc.pre(!JSON.stringify([a, b]).includes('$ref'))
        const [fitsA, fitsB] = [compileSchema(a)(value), compileSchema(b)(value)]
        expect(compileSchema({ not: a })(value)).toBe(!fitsA)
        expect(compileSchema({ allOf: [a, b] })(value)).toBe(fitsA && fitsB)
        expect(compileSchema({ anyOf: [a, b] })(value)).toBe(fitsA || fitsB)
        expect(compileSchema({ oneOf: [a, b] })(value)).toBe(fitsA !== fitsB)
      }),
    )
  })
})
