import { describe, expect, it } from 'vitest'
import type { Measurement } from '../../src/domain/measurement.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { escalationsOf } from '../../src/replay/escalations.ts'
import { plainCall } from '../support/calls.ts'
import { measurementOf } from '../support/measurements.ts'

const costs: Readonly<Record<string, number | null>> = {
  weak: 1,
  middle: 5,
  strong: 10,
  free: null,
}
const of = (target: string, score: number | null, fields: Partial<Measurement> = {}) =>
  measurementOf({
    target,
    score,
    output: `by ${target}`,
    costNanoUsd: (costs[target] ?? null) as NanoUsd | null,
    ...fields,
  })
const found = (...measurements: readonly Measurement[]) =>
  escalationsOf(measurements).examples.map(({ cheap, strong, answer }) => [cheap, strong, answer])

describe('escalations', () => {
  it('are cases that a cheap model failed and a dearer one did not', () => {
    expect(found(of('weak', 0.4), of('strong', 0.5))).toEqual([[['weak'], 'strong', 'by strong']])
    expect(found(of('weak', 0.5), of('strong', 1))).toEqual([])
    expect(found(of('weak', 0), of('strong', 0.4))).toEqual([])
    expect(found(of('weak', null), of('strong', 1))).toEqual([])
  })

  it('are none where the model that failed is the dearer one', () => {
    expect(found(of('weak', 1), of('strong', 0))).toEqual([])
    expect(found(of('free', 0), of('weak', 1))).toEqual([[['free'], 'weak', 'by weak']])
  })

  it('take the best answer, of equal ones that of the dearest model', () => {
    const best = found(of('weak', 0), of('middle', 1), of('strong', 1))
    expect(best).toEqual([[['weak'], 'strong', 'by strong']])
    expect(found(of('weak', 0), of('middle', 1), of('strong', 0.9))[0]?.[1]).toBe('middle')
  })

  it('pair no scores of different scorers, cases or runs', () => {
    for (const fields of [{ scorer: 'json' }, { caseId: '#2' }, { run: 'r-2' }])
      expect(found(of('weak', 0), of('strong', 1, fields))).toEqual([])
  })

  it('are one for each prompt, and counted where the text is not kept', () => {
    const call = plainCall({ turns: [{ role: 'user', blocks: [{ kind: 'text', text: 'b' }] }] })
    const pair = (fields: Partial<Measurement>) => [of('weak', 0, fields), of('strong', 1, fields)]
    const { examples, withoutText } = escalationsOf([
      ...pair({}),
      ...pair({ caseId: '#2' }),
      ...pair({ caseId: '#3', call }),
      ...pair({ caseId: '#4', call: null }),
      ...pair({ caseId: '#5', output: null }),
    ])
    expect([examples.length, withoutText]).toEqual([2, 2])
  })
})
