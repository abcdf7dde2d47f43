import { expect, test } from 'vitest'
import { drawSample } from '../../src/replay/draw-sample.ts'
import { qualityDelta } from '../../src/replay/quality-delta.ts'
import { randomFrom } from '../../src/stats/random.ts'

test('a 95 % interval covers the true difference of a weak and a strong model in 934 of 1,000 runs', () => {
  // Right answers by chance: weak 64 %, strong 86 %, independent of each other.
  const truth = 0.64 - 0.86
  let covered = 0
  for (let run = 0; run < 1_000; run++) {
    const random = randomFrom(`coverage ${run}`)
    const pairs = Array.from({ length: 250 }, (_, index) => ({
      difference: Number(random() < 0.64) - Number(random() < 0.86),
      weight: 1,
      cluster: `${index}`,
    }))
    const { interval } = qualityDelta(pairs, `run ${run}`)
    if (interval !== null && interval.low <= truth && truth <= interval.high) covered++
  }
  expect(covered).toBeGreaterThanOrEqual(934)
})

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
