import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CheckResult } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { jsonOf, newTerminal, type Ran, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'
import { writeLog } from '../support/write-log.ts'

type Call = Readonly<Record<string, unknown>>

const calls = (more: Call = {}, name = 'case', count = 4): readonly Call[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${name} ${index}`,
    tags: { scenario: `${name} ${index}` },
    prompt: `question ${index}`,
    ...more,
  }))

const free = { usage: { inputTokens: 0, outputTokens: 0 } }
const unpriced = { provider: 'nobody', model: 'no-such-model' }

let terminal: FakeTerminal
let baseline: string
beforeEach(() => {
  terminal = newTerminal()
  baseline = join(terminal.folder, 'baseline.json')
})
afterEach(removeTerminals)

/** Saves a baseline of some calls. */
async function save(before: readonly Call[]): Promise<void> {
  const argv = ['--save', baseline, '--quiet']
  const { code } = await runIn(terminal, 'check', writeLog(terminal, before, 'a.jsonl'), ...argv)
  expect(code).toBe(0)
}

const checked = (after: readonly Call[], ...argv: readonly string[]): Promise<Ran> => {
  const log = writeLog(terminal, after, 'b.jsonl')
  return runIn(terminal, 'check', log, '--baseline', baseline, '--max-increase', '5%', ...argv)
}

async function resultOf(after: readonly Call[]): Promise<Ran & { readonly result: CheckResult }> {
  const ran = await checked(after, '--format', 'json')
  return { ...ran, result: JSON.parse(ran.out) as CheckResult }
}

describe('exits 2 and names the problem of a baseline that', () => {
  test.each([
    ['is not there', null, /no such file: .*baseline\.json\nhint: {2}name a snapshot, written by/],
    ['is cut off', '{"kind":"llmcost-snap', 'is no JSON object: it may be cut off'],
    ['is something else', '{"kind":"package"}', 'is no snapshot\nhint:  write one with'],
    [
      'is of a later version',
      '{"kind":"llmcost-snapshot","version":3}',
      /version 3 is not known, only 1 and 2\nhint: {2}update llmcost/,
    ],
    [
      'lacks parts',
      '{"kind":"llmcost-snapshot","version":1}',
      'is a broken snapshot: source is missing',
    ],
  ])('%s', async (_, text, message) => {
    if (text !== null) writeFileSync(baseline, text)
    const { code, out, err } = await checked(calls())
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })
})

test('without baseline and assertion it exits 2 with the two commands', async () => {
  const { code, err } = await runIn(terminal, 'check', writeLog(terminal, calls()))
  expect(code).toBe(2)
  expect(err).toContain('llmcost check --save baseline.json')
  expect(err).toContain('llmcost check --baseline baseline.json --max-increase 5%')
})

test('with a baseline but no assertion it exits 2 and names one', async () => {
  await save(calls())
  const log = writeLog(terminal, calls())
  const { code, out, err } = await runIn(terminal, 'check', log, '--baseline', baseline)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('nothing is demanded of the run')
  expect(err).toContain(`llmcost check --baseline ${baseline} --max-increase 5%`)
  expect(err).not.toContain('no baseline')
})

test.each([
  ['--max-increase', '5', 'did you mean 5%?'],
  ['--min-hit-rate', '30', 'did you mean 30%?'],
  ['--max-quality-drop', '1', 'did you mean 1pt?'],
])('%s %s could be a share or percent, and is refused', async (flag, value, message) => {
  const log = writeLog(terminal, calls())
  const { code, err } = await runIn(terminal, 'check', log, flag, value)
  expect(code).toBe(2)
  expect(err).toContain(message)
})

describe('--save', () => {
  test('writes over no log, and over a former snapshot', async () => {
    const log = writeLog(terminal, calls())
    const before = readFileSync(log, 'utf8')
    const { code, err } = await runIn(terminal, 'check', log, '--save', log)
    expect(code).toBe(2)
    expect(err).toContain('is no snapshot, and would be lost')
    expect(readFileSync(log, 'utf8')).toBe(before)
    await save(calls())
    await save(calls(free))
    expect(jsonOf<Snapshot>(baseline).totals.costNanoUsd).toBe(0)
  })

  test('is what a log as the baseline is told to do, to another file', async () => {
    const log = writeLog(terminal, calls())
    const { code, err } = await runIn(terminal, 'check', log, '--baseline', log, '--max-increase=0')
    expect(code).toBe(2)
    expect(err).toContain(`llmcost check ${log} --save baseline.json`)
  })
})

test('a first baseline is saved, and held to what flags demand besides', async () => {
  const log = writeLog(terminal, calls())
  const argv = ['check', log, '--save', baseline, '--max-cost-per-request', '0.000001']
  const { code, out } = await runIn(terminal, ...argv)
  expect(code).toBe(1)
  expect(out).toContain('fail     cost per request (costPerRequestUsd)')
  expect(jsonOf<Snapshot>(baseline).totals.requests).toBe(4)
})

test('with a relative assertion and no baseline it exits 2', async () => {
  const log = writeLog(terminal, calls())
  const { code, err } = await runIn(terminal, 'check', log, '--max-increase', '5%')
  expect(code).toBe(2)
  expect(err).toContain('is held against a baseline, and none is given')
})

test('a run without any price is no data', async () => {
  await save(calls())
  const { code, result } = await resultOf(calls(unpriced))
  expect(code).toBe(2)
  expect(result).toMatchObject({ verdict: 'no-data', findings: [{ reason: 'nothing-priced' }] })
  expect(result.warnings).toContainEqual({
    code: 'run-unpriced',
    message: 'requests of the run without a price count 0',
    count: 4,
  })
})

test('a time without requests is no data', async () => {
  await save(calls())
  const { code, out } = await checked(calls(), '--since', '2030-01-01', '--format', 'json')
  expect(code).toBe(2)
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'no-data',
    findings: [{ reason: 'no-requests', actual: expect.anything() }],
  })
})

test.each([
  ['pass', 0, 'no-data'],
  ['warn', 0, 'no-data'],
  ['fail', 2, 'no-data'],
] as const)('no data under noData: %s exits %d', async (noData, expected, verdict) => {
  await save(calls())
  const policy = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(policy, `check: { noData: ${noData} }`)
  const { code, out } = await checked(calls(unpriced), '--policy', policy, '--format', 'json')
  expect(code).toBe(expected)
  expect(JSON.parse(out)).toMatchObject({ verdict, noData })
})

test.each([
  [12, 'fail', 1],
  [4, 'warn', 0],
] as const)('something from nothing in %d scenarios: %s', async (count, outcome, expected) => {
  await save(calls(free, 'case', count))
  const { code, result } = await resultOf(calls({}, 'case', count))
  expect(result.findings).toMatchObject([{ baseline: 0, change: null, outcome }])
  expect(result.findings[0]?.actual).toBeGreaterThan(0)
  expect(code).toBe(expected)
  expect((await checked(calls({}, 'case', count), '--exact')).code).toBe(1)
})

test('nothing from something passes', async () => {
  await save(calls())
  const { code, result } = await resultOf(calls(free))
  expect(result.findings).toMatchObject([{ actual: 0, change: -1, outcome: 'pass' }])
  expect(code).toBe(0)
})

test('renamed scenarios are known by what they ask', async () => {
  await save(calls())
  const { code, result } = await resultOf(calls({}, 'renamed'))
  expect(result.comparison).toMatchObject({ mode: 'exact', pairs: 4, renamed: 4, added: 0 })
  expect(result.scenarios).toMatchObject([
    { scenario: 'renamed 0', formerly: 'case 0', change: 'renamed', differenceUsd: 0 },
    ...[1, 2, 3].map((index) => ({ formerly: `case ${index}` })),
  ])
  expect(code).toBe(0)
})

test.each([
  ['version', { llmcost: '0.0.9' }, 'made by llmcost 0.0.9, this run by'],
  ['prices', { fingerprints: { prices: 'book-9' } }, 'another price book'],
  ['embedder', { fingerprints: { embedder: 'other-v1' } }, 'another embedder'],
])('a baseline of another %s is compared, with a warning', async (name, other, message) => {
  await save(calls())
  const snapshot = jsonOf<Snapshot>(baseline)
  const { fingerprints } = { fingerprints: {}, ...other }
  writeFileSync(
    baseline,
    JSON.stringify({
      ...snapshot,
      ...other,
      fingerprints: { ...snapshot.fingerprints, ...fingerprints },
    }),
  )
  const { code, result } = await resultOf(calls())
  expect(result.warnings).toMatchObject([{ code: `baseline-other-${name}` }])
  expect(result.warnings[0]?.message).toContain(message)
  expect({ code, verdict: result.verdict }).toEqual({ code: 0, verdict: 'pass' })
})
