import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noCosts } from '../../src/check/cost-cells.ts'
import { diff, type NamedSnapshot } from '../../src/check/diff.ts'
import type { DiffResult } from '../../src/check/diff-result.ts'
import type { SnapshotCell } from '../../src/check/snapshot.ts'
import { type DiffFormat, formatDiff } from '../../src/report/format-diff.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { describedKeys, type JsonSchema, reversed, schemaProblems } from '../support/json-schema.ts'
import { scenario, snapshotOf } from '../support/snapshots.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const schema = JSON.parse(read('../../src/report/schema/diff.schema.json')) as JsonSchema

type Cell = Partial<Omit<SnapshotCell, 'costNanoUsd'>> & {
  readonly cost?: Partial<SnapshotCell['costNanoUsd']>
}

const cell = ({ cost, ...more }: Cell): SnapshotCell => ({
  provider: 'openai',
  model: 'gpt-4o',
  feature: 'support',
  terms: {},
  band: null,
  pricing: 'tokens',
  failed: false,
  requests: 100,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  ...more,
  costNanoUsd: { ...noCosts, ...cost },
})

/** A side of cells, with totals that fit them. */
function sideOf(
  name: string,
  cells: readonly SnapshotCell[],
  more: Partial<NamedSnapshot['snapshot']> = {},
  dearest: NamedSnapshot['dearest'] = [],
): NamedSnapshot {
  const costs = cells.flatMap(({ costNanoUsd }) => Object.values(costNanoUsd) as number[])
  const base = snapshotOf([])
  const totals = {
    ...base.totals,
    requests: cells.reduce((sum, { requests }) => sum + requests, 0),
    unpricedRequests: cells.reduce(
      (sum, { pricing, requests }) => sum + (pricing === 'unpriced' ? requests : 0),
      0,
    ),
    costNanoUsd: costs.reduce((sum, cost) => sum + cost, 0),
  }
  const period = { from: '2026-10-01T00:00:00.000Z', to: '2026-10-07T23:00:00.000Z', days: 7 }
  return { name, snapshot: { ...base, totals, period, cells, ...more }, dearest }
}

const before = () =>
  sideOf(
    'before.json',
    [
      cell({
        inputTokens: 200_000,
        outputTokens: 10_000,
        cost: { inputTokens: 500_000_000, outputTokens: 100_000_000 },
      }),
      cell({
        feature: 'search',
        inputTokens: 100_000,
        outputTokens: 5000,
        cost: { inputTokens: 250_000_000, outputTokens: 50_000_000 },
      }),
      cell({
        feature: 'mail',
        model: 'gpt-4o-mini',
        requests: 50,
        inputTokens: 100_000,
        outputTokens: 10_000,
        cost: { inputTokens: 15_000_000, outputTokens: 6_000_000 },
      }),
      cell({
        feature: null,
        model: 'o1',
        requests: 3,
        inputTokens: 3000,
        outputTokens: 6000,
        cost: { inputTokens: 45_000_000, outputTokens: 60_000_000 },
      }),
    ],
    {
      scenarios: [
        scenario('refund', 10_000_000),
        scenario('greeting', 2_000_000, { question: 'q-1' }),
      ],
    },
  )

const after = (feature = 'support', id = 'req-7') =>
  sideOf(
    'after.jsonl',
    [
      cell({
        feature,
        requests: 120,
        inputTokens: 300_000,
        cacheReadTokens: 60_000,
        outputTokens: 12_000,
        cost: {
          inputTokens: 750_000_000,
          cacheReadTokens: 75_000_000,
          outputTokens: 120_000_000,
          fees: 20_000_000,
        },
      }),
      cell({
        feature,
        failed: true,
        requests: 4,
        inputTokens: 8000,
        cost: { inputTokens: 20_000_000 },
      }),
      cell({
        feature: 'search',
        inputTokens: 100_000,
        outputTokens: 5000,
        cost: { inputTokens: 200_000_000, outputTokens: 40_000_000 },
      }),
      cell({
        feature: 'mail',
        model: 'gpt-4o-mini',
        requests: 50,
        inputTokens: 100_000,
        outputTokens: 10_000,
        cost: { inputTokens: 15_000_000, outputTokens: 6_000_000 },
      }),
      cell({
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        feature: 'search',
        requests: 10,
        inputTokens: 10_000,
        outputTokens: 2000,
        cost: { inputTokens: 30_000_000, outputTokens: 30_000_000 },
      }),
      cell({ model: 'own-7b', feature: null, pricing: 'unpriced', requests: 2, inputTokens: 100 }),
    ],
    {
      fingerprints: { policy: null, prices: 'book-2', embedder: null },
      scenarios: [
        scenario('refund', 14_000_000, { inputTokens: 1700, calls: 2 }),
        scenario('hello', 2_000_000, { question: 'q-1' }),
        scenario('added', 500_000),
      ],
    },
    [
      {
        provider: 'openai',
        model: 'gpt-4o',
        feature,
        id,
        at: '2026-10-07T22:00:00.000Z',
        costNanoUsd: 90_000_000,
        otherNanoUsd: null,
      },
      {
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        feature: 'search',
        id: 'seq:12',
        at: null,
        costNanoUsd: 9_000_000,
        otherNanoUsd: null,
      },
    ],
  )

