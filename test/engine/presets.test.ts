import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ClassifierInput, hasFewerWords } from '../../src/engine/classifier.ts'
import { type PresetName, presets } from '../../src/engine/presets.ts'

const ask = (text: string, rest: Partial<ClassifierInput> = {}): ClassifierInput => ({
  text,
  hasTools: false,
  hasImages: false,
  hasCode: false,
  ...rest,
})

const ruleOf = (preset: PresetName, input: ClassifierInput): string => {
  const decision = presets[preset](input)
  return decision === null ? 'abstains' : `${decision.label} ${decision.by}`
}

const words = (count: number, tail = ''): string => `${'word '.repeat(count)}${tail}`.trim()

describe('the length preset', () => {
  it.each([
    ['a short text', ask('x'.repeat(499)), 'simple length.short'],
    ['500 characters', ask('x'.repeat(500)), 'medium length.otherwise'],
    [
      'classification of any length',
      ask('x'.repeat(9_000), { task: 'classify' }),
      'simple length.classify',
    ],
    ['tools with a long text', ask('x'.repeat(500), { hasTools: true }), 'hard length.tools'],
    ['tools with a short text', ask('hi', { hasTools: true }), 'simple length.short'],
    ['reasoning', ask('x'.repeat(500), { requiresReasoning: true }), 'hard length.reasoning'],
    ['nothing', ask(''), 'simple length.short'],
  ])('decides %s', (_, input, expected) => {
    expect(ruleOf('length', input)).toBe(expected)
  })
})

describe('the signals preset', () => {
  it.each([
    ['What is the capital of France?', 'simple signals.factoid'],
    ["who's the president of brazil", 'simple signals.factoid'],
    ['Who invented the telephone?', 'simple signals.factoid'],
    ['how many ounces in a pound', 'simple signals.factoid'],
    ['Is Paris in France?', 'simple signals.factoid'],
    ['ok, thanks a lot!', 'simple signals.acknowledgement'],
    ['Sounds good 👍', 'simple signals.acknowledgement'],
    ['Yes', 'simple signals.acknowledgement'],
    ['/clear', 'simple signals.slash-command'],
    ['/model gpt-4o', 'simple signals.slash-command'],
    ['/etc/hosts is missing', 'abstains'],
    ['Okayish weather', 'abstains'],
    ['What is the best architecture here?', 'hard signals.work-word'],
    ['What is the best pizza?', 'abstains'],
    ['Tell me about whales', 'abstains'],
    ['The plane is late', 'abstains'],
    ['Planning a trip', 'hard signals.work-word'],
    ['Solve it step-by-step', 'hard signals.work-word'],
    ['Compare and contrast the two', 'hard signals.work-word'],
    ['Compare the two', 'abstains'],
    ['Analyse the trade-offs', 'hard signals.work-word'],
    ['write me some Python code', 'hard signals.work-word'],
    ['Write a letter to my landlord', 'abstains'],
    ['Please DEBUG this', 'hard signals.work-word'],
    ['', 'abstains'],
  ])('on %j: %s', (text, expected) => {
    expect(ruleOf('signals', ask(text))).toBe(expected)
  })

  it('takes a question of 60 characters for no factoid and 1,501 characters for hard', () => {
    const question = `what is ${'x'.repeat(51)}`
    expect(ruleOf('signals', ask(question))).toBe('simple signals.factoid')
    expect(ruleOf('signals', ask(`${question}x`))).toBe('abstains')
    expect(ruleOf('signals', ask('x'.repeat(1_500)))).toBe('abstains')
    expect(ruleOf('signals', ask('x'.repeat(1_501)))).toBe('hard signals.long')
  })
})

describe('the keywords preset', () => {
  it.each([
    ['few words', ask('Create a poem'), 'simple keywords.short'],
    [
      'few words with one that blocks the cheapest',
      ask('Design a logo'),
      'hard keywords.strong-word',
    ],
    ['few words to compare', ask('compare these'), 'medium keywords.middle-word'],
    ['49 words', ask(words(49)), 'simple keywords.short'],
    ['50 words', ask(words(50)), 'medium keywords.otherwise'],
    ['many words to explain', ask(words(50, 'Explaining')), 'medium keywords.middle-word'],
    [
      'a middle and a strong word',
      ask(words(50, 'evaluate, design')),
      'medium keywords.middle-word',
    ],
    ['a strong word', ask(words(50, 'strategies')), 'hard keywords.strong-word'],
    [
      'a long context',
      ask(words(50, 'create'), { contextTokens: 2001 }),
      'medium keywords.context',
    ],
    [
      'a context at the limit',
      ask(words(50, 'create'), { contextTokens: 2000 }),
      'hard keywords.strong-word',
    ],
  ])('decides %s', (_, input, expected) => {
    expect(ruleOf('keywords', input)).toBe(expected)
  })
})

describe('the three-way preset', () => {
  it('labels as signals does', () => {
    expect(presets['three-way'](ask('/clear'))).toEqual(presets.signals(ask('/clear')))
  })
})

describe('every preset', () => {
  const names = Object.keys(presets) as PresetName[]
  const inputs = fc.record({
    text: fc.oneof(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.string({ maxLength: 100 })),
    contextTokens: fc.option(fc.nat(10_000), { nil: undefined }),
    hasTools: fc.boolean(),
    hasImages: fc.boolean(),
    hasCode: fc.boolean(),
    requiresReasoning: fc.option(fc.boolean(), { nil: undefined }),
    task: fc.option(fc.string(), { nil: undefined }),
  })

  it('never throws, answers twice alike, and length and keywords never abstain', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const name of names) {
          const decision = presets[name](input)
          expect(presets[name](input)).toBe(decision)
          if (decision !== null) expect(['simple', 'medium', 'hard']).toContain(decision.label)
        }
        expect(presets.length(input)).not.toBeNull()
        expect(presets.keywords(input)).not.toBeNull()
      }),
    )
  })

  it('counts words as a split at white space does', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'é', '.', ' ', '\n', '\u00a0'),
      maxLength: 200,
    })
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 60 }), (text, limit) => {
        const count = text.split(/\s+/).filter((word) => word !== '').length
        expect(hasFewerWords(text, limit)).toBe(count < limit)
      }),
    )
    expect(hasFewerWords('東京の天気', 5)).toBe(false)
    expect(hasFewerWords('東京の天気', 6)).toBe(true)
  })
})
