import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { labelOfQuality, scoreHeldOut, trainKnn } from '../../src/engine/knn-classifier.ts'
import { hasRealData } from '../support/real-data.ts'
import { routellmQuestions } from '../support/routellm.ts'

const at = (angle: number): Float64Array => Float64Array.of(Math.cos(angle), Math.sin(angle))

describe('a classifier by neighbours', () => {
  it('predicts the mean of the nearest, weighted by cosine', () => {
    const vectors = [at(0), at(Math.PI / 3), at(Math.PI)]
    const { predict } = trainKnn({ vectors, scores: [[1, 0, 0.7]] }, 2)
    expect(predict(at(0))[0]).toBeCloseTo(1 / (1 + 0.5), 12)
    expect(trainKnn({ vectors, scores: [[1, 0, 0.7]] }, 1).predict(at(0))[0]).toBe(1)
  })

  it('falls back to the mean where nothing is near or measured', () => {
    const vectors = [at(0), at(0.1), null]
    const scores = [
      [1, 0, 0],
      [Number.NaN, 0.5, 1],
      [Number.NaN, Number.NaN, 1],
    ]
    const { predict } = trainKnn({ vectors, scores }, 5)
    expect([...predict(at(Math.PI))]).toEqual([0.5, 0.5, Number.NaN])
    expect([...predict(null)]).toEqual([0.5, 0.5, Number.NaN])
    expect(predict(at(0))[1]).toBe(0.5)
    expect([...predict(Float64Array.of(0, 0))]).toEqual([0.5, 0.5, Number.NaN])
  })

  it('finds the neighbours that sorting all of them finds, those without a say left out', () => {
    // At a right angle rounding would say which side a question is on.
    const angle = fc.integer({ min: -120, max: 120 }).filter((degree) => Math.abs(degree) !== 90)
    const angles = fc.array(angle, { minLength: 2, maxLength: 30 })
    const most = fc.integer({ min: 1, max: 8 })
    fc.assert(
      fc.property(angles, most, fc.boolean(), (degrees, neighbours, isFirstOut) => {
        const vectors = degrees.map((degree) => at((degree * Math.PI) / 180))
        const scores = [vectors.map((_, index) => index)]
        const without = new Set(isFirstOut ? [0] : [])
        const { predict } = trainKnn({ vectors, scores }, neighbours)
        const others = degrees
          .map((degree, index) => ({ index, weight: Math.cos((Math.abs(degree) * Math.PI) / 180) }))
          .filter(({ index }) => !without.has(index))
        const nearest = others
          .filter(({ weight }) => weight > 0)
          .sort((a, b) => b.weight - a.weight || a.index - b.index)
          .slice(0, neighbours)
        const voting = nearest.length > 0 ? nearest : others.map((each) => ({ ...each, weight: 1 }))
        const total = voting.reduce((sum, { weight }) => sum + weight, 0)
        const mean = voting.reduce((sum, { weight, index }) => sum + weight * index, 0) / total
        expect(predict(at(0), without)[0]).toBeCloseTo(mean, 9)
      }),
    )
  })

  it.each([
    [0.9, 0.95, 'simple'],
    [0.8, 0.7, 'simple'],
    [0.7, 0.8, 'medium'],
    [0.7, 0.7, 'hard'],
    [Number.NaN, 0.9, 'medium'],
    [Number.NaN, Number.NaN, 'hard'],
  ] as const)('says of %s and %s at 0.8: %s', (small, medium, label) => {
    expect(labelOfQuality({ small, medium }, 0.8)).toBe(label)
  })
})

describe('a held-out score', () => {
  /** Two kinds of question; the weak model can only do one of them. */
  const examples = Array.from({ length: 200 }, (_, i) => ({
    vector: at(i % 2 === 0 ? i / 1000 : 2 + i / 1000),
    weak: i % 2 === 0 ? 1 : 0,
  }))
  const vectors = examples.map(({ vector }) => vector)
  const scores = [examples.map(({ weak }) => weak), examples.map(() => 1)]
  const models = { weak: 0, strong: 1 }

  it('is the best there is where neighbours tell all', () => {
    const held = scoreHeldOut({ vectors, scores }, models, { neighbours: 5, trainShare: 0.5 })
    expect(held.tested).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i))
    expect(held.quality).toMatchObject({ kind: 'measured', apgr: 0.75, cpt50: 0.25, cpt80: 0.4 })
  })

  it('is of what came later, where times are known, and leaves out what was not measured', () => {
    const times = examples.map((_, i) => -i)
    const holed = [scores[0] ?? [], examples.map((_, i) => (i < 10 ? Number.NaN : 1))]
    const held = scoreHeldOut({ vectors, scores: holed }, models, {
      neighbours: 5,
      trainShare: 0.5,
      at: times,
    })
    expect(Math.max(...held.tested)).toBe(104)
    expect(Math.min(...held.tested)).toBe(10)
    expect(held.tested).toHaveLength(95)
  })

  it('learns nothing from the part that it is judged on', () => {
    const flipped = [
      (scores[0] ?? []).map((score, i) => (i < 100 ? score : 1 - score)),
      scores[1] ?? [],
    ]
    const options = { neighbours: 5, trainShare: 0.5 }
    const [as, turned] = [
      scoreHeldOut({ vectors, scores }, models, options),
      scoreHeldOut({ vectors, scores: flipped }, models, options),
    ]
    expect([...turned.strengths]).toEqual([...as.strengths])
    expect(turned.quality).toMatchObject({ apgr: 0.25 })
  })
})

/** A text as counts of its character trigrams, hashed (FNV-1a) to a few dimensions. */
function trigrams(text: string): Float64Array {
  const vector = new Float64Array(512)
  const plain = text.toLowerCase().replace(/\d+/g, '0')
  for (let i = 0; i + 3 <= plain.length; i++) {
    let hash = 0x811c9dc5
    for (let j = i; j < i + 3; j++) hash = Math.imul(hash ^ plain.charCodeAt(j), 0x01000193)
    const place = (hash >>> 0) % vector.length
    vector[place] = (vector[place] as number) + 1
  }
  return vector
}

it.skipIf(!hasRealData)('is judged on public questions by the part it has not seen', () => {
  const { texts, weak, strong } = routellmQuestions()
  const held = scoreHeldOut(
    { vectors: texts.map(trigrams), scores: [weak, strong] },
    { weak: 0, strong: 1 },
    { neighbours: 40, trainShare: 0.5 },
  )
  expect(held.tested).toHaveLength(654)
  expect(held.quality.kind).toBe('measured')
  if (held.quality.kind !== 'measured') return
  // Chance reaches 0.5 within two deviations; these neighbours 0.601, hardly more than length does (0.609).
  expect(held.quality.apgr).toBeGreaterThan(0.5 + 3 * held.quality.randomDeviation)
  expect(held.quality.apgr).toBeCloseTo(0.6013, 3)
})
