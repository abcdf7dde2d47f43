import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Answer } from '../../src/domain/request.ts'
import type { Judged, Verdict } from '../../src/engine/answer-tests.ts'
import { type Asks, compileValidators, unasked } from '../../src/engine/validators.ts'
import { presetRoute } from '../../src/policy/route-presets.ts'
import type { Validator, ValidatorTest } from '../../src/policy/routing.ts'
import { isAdequate } from '../support/adequate-answer.ts'

const nobody: Asks = async () => unasked

const named = (
  name: string,
  test: ValidatorTest,
  mode: Validator['mode'] = 'enforce',
): Validator => ({ name, mode, maxFalsePassRate: 0.03, test })

const judged = (answer: Answer | string, rest: Partial<Judged> = {}): Judged => ({
  question: 'What is a ledger?',
  answer: typeof answer === 'string' ? { text: answer } : answer,
  meanLogProbability: null,
  ...rest,
})

const verdictOf = async (test: ValidatorTest, each: Judged): Promise<Verdict> =>
  (await compileValidators([named('it', test)])(each, nobody)).verdict

const length = (min: number | null, max: number | null): ValidatorTest => ({
  kind: 'length',
  min,
  max,
})
const schema = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } }

describe('a validator', () => {
  it.each<[string, ValidatorTest, Answer | string, Verdict]>([
    ['minimum length', length(5, null), '  1234 ', 'fail'],
    ['minimum length', length(5, null), ' 12345 ', 'pass'],
    ['maximum length', length(null, 5), '123456', 'fail'],
    ['maximum length', length(null, 5), '12345', 'pass'],
    [
      'hedges',
      { kind: 'hedge', phrases: 'default', belowCharacters: 200 },
      'I’m  not sure.',
      'fail',
    ],
    ['hedges', { kind: 'hedge', phrases: 'default', belowCharacters: 10 }, "I'm not sure.", 'pass'],
    ['hedges', { kind: 'hedge', phrases: ['maybe'], belowCharacters: null }, 'Maybe so', 'fail'],
    [
      'hedges',
      { kind: 'hedge', phrases: ['maybe'], belowCharacters: null },
      "I'm not sure",
      'pass',
    ],
    [
      'refusals',
      { kind: 'refusal', phrases: 'default', belowCharacters: null },
      "I'm sorry, but I can't help with that.",
      'fail',
    ],
    [
      'refusals',
      { kind: 'refusal', phrases: 'default', belowCharacters: null },
      'Sorry for the wait: it is 7.',
      'pass',
    ],
    ['the ending', { kind: 'finish-reason', accept: ['stop'] }, { finishReason: 'length' }, 'fail'],
    ['the ending', { kind: 'finish-reason', accept: ['stop'] }, { finishReason: 'stop' }, 'pass'],
    ['the ending', { kind: 'finish-reason', accept: ['stop'] }, 'text', 'unknown'],
    ['JSON', { kind: 'json' }, ' {"a": [1]} ', 'pass'],
    ['JSON', { kind: 'json' }, '```json\n{}\n```', 'fail'],
    ['JSON', { kind: 'json' }, '', 'fail'],
    ['the schema', { kind: 'json-schema', schema }, '{"total": 3}', 'pass'],
    ['the schema', { kind: 'json-schema', schema }, '{"total": "3"}', 'fail'],
    ['the schema', { kind: 'json-schema', schema }, 'three', 'fail'],
    ['a pattern', { kind: 'regex', pattern: '\\bLEDGER\\b', must: 'match' }, 'a ledger', 'pass'],
    ['a pattern', { kind: 'regex', pattern: 'ledger', must: 'not-match' }, 'a ledger', 'fail'],
    ['what was not logged', length(1, null), {}, 'unknown'],
    ['tool calls without words', length(50, null), { toolCalls: [{ name: 'f' }] }, 'pass'],
    ['tool calls without words', { kind: 'json' }, { text: ' ', toolCalls: [{}] }, 'pass'],
    ['tool calls with words', length(50, null), { text: 'Hm', toolCalls: [{}] }, 'fail'],
  ])('judges %s (%j) of %j: %s', async (_, test, answer, expected) => {
    expect(await verdictOf(test, judged(answer))).toBe(expected)
  })

  it.each([
    [-0.1, 'pass'],
    [-0.5, 'pass'],
    [-0.6, 'fail'],
    [null, 'unknown'],
  ] as const)('judges a mean log-probability of %s: %s', async (meanLogProbability, expected) => {
    const test: ValidatorTest = { kind: 'log-probability', minMean: -0.5 }
    expect(await verdictOf(test, judged('x', { meanLogProbability }))).toBe(expected)
  })

  it('rejects JSON too deep to be looked at', async () => {
    const node = { type: 'array', items: { $ref: '#' } }
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    expect(await verdictOf({ kind: 'json-schema', schema: node }, judged(deep))).toBe('fail')
  })

  it('refuses a schema that it would misread before any answer comes', () => {
    const bad: ValidatorTest = { kind: 'json-schema', schema: { requierd: [] } }
    expect(() => compileValidators([named('bad', bad)])).toThrow('"requierd" is not supported')
  })
})

