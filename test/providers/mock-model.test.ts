import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/domain/call.ts'
import { compileSchema } from '../../src/engine/json-schema.ts'
import { jsonFor } from '../../src/providers/mock-json.ts'
import { openMockModel } from '../../src/providers/mock-model.ts'
import { defaultMockSettings, type MockSettings } from '../../src/providers/mock-settings.ts'
import { rightWords, wrongAnswer, wrongWords } from '../../src/providers/mock-text.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { callOf } from './mock-call.ts'

const settings = (own: Partial<MockSettings>): MockSettings => ({ ...defaultMockSettings, ...own })
const textOf = (answer: { reply: { blocks: readonly object[] } }): string => {
  const [block] = answer.reply.blocks
  return block !== undefined && 'text' in block ? String(block.text) : ''
}
const inputOf = (answer: { reply: { blocks: readonly object[] } }): unknown => {
  const [block] = answer.reply.blocks
  return block !== undefined && 'input' in block ? JSON.parse(String(block.input)) : undefined
}

const draws = 10_000
/** Six standard deviations of a share of `draws`: passed by chance once in 500 million times. */
const bound = (share: number) => 6 * Math.sqrt((share * (1 - share)) / draws)
const questions = Array.from({ length: draws }, (_, at) => `question ${at}`)
const shareOf = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length

describe('repeatable', () => {
  test('equal settings, calls and turns give equal answers; a stream answers as a body does', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.nat(5),
        fc.boolean(),
        (seed, text, turn, streamed) => {
          const own = settings({ seed, accuracy: 0.5, faults: { '500': 0.2, stall: 0.2 } })
          const once = openMockModel(own)(callOf(text), turn)
          const again = openMockModel(structuredClone(own))(callOf(text, { streamed }), turn)
          expect(again).toEqual(once)
        },
      ),
    )
  })

  test('another seed, turn or model is another draw', () => {
    const rights = (seed: string, turn: number, model: string) => {
      const mock = openMockModel(settings({ seed, accuracy: 0.5 }))
      return questions.map((text) => mock(callOf(text, { model }), turn).isRight)
    }
    const first = rights('a', 0, 'weak')
    for (const other of [
      rights('b', 0, 'weak'),
      rights('a', 1, 'weak'),
      rights('a', 0, 'strong'),
    ]) {
      const agreement = shareOf(first.map((isRight, at) => isRight === other[at]))
      expect(Math.abs(agreement - 0.5)).toBeLessThan(bound(0.5))
    }
  })
})

describe('accuracy', () => {
  const mock = openMockModel(
    settings({
      accuracy: 0.64,
      models: [{ match: 'str*g', accuracy: 0.86 }],
    }),
    ({ turns }) => `the sum of ${JSON.stringify(turns).length}`,
  )

  test.each([
    ['weak', 0.64],
    ['strong', 0.86],
  ])('of %s is %d, in answers equal to the expected one', (model, accuracy) => {
    const rights = questions.map((text) => {
      const call = callOf(text, { model })
      const answer = mock(call)
      const isEqual = textOf(answer) === `the sum of ${JSON.stringify(call.turns).length}`
      expect(isEqual).toBe(answer.isRight)
      return isEqual
    })
    expect(Math.abs(shareOf(rights) - accuracy)).toBeLessThan(bound(accuracy))
  })

  test.each([0, 0.5, 1])(
    'two models share difficulty %d as stated, at their accuracies',
    (shared) => {
      const [p, q] = [0.5, 0.6]
      const own = settings({
        accuracy: p,
        sharedDifficulty: shared,
        models: [{ match: 'strong', accuracy: q }],
      })
      const pair = openMockModel(own)
      const both = questions.map((text) => ({
        weak: pair(callOf(text)).isRight,
        strong: pair(callOf(text, { model: 'strong' })).isRight,
      }))
      expect(Math.abs(shareOf(both.map(({ weak }) => weak)) - p)).toBeLessThan(bound(p))
      expect(Math.abs(shareOf(both.map(({ strong }) => strong)) - q)).toBeLessThan(bound(q))
      const bothRight = p * q + shared * (Math.min(p, q) - p * q)
      const share = shareOf(both.map(({ weak, strong }) => weak && strong))
      expect(Math.abs(share - bothRight)).toBeLessThan(bound(bothRight))
    },
  )

  test('models that are right without an expected answer say the same, wrong ones something else', () => {
    const free = openMockModel(settings({ accuracy: 0.5 }))
    const answers = Array.from({ length: 40 }, (_, turn) => free(callOf('why?'), turn))
    const right = new Set(answers.filter(({ isRight }) => isRight).map(textOf))
    expect(right.size).toBe(1)
    for (const answer of answers.filter(({ isRight }) => !isRight))
      expect(right).not.toContain(textOf(answer))
  })
})

