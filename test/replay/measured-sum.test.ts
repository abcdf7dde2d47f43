import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type { ArmAnswer, RungAnswer } from '../../src/replay/case.ts'
import type { Measured } from '../../src/replay/measured.ts'
import { openSums } from '../../src/replay/measured-sum.ts'
import { armOf, caseOf, measuredOf } from '../support/replay-cases.ts'

const score = fc.option(fc.double({ min: 0, max: 1, noNaN: true }))
const arm: fc.Arbitrary<ArmAnswer> = fc
  .record({
    text: fc.option(fc.constantFrom('', 'a')),
    costNanoUsd: fc.option(fc.nat(1e12)) as fc.Arbitrary<NanoUsd | null>,
    latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    firstTokenMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
    outputTokens: fc.option(fc.nat(1e6)),
    hasTimedOut: fc.boolean(),
  })
  .map(({ text, outputTokens, hasTimedOut, ...rest }) =>
    armOf(text, {
      ...rest,
      usage: outputTokens === null ? null : { ...noUsage, outputTokens },
      fault: hasTimedOut
        ? { kind: 'timeout', message: 'late', status: null, retryAfterMs: null }
        : null,
    }),
  )

const measured: fc.Arbitrary<Measured> = fc
  .record({
    difference: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
    arms: fc.record({ baseline: arm, again: fc.option(arm), candidate: arm }),
    scores: fc.record({ baseline: score, again: score, candidate: score }),
  })
  .map((rest) => ({ ...measuredOf(caseOf(1), rest.difference), ...rest }))

const summed = (each: ArmAnswer, given: number | null) => ({
  costNanoUsd: each.costNanoUsd,
  latencyMs: each.latencyMs,
  firstTokenMs: each.firstTokenMs,
  isAnswered: each.text !== null,
  fault: each.fault?.kind ?? null,
  outputTokens: each.usage?.outputTokens ?? null,
  score: given,
})

test('a sum tells of a pair what was measured, however many stand beside it', () => {
  fc.assert(
    fc.property(fc.array(measured, { minLength: 1, maxLength: 30 }), (pairs) => {
      const sumOf = openSums()
      // More than one block of numbers holds.
      const sums = Array.from({ length: 300 }, () => pairs.map(sumOf)).at(-1) ?? []
      for (const [index, { arms, scores, difference, case: each }] of pairs.entries()) {
        const sum = sums[index]
        expect(sum).toMatchObject({ stratum: each.stratum, cluster: each.cluster, judged: null })
        expect(sum?.difference).toBe(difference)
        const again = arms.again === null ? null : summed(arms.again, scores.again)
        expect(sum?.arms).toEqual({
          baseline: summed(arms.baseline, scores.baseline),
          again,
          candidate: summed(arms.candidate, scores.candidate),
        })
      }
    }),
    { numRuns: 60 },
  )
})

test('a sum keeps of the rungs those that validators judged, and of a judge whom it judged', () => {
  const rung = (fields: Partial<RungAnswer>): RungAnswer => ({
    target: 'small',
    text: 'a long text',
    toolCalls: [],
    verdict: 'accepted',
    reason: null,
    isJudged: true,
    isEscalated: false,
    ...fields,
  })
  const rungs = [
    rung({ verdict: 'rejected', isEscalated: true }),
    rung({ target: 'middle', isJudged: false }),
    rung({ target: 'large' }),
  ]
  const judged = { difference: 1, isFlip: false, parseFailures: 0 } as const
  const pair = measuredOf(caseOf(7), 1, { rungScores: [0, 1, null], judged })
  const sum = openSums()({ ...pair, arms: { ...pair.arms, candidate: armOf('b', { rungs }) } })
  expect(sum.judgedRungs).toEqual([
    { target: 'small', isPassed: false, isEscalated: true, score: 0 },
    { target: 'large', isPassed: true, isEscalated: false, score: null },
  ])
  expect(sum.judged).toEqual({ ...judged, id: '#7' })
})
