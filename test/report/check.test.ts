import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { check } from '../../src/check/check.ts'
import type { CheckResult } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import type { Assertion } from '../../src/policy/governance.ts'
import { type CheckFormat, formatCheck } from '../../src/report/format-check.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { describedKeys, type JsonSchema, reversed, schemaProblems } from '../support/json-schema.ts'
import { scenario, snapshotOf } from '../support/snapshots.ts'

const view = { width: 80, color: false, unicode: true }
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const schema = JSON.parse(read('../../src/report/schema/check.schema.json')) as JsonSchema

const assertion = (metric: string, limit: Assertion['limit']): Assertion => ({
  name: metric,
  metric,
  where: {},
  limit,
  level: 'error',
})

const assertions: readonly Assertion[] = [
  assertion('cost', { kind: 'increase', maxShare: 0.05 }),
  { ...assertion('hitRate', { kind: 'value', operator: '>=', value: 0.3 }), level: 'warn' },
  assertion('wrongHitRate', { kind: 'value', operator: '<=', value: 0.01 }),
  assertion('requests', { kind: 'value', operator: '>=', value: 1 }),
]

const baseline = snapshotOf([
  scenario('refund', 10_000_000),
  scenario('greeting', 2_000_000, { question: 'q-1' }),
  scenario('old name', 3_000_000, { question: 'q-2' }),
  scenario('retired', 1_000_000),
])

const resultOf = (before: typeof baseline | null, after: typeof baseline): CheckResult =>
  check(before, after, {
    generatedAt: '2026-11-02T00:00:00.000Z',
    inputs: [],
    warnings: [],
    policy: {
      noData: 'warn',
      exact: true,
      assertions: before === null ? assertions.slice(1) : assertions,
    },
  })

const regressed = (name = 'refund') =>
  resultOf(
    baseline,
    snapshotOf(
      [
        scenario(name, 14_000_000, { inputTokens: 1700, calls: 2 }),
        scenario('greeting', 2_000_000, { question: 'q-1' }),
        scenario('new name', 3_000_000, { question: 'q-2' }),
        scenario('added', 500_000),
      ],
      { fingerprints: { policy: null, prices: 'book-2', embedder: null } },
    ),
  )

const quiet = (): CheckResult =>
  check(baseline, baseline, {
    generatedAt: '2026-11-02T00:00:00.000Z',
    inputs: [],
    warnings: [],
    policy: { noData: 'fail', exact: false, assertions: assertions.slice(0, 1) },
  })

const print = (result: CheckResult, format: CheckFormat, width = 80) =>
  formatCheck(result, format, { ...view, width })

it.each(['terminal', 'json', 'markdown', 'junit', 'github'] as const)(
  'golden %s of a regression',
  async (format) => {
    await expect(print(regressed(), format)).toMatchFileSnapshot(`golden/check.${format}.txt`)
  },
)

/** Twelve scenarios that cost more here and less there, and figures of time with and without a test. */
const noisy = (): CheckResult => {
  const run = (factor: (index: number) => number, slower: number): Snapshot => {
    const side = snapshotOf(
      Array.from({ length: 12 }, (_, index) =>
        scenario(`case ${index}`, Math.round(1_000_000 * (index + 1) * factor(index))),
      ),
    )
    const times = { 'latencyMs.p95': 1200 * slower, 'firstTokenMs.p50': 300 * slower }
    return { ...side, metrics: { ...side.metrics, ...times } }
  }
  const before = run(() => 1, 1)
  const after = run((index) => (index % 2 === 0 ? 0.7 : 1.5), 1.2)
  const noisyAssertions = [
    assertion('cost', { kind: 'increase', maxShare: 0.05 }),
    assertion('firstTokenMs.p50', { kind: 'increase', maxShare: 0.1 }),
    assertion('latencyMs.p95', { kind: 'value', operator: '<=', value: 2000 }),
  ]
  return check(before, after, {
    generatedAt: '2026-11-02T00:00:00.000Z',
    inputs: [],
    warnings: [],
    policy: { noData: 'fail', exact: false, assertions: noisyAssertions },
  })
}

it.each(['terminal', 'json', 'markdown', 'junit', 'github'] as const)(
  'golden %s of what noise may explain',
  async (format) => {
    await expect(print(noisy(), format)).toMatchFileSnapshot(`golden/check-noisy.${format}.txt`)
  },
)

