import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { certify, type GridPoint } from '../../src/stats/certify.ts'

const limit = { alpha: 0.05, delta: 0.05 }

/** Hits of as many entries, one each; the window holds twice as many hits. */
const point = (threshold: number, hits: number, wrong: number, savings = hits): GridPoint => ({
  threshold,
  windowHits: 2 * hits,
  entries: Array.from({ length: hits }, (_, j) => ({ hits: 1, wrong: j < wrong ? 1 : 0 })),
  savings,
})

const statuses = (grid: readonly GridPoint[]) =>
  certify(grid, limit).points.map(({ status }) => status)

describe('certifying a threshold', () => {
  it('starts at three times the least labels and stops at the first that is not proved', () => {
    const grid = [
      point(0.85, 900, 0),
      point(0.99, 100, 0),
      point(0.95, 177, 0),
      point(0.97, 176, 0),
      point(0.92, 400, 8),
      point(0.9, 500, 30),
    ]
    const { points, chosen, nearest, labelsToStart } = certify(grid, limit)
    expect(labelsToStart).toBe(177)
    expect(points.map(({ threshold, status }) => [threshold, status])).toEqual([
      [0.99, 'too-few'],
      [0.97, 'too-few'],
      [0.95, 'certified'],
      [0.92, 'certified'],
      [0.9, 'failed'],
      [0.85, 'untested'],
    ])
    expect(chosen).toMatchObject({ threshold: 0.92, labelledShare: 0.5, wrong: 8 })
    expect(nearest).toBeNull()
  })

  it('goes on after the start whatever the number of labels, as long as each proves it', () => {
    const later = { ...point(0.92, 170, 0), windowHits: 400 }
    expect(statuses([point(0.95, 177, 0), later])).toEqual(['certified', 'certified'])
  })

  it('chooses what saves most among the certified, the higher of equals', () => {
    const grid = [point(0.97, 200, 0, 7), point(0.95, 300, 0, 9), point(0.93, 400, 0, 9)]
    expect(certify(grid, limit).chosen?.threshold).toBe(0.95)
    const dearer = [...grid, point(0.9, 500, 0, 3)]
    expect(certify(dearer, limit).chosen?.threshold).toBe(0.95)
  })

  it('says what is missing where nothing is certified', () => {
    const grid = [point(0.97, 90, 0), point(0.95, 140, 4), point(0.9, 300, 40)]
    const { chosen, nearest, points } = certify(grid, limit)
    expect(chosen).toBeNull()
    expect(nearest).toMatchObject({ threshold: 0.97, needed: { labels: 177, more: 87 } })
    expect(points[2]?.needed).toEqual({ kind: 'never' })
    expect(certify([point(0.9, 50, 20)], limit)).toMatchObject({ chosen: null, nearest: null })
    expect(certify([], limit)).toMatchObject({ chosen: null, nearest: null, points: [] })
  })

  it('names no threshold that has too few hits for the labels it needs', () => {
    const empty = { ...point(0.99, 0, 0), windowHits: 0 }
    const scarce = { ...point(0.97, 0, 0), windowHits: 176 }
    const enough = { ...point(0.95, 0, 0), windowHits: 177 }
    expect(certify([empty, scarce, enough], limit).nearest?.threshold).toBe(0.95)
    expect(certify([empty, scarce], limit).nearest).toBeNull()
    expect(certify([{ ...enough, labellable: 176 }], limit).nearest).toBeNull()
  })

  it('names no threshold behind one that failed', () => {
    const failed = point(0.97, 200, 40)
    expect(certify([failed, point(0.95, 150, 0)], limit).nearest).toBeNull()
  })

  it('counts hits of one entry as fewer', () => {
    const flock = (entries: number, hits: number): GridPoint => ({
      threshold: 0.9,
      windowHits: entries * hits,
      entries: Array.from({ length: entries }, () => ({ hits, wrong: 0 })),
      savings: 1,
    })
    expect(statuses([flock(177, 1)])).toEqual(['certified'])
    expect(statuses([flock(59, 3)])).toEqual(['too-few'])
    expect(statuses([flock(118, 3)])).toEqual(['certified'])
  })

  it('certifies only what is proved, in one unbroken run, and never past a failure', () => {
    const grids = fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.nat(40)), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(grids, (drawn) => {
        const grid = drawn.map(([n, k], i) => point(0.99 - i / 100, n, Math.min(n, k)))
        const { points, chosen } = certify(grid, limit)
        const words = points.map(({ status }) => status).join(' ')
        expect(words).toMatch(/^(?:too-few ?)*(?:certified ?)*(?:failed ?(?:untested ?)*)?$/)
        for (const { status, probability } of points) {
          if (status === 'certified') expect(probability).toBeLessThanOrEqual(limit.delta)
          if (status === 'failed') expect(probability).toBeGreaterThan(limit.delta)
        }
        expect(chosen !== null).toBe(words.includes('certified'))
      }),
    )
  })

  it('refuses more labels than hits', () => {
    expect(() => certify([{ ...point(0.9, 10, 0), windowHits: 9 }], limit)).toThrow(RangeError)
  })
})
