import { describe, expect, it } from 'vitest'
import type { Judgement } from '../../src/score/verdict.ts'
import { countVerdicts, noiseFloor, wrongHits } from '../../src/score/wrong-hits.ts'

const right: Judgement = { verdict: 'right', rung: 'identical' }
const wrong: Judgement = { verdict: 'wrong', rung: 'guard', guard: 'numbers' }
const unsettled: Judgement = { verdict: 'unsettled', rung: null }
const counted = (...judgements: Judgement[]) =>
  countVerdicts(judgements.map((judgement) => ({ judgement })))

describe('wrong hits', () => {
  it('are counted by rung, a pair for as many hits as it stands for', () => {
    const pairs = [
      { judgement: right, hits: 5 },
      { judgement: wrong, hits: 2 },
      { judgement: wrong },
      { judgement: unsettled, hits: 2 },
    ]
    expect(countVerdicts(pairs)).toEqual({
      right: 5,
      wrong: 3,
      unsettled: 2,
      byRung: { identical: 5, guard: 3 },
    })
  })

  it('are a range from all unsettled right to all unsettled wrong, per hit and per request', () => {
    const counts = counted(right, right, right, wrong, unsettled)
    const found = wrongHits(counts, 20)
    expect(found.perHit).toEqual({ low: 0.2, high: 0.4 })
    expect(found.perRequest).toEqual({ low: 0.05, high: 0.1 })
    expect(noiseFloor(counts)).toEqual(found.perHit)
  })

  it('are unmeasured, not none, where nothing is settled', () => {
    expect(wrongHits(counted(unsettled, unsettled), 9)).toMatchObject({
      perHit: null,
      perRequest: null,
    })
    expect(noiseFloor(counted())).toBeNull()
    expect(wrongHits(counted(right), 9).perHit).toEqual({ low: 0, high: 0 })
  })
})
