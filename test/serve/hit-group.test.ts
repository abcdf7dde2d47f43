import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HitComparison } from '../../src/domain/comparison.ts'
import type { AuditPolicy } from '../../src/policy/serving.ts'
import {
  advanceHits,
  alarmBet,
  noHits,
  promiseBet,
  thresholdAbove,
} from '../../src/serve/hit-evidence.ts'
import { HitGroup } from '../../src/serve/hit-group.ts'
import { LayerPromise } from '../../src/serve/layer-promise.ts'
import { advanceRoutes, lossBet, noRoutes } from '../../src/serve/route-group.ts'
import { advanceEProcess, noEvidence } from '../../src/stats/e-process.ts'
import { type Random, randomFrom } from '../../src/stats/random.ts'

const audit: AuditPolicy = {
  routeShare: 0,
  maxWrongPerHit: 0.03,
  maxLoss: 0.02,
  confidence: 0.95,
  action: 'tighten',
  judge: null,
  maxInFlight: 4,
}

const hitOf = (fields: Partial<HitComparison> = {}): HitComparison => ({
  kind: 'hit',
  layer: 'semantic',
  group: null,
  entry: 'req_1',
  similarity: 0.93,
  verdict: 'right',
  by: 'identical',
  ...fields,
})

const runs = 1_000
/** A share of so many runs lies beyond three standard deviations of 5 % once in 700 times. */
const atMost = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)

const shareOf = (happens: (random: Random) => boolean, seed: string): number => {
  let count = 0
  for (let run = 0; run < runs; run++) if (happens(randomFrom(`${seed} ${run}`))) count++
  return count / runs
}

/** Hits of entries that come and go: one in `fresh` hits begins an entry, the others fall on those that are there. */
function* hitsOf(random: Random, hits: number, fresh: number, wrongOf: () => () => boolean) {
  const entries: (() => boolean)[] = []
  for (let index = 0; index < hits; index++) {
    const isNew = entries.length === 0 || random() < fresh
    // The first entries are the popular ones.
    const place = isNew ? entries.length : Math.floor(entries.length * random() ** 3)
    if (isNew) entries.push(wrongOf())
    const verdict = entries[place]?.() === true ? 'wrong' : 'right'
    yield hitOf({ entry: `req_${place}`, verdict })
  }
}

const alarms = (hits: Iterable<HitComparison>): boolean => {
  const group = new HitGroup('semantic', null)
  for (const hit of hits) if (group.note(hit, audit, true) !== null) return true
  return false
}

describe('a layer whose rate of wrong hits is at the limit', () => {
  test('is tightened in 5 % of runs at most, however long one looks', () => {
    const share = shareOf(
      (random) => alarms(hitsOf(random, 1_500, 1, () => () => random() < 0.03)),
      'independent',
    )
    expect(share).toBeLessThan(atMost)
    // A test that never rejects would hold its level too.
    expect(share).toBeGreaterThan(0.01)
  })

  test('is so also where an entry is always wrong or always right, and few entries get most hits', () => {
    const wrongOf = (random: Random) => () => {
      const isWrong = random() < 0.03
      return () => isWrong
    }
    const level = (fresh: number) =>
      shareOf(
        (random) => alarms(hitsOf(random, 3_000, fresh, wrongOf(random))),
        `clustered ${fresh}`,
      )
    expect(level(0.3)).toBeLessThan(atMost)
    expect(level(0.05)).toBeLessThan(atMost)
    // Why the first hit of an entry counts alone: a bet on every hit takes a popular wrong entry for many.
    const onEveryHit = shareOf((random) => {
      let evidence = noEvidence
      for (const { verdict } of hitsOf(random, 3_000, 0.05, wrongOf(random)))
        evidence = advanceEProcess(evidence, verdict === 'wrong', alarmBet(audit))
      return evidence.rejectedAt !== null
    }, 'clustered 0.05')
    expect(onEveryHit).toBeGreaterThan(2 * atMost)
  })

  test('keeps no promise in more than 5 % of runs, however long one looks', () => {
    const promotion = { minHits: 1, maxWrongPerHit: 0.03, confidence: 0.95, auto: false }
    const share = shareOf((random) => {
      const promise = new LayerPromise('semantic')
      for (const hit of hitsOf(random, 1_500, 1, () => () => random() < 0.03))
        if (promise.note(hit, promotion)) return true
      return false
    }, 'promise')
    expect(share).toBeLessThan(atMost)
    expect(share).toBeGreaterThan(0.01)
  })
})