describe('wrong answers', () => {
  test('no word of theirs is one of the right ones', () => {
    expect(wrongWords.filter((word) => rightWords.includes(word))).toEqual([])
  })

  test('never equal or contain the expected one, nor lie near it as a number', () => {
    const expected = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.json(),
      fc.constantFrom('yes', 'No', 'TRUE', 'A', 'e', 'z', '0', '-0', '1', '-3.5', '{}', '[]'),
      fc.constantFrom(...wrongWords, wrongWords.join(' ')),
    )
    fc.assert(
      fc.property(expected, fc.string(), (text, seed) => {
        const wrong = wrongAnswer(text, 12, randomFrom(seed))
        const bare = text.trim().toLowerCase()
        fc.pre(/[\p{L}\p{N}]/u.test(bare))
        expect(wrong.toLowerCase()).not.toContain(bare)
        if (/^-?[\d.]+$/.test(bare) && Number.isFinite(Number(wrong)))
          expect(Math.abs(Number(wrong) - Number(bare))).toBeGreaterThan(Math.abs(Number(bare)))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('lengths, times and faults', () => {
  test('made-up answers have the median and spread asked for', () => {
    const own = settings({ outputTokens: { median: 200, sigma: 0.6 } })
    const mock = openMockModel(own)
    const lengths = questions
      .slice(0, 2_000)
      .map((text) => mock(callOf(text)).reply.usage?.outputTokens ?? 0)
      .sort((a, b) => a - b)
    expect(lengths[1_000]).toBeGreaterThan(185)
    expect(lengths[1_000]).toBeLessThan(210)
    // exp(0.6 · 1.6449) = 2.683 times the median.
    expect(lengths[1_900]).toBeGreaterThan(470)
    expect(lengths[1_900]).toBeLessThan(600)
  })

  test('half of the first contents come before p50, 95 % before p95; spikes take their factor', () => {
    const latency = { p50Ms: 300, p95Ms: 900, tokensPerSecond: 50, spikeShare: 0, spikeFactor: 100 }
    const times = (spikeShare: number) => {
      const mock = openMockModel(settings({ latency: { ...latency, spikeShare } }))
      return questions.map((text) => mock(callOf(text)))
    }
    const calm = times(0)
    const below = (ms: number) => shareOf(calm.map(({ firstTokenMs }) => firstTokenMs < ms))
    expect(Math.abs(below(300) - 0.5)).toBeLessThan(bound(0.5))
    expect(Math.abs(below(900) - 0.95)).toBeLessThan(bound(0.95))
    const spiked = times(0.1)
    const slower = spiked.map((each, at) => each.firstTokenMs > 50 * (calm[at]?.firstTokenMs ?? 0))
    expect(Math.abs(shareOf(slower) - 0.1)).toBeLessThan(bound(0.1))
    for (const { latencyMs, firstTokenMs, reply } of calm.slice(0, 50)) {
      const chunks = Math.ceil((reply.usage?.outputTokens ?? 0) / 4)
      expect(latencyMs - firstTokenMs).toBeCloseTo((chunks - 1) * 80, 6)
    }
  })

  test('faults come in the shares asked for, and leave every other draw as it was', () => {
    const calm = openMockModel(settings({ accuracy: 0.5 }))
    const rough = openMockModel(
      settings({ accuracy: 0.5, faults: { '429': 0.05, '500': 0.01, 'cut-off': 0.1 } }),
    )
    const counts = new Map<string, number>()
    for (const text of questions) {
      const [a, b] = [calm(callOf(text)), rough(callOf(text))]
      expect(b.reply).toEqual(a.reply)
      const name = b.kind === 'failed' ? b.name : 'none'
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    for (const [name, share] of Object.entries({ '429': 0.05, '500': 0.01, 'cut-off': 0.1 }))
      expect(Math.abs((counts.get(name) ?? 0) / draws - share)).toBeLessThan(bound(share))
  })
})

describe('what a call asks for', () => {
  const mock = openMockModel(settings({}), () => 'one two three four five six STOP seven')

  test('ends at a stop sequence and at the largest output, by the mock’s own count', () => {
    expect(textOf(mock(callOf('?', { stop: ['STOP', ' six'] })))).toBe('one two three four five')
    const cut = mock(callOf('?', { maxOutputTokens: 3 }))
    expect(textOf(cut)).toBe('one two thre')
    expect(cut.reply).toMatchObject({ finish: 'length', usage: { outputTokens: 3 } })
    const wide = openMockModel(settings({}), () => '🙂🙂')
    expect(textOf(wide(callOf('?', { maxOutputTokens: 1 })))).toBe('🙂')
  })

  test('usage is a quarter of the bytes, a share of it from the prompt cache', () => {
    const cached = openMockModel(settings({ cachedShare: 0.5 }), () => '12345678')
    const usage = cached(callOf('x'.repeat(400))).reply.usage
    expect(usage).toMatchObject({ inputTokens: 50, cacheReadTokens: 50, outputTokens: 2 })
  })

  const tools: Call['tools'] = [
    {
      kind: 'function',
      name: 'weather',
      schema: {
        type: 'object',
        properties: { city: { type: 'string', minLength: 3 }, unit: { enum: ['C', 'F'] } },
        required: ['city', 'unit'],
        additionalProperties: false,
      },
    },
  ]

  test('calls a tool when it is forced, else in the share of its settings, and never after a result', () => {
    const forced = mock(callOf('?', { tools, toolChoice: { kind: 'tool', name: 'weather' } }))
    expect(forced.reply).toMatchObject({ finish: 'tool', blocks: [{ name: 'weather' }] })
    const schema = tools[0]?.kind === 'function' ? tools[0].schema : {}
    expect(compileSchema(schema)(inputOf(forced))).toBe(true)
    expect(mock(callOf('?', { tools })).reply.finish).toBe('stop')
    expect(mock(callOf('?', { tools, toolChoice: { kind: 'required' } })).reply.finish).toBe('tool')
    const eager = openMockModel(settings({ toolCalls: 1 }))
    expect(eager(callOf('?', { tools })).reply.finish).toBe('tool')
    expect(eager(callOf('?', { tools, toolChoice: { kind: 'none' } })).reply.finish).toBe('stop')
    const result = { kind: 'tool-result', id: '1', blocks: [] } as const
    const after = callOf('?', { tools, turns: [{ role: 'user', blocks: [result] }] })
    expect(eager(after).reply.finish).toBe('stop')
  })

  test('structured output fits its schema, right or wrong, and a wrong one differs', () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['name', 'next'],
      additionalProperties: false,
    }
    const format = { kind: 'schema', name: 'list', schema, strict: true } as const
    const texts = [1, 0].map((accuracy) =>
      textOf(openMockModel(settings({ accuracy }))(callOf('?', { format }))),
    )
    for (const text of texts) expect(compileSchema(schema)(JSON.parse(text))).toBe(true)
    expect(texts[0]).not.toBe(texts[1])
    const only = { ...format, schema: { const: 4 } }
    const wrong = openMockModel(
      settings({ accuracy: 0 }),
      () => ' 4 ',
    )(callOf('?', { format: only }))
    expect(JSON.parse(textOf(wrong))).not.toBe(4)
  })

  test('a script answers, calls and fails by the last user message, before anything else', () => {
    const scripted = openMockModel(
      settings({
        accuracy: 0,
        faults: { '500': 1 },
        script: [
          { when: '^refund', answer: 'Within 30 days.' },
          { when: 'weather', tool: { name: 'weather', input: '{"city":"Rome"}' } },
          { when: 'break', fault: 'cut-off' },
        ],
      }),
    )
    expect(textOf(scripted(callOf('Refund, please')))).toBe('Within 30 days.')
    expect(inputOf(scripted(callOf('the weather')))).toEqual({ city: 'Rome' })
    expect(scripted(callOf('please break'))).toMatchObject({ kind: 'failed', name: 'cut-off' })
    expect(scripted(callOf('else'))).toMatchObject({ kind: 'failed', name: '500', isRight: false })
  })
})

test('values fit the schemas of structured output', () => {
  const leaf = fc.oneof(
    fc.record({ type: fc.constantFrom('string', 'boolean', 'null', 'integer', 'number') }),
    fc.record({ enum: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }) }),
    fc.record({ const: fc.oneof(fc.string(), fc.integer(), fc.boolean()) }),
    fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(20))
      .map(([minimum, more]) => ({ type: 'integer', minimum, maximum: minimum + more })),
    fc
      .tuple(fc.nat(40), fc.nat(20))
      .map(([minLength, more]) => ({ type: 'string', minLength, maxLength: minLength + more })),
    fc.nat(9).map((exclusiveMinimum) => ({ type: 'number', exclusiveMinimum, multipleOf: 0.5 })),
  )
  const { schema } = fc.letrec((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc
        .tuple(tie('schema'), fc.nat(3))
        .map(([items, minItems]) => ({ type: 'array', items, minItems })),
      fc
        .dictionary(fc.string({ maxLength: 5 }), tie('schema'), { maxKeys: 4 })
        .map((properties) => ({
          type: 'object',
          properties,
          required: Object.keys(properties),
          additionalProperties: false,
        })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    ),
  }))
  fc.assert(
    fc.property(schema, fc.string(), (each, seed) => {
      const value = jsonFor(each, { random: randomFrom(seed), words: wrongWords })
      expect(compileSchema(each)(JSON.parse(JSON.stringify(value)))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
