import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advanceEProcess,
  type Bet,
  cleanLabelsNeeded,
  type Evidence,
  entryLogE,
  noEvidence,
} from '../../src/stats/e-process.ts'
import { randomFrom } from '../../src/stats/random.ts'

const bet: Bet = { alpha: 0.01, alternative: 0.002, delta: 0.05 }
const evidenceOf = (labels: readonly boolean[], of: Bet = bet): Evidence =>
  labels.reduce((evidence, wrong) => advanceEProcess(evidence, wrong, of), noEvidence)

describe('evidence that may be looked at at any time', () => {
  it('needs 373 clean labels to prove less than 1 % against 0.2 %', () => {
    expect(cleanLabelsNeeded(bet)).toBe(373)
    expect(evidenceOf(Array(372).fill(false)).rejectedAt).toBeNull()
    expect(evidenceOf(Array(373).fill(false))).toMatchObject({ labels: 373, rejectedAt: 373 })
  })

  it('is what the labels multiply to, and stays proved', () => {
    const labels = Array.from({ length: 900 }, (_, i) => i >= 880)
    const evidence = evidenceOf(labels)
    const factor = (0.2 ** 20 * (0.998 / 0.99) ** 880) as number
    expect(evidence.logE).toBeCloseTo(Math.log(factor), 9)
    expect(evidence.logE).toBeLessThan(0)
    expect(evidence.rejectedAt).toBe(373)
  })

  it('raises an alarm with a second bet on twice the rate', () => {
    const alarm: Bet = { alpha: 0.05, alternative: 0.1, delta: 0.05 }
    expect(evidenceOf([true, true, true, true], alarm).rejectedAt).toBeNull()
    expect(evidenceOf([true, true, true, true, true], alarm).rejectedAt).toBe(5)
    expect(evidenceOf(Array(2_000).fill(false), alarm).rejectedAt).toBeNull()
    expect(cleanLabelsNeeded(alarm)).toBeNull()
  })

  it('rejects a true limit at any of 1,000 labels no more often than it may', () => {
    const random = randomFrom('ville')
    const at: Bet = { alpha: 0.05, alternative: 0.01, delta: 0.05 }
    let rejected = 0
    for (let run = 0; run < 1_000; run++) {
      let evidence = noEvidence
      for (let i = 0; i < 1_000 && evidence.rejectedAt === null; i++)
        evidence = advanceEProcess(evidence, random() < 0.05, at)
      if (evidence.rejectedAt !== null) rejected++
    }
    // The 99th percentile of Bin(1000, 0.05).
    expect(rejected).toBeLessThanOrEqual(66)
    expect(rejected).toBeGreaterThan(0)
  })

  it('takes the mean factor of an entry, so that a flock counts once', () => {
    const right = 0.998 / 0.99
    expect(entryLogE([{ hits: 50, wrong: 0 }], bet)).toBeCloseTo(Math.log(right), 12)
    const mixed = [
      { hits: 4, wrong: 1 },
      { hits: 0, wrong: 0 },
      { hits: 1, wrong: 1 },
    ]
    const expected = Math.log((0.2 + 3 * right) / 4) + Math.log(0.2)
    expect(entryLogE(mixed, bet)).toBeCloseTo(expected, 12)
  })

  it('agrees label by label with entries of one hit', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 50 }), (labels) => {
        const entries = labels.map((wrong) => ({ hits: 1, wrong: wrong ? 1 : 0 }))
        expect(entryLogE(entries, bet)).toBeCloseTo(evidenceOf(labels).logE, 9)
      }),
    )
  })

  it('refuses rates outside (0, 1)', () => {
    expect(() => advanceEProcess(noEvidence, true, { ...bet, alpha: 1 })).toThrow(RangeError)
  })
})
