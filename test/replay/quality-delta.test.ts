import { expect, test } from 'vitest'
import { drawSample } from '../../src/replay/draw-sample.ts'
import { qualityDelta } from '../../src/replay/quality-delta.ts'

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
  expect(clustered.interval?.method).toContain('bootstrap')
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