test('a bad layer is found out soon', () => {
  const foundWithin = (rate: number, hits: number) =>
    shareOf(
      (random) => alarms(hitsOf(random, hits, 1, () => () => random() < rate)),
      `power ${rate}`,
    )
  expect(foundWithin(0.3, 60)).toBeGreaterThan(0.95)
  expect(foundWithin(0.1, 250)).toBeGreaterThan(0.95)
  expect(foundWithin(0.06, 800)).toBeGreaterThan(0.8)
})

test('a good layer keeps its promise soon', () => {
  const promotion = { minHits: 1, maxWrongPerHit: 0.03, confidence: 0.95, auto: false }
  const share = shareOf((random) => {
    const promise = new LayerPromise('semantic')
    for (const hit of hitsOf(random, 400, 1, () => () => random() < 0.005))
      if (promise.note(hit, promotion)) return true
    return false
  }, 'good')
  expect(share).toBeGreaterThan(0.95)
})

test('labels without a wrong one that prove a promise: known numbers', () => {
  const needed = (maxWrongPerHit: number) => {
    const bet = promiseBet({ maxWrongPerHit, confidence: 0.95 })
    let evidence = noHits
    while (evidence.bet.rejectedAt === null) evidence = advanceHits(evidence, 'right', bet, 'wrong')
    return evidence.compared
  }
  // ln 20 / ln((1 - α/5)/(1 - α)), rounded up; the first as docs/methods.md has it.
  expect([0.01, 0.03, 0.05].map(needed)).toEqual([373, 123, 73])
})

test('wrong hits in a row that raise an alarm: each doubles the evidence', () => {
  const alarm = (wrong: number) => {
    const group = new HitGroup('semantic', null)
    const actions = Array.from({ length: wrong }, (_, index) =>
      group.note(hitOf({ entry: index, verdict: 'wrong' }), audit, true),
    )
    return actions.map((action) => action?.kind ?? null)
  }
  // 2⁴ = 16 < 20 ≤ 2⁵.
  expect(alarm(5)).toEqual([null, null, null, null, 'tightened'])
})

describe('what cannot be settled', () => {
  test('raises no alarm and breaks a promise', () => {
    const one = (rule: 'left-out' | 'wrong', bet = alarmBet(audit)) =>
      advanceHits(noHits, 'unsettled', bet, rule)
    expect(one('left-out')).toEqual({ ...noHits, compared: 1, unsettled: 1 })
    const wrong = one('wrong', promiseBet(audit))
    expect(wrong.bet.logE).toBeCloseTo(Math.log(1 / 5))
    expect(wrong).toMatchObject({ wrong: 0, unsettled: 1 })
  })
})

