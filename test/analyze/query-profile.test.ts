import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparePrompts } from '../../src/analyze/compare-prompts.ts'
import { distinctPrompts } from '../../src/analyze/distinct-prompts.ts'
import { profilePrompts } from '../../src/analyze/query-profile.ts'
import type { QueryProfile } from '../../src/analyze/result.ts'
import type { RequestLookup } from '../../src/domain/columns.ts'
import { openStaticEmbedder } from '../../src/embed/static-embedder.ts'
import { opportunity, report, usd } from '../support/analyze-source.ts'
import { hasRealData, realData } from '../support/real-data.ts'
import { type PlainRequest, sourceOf } from '../support/request-source.ts'

/** A request as the store would key it: equal keys for equal prompts. */
const asked = (question: string, rest: PlainRequest = {}): PlainRequest => {
  const { model, operation, params, documentVersion, system, history } = rest
  const exact = JSON.stringify([
    operation,
    model,
    params,
    documentVersion,
    system,
    history,
    question,
  ])
  return { question, exact, costs: { input: usd(1) }, ...rest }
}

const inOrder = (requests: readonly PlainRequest[]): readonly PlainRequest[] =>
  requests.map((request, index) => ({ at: index, ...request }))

function profileOf(requests: readonly PlainRequest[], segmentLength = 7): QueryProfile {
  const { source, lookup } = sourceOf(requests, [], segmentLength)
  const found = profilePrompts(source, lookup)
  if (found === null) throw new Error('no prompt')
  return found.profile
}

const reset = 'How do I reset my password?'
const resetToo = 'how can I reset my password'
const resetLoosely = 'reset password please'
const invoice = 'Where do I find the invoice of last March?'

describe('the query profile', () => {
  test('sorts requests into exact repeats, near repeats and the rest', () => {
    const profile = profileOf(
      inOrder([
        asked(reset),
        asked(invoice),
        asked(reset),
        asked(resetToo),
        asked(resetToo),
        asked(resetLoosely),
        {},
      ]),
    )
    expect(profile).toEqual({
      requests: 6,
      exactShare: 2 / 6,
      near92Share: 1 / 6,
      near85Share: 2 / 6,
      uniqueShare: 2 / 6,
      distinct: 4,
      comparable: 4,
      compared: 4,
      embedder: 'static',
      clusterCount: 1,
      clusters: [{ example: reset, count: 5, distinct: 3, costUsd: 5 }],
    })
  })

  test('counts the later one in time as near, whatever the order of the log', () => {
    const log = [
      asked(resetToo, { id: 'late', at: 2 }),
      asked(reset, { id: 'early', at: 1, costs: { input: usd(3) } }),
      asked(invoice, { id: 'undated', at: null }),
    ]
    expect(opportunity(report(log), 'near-repeats')).toMatchObject({
      examples: ['late'],
      requests: 1,
      savingUsd: 1,
      title: '1 of 3 requests (33 %) nearly repeats an earlier one',
    })
  })

  test.each<[string, PlainRequest, PlainRequest]>([
    ['namespace', { namespace: 'acme' }, { namespace: 'globex' }],
    ['model', { model: 'gpt-4o' }, { model: 'gpt-4o-mini' }],
    ['operation', { operation: 'chat' }, { operation: 'completion' }],
    ['parameters', { params: '{"temperature":0}' }, { params: '{"temperature":1}' }],
    ['document version', { documentVersion: '1' }, { documentVersion: '2' }],
    ['system prompt', { system: 'terse' }, { system: 'kind' }],
    ['conversation before', {}, { history: 'hello' }],
  ])('compares no prompts that differ in their %s', (_name, one, other) => {
    const apart = inOrder([asked(reset, one), asked(resetToo, other)])
    expect(profileOf(apart)).toMatchObject({ near85Share: 0, uniqueShare: 1, comparable: 0 })
    const together = inOrder([asked(reset, one), asked(resetToo, one)])
    expect(profileOf(together)).toMatchObject({ near85Share: 0.5, comparable: 2 })
  })

  test('holds a prompt for no repeat of itself in another namespace', () => {
    const log = inOrder(['acme', 'globex', 'acme'].map((namespace) => asked(reset, { namespace })))
    expect(profileOf(log)).toMatchObject({ exactShare: 1 / 3, distinct: 2, uniqueShare: 2 / 3 })
  })

  test('tells requests apart that share the question and differ before it', () => {
    // After a tool's result, say: the last user message is that of the step before.
    const log = inOrder([
      asked(reset, { exact: 'question' }),
      asked(reset, { exact: 'question and a result' }),
      asked(resetToo, { exact: 'another' }),
    ])
    expect(profileOf(log)).toMatchObject({ distinct: 3, comparable: 2, near85Share: 1 / 3 })
  })

  test('measures exact repeats alone where no text was kept', () => {
    const { source, lookup } = sourceOf(inOrder([asked(reset), asked(resetToo), asked(reset)]))
    const silent: RequestLookup = { ...lookup, questionOf: () => null }
    expect(profilePrompts(source, silent)?.profile).toEqual({
      requests: 3,
      exactShare: 1 / 3,
      near92Share: null,
      near85Share: null,
      uniqueShare: null,
      distinct: 2,
      comparable: 2,
      compared: 0,
      embedder: null,
      clusterCount: 0,
      clusters: [],
    })
  })

  test('is null where the log tells no prompt', () => {
    const { queryProfile, fingerprints } = report([{ at: 1 }])
    expect([queryProfile, fingerprints.embedder]).toEqual([null, null])
  })

  test('names the embedder it rests on', () => {
    const { fingerprints } = report(inOrder([asked(reset), asked(invoice)]))
    expect(fingerprints.embedder).toBe(openStaticEmbedder().fingerprint)
  })
})

