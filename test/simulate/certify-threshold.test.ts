import { describe, expect, it } from 'vitest'
import { type CacheRun, served } from '../../src/simulate/cache-run.ts'
import {
  certifyPointOf,
  certifyThreshold,
  nothingCertified,
} from '../../src/simulate/certify-threshold.ts'
import { openLabelSamples } from '../../src/simulate/label-sample.ts'
import { openStated } from '../../src/simulate/stated-verdicts.ts'
import type { History } from '../../src/worlds/history.ts'
import { historyOf } from '../support/history.ts'

/** Even places are entries, each the owner of the hit behind it; labels tell which hits are right. */
function pairsHistory(hits: number, verdict: (hit: number) => 'right' | 'wrong' | null): History {
  const history = historyOf(
    Array.from({ length: 2 * hits }, (_, place) => {
      const said = verdict(Math.floor(place / 2))
      const isWrong = place % 2 === 1 && said === 'wrong'
      return { at: place, question: place, label: said === null ? -1 : Number(isWrong) }
    }),
  )
  const answerOf = (seq: number) => ({
    hash: `answer ${seq}`,
    parent: '',
    role: 'assistant',
    content: '',
    isJson: false,
  })
  return { ...history, lookup: { ...history.lookup, answerOf } }
}

const pairsRun = (
  hits: number,
  threshold = 0.9,
  isServed: (hit: number) => boolean = () => true,
): CacheRun => {
  const at = Array.from({ length: 2 * hits }, (_, place) => place)
  const isHit = (place: number) => place % 2 === 1 && isServed((place - 1) / 2)
  return {
    threshold,
    by: Uint8Array.from(at, (place) => (isHit(place) ? served.semantic : 0)),
    owner: Int32Array.from(at, (place) => (isHit(place) ? place - 1 : -1)),
    similarity: Float64Array.from(at, (place) => (isHit(place) ? threshold : Number.NaN)),
    entryBorn: new Float64Array(2 * hits),
    guard: new Uint8Array(2 * hits),
    exactHits: 0,
    semanticHits: at.filter(isHit).length,
    coalesced: 0,
  }
}

const limit = { alpha: 0.05, delta: 0.05 }
const certifiedOf = (history: History, runs: readonly CacheRun[]) => {
  const samples = openLabelSamples(history, openStated(history, null))
  return certifyThreshold(
    runs.map((run) => certifyPointOf(run, samples, -run.threshold)),
    limit,
  )
}

describe('what is certified', () => {
  it('knows the wrong hits of a log that labels them all, in the later half', () => {
    const history = pairsHistory(800, (hit) => (hit % 100 === 0 ? 'wrong' : 'right'))
    expect(certifiedOf(history, [pairsRun(800)])).toMatchObject({
      threshold: 0.9,
      labels: 400,
      errors: 4,
      thisLog: { hits: 400, labels: 400, wrong: 4, wrongAtMost: 4 },
    })
  })

  it('bounds them where only some are labelled', () => {
    const history = pairsHistory(800, (hit) => (hit % 50 === 0 ? null : 'right'))
    const { thisLog } = certifiedOf(history, [pairsRun(800)])
    expect(thisLog).toMatchObject({ hits: 400, wrong: 0 })
    expect(thisLog?.labels).toBeLessThan(400)
    // With n right of 400, "K are wrong" is refuted where C(400 − K, n) / C(400, n) is 5 % or less.
    const labels = thisLog?.labels ?? 0
    const chance = (wrong: number) =>
      Array.from({ length: wrong }, (_, i) => (400 - labels - i) / (400 - i)).reduce(
        (product, factor) => product * factor,
        1,
      )
    expect(chance(thisLog?.wrongAtMost ?? 0)).toBeGreaterThan(0.05)
    expect(chance((thisLog?.wrongAtMost ?? 0) + 1)).toBeLessThanOrEqual(0.05)
  })

  it('tests a random half beside the later one, which tells when traffic changes', () => {
    const history = pairsHistory(1600, (hit) => (hit >= 800 && hit % 12 === 0 ? 'wrong' : 'right'))
    const { threshold, errors, randomSplit } = certifiedOf(history, [pairsRun(1600)])
    expect(threshold).toBeNull()
    expect(errors).toBe(67)
    expect(randomSplit?.labels).toBeGreaterThan(700)
    expect(randomSplit?.labels).toBeLessThan(900)
    expect(randomSplit?.errors).toBeLessThan(60)
  })
})

describe('what is advised where nothing is certified', () => {
  const unlabelled = (hits: number) => pairsHistory(hits, () => null)
  it('names the command with its threshold and limit, never a threshold with too few hits', () => {
    const few = pairsRun(400, 0.99, (hit) => hit % 10 === 0)
    const { advice, labelsNeeded } = certifiedOf(unlabelled(400), [few, pairsRun(400)])
    expect(labelsNeeded).toBe(177)
    expect(advice).toContain(
      'label 177 more hits (llmcost label --threshold 0.9 --max-wrong-hits 5% --confidence 95%)',
    )
  })

  it('asks for a longer log where the window has too few hits, and blames none of them', () => {
    const { advice, labelsNeeded, errors } = certifiedOf(unlabelled(100), [pairsRun(100)])
    expect([labelsNeeded, errors]).toEqual([null, 0])
    expect(advice).toContain(
      'at 0.9 only 50 hits are in the second half of this log, and 177 labels are needed: use a longer log',
    )
  })

  it('says where there is no hit at all', () => {
    const none = pairsRun(100, 0.9, () => false)
    expect(certifiedOf(unlabelled(100), [none]).advice).toMatch(/at no threshold .* is there a hit/)
  })

  it('says how many are wrong where they are wrong too often', () => {
    const history = pairsHistory(800, (hit) => (hit % 4 === 0 ? 'wrong' : 'right'))
    const { advice, labels, errors } = certifiedOf(history, [pairsRun(800)])
    expect([labels, errors]).toEqual([400, 100])
    expect(advice).toContain('at 0.9, 100 of 400 labelled hits are wrong, and at that rate')
  })

  it('says so where hits have no answers that could be labelled', () => {
    const history = unlabelled(800)
    history.answer.fill(-1)
    const { advice, labels } = certifiedOf(history, [pairsRun(800)])
    expect(labels).toBe(0)
    expect(advice).toContain('of which 400 have neither labels nor both answers')
  })

  it('keeps the limit that was asked for where there is nothing to certify', () => {
    expect(nothingCertified(limit, false)).toMatchObject({
      alpha: 0.05,
      confidence: 0.95,
      advice: expect.stringContaining('the policy has no semantic layer'),
    })
    expect(nothingCertified(limit, true).advice).toContain('there is no text to compare')
    expect(nothingCertified(null, true)).toMatchObject({ alpha: null, confidence: null })
  })
})
