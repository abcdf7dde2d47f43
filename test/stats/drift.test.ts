import { describe, expect, it } from 'vitest'
import { driftBetween, type EntryHalves } from '../../src/stats/drift.ts'

type Counts = readonly [number, number, number, number]
const halves = (rows: readonly Counts[]): EntryHalves[] =>
  rows.map(([m1, w1, m2, w2]) => ({
    first: { hits: m1, wrong: w1 },
    second: { hits: m2, wrong: w2 },
  }))
const times = (count: number, row: Counts): Counts[] => Array<Counts>(count).fill(row)

describe('drift between the halves of a window', () => {
  // Made with numpy 2.
  it('has no smaller error than independent hits', () => {
    const drift = driftBetween(
      halves([
        [4, 1, 3, 2],
        [2, 0, 0, 0],
        [1, 0, 5, 3],
        [0, 0, 4, 1],
        [6, 1, 2, 0],
      ]),
    )
    expect(drift?.difference).toBeCloseTo(0.2747252747252747, 12)
    expect(drift?.standardError).toBeCloseTo(0.17587504351678476, 12)
    expect(drift?.drifted).toBe(false)
  })

  it('is not seen in flocks of few entries, and is in as many single hits', () => {
    const flocks = [
      ...times(10, [10, 0, 0, 0]),
      ...times(2, [0, 0, 10, 10]),
      ...times(8, [0, 0, 10, 0]),
    ]
    const single = [
      ...times(100, [1, 0, 0, 0]),
      ...times(20, [0, 0, 1, 1]),
      ...times(80, [0, 0, 1, 0]),
    ]
    const [inFlocks, inSingles] = [driftBetween(halves(flocks)), driftBetween(halves(single))]
    expect(inFlocks?.difference).toBeCloseTo(0.2, 12)
    expect(inSingles?.difference).toBeCloseTo(0.2, 12)
    // √(20/19 · (2·(10·0.8)² + 8·(10·0.2)²)/100²) over entries, 0 for the clean half.
    expect(inFlocks?.standardError).toBeCloseTo(Math.sqrt((20 / 19) * 0.016), 12)
    expect(inFlocks?.drifted).toBe(false)
    expect(inSingles?.drifted).toBe(true)
  })

  it('lets what one entry does in both halves cancel', () => {
    const both = driftBetween(halves([...times(2, [10, 10, 10, 10]), ...times(18, [10, 0, 10, 0])]))
    expect(both?.difference).toBe(0)
    expect(both?.standardError).toBeCloseTo(Math.sqrt(0.09 * (2 / 200)), 12)
  })

  it('is nothing to speak of where a half has no hits, or all hits are alike', () => {
    expect(driftBetween([])).toBeNull()
    expect(driftBetween(halves([[5, 1, 0, 0]]))).toBeNull()
    expect(driftBetween(halves([[5, 0, 7, 0]]))).toBeNull()
    expect(driftBetween(halves([[5, 5, 7, 7]]))).toBeNull()
  })
})