describe('the threshold', () => {
  test('above a wrong hit is the next hundredth, and never above 0.99', () => {
    expect([0.92, 0.9249, 0.929999, 0.29, 0.979, 0.98].map(thresholdAbove)).toEqual([
      0.93, 0.93, 0.93, 0.3, 0.98, 0.99,
    ])
    expect(thresholdAbove(0.99)).toBeNull()
    expect(thresholdAbove(1)).toBeNull()
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.9899, noNaN: true }), (similarity) => {
        const next = thresholdAbove(similarity) as number
        expect(next).toBeGreaterThan(similarity)
        expect(next).toBeLessThanOrEqual(0.99)
        expect(next - similarity).toBeLessThanOrEqual(0.01 + 1e-9)
        expect(Math.round(next * 100) / 100).toBe(next)
      }),
    )
  })

  test('only rises, whatever comes, above every wrong hit that led to it; then the layer is off', () => {
    const hit = fc.record({
      entry: fc.nat(30),
      similarity: fc.double({ min: 0.9, max: 1, noNaN: true }),
      verdict: fc.constantFrom('right' as const, 'wrong' as const, 'wrong' as const),
    })
    fc.assert(
      fc.property(fc.array(hit, { maxLength: 200 }), (hits) => {
        const group = new HitGroup('semantic', null)
        const trail = hits.map((each) => {
          const action = group.note(hitOf(each), audit, true)
          const { threshold, isOff } = group
          return { isRaised: action?.kind === 'tightened', threshold: threshold ?? 0, isOff }
        })
        for (const [index, { isRaised, threshold, isOff }] of trail.entries()) {
          const before = trail[index - 1] ?? { threshold: 0, isOff: false }
          expect(threshold).toBeGreaterThanOrEqual(before.threshold)
          expect(isOff || !before.isOff).toBe(true)
          const wrong = hits.slice(0, index + 1).filter(({ verdict }) => verdict === 'wrong')
          if (isRaised)
            expect(wrong.filter(({ similarity }) => similarity >= threshold)).toEqual([])
        }
      }),
    )
  })

  test('is not raised by hits that it would not have served', () => {
    const known = { ...new HitGroup('semantic', null).state(), threshold: 0.95 }
    const group = new HitGroup('semantic', null, known)
    for (let entry = 0; entry < 50; entry++)
      expect(group.note(hitOf({ entry, verdict: 'wrong' }), audit, true)).toBeNull()
    expect(group.evidence).toEqual(noHits)
  })

  test('cannot tell where a wrong hit is as alike as can be: the layer is switched off', () => {
    const group = new HitGroup('semantic', null)
    for (let entry = 0; entry < 5; entry++)
      group.note(hitOf({ entry, verdict: 'wrong', similarity: 0.995 }), audit, true)
    expect(group).toMatchObject({ isOff: true, threshold: null })
  })

  test('of the exact layer there is none: it is only told of', () => {
    const group = new HitGroup('exact', null)
    const wrong = (entry: number) =>
      group.note(hitOf({ layer: 'exact', entry, verdict: 'wrong', similarity: 1 }), audit, true)
    expect([0, 1, 2, 3, 4, 5].map((entry) => wrong(entry)?.kind)).toEqual([
      ...Array(4),
      'exceeded',
      undefined,
    ])
    expect(group.isOff).toBe(false)
  })
})

test('a layer that nobody gets is not changed by what is found out about it', () => {
  const group = new HitGroup('semantic', null)
  const kinds = Array.from({ length: 12 }, (_, entry) =>
    group.note(hitOf({ entry, verdict: 'wrong' }), audit, false),
  )
  expect(kinds.filter((each) => each !== null)).toMatchObject([{ kind: 'exceeded' }])
  expect(group).toMatchObject({ threshold: null, isOff: false })
})

test('a group goes on from its state as if it had not been stopped', () => {
  const random = randomFrom('restart')
  const all = [...hitsOf(random, 400, 0.5, () => () => random() < 0.05)]
  const straight = new HitGroup('semantic', 'faq')
  let stopped = new HitGroup('semantic', 'faq')
  for (const [index, hit] of all.entries()) {
    straight.note(hit, audit, true)
    stopped.note(hit, audit, true)
    if (index % 37 === 0)
      stopped = new HitGroup('semantic', 'faq', JSON.parse(JSON.stringify(stopped.state())))
  }
  expect(stopped.state()).toEqual(straight.state())
})

test('a route whose loss is at the limit is called a loss in 5 % of runs at most, a worse one soon', () => {
  const bet = lossBet(audit.maxLoss, audit.confidence)
  const isLost = (random: Random, worse: number, better: number, pairs: number) => {
    let evidence = noRoutes
    for (let pair = 0; pair < pairs; pair++) {
      const draw = random()
      const difference = draw < worse ? -1 : draw < worse + better ? 1 : 0
      evidence = advanceRoutes(evidence, { difference }, bet)
      if (evidence.margin.decided?.verdict === 'inferior') return true
    }
    return false
  }
  // 7 % worse and 5 % better: a loss of 2 %.
  const level = shareOf((random) => isLost(random, 0.07, 0.05, 1_500), 'loss')
  expect(level).toBeLessThan(atMost)
  const power = shareOf((random) => isLost(random, 0.2, 0.05, 300), 'bad route')
  expect(power).toBeGreaterThan(0.9)
})
