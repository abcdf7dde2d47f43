import { afterEach, describe, expect, it } from 'vitest'
import { baselineOf } from '../../src/simulate/baseline.ts'
import { CallRun } from '../../src/simulate/routing-calls.ts'
import { tokenRatios, usageAt } from '../../src/worlds/model-costs.ts'
import { openWayCosts } from '../../src/worlds/way-costs.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const open: StoredHistory[] = []
afterEach(() => {
  for (const stored of open.splice(0)) stored.close()
})

async function log(...served: readonly object[]): Promise<StoredHistory> {
  const records = served.map((way, index) => ({
    id: `r${index}`,
    at: '2026-08-01T10:00:00Z',
    provider: 'openai',
    model: 'gpt-4o',
    usage: { inputTokens: 1000, outputTokens: 100 },
    ...way,
  }))
  const stored = await storedHistory(records)
  open.push(stored)
  return stored
}

const mini = 'openai:gpt-4o-mini'
/** 1,000 tokens in and 100 out, nano-dollars: $0.15 and $0.60 a million, $1 and $5 a million, $2.50 and $10 a million. */
const atMini = 210_000
const atHaiku = 1_500_000
const atOwn = 3_500_000

describe('what a request costs at another model', () => {
  it.each([
    ['as usual', {}, mini, atMini],
    ['as a batch at the same provider', { serviceTier: 'batch' }, mini, atMini / 2],
    ['as a batch elsewhere', { serviceTier: 'batch' }, 'anthropic:claude-haiku-4-5', atHaiku / 2],
    ['as usual where its tier is not known', { serviceTier: 'flex' }, mini, atMini],
    [
      'as usual where nobody else has its tier',
      { serviceTier: 'flex' },
      'claude-haiku-4-5',
      atHaiku,
    ],
    ['by the tier at its own model', { serviceTier: 'batch' }, 'gpt-4o', atOwn / 2],
    [
      'as usual at a provider to whom its speed and place say nothing',
      { provider: 'anthropic', model: 'claude-opus-4-6', speed: 'fast', inferenceGeo: 'us' },
      mini,
      atMini,
    ],
    [
      'by the place at the same provider',
      { provider: 'anthropic', model: 'claude-opus-4-6', inferenceGeo: 'us' },
      'anthropic:claude-sonnet-4-6',
      4_950_000,
    ],
  ])('is counted %s', async (_, served, target, cost) => {
    const { history, costOf } = await log(served)
    const costAt = openWayCosts(history, costOf)
    expect(costAt(0, target, usageAt(history.columns, 0))).toBe(cost)
  })

  it('is counted so by runs of calls, by what levers change, and by baselines', async () => {
    const { history, costOf } = await log({ serviceTier: 'batch' }, {})
    const ratioOf = tokenRatios(history, null)
    const shorter = {
      usageOf: (_: number, usage: ReturnType<typeof usageAt>) => ({ ...usage, outputTokens: 0 }),
      costOf: (_place: number, _target: string, _usage: unknown, cost: number) => cost,
    }
    const run = new CallRun({ history, costOf, ratioOf, prefix: null, known: null }, [shorter])
    run.add(0, [null, mini])
    run.add(1, [null, mini])
    // Input alone: at $2.50 and $0.15 a million.
    expect([...run.costs]).toEqual([1_325_000, 2_650_000])
    expect(baselineOf(`all:${mini}`, history, costOf).spendNanoUsd).toBe(BigInt(1.5 * atMini))
  })
})