const options = {
  generatedAt: '2026-11-02T00:00:00.000Z',
  inputs: [],
  warnings: [],
  repriced: null,
}
const changed = () => diff(before(), after(), options)
const same = () => diff(before(), before(), options)
const repriced = () =>
  diff(atBook2(before()), after(), {
    ...options,
    repriced: {
      prices: 'book-2',
      from: { requests: 250, keptRequests: 3, keptUsd: 0.105 },
      to: { requests: 0, keptRequests: 0, keptUsd: 0 },
    },
  })

const atBook2 = (side: NamedSnapshot): NamedSnapshot => ({
  ...side,
  snapshot: { ...side.snapshot, fingerprints: after().snapshot.fingerprints },
})

const print = (result: DiffResult, format: DiffFormat, width = 80) =>
  formatDiff(result, format, { width, color: false, unicode: true })

it.each(['json', 'markdown', 'csv'] as const)('golden %s', async (format) => {
  await expect(print(changed(), format)).toMatchFileSnapshot(`golden/diff.${format}.txt`)
})

it.each([40, 60, 80, 120])('golden terminal of %i columns', async (width) => {
  const text = print(changed(), 'terminal', width)
  await expect(text).toMatchFileSnapshot(`golden/diff-${width}.txt`)
})

it('golden of what was priced anew', async () => {
  await expect(print(repriced(), 'terminal')).toMatchFileSnapshot('golden/diff-repriced.txt')
})

it('nothing to explain is said in few lines', () => {
  expect(print(same(), 'terminal')).toBe(`$1.03 → $1.03  no difference
  from         before.json   2026-10-01 to 2026-10-07   253 requests
  to           before.json   2026-10-01 to 2026-10-07   253 requests

total $1.03 → $1.03, no difference
`)
})

it('sides that share few scenarios are not compared by them', () => {
  const scenarios = [scenario('other', 9_000_000)]
  const other = { ...after(), snapshot: { ...after().snapshot, scenarios } }
  const result = diff(before(), other, options)
  expect(result).toMatchObject({ scenarioCoverage: 0, scenarioChanges: 3 })
  expect(print(result, 'terminal')).not.toContain('SCENARIOS')
  expect(print(changed(), 'terminal')).toContain('SCENARIOS')
})

describe('JSON', () => {
  it.each([
    ['a difference', changed],
    ['none', same],
    ['what was priced anew', repriced],
  ])('of %s fits the schema, key for key', (_, result) => {
    const parsed = JSON.parse(print(result(), 'json'))
    expect(schemaProblems(parsed, schema)).toEqual([])
    const backwards = reversed(result()) as DiffResult
    expect(print(backwards, 'json')).toBe(print(result(), 'json'))
    expect(Object.keys(parsed)).toEqual(Object.keys(schema.properties ?? {}))
  })

  it('has every key described in docs/json-output.md, in the order it is printed', () => {
    const [, docs = ''] = read('../../docs/json-output.md').split('\n## `llmcost diff`\n')
    const own = docs.split('\n## ')[0] ?? ''
    const keys = [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key]) => key ?? '')
    const head = ['kind', 'version', 'generatedAt', 'inputs', 'fingerprints', 'warnings']
    const described = describedKeys(schema).filter(
      (key) => !head.includes(key.split(/[.[]/)[0] ?? ''),
    )
    expect(keys).toEqual(described)
  })
})

it.each([40, 60])('no line of a terminal of %i columns is longer', (width) => {
  const name = 'a name that has more than sixty columns, as whole sentences have'
  const named = diff(before(), after(name, name), options)
  const from = { ...named.from, costUsd: 0.0000123 }
  const far = { ...named, from, differenceUsd: -0.0000025, change: -0.203, to: { ...from, name } }
  for (const result of [changed(), far, repriced()]) {
    const lines = formatDiff(result, 'terminal', { width, color: false, unicode: true }).split('\n')
    expect(lines.filter((line) => textWidth(line) > width)).toEqual([])
  }
})

it('text of a log breaks out of no report', () => {
  const hostile = '\u001b[31m|<script>@team\n::error::'
  const result = diff(before(), after(hostile, hostile), options)
  for (const format of ['terminal', 'markdown'] as const)
    expect(print(result, format)).not.toContain('\u001b')
  expect(print(result, 'terminal')).not.toMatch(/^::/m)
  expect(print(result, 'markdown')).not.toContain('<script>')
  expect(print(result, 'csv')).toContain('"')
})
