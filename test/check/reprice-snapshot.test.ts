import { describe, expect, it } from 'vitest'
import { noCosts } from '../../src/check/cost-cells.ts'
import { repriceSnapshot } from '../../src/check/reprice-snapshot.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { scenario, snapshotOf } from '../support/snapshots.ts'

const inForce = { book: openPriceBook(), fingerprint: 'in-force' }

/** 200 tokens in and 2,000 out of gpt-4o: $0.0205 at $2.50 and $10 a million. */
const fair = 20_500_000

/** Two scenarios that were paid at another price. */
const paid = (costNanoUsd: number, more: Partial<Snapshot> = {}): Snapshot => {
  const scenarios = ['a', 'b'].map((name) =>
    scenario(name, costNanoUsd / 2, { outputTokens: 1000 }),
  )
  const plain = snapshotOf(scenarios)
  const cells = plain.cells?.map((cell) => ({
    ...cell,
    costNanoUsd: { ...noCosts, outputTokens: costNanoUsd },
  }))
  return { ...plain, cells: cells ?? null, ...more }
}

describe('a snapshot at the prices in force', () => {
  it('has all its money changed alike', () => {
    const { snapshot, repriced } = repriceSnapshot(paid(2 * fair), inForce, 'x')
    expect(repriced).toEqual({ requests: 2, keptRequests: 0, keptUsd: 0 })
    expect(snapshot.fingerprints.prices).toBe('in-force')
    expect(snapshot.totals.costNanoUsd).toBe(fair)
    expect(snapshot.scenarios.map(({ costNanoUsd }) => costNanoUsd)).toEqual([fair / 2, fair / 2])
    expect(snapshot.runs.samples).toEqual([fair / 2, fair / 2])
    expect(snapshot.metrics).toMatchObject({
      costUsd: 0.0205,
      costPerRequestUsd: 0.01025,
      // Of single requests nothing is known.
      'perRequest.p95Usd': null,
    })
  })

  it('is as it was where these prices made it, or make the same', () => {
    const own = paid(2 * fair, {
      fingerprints: { policy: null, prices: 'in-force', embedder: null },
    })
    expect(repriceSnapshot(own, inForce, 'x').snapshot).toBe(own)
    const same = paid(fair)
    const cells = same.cells?.map((cell) => ({
      ...cell,
      // A nano-dollar off: costs of requests were rounded one by one.
      costNanoUsd: { ...noCosts, inputTokens: 500_001, outputTokens: 20_000_000 },
    }))
    const { snapshot, repriced } = repriceSnapshot({ ...same, cells: cells ?? null }, inForce, 'x')
    expect(repriced.requests).toBe(0)
    expect(snapshot.metrics['perRequest.p95Usd']).toBe(same.metrics['perRequest.p95Usd'])
    expect(snapshot.cells).toEqual(cells)
  })

  it('prices what nobody had a price for', () => {
    const plain = paid(0)
    const cells = plain.cells?.map((cell) => ({ ...cell, pricing: 'unpriced' as const }))
    const totals = { ...plain.totals, unpricedRequests: 2 }
    const { snapshot } = repriceSnapshot({ ...plain, totals, cells: cells ?? null }, inForce, 'x')
    expect(snapshot.totals).toMatchObject({ costNanoUsd: fair, unpricedRequests: 0 })
    expect(snapshot.metrics['unpricedShare']).toBe(0)
  })

  it('says where scenarios only follow the mean of their feature', () => {
    const plain = paid(2 * fair)
    const [cell] = plain.cells ?? []
    if (cell === undefined) throw new Error('a snapshot of scenarios has a cell')
    const mini = { ...cell, model: 'gpt-4o-mini', requests: 1 }
    const { warnings } = repriceSnapshot({ ...plain, cells: [cell, mini] }, inForce, 'x')
    expect(warnings.map(({ code }) => code)).toEqual(['repriced-by-feature'])
  })

  it('cannot be made of a report', () => {
    const source = { kind: 'simulate', inputs: [] } as const
    const report = paid(fair, { cells: null, source })
    const { snapshot, repriced, warnings } = repriceSnapshot(report, inForce, 'report.json')
    expect(snapshot).toBe(report)
    expect(repriced).toEqual({ requests: 0, keptRequests: 2, keptUsd: 0.0205 })
    expect(warnings).toMatchObject([{ code: 'not-repriced', count: 2 }])
  })
})
