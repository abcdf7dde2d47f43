import { expect, test } from 'vitest'
import { drawSample } from '../../src/replay/draw-sample.ts'
import { qualityDelta } from '../../src/replay/quality-delta.ts'
import { pairedDifference } from '../../src/stats/paired-difference.ts'

test('pairs of one prompt count as one', () => {
  const pairs = Array.from({ length: 100 }, (_, index) => ({
    difference: index % 2 === 0 ? -1 : 0,
    weight: 1,
    cluster: `${Math.floor(index / 20)}`,
  }))
  const clustered = qualityDelta(pairs, 'seed')
  const single = qualityDelta(
    pairs.map((pair, index) => ({ ...pair, cluster: `${index}` })),
    'seed',
  )
  expect(clustered.designEffect).toBeCloseTo(20)
  expect(clustered.estimate).toBe(single.estimate)
  expect(single.interval?.method).toBe('tango')
  // Five prompts are too few to draw from: as many pairs as they are worth.
  expect(clustered.interval).toMatchObject(pairedDifference(countsOf(2.5, 2.5), 0.95))
  const many = qualityDelta(
    pairs.map((pair, index) => ({ ...pair, cluster: `${Math.floor(index / 4)}` })),
    'seed',
  )
  expect(many.interval?.method).toContain('bootstrap')
})

const countsOf = (both: number, onlySecond: number) => ({
  both,
  onlyFirst: 0,
  onlySecond,
  neither: 0,
})

test('a few graded differences do not make a few pairs certain', () => {
  const pairs = Array.from({ length: 10 }, (_, index) => ({
    difference: index === 0 ? -0.01 : 0,
    weight: 1,
    cluster: `${index}`,
  }))
  const { interval } = qualityDelta(pairs, 'seed', 0.9)
  const none = pairedDifference(countsOf(10, 0), 0.9)
  expect(interval?.low).toBeLessThanOrEqual(none.low)
})

test('where there are more strata than may be drawn, no more are drawn', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `stratum ${index % 400}`)
  const { order, strata } = drawSample(names, 50, 'seed')
  expect(order).toHaveLength(50)
  expect(new Set(order).size).toBe(50)
  expect(strata.reduce((sum, { sampled }) => sum + sampled, 0)).toBe(50)
  expect(strata.every(({ weight }) => weight === 1)).toBe(true)
})

test('a sample may be larger than what fits on a stack', () => {
  const names = Array.from({ length: 300_000 }, () => 'one')
  expect(drawSample(names, 200_000, 'seed').order).toHaveLength(200_000)
})

test('a stratum of few requests is drawn at least once, and weighs what it is worth', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => (index < 3 ? 'rare' : 'common'))
  const { order, strata } = drawSample(names, 100, 'seed')
  expect(order).toHaveLength(100)
  expect(new Set(order).size).toBe(100)
  const [common, rare] = strata
  expect(rare).toMatchObject({ name: 'rare', affected: 3, sampled: 1 })
  expect(common).toMatchObject({ affected: 997, sampled: 99 })
  // Weights are by the mean of all: over the sample they add up to its size.
  const total = strata.reduce((sum, { sampled, weight }) => sum + sampled * weight, 0)
  expect(total).toBeCloseTo(100)
  expect(drawSample(names, 100, 'seed').order).toEqual(order)
})