it.each([
  ['cost', 0.042165, 0.0421675, '$0.042165 → $0.0421675, +<0.1%: beyond the bound (<= $0.042165)'],
  ['costUsd', 9, 10, '$9.00 → $10.00, +11%: beyond the bound (<= $9.00)'],
  ['hitRate', 0.3, 0.30004, '30% → 30.004%, +<0.1%: beyond the bound (<= 30%)'],
  [
    'latencyMs.p95',
    1200,
    1200.04,
    '1,200 ms → 1,200.04 ms, +<0.1%: beyond the bound (<= 1,200 ms)',
  ],
])('figures of %s that would round to the same are exact', (metric, before, after, sentence) => {
  const [finding] = regressed().findings
  if (finding === undefined) throw new Error('no finding')
  const figures = { baseline: before, expected: before, actual: after }
  const held = { ...finding, ...figures, metric, change: after / before - 1 }
  expect(print({ ...regressed(), findings: [held] }, 'terminal', 120)).toContain(sentence)
  const cells = print({ ...regressed(), findings: [held] }, 'markdown').split('\n')
  const [baseline = '', now = ''] = sentence.split(/ → |, \+/)
  expect(cells).toContainEqual(expect.stringContaining(`| ${baseline} | ${now} |`))
})

it('a comment is two lines where nothing changed', () => {
  expect(print(quiet(), 'markdown')).toBe(
    '<!-- llmcost check -->\n\n**LLM cost pass: 1 passed of 1 assertion**\n',
  )
})

describe('JSON', () => {
  it.each([
    ['a regression', () => regressed()],
    ['what noise may explain', noisy],
    ['nothing new', quiet],
    ['no baseline', () => resultOf(null, baseline)],
  ])('of %s fits the schema, key for key', (_, result) => {
    const parsed = JSON.parse(print(result(), 'json'))
    expect(parsed.verdict).toBe(result().verdict)
    expect(schemaProblems(parsed, schema)).toEqual([])
    const backwards = reversed(result()) as CheckResult
    expect(print(backwards, 'json')).toBe(print(result(), 'json'))
    expect(Object.keys(parsed)).toEqual(Object.keys(schema.properties ?? {}))
  })

  it('has every key described in docs/json-output.md, in the order it is printed', () => {
    const [, docs = ''] = read('../../docs/json-output.md').split('\n## `llmcost check`\n')
    const own = docs.split('\n## ')[0] ?? ''
    const keys = [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key]) => key ?? '')
    const head = ['kind', 'version', 'generatedAt', 'inputs', 'fingerprints', 'warnings']
    const described = describedKeys(schema).filter(
      (key) => !head.includes(key.split(/[.[]/)[0] ?? ''),
    )
    expect(described.filter((key) => !keys.includes(key))).toEqual([])
    expect(keys.filter((key) => described.includes(key))).toEqual(described)
  })
})

it.each([40, 60])('no line of a terminal of %i columns is longer', (width) => {
  const named = regressed(
    'a scenario whose name has more than sixty columns, as whole sentences have',
  )
  const findings = named.findings.map((each) => ({
    ...each,
    name: 'spend on the red team in a week',
  }))
  const lines = print({ ...named, findings }, 'terminal', width).split('\n')
  expect(lines.filter((line) => textWidth(line) > width)).toEqual([])
})

it('text of a log breaks out of no report', () => {
  const result = regressed('\u001b[31m</failure>\n::error::x|<script>@team')
  expect(print(result, 'terminal')).not.toContain('\u001b')
  expect(print(result, 'terminal')).not.toMatch(/^::/m)
  expect(print(result, 'markdown')).toContain('::error::x\\|&lt;script&gt;@\u200bteam')
  const named = {
    ...regressed(),
    findings: regressed().findings.map((each) => ({ ...each, name: '\n::stop-commands::x,<' })),
  }
  const commands = print(named, 'github')
    .split('\n')
    .filter((line) => line.startsWith('::'))
  expect(commands.map((line) => line.split(' ')[0])).toEqual(['::error', '::warning', '::warning'])
  expect(print(named, 'junit')).toContain('::stop-commands::x,&lt;')
})
