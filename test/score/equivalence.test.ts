import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type GivenAnswer,
  longestDecisiveWords,
  rightFrom,
  verdictOf,
  wrongBelow,
} from '../../src/score/equivalence.ts'

const text = (value: string): GivenAnswer => ({ text: value, label: null })
const judge = (a: string, b: string, alike?: number | null) =>
  verdictOf(text(a), text(b), alike === undefined ? {} : { similarity: () => alike })

const long = `${'The same words go on and on in this answer. '.repeat(6)}It is about one thing`

describe('whether a served answer fits', () => {
  it('is decided by labels where both answers have one, whatever the texts say', () => {
    const labelled = (label: string | null, value: string | null = 'x') => ({ text: value, label })
    expect(verdictOf(labelled('a', 'one'), labelled('a', 'two'))).toEqual({
      verdict: 'right',
      rung: 'label',
    })
    expect(verdictOf(labelled('a'), labelled('b'))).toEqual({ verdict: 'wrong', rung: 'label' })
    expect(verdictOf(labelled('a', null), labelled('b', null)).rung).toBe('label')
    expect(verdictOf(labelled('a'), labelled(null)).rung).toBe('identical')
  })

  it.each([
    ['identical', 'Yes, you can.', 'Yes, you can.'],
    ['normalised', 'Yes, you can.', '  yes,\n you  can'],
    ['normalised', 'Done!', 'done'],
    ['json', '{"a": 1.0, "b": [true, null]}', '{"b":[true,null],"a":1}'],
    ['json', '```json\n{"a": 1}\n```', '{"a":1}'],
  ])('is right when %s', (rung, a, b) => {
    expect(judge(a, b, 0)).toEqual({ verdict: 'right', rung })
  })

  it.each([
    ['numbers', 'It costs $20 a month.', 'The monthly price is $30.'],
    ['numbers', 'You have until March 5.', 'You have until March 15.'],
    ['names', 'Go to Settings and open Billing there.', 'Go to Settings and open Invoices there.'],
    ['negation', 'Yes, you can cancel at any time.', 'You cannot cancel before the year is over.'],
    ['numbers', '{"total": 12}', '{"total": 21}'],
  ])('is wrong in a short answer with other %s', (guard, a, b) => {
    expect(judge(a, b, 0.9)).toEqual({ verdict: 'wrong', rung: 'guard', guard })
    expect(judge(a, b)).toEqual({ verdict: 'wrong', rung: 'guard', guard })
  })

  it('is not decided by a detail of a long answer, unless all else is alike', () => {
    const [a, b] = [`${long} for 20 people`, `${long} for 30 people`] as const
    expect(judge(a, b)).toEqual({ verdict: 'unsettled', rung: null })
    expect(judge(a, b, 0.9)).toEqual({ verdict: 'unsettled', rung: null })
    expect(judge(a, b, rightFrom)).toEqual({ verdict: 'wrong', rung: 'guard', guard: 'numbers' })
    expect(judge(a, b, 0.1)).toEqual({ verdict: 'wrong', rung: 'similarity' })
  })

  it('is decided by details up to the last decisive word', () => {
    const words = (count: number, last: string) => `${'word '.repeat(count - 1)}${last}`
    const at = (count: number) => judge(words(count, '20'), words(count, '30')).verdict
    expect(at(longestDecisiveWords)).toBe('wrong')
    expect(at(longestDecisiveWords + 1)).toBe('unsettled')
  })

  it.each([
    [1, 'right'],
    [rightFrom, 'right'],
    [rightFrom - 1e-9, 'unsettled'],
    [wrongBelow, 'unsettled'],
    [wrongBelow - 1e-9, 'wrong'],
    [-1, 'wrong'],
    [null, 'unsettled'],
  ] as const)('at similarity %s is %s', (alike, verdict) => {
    const found = judge('you will find it in the menu', 'look into the menu for it', alike)
    expect(found).toEqual({ verdict, rung: verdict === 'unsettled' ? null : 'similarity' })
  })

  it('reads the numbers of a list as none', () => {
    expect(judge('1. open it\n2. close it', 'open it\nclose it', 0.99).verdict).toBe('right')
  })

  it('is unknown without an answer', () => {
    const nothing: GivenAnswer = { text: null, label: null }
    expect(verdictOf(nothing, text('x'))).toEqual({ verdict: 'unsettled', rung: null })
    expect(verdictOf(nothing, nothing)).toEqual({ verdict: 'unsettled', rung: null })
  })

  it('is the same both ways, and right of an answer itself', () => {
    const answers = fc.oneof(
      fc.json(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        'Yes.',
        'no',
        '5',
        '```json\n[1]\n```',
        '[1]',
        '{"a":1,"b":2}',
        '{"b":2,"a":1}',
      ),
    )
    fc.assert(
      fc.property(answers, answers, fc.double({ min: -1, max: 1, noNaN: true }), (a, b, alike) => {
        expect(judge(a, b, alike)).toEqual(judge(b, a, alike))
        expect(judge(a, a, alike).verdict).toBe('right')
      }),
    )
  })

  it('takes JSON with its keys in any order for the same, and any other value for another', () => {
    const turned = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turned)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([k, v]) => [k, turned(v)]),
            )
          : value
    const objects = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue(), { minKeys: 2 })
    fc.assert(
      fc.property(objects, (object) => {
        const [a, b] = [JSON.stringify(object), JSON.stringify(turned(object), null, 1)]
        expect(judge(a, b, 0).verdict).toBe('right')
        const other = JSON.stringify({ ...object, extra: 'more' })
        expect(judge(a, other, 0).verdict).not.toBe('right')
      }),
    )
  })

  it('does not fall over JSON of any depth', () => {
    const nested = (depth: number, inner: string) =>
      `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`
    expect(judge(nested(100, '1'), nested(100, ' 1')).verdict).toBe('right')
    for (const depth of [5_000, 200_000])
      expect(judge(nested(depth, '1'), nested(depth, ' 1')).verdict).toBe('unsettled')
  })
})