test('prompts that differ in a number are near, yet nothing is saved by them', () => {
  const log = inOrder([
    asked('Please summarise the minutes of meeting number 4711 in two sentences'),
    asked('Please summarise the minutes of meeting number 4712 in two sentences'),
  ])
  const result = report(log)
  expect(result.queryProfile?.near92Share).toBe(0.5)
  expect(opportunity(result, 'near-repeats')).toBeUndefined()
})

const { embedOne } = openStaticEmbedder()

/** Each first-time prompt against all earlier ones, the plain way. */
function bruteForce(requests: readonly PlainRequest[]): { near92: number; near85: number } {
  const seen: { group: string; vector: Float64Array }[] = []
  const known = new Set<string>()
  let near92 = 0
  let near85 = 0
  for (const { question = '', exact, namespace, system } of requests) {
    const key = `${namespace} ${exact}`
    if (known.has(key)) continue
    known.add(key)
    const vector = embedOne(question)
    if (vector === null) continue
    const group = `${namespace} ${system}`
    const best = seen.reduce(
      (most, each) =>
        each.group === group
          ? Math.max(
              most,
              vector.reduce((sum, x, k) => sum + x * (each.vector[k] ?? 0), 0),
            )
          : most,
      0,
    )
    if (best >= 0.92) near92++
    if (best >= 0.85) near85++
    seen.push({ group, vector })
  }
  return { near92, near85 }
}

test('property: shares are those of comparing each with all before it, add up to 1, and know no segments', () => {
  const word = fc.constantFrom('reset', 'my', 'password', 'please', 'the', 'invoice', 'of', 'May')
  const request = fc
    .record({
      words: fc.array(word, { minLength: 1, maxLength: 6 }),
      system: fc.constantFrom('terse', 'kind'),
      namespace: fc.constantFrom(null, 'acme'),
    })
    .map(({ words, ...rest }) => asked(words.join(' '), rest))
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), (requests) => {
      const log = inOrder(requests)
      const profile = profileOf(log)
      const { near92, near85 } = bruteForce(log)
      expect(profile.near92Share).toBeCloseTo(near92 / log.length, 12)
      expect(profile.near85Share).toBeCloseTo(near85 / log.length, 12)
      const { exactShare, near85Share, uniqueShare } = profile
      expect(exactShare + (near85Share ?? 0) + (uniqueShare ?? 0)).toBeCloseTo(1, 12)
      expect(profileOf(log, 3)).toEqual(profile)
    }),
    { numRuns: 60 },
  )
})

describe('a sample', () => {
  const log = inOrder(
    Array.from({ length: 400 }, (_, index) => asked(`question ${index % 300} of many`)),
  )
  const { source, lookup } = sourceOf(log)

  test('begins as every smaller one', () => {
    const some = distinctPrompts(source, lookup, 20).drawn
    const more = distinctPrompts(source, lookup, 100).drawn
    const all = distinctPrompts(source, lookup, 1000)
    expect([some.length, more.length, all.drawn.length, all.comparable]).toEqual([
      20, 100, 300, 300,
    ])
    expect(more.slice(0, 20)).toEqual(some)
    expect(all.drawn.slice(0, 100)).toEqual(more)
  })

  test('favours no part of the log', () => {
    const places = distinctPrompts(source, lookup, 100).drawn.map(({ place }) => place)
    const inFirstHalf = places.filter((place) => place < 150).length
    // Mean 50, standard deviation 4.1 without replacement.
    expect(Math.abs(inFirstHalf - 50)).toBeLessThan(4 * 4.1)
  })

  test('stands for all: each prompt with its requests and its cost', () => {
    const { drawn, comparableCost } = distinctPrompts(source, lookup, 1000)
    expect(drawn.reduce((sum, { requests }) => sum + requests, 0)).toBe(400)
    expect(drawn.reduce((sum, { cost }) => sum + cost, 0)).toBe(400e9)
    expect(comparableCost).toBe(300e9)
  })
})

test('fewer prompts are compared where all are alike', () => {
  const title = 'Translate this product title for the shop and keep brand names as they are:'
  const log = inOrder(Array.from({ length: 7000 }, (_, index) => asked(`${title} item ${index}`)))
  const { source, lookup } = sourceOf(log, [], 65_536)
  const { drawn } = distinctPrompts(source, lookup, 20_000)
  // 20,000 / √11: all of the first 256 are near each other.
  expect(comparePrompts(drawn, lookup)?.prompts).toHaveLength(6030)
})

test.skipIf(!hasRealData)('on 4,000 real questions, as comparing all of them does', () => {
  const lines = readFileSync(realData('semantic/clinc_4000.jsonl'), 'utf8').trim().split('\n')
  const log = inOrder(lines.map((line) => asked(JSON.parse(line).prompt)))
  const { exactShare, near92Share, near85Share } = profileOf(log, 65_536)
  // From a loop over all pairs in float64.
  expect([exactShare, near92Share, near85Share]).toEqual([0, 360 / 4000, 1011 / 4000])
})
