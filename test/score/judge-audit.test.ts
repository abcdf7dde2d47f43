import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuditedPair, auditJudge, refusesJudgeOnly } from '../../src/score/judge-audit.ts'
import { hasRealData, realData } from '../support/real-data.ts'

type Word = AuditedPair['human']
const audited = (human: Word, judged: Word, count = 1): AuditedPair[] =>
  Array.from({ length: count }, () => ({ human, judged, isFlip: false, parseFailures: 0 }))

describe.runIf(hasRealData)('a published judge of 325 pairs', () => {
  const file = 'judge/opus4_vs_gemini25flash.judge_gpt52.json'
  type Row = {
    readonly model_a: string
    readonly human_winner: string
    readonly judge_pick: string
  }
  const rows = hasRealData ? (JSON.parse(readFileSync(realData(file), 'utf8')) as Row[]) : []
  const opus = (row: Row, isA: boolean) => (isA === row.model_a.includes('opus') ? 1 : -1)
  const pairs = rows.map((row): AuditedPair => {
    const human = opus(row, row.human_winner === 'model_a')
    return { human, judged: opus(row, row.judge_pick === 'A'), isFlip: false, parseFailures: 0 }
  })

  it('prefers Opus in 48.6 % where people do in 40.9 %', () => {
    const share = (of: (pair: AuditedPair) => Word) =>
      pairs.filter((pair) => of(pair) === 1).length / pairs.length
    expect(share(({ human }) => human)).toBeCloseTo(0.409, 3)
    expect(share(({ judged }) => judged)).toBeCloseTo(0.486, 3)
  })

  it('is corrected by 100 labels to the published interval', () => {
    const some = pairs.map((pair, index) => (index < 100 ? pair : { ...pair, human: null }))
    const audit = auditJudge('judge', some)
    expect(audit.labelled).toBe(100)
    expect(audit.ppi?.estimate).toBeCloseTo(0.4297, 4)
    expect(audit.ppi?.interval.low).toBeCloseTo(0.3362, 4)
    expect(audit.ppi?.interval.high).toBeCloseTo(0.5285, 4)
  })

  it('knows a little: its informativeness of 0.119 is just above 0', () => {
    const audit = auditJudge('judge', pairs)
    expect(audit).toMatchObject({ labelled: 325, agreement: 182 / 325, flipRate: 0 })
    expect(audit.sensitivity).toBeCloseTo(74 / 133, 12)
    expect(audit.specificity).toBeCloseTo(108 / 192, 12)
    expect(audit.informativeness).toBeCloseTo(0.1189, 4)
    expect(audit.kappa).toBeCloseTo(0.1155537, 7)
    expect(audit.informativenessInterval?.low).toBeCloseTo(0.0084466, 7)
    expect(audit.informativenessInterval?.high).toBeCloseTo(0.2253336, 7)
    expect(refusesJudgeOnly(audit)).toBe(false)
  })
})

describe('an audit of a judge', () => {
  // Cohen's kappa of this table is 0.4: agreement 0.7, by chance 0.5.
  const textbook = [
    ...audited(1, 1, 20),
    ...audited(1, -1, 5),
    ...audited(-1, 1, 10),
    ...audited(-1, -1, 15),
  ]

  it('has the figures of a table worked by hand', () => {
    const audit = auditJudge('judge:m', textbook)
    expect(audit).toMatchObject({ name: 'judge:m', labelled: 50, agreement: 0.7 })
    expect(audit.kappa).toBeCloseTo(0.4, 12)
    expect(audit.sensitivity).toBe(0.8)
    expect(audit.specificity).toBe(0.6)
    expect(audit.informativeness).toBeCloseTo(0.4, 12)
    expect(audit.informativenessInterval).toMatchObject({ level: 0.95, method: 'newcombe' })
  })

  it('counts flips and what cannot be read, and leaves both out of what both decided', () => {
    const flip = { human: 1, judged: 0, isFlip: true, parseFailures: 0 } as const
    const unread = { human: -1, judged: null, isFlip: false, parseFailures: 2 } as const
    const audit = auditJudge('m', [...textbook, flip, flip, unread, ...audited(0, 1, 3)])
    expect(audit).toMatchObject({ labelled: 50, agreement: 0.7, parseFailures: 2 })
    expect(audit.flipRate).toBe(2 / 55)
  })

  it('says nothing of what it has no pairs for', () => {
    const nothing = auditJudge('m', [])
    expect(nothing).toEqual({
      name: 'm',
      agreement: null,
      flipRate: null,
      parseFailures: 0,
      labelled: 0,
      sensitivity: null,
      specificity: null,
      kappa: null,
      informativeness: null,
      informativenessInterval: null,
      ppi: null,
    })
    expect(auditJudge('m', audited(null, 1, 9))).toMatchObject({ labelled: 0, flipRate: 0 })
    const oneSided = auditJudge('m', audited(1, 1, 9))
    expect(oneSided).toMatchObject({ sensitivity: 1, specificity: null, kappa: null })
    expect(oneSided.informativenessInterval).toMatchObject({ low: -1, high: 1 })
  })

  it('refuses a judge that may know nothing, knows nothing, or prefers the opposite', () => {
    const refuses = (pairs: readonly AuditedPair[]) => refusesJudgeOnly(auditJudge('m', pairs))
    const coin = [1, -1].flatMap((human) =>
      [1, -1].flatMap((judged) => audited(human as Word, judged as Word, 100)),
    )
    expect(refuses(coin)).toBe(true)
    expect(refuses([...audited(1, 1, 3), ...audited(-1, -1, 1), ...audited(-1, 1, 1)])).toBe(true)
    expect(refuses([...audited(1, -1, 50), ...audited(-1, 1, 50)])).toBe(true)
    expect(refuses(audited(1, 1, 50))).toBe(true)
    expect(refuses(textbook)).toBe(false)
    expect(refuses(audited(null, 1, 50))).toBe(false)
  })

  it('counts ties, and what the judge did not decide, half in the corrected share', () => {
    const labels: AuditedPair[] = [
      ...audited(1, null, 3),
      ...audited(0, null, 4),
      ...audited(-1, null, 3),
    ]
    const audit = auditJudge('m', [...labels, ...audited(null, 1, 50)])
    // The judge says nothing about the labelled pairs, so that it is not trusted at all.
    expect(audit.ppi).toMatchObject({ estimate: 0.5, lambda: 0 })
  })

  it('is the same with candidate and baseline exchanged', () => {
    const word = fc.constantFrom<Word>(-1, 0, 1, null)
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 60 }), (words) => {
        const other = (each: Word): Word => (each === null ? null : ((0 - each) as Word))
        const audit = auditJudge(
          'm',
          words.flatMap(([human, judged]) => audited(human, judged)),
        )
        const exchanged = auditJudge(
          'm',
          words.flatMap(([human, judged]) => audited(other(human), other(judged))),
        )
        expect(exchanged.agreement).toBe(audit.agreement)
        expect(exchanged.sensitivity).toBe(audit.specificity)
        expect(exchanged.kappa ?? -9).toBeCloseTo(audit.kappa ?? -9, 12)
        expect(exchanged.informativeness ?? -9).toBeCloseTo(audit.informativeness ?? -9, 12)
        const low = (of: typeof audit) => of.informativenessInterval?.low ?? -9
        expect(low(exchanged)).toBeCloseTo(low(audit), 12)
        // At the edge, where the share has no logit, rounding decides which of the two has one.
        if (audit.ppi !== null && exchanged.ppi !== null)
          expect(exchanged.ppi.estimate).toBeCloseTo(1 - audit.ppi.estimate, 9)
      }),
    )
  })
})
