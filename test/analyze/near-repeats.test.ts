import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findNearRepeats,
  maxCharacters,
  maxTexts,
  type NearRepeatSample,
} from '../../src/analyze/near-repeats.ts'

const sampleOf = (...texts: readonly string[]): NearRepeatSample[] =>
  texts.map((text) => ({ text, requests: 1, cost: 10 }))

const nearCount = (...texts: readonly string[]): number =>
  findNearRepeats(sampleOf(...texts)).nearRequests

const question =
  'How do I reset the password of my account when I no longer have the phone it was set up with'

const trigramsOf = (text: string): Set<string> => {
  const padded = ` ${text} `
  return new Set(Array.from({ length: text.length }, (_, i) => padded.slice(i, i + 3)))
}

const jaccard = (a: Set<string>, b: Set<string>): number => {
  const shared = [...a].filter((trigram) => b.has(trigram)).length
  return shared / (a.size + b.size - shared)
}

describe('near repeats', () => {
  it('are texts alike in most trigrams, and texts equal but for case, space and punctuation', () => {
    expect(nearCount(question, `${question} please`)).toBe(1)
    expect(nearCount('Reset my password', 'reset  my password!')).toBe(1)
    expect(nearCount(question, 'What is the weather like in the north today')).toBe(0)
  })

  it('are not texts equal to the letter, which are counted apart', () => {
    const found = findNearRepeats(sampleOf(question, question, `${question} please`, question))
    expect(found).toMatchObject({ sampledRequests: 4, exactRequests: 2, nearRequests: 1 })
    expect(found.nearShare).toBe(0.25)
  })

  it.each([
    ['a number', `${question} 12`, `${question} 13`],
    ['a number in words', `${question} for two users`, `${question} for ten users`],
    ['a number with a decimal point', `${question} 3.5`, `${question} 3.6`],
    ['a negation', `${question}: I do get mails`, `${question}: I do not get mails`],
    ['a contracted negation', `I can see it. ${question}`, `I can't see it. ${question}`],
    ['a name', `${question} in Rome`, `${question} in Oslo`],
    [
      'a name another text shows to be one',
      `${question}, in Rome`,
      `${question} in oslo`,
      'to Oslo',
    ],
    ['symbols inside a word', 'What is C++?', 'What is C#?'],
  ])('are not texts that differ in %s', (_, ...texts) => {
    expect(nearCount(...texts)).toBe(0)
  })

  it('take no opening capital for a name', () => {
    expect(nearCount(`Please tell me. ${question}`, `please tell me: ${question}`)).toBe(1)
    expect(nearCount(`Now tell me.\n${question}`, `now tell me. ${question} do`, 'now')).toBe(1)
  })
})

describe('the near repeats found', () => {
  it('form clusters, the largest first, with examples and the weights of all members', () => {
    const other = 'Please summarise the following meeting notes for the weekly report to the board'
    const found = findNearRepeats([
      { text: other, requests: 1, cost: 5 },
      { text: question, requests: 3, cost: 10 },
      { text: `${question} please`, requests: 2, cost: 7 },
      { text: question, requests: 1, cost: 1 },
      { text: `${other} now`, requests: 1, cost: 2 },
      { text: `${question} pleaser`, requests: 1, cost: 1 },
    ])
    expect(found.clusters).toEqual([
      {
        requests: 7,
        cost: 19,
        nearRequests: 3,
        nearCost: 8,
        examples: [question, `${question} please`, `${question} pleaser`],
      },
      { requests: 2, cost: 7, nearRequests: 1, nearCost: 2, examples: [other, `${other} now`] },
    ])
    expect(found).toMatchObject({ clusterCount: 2, nearRequests: 4, nearCost: 10 })
    expect(found.exactRequests).toBe(1)
  })

  it('are none in nothing', () => {
    expect(findNearRepeats([])).toMatchObject({ nearShare: null, clusters: [], pairsTested: 0 })
    expect(findNearRepeats(sampleOf('', ' ', '?', '!'))).toMatchObject({ nearRequests: 0 })
  })

  it('refuse a similarity outside (0, 1]', () => {
    expect(() => findNearRepeats([], { minSimilarity: 0 })).toThrow(RangeError)
    expect(() => findNearRepeats([], { minSimilarity: 1.1 })).toThrow(RangeError)
  })

  it('are all that a comparison of every pair finds', () => {
    const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'eps', 'zeta', 'eta', 'iota')
    const texts = fc.array(
      fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' ')),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(texts, fc.constantFrom(0.5, 0.7, 0.8, 0.9, 1), (list, minSimilarity) => {
        const sets = list.map(trigramsOf)
        const near = list.filter((text, i) => {
          if (list.indexOf(text) < i) return false
          const set = sets[i] ?? new Set()
          return sets.slice(0, i).some((earlier) => jaccard(set, earlier) >= minSimilarity)
        })
        const found = findNearRepeats(sampleOf(...list), { minSimilarity })
        expect(found.nearRequests).toBe(near.length)
        expect(found.bound.unfinishedTexts).toBe(0)
      }),
    )
  })
})

describe('the bound on near repeats', () => {
  const generous = 4_000
  const timed = (samples: readonly NearRepeatSample[]): { ms: number; near: number } => {
    const started = performance.now()
    const near = findNearRepeats(samples).nearRequests
    return { ms: performance.now() - started, near }
  }
  const draw = (i: number, j: number): number => (Math.imul(i * 31 + j, 0x9e3779b1) >>> 0) % 2_000

  const many = (textAt: (i: number) => string): NearRepeatSample[] =>
    sampleOf(...Array.from({ length: maxTexts }, (_, i) => textAt(i)))

  it.each([
    ['equal texts', many(() => question), 0],
    ['equal texts but for case and space', many((i) => `${question}${' '.repeat(i + 1)}`), 3_999],
    ['one template with a number', many((i) => `${question} order ${i}`), 0],
    ['long texts of one letter', many((i) => 'a'.repeat(2_000 + i)), 3_999],
  ])('holds for %s', (_, samples, near) => {
    const found = timed(samples)
    expect(found.near).toBe(near)
    expect(found.ms).toBeLessThan(generous)
  })

  it('holds for texts of unrelated words, and for texts of the same words in other orders', () => {
    const unrelated = many((i) => Array.from({ length: 35 }, (_, j) => `w${draw(i, j)}`).join(' '))
    const shuffled = many((i) =>
      Array.from({ length: 35 }, (_, j) => `word${'abcdefghij'[draw(i, j) % 10]}`).join(' '),
    )
    expect(timed(unrelated).ms).toBeLessThan(generous)
    expect(timed(shuffled).ms).toBeLessThan(generous)
  })

  it('is said: texts left out, texts cut, texts not searched to the end', () => {
    const long = `${'word '.repeat(500)}one`
    const samples = [...sampleOf(long, long.replace('one', 'six')), ...many((i) => `text ${i}`)]
    expect(long.length).toBeGreaterThan(maxCharacters)
    const { bound, nearRequests } = findNearRepeats(samples)
    expect(bound).toMatchObject({ ignoredTexts: 2, truncatedTexts: 2, maxTexts, maxCharacters })
    expect(nearRequests).toBe(1)
  })
})
