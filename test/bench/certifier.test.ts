import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasRealData, realData } from '../support/real-data.ts'
import { loadClinc, replayCache, shuffledRuns } from './certifier-clinc.ts'
import { certified, coverageOf, lowestObserved, trueRisks } from './certifier-coverage.ts'
import { syntheticStreams } from './certifier-streams.ts'

const delta = 0.05

describe('coverage', () => {
  const point = (threshold: number, hits: number, wrong: number) => ({
    threshold,
    windowHits: hits,
    entries: [{ hits, wrong }],
    savings: hits,
  })

  it('holds each pick against the risk of its threshold over all runs', () => {
    const runs = [
      [point(0.9, 10, 0), point(0.8, 20, 1)],
      [point(0.9, 10, 2), point(0.8, 20, 7)],
    ]
    expect([...trueRisks(runs)]).toEqual([
      [0.9, 0.1],
      [0.8, 0.2],
    ])
    const limit = { alpha: 0.15, delta }
    // The first run picks 0.8, which is 0.2 in truth; the second, at 0.2 and 0.35, nothing.
    expect(coverageOf(lowestObserved, runs, limit)).toEqual({
      runs: 2,
      picked: 1,
      broken: 1,
      meanSavings: 10,
    })
    expect(coverageOf(certified, runs, limit)).toMatchObject({ picked: 0, broken: 0 })
  })

  it('of certificates holds where the true rate is the limit, and hits come in flocks', () => {
    const rate = 0.05
    const limit = { alpha: rate, delta }
    const risks = new Map([[0.85, rate]])
    const setting = { rate, times: 1, intraclassCorrelation: 0.4 }
    const runs = syntheticStreams(setting, 1_000)
    const { broken } = coverageOf(certified, runs, limit, risks)
    // The 99th percentile of Bin(1000, 5 %); and not so careful that nothing is ever certified.
    expect(broken).toBeLessThanOrEqual(66)
    expect(broken).toBeGreaterThan(0)
    expect(coverageOf(lowestObserved, runs, limit, risks).broken).toBeGreaterThan(400)
    const safe = syntheticStreams({ ...setting, rate: 0.02 }, 200)
    expect(coverageOf(certified, safe, limit).picked).toBeGreaterThan(180)
  })
})

describe.runIf(hasRealData)('on CLINC150', () => {
  const questions = hasRealData ? loadClinc() : { classes: [], neighbours: [] }

  it('the replayed cache has the known hits and wrong hits', () => {
    const file = realData('semantic/clinc_4000.expected.json')
    const { expected } = JSON.parse(readFileSync(file, 'utf8')) as {
      expected: Record<string, { hits: number; wrong: number }>
    }
    const inOrder = questions.classes.map((_, i) => i)
    for (const threshold of [0.99, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8, 0.7]) {
      const { windowHits, entries } = replayCache(questions, inOrder, { threshold, testedFrom: 0 })
      const wrong = entries.reduce((sum, entry) => sum + entry.wrong, 0)
      expect({ hits: windowHits, wrong }).toEqual(expected[`insert=on-miss threshold=${threshold}`])
    }
  })

  it('certificates hold in 200 orders, and the lowest observed rate breaks its promise', () => {
    const runs = shuffledRuns(questions, 200)
    for (const alpha of [0.1, 0.15, 0.2]) {
      const own = coverageOf(certified, runs, { alpha, delta })
      // The 99th percentile of Bin(200, 5 %).
      expect(own.broken).toBeLessThanOrEqual(18)
      expect(own.picked).toBeGreaterThan(40)
      const naive = coverageOf(lowestObserved, runs, { alpha, delta })
      expect(naive.broken).toBeGreaterThan(60)
    }
  }, 120_000)
})