describe("the cascade preset's validators", () => {
  const { to } = presetRoute('cascade')
  const ladder = to.kind === 'ladder' ? to.ladder : []
  const validate = compileValidators(ladder[0]?.validators ?? [])
  const isTaken = async (answer: string) =>
    (await validate(judged(answer), nobody)).verdict === 'pass'

  it.each([
    ['49 characters', 'x'.repeat(49), false],
    ['50 characters', 'x'.repeat(50), true],
    ['white space', ' '.repeat(80), false],
    ['a short hedge', `I'm not sure, ${'x'.repeat(60)}`, false],
    ['a short hedge in other letters', `Well, i’m not sure ${'x'.repeat(60)}`, false],
    ['a hedge in a long answer', `I'm not sure, ${'x'.repeat(200)}`, true],
  ])('judge %s', async (_, answer, expected) => {
    expect(await isTaken(answer)).toBe(expected)
  })

  it('take what is adequate', async () => {
    const pieces = fc.constantFrom(
      "I'm not sure",
      'I am  not\nsure',
      'i’m NOT sure',
      'xyz ',
      ' ',
      '.',
    )
    const answers = fc
      .tuple(fc.array(pieces, { maxLength: 5 }), fc.constantFrom(0, 30, 40, 45, 140, 180, 200))
      .map(([some, filling]) => `${some.join('')} ${'y'.repeat(filling)}`)
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        expect(await isTaken(answer)).toBe(isAdequate(answer))
      }),
    )
  })
})

describe('validators together', () => {
  const check = (name: string, mode?: Validator['mode']) =>
    named(name, { kind: 'self-check', target: name }, mode)
  const cost = 7 as NanoUsd

  /** Says of each target what it is told to, and notes who was asked. */
  const saying = (words: Readonly<Record<string, Verdict>>) => {
    const asked: string[] = []
    const asks: Asks = async (test) => {
      const target = test.kind === 'self-check' ? test.target : test.kind
      asked.push(target)
      return { verdict: words[target] ?? 'unknown', costNanoUsd: cost, latencyMs: 3 }
    }
    return { asked, asks }
  }

  it('try what is free first, and ask nobody after a rejection', async () => {
    const { asked, asks } = saying({ a: 'pass' })
    const validate = compileValidators([check('a'), named('short', length(null, 3))])
    const validation = await validate(judged('too long'), asks)
    expect(validation).toMatchObject({ verdict: 'fail', failed: 'short', costNanoUsd: 0 })
    expect(asked).toEqual([])
  })

  it('ask in order until one rejects, and add up what it took', async () => {
    const { asked, asks } = saying({ a: 'pass', b: 'fail', c: 'pass' })
    const validation = await compileValidators(['a', 'b', 'c'].map((name) => check(name)))(
      judged('x'),
      asks,
    )
    expect(asked).toEqual(['a', 'b'])
    expect(validation).toMatchObject({ failed: 'b', costNanoUsd: 14, latencyMs: 6, unknown: [] })
  })

  it('cannot tell where one of them cannot, unless another rejects', async () => {
    const two = compileValidators([check('a'), check('b')])
    expect(await two(judged('x'), saying({ b: 'pass' }).asks)).toMatchObject({
      verdict: 'unknown',
      failed: null,
      unknown: ['a'],
    })
    expect(await two(judged('x'), saying({ b: 'fail' }).asks)).toMatchObject({
      verdict: 'fail',
      failed: 'b',
    })
  })

  it('in shadow mode decide nothing and are counted', async () => {
    const validate = compileValidators([
      check('a', 'shadow'),
      named('short', length(null, 3), 'shadow'),
      check('b'),
    ])
    expect(await validate(judged('too long'), saying({ a: 'fail', b: 'pass' }).asks)).toEqual({
      verdict: 'pass',
      failed: null,
      unknown: [],
      shadow: [
        { name: 'short', verdict: 'fail' },
        { name: 'a', verdict: 'fail' },
      ],
      costNanoUsd: 14,
      latencyMs: 6,
    })
  })

  it('take any answer when there are none', async () => {
    expect(await compileValidators([])(judged({}), nobody)).toMatchObject({ verdict: 'pass' })
  })
})
