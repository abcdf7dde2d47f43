import { describe, expect, it } from 'vitest'
import type { ArmAnswer } from '../../src/replay/case.ts'
import type { Measured } from '../../src/replay/measured.ts'
import { measurementsOf } from '../../src/replay/measurements-of.ts'
import { armOf, caseOf } from '../support/replay-cases.ts'

const noScores = { baseline: null, again: null, candidate: null }
const measured = (fields: Partial<Measured>): Measured => ({
  case: caseOf(1, { keys: { promptKey: 'p', questionKey: 'q' } }),
  arms: { baseline: armOf('Rome'), again: null, candidate: armOf('Oslo', { target: 'weak' }) },
  difference: -1,
  why: null,
  scores: { baseline: 1, again: null, candidate: 0 },
  reason: null,
  judged: null,
  rungScores: [],
  ...fields,
})
const options = { run: 'r', scorerOf: () => 'exact', keepsText: true }
const lines = (each: Measured) =>
  measurementsOf([each], options).map(({ target, score, output }) => [target, score, output])

describe('what a replay measured', () => {
  it('is a row for each model, with the keys of the question and what the answer took', () => {
    const usage = {
      inputTokens: 7,
      cacheReadTokens: 3,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 2,
      reasoningTokens: 0,
    }
    const arms = { ...measured({}).arms, baseline: armOf('Rome', { usage }) }
    const [first, second] = measurementsOf([measured({ arms })], options)
    expect(first).toMatchObject({
      run: 'r',
      caseId: '#1',
      seq: 1,
      promptKey: 'p',
      questionKey: 'q',
      scorer: 'exact',
      target: 'strong',
      score: 1,
      output: 'Rome',
      question: 'question 1',
      costNanoUsd: 1_000,
      inputTokens: 10,
      outputTokens: 2,
      latencyMs: 100,
    })
    expect(second).toMatchObject({ target: 'weak', score: 0, inputTokens: null })
  })

  it('keeps no text where none may be kept', () => {
    const rows = measurementsOf([measured({})], { ...options, keepsText: false })
    expect(rows.map(({ output, question, call }) => [output, question, call])).toEqual([
      [null, null, null],
      [null, null, null],
    ])
  })

  it('takes the second answer of the logged model where the first is the reference', () => {
    const arms = { ...measured({}).arms, again: armOf('Roma') }
    const scores = { baseline: null, again: 0.8, candidate: 0 }
    expect(lines(measured({ arms, scores }))).toEqual([
      ['strong', 0.8, 'Roma'],
      ['weak', 0, 'Oslo'],
    ])
  })

  it.each([
    [-1, 1, 0],
    [0, 0.5, 0.5],
    [1, 0, 1],
  ])(
    'of a preference of %d is %d for the baseline and %d for the candidate',
    (difference, b, c) => {
      const judged = { difference: null, isFlip: false, parseFailures: 0 }
      expect(lines(measured({ difference, judged, scores: noScores }))).toEqual([
        ['strong', b, 'Rome'],
        ['weak', c, 'Oslo'],
      ])
    },
  )

  it('counts what was rejected on the way, whose cost nobody knows', () => {
    const rung = (target: string, text: string, verdict: 'accepted' | 'rejected') => ({
      target,
      text,
      verdict,
      reason: null,
      isJudged: true,
      toolCalls: [],
      isEscalated: verdict === 'rejected',
    })
    const rungs = [rung('weak', 'Oslo', 'rejected'), rung('strong', 'Rome', 'accepted')]
    const candidate: ArmAnswer = armOf('Rome', { rungs })
    const each = measured({
      arms: { baseline: armOf('Rom', { target: 'other' }), again: null, candidate },
      scores: { baseline: 0, again: null, candidate: 1 },
      rungScores: [0, 1],
    })
    expect(lines(each)).toEqual([
      ['other', 0, 'Rom'],
      ['weak', 0, 'Oslo'],
      ['strong', 1, 'Rome'],
    ])
    const costs = measurementsOf([each], options).map(({ costNanoUsd }) => costNanoUsd)
    expect(costs).toEqual([1_000, null, null])
  })

  it.each([
    [
      'from a cache',
      measured({
        arms: { ...measured({}).arms, candidate: armOf('x', { source: 'cache', target: 'weak' }) },
      }),
    ],
    ['to a rewritten prompt', measured({ case: caseOf(1, { change: 'rewritten' }) })],
    ['that could not be scored', measured({ scores: { ...noScores, baseline: 1 } })],
  ])('says nothing of a model by an answer %s', (_, each) => {
    expect(lines(each)).toEqual([['strong', 1, 'Rome']])
  })
})
