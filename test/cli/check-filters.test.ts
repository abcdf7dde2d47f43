import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { CheckResult, Finding } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { fixtures, jsonOf, newTerminal, type Ran, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'
import { writeLog } from '../support/write-log.ts'

afterEach(removeTerminals)

const day = 86_400_000
const start = Date.parse('2026-08-01T00:00:00Z')
/** Requests a day, for 14 days. */
const aDay = 12

/**
 * Two weeks. In the second, those of team red ask twice as much, are half as fast, and some fail; those of team blue
 * change nothing.
 */
const twoWeeks = (): readonly Readonly<Record<string, unknown>>[] =>
  Array.from({ length: 14 * aDay }, (_, index) => {
    const isLate = index >= 7 * aDay
    const isRed = index % 2 === 0
    const times = isLate && isRed ? 2 : 1
    return {
      id: `r${index}`,
      at: new Date(start + (index * day) / aDay).toISOString(),
      traceId: `trace ${Math.floor(index / 2)}`,
      user: `user ${index % 3}`,
      sessionId: `session ${index % 2}`,
      feature: 'support',
      ...(isRed ? red : blue)(index),
      latencyMs: times * 1000 + ((index * 37) % 100),
      servedFromCache: index % 4 === 1 && !isLate,
      status: times > 1 && index % 3 === 0 ? 'error' : 'ok',
      usage: {
        inputTokens: times * 1000 + ((index * 61) % 50),
        cacheReadTokens: isLate ? 0 : 500,
        outputTokens: 100 + ((index * 13) % 7),
      },
      prompt: `question ${index}`,
    }
  })

const red = (index: number) => ({
  team: 'red',
  key: 'key-r',
  tags: { scenario: `case ${index % 7}`, tier: 'gold' },
})
const blue = (index: number) => ({
  team: 'blue',
  key: 'key-b',
  tags: { scenario: `case ${index % 7}`, tier: 'tin' },
})

/** Runs a check of the second week against the first, under these assertions. */
async function checkedWeeks(
  terminal: FakeTerminal,
  assertions: readonly string[],
  ...argv: readonly string[]
): Promise<Ran & { readonly result: CheckResult }> {
  const policy = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(
    policy,
    `check:\n  assertions:\n${assertions.map((each) => `    - { ${each} }\n`).join('')}`,
  )
  const log = writeLog(terminal, twoWeeks())
  const ran = await runIn(
    terminal,
    ...['check', log, '--policy', policy, '--format', 'json'],
    ...(argv.length === 0 ? ['--since', '7d', '--baseline', '14d..7d'] : argv),
  )
  expect(ran.err).not.toContain('error:')
  return { ...ran, result: JSON.parse(ran.out) as CheckResult }
}

const outcomes = ({ findings }: CheckResult) =>
  findings.map(({ metric, outcome }: Finding) => [metric, outcome])

describe('a time of the logs as the baseline', () => {
  test('is the one week held against the other', async () => {
    const { result } = await checkedWeeks(newTerminal(), ['metric: requests, maxIncrease: 0'])
    expect(result.baseline?.requests).toBe(7 * aDay)
    expect(result.current.requests).toBe(7 * aDay)
    expect(result.warnings).toEqual([])
  })

  test('is followed by the run, where no other time is named', async () => {
    const { result } = await checkedWeeks(
      newTerminal(),
      ['metric: requests, maxIncrease: 0'],
      ...['--baseline', '2026-08-01..2026-08-08'],
    )
    expect(result.current.requests).toBe(7 * aDay)
  })

  test('warns where run and baseline share requests', async () => {
    const { result } = await checkedWeeks(
      newTerminal(),
      ['metric: requests, maxIncrease: 0'],
      ...['--baseline', '14d..7d', '--since', '10d'],
    )
    expect(result.warnings.map(({ code }) => code)).toContain('baseline-overlaps')
  })

  test.each([
    ['7d..14d', 'ends before it begins'],
    ['tuesday..7d', '--baseline "tuesday" is no time'],
    ['..', 'cannot be read'],
    ['../no-such.json', 'no such file: ../no-such.json'],
  ])('%s is refused with its reason', async (range, message) => {
    const terminal = newTerminal()
    const log = writeLog(terminal, twoWeeks().slice(0, 4))
    const argv = ['check', log, '--baseline', range, '--max-increase', '5%']
    const { code, err } = await runIn(terminal, ...argv)
    expect(code).toBe(2)
    expect(err).toContain(message)
  })

  test('needs logs, not a report of them', async () => {
    const terminal = newTerminal()
    const path = join(terminal.folder, 'run.json')
    await runIn(terminal, 'check', writeLog(terminal, twoWeeks()), '--save', path)
    const argv = ['check', path, '--baseline', '14d..7d', '--max-increase', '5%']
    const { code, err } = await runIn(terminal, ...argv)
    expect(code).toBe(2)
    expect(err).toContain('--baseline 14d..7d chooses among requests, and')
  })
})

describe('a filter of an assertion', () => {
  test.each([
    'team: red',
    'team: red, feature: support',
    'key: key-r',
    '"tag:tier": gold',
    'model: gpt-4o, "tag:tier": gold',
  ])('{ %s } narrows it to those whose cost doubled', async (where) => {
    const other = where
      .replaceAll('red', 'blue')
      .replaceAll('key-r', 'key-b')
      .replace('gold', 'tin')
    const { result, code } = await checkedWeeks(newTerminal(), [
      `metric: totals.inputTokens, maxIncrease: 60%, where: { ${where} }`,
      `metric: totals.inputTokens, maxIncrease: 10%, where: { ${other} }`,
    ])
    expect(outcomes(result)).toEqual([
      ['totals.inputTokens', 'fail'],
      ['totals.inputTokens', 'pass'],
    ])
    expect(code).toBe(1)
  })

  test.each([
    ['user: user 1', 28],
    ['session: session 1', 42],
    ['trace: trace 50', 2],
    ['"tag:scenario": case 3', 12],
    ['status: error', 14],
    ['operation: chat', 84],
    ['team: nobody', 0],
  ])('{ %s } leaves the requests that have it', async (where, requests) => {
    const argv = ['--since', '7d']
    const { result } = await checkedWeeks(
      newTerminal(),
      [`metric: requests, value: 1000, where: { ${where} }`],
      ...argv,
    )
    expect(result.findings[0]?.actual).toBe(requests)
  })

  test('that no request can have is refused', async () => {
    const terminal = newTerminal()
    const policy = join(terminal.folder, 'llmcost.yaml')
    writeFileSync(
      policy,
      'check: { assertions: [{ metric: cost, value: 1, where: { taem: red } }] }',
    )
    const log = writeLog(terminal, twoWeeks().slice(0, 4))
    const { code, err } = await runIn(terminal, 'check', log, '--policy', policy)
    expect(code).toBe(2)
    expect(err).toContain('unknown field "taem"\nhint:  did you mean "team"?')
  })

  test('is kept by a baseline that was saved under it, and missed in one that was not', async () => {
    const terminal = newTerminal()
    const policy = join(terminal.folder, 'llmcost.yaml')
    writeFileSync(
      policy,
      'check: { assertions: [{ metric: latencyMs.p95, maxIncrease: 5%, where: { team: red } }] }',
    )
    const log = writeLog(terminal, twoWeeks())
    const baseline = join(terminal.folder, 'baseline.json')
    const save = ['check', log, '--until', '2026-08-08', '--save', baseline]
    const later = ['check', log, '--since', '2026-08-08', '--policy', policy]
    const against = [...later, '--baseline', baseline, '--format', 'json']
    await runIn(terminal, ...save)
    const missing = await runIn(terminal, ...against)
    expect(missing.code).toBe(2)
    expect(missing.err).toContain('the snapshot of the baseline has no figures of team=red alone')
    await runIn(terminal, ...save, '--policy', policy)
    expect(jsonOf<Snapshot>(baseline).views).toMatchObject([
      { where: { team: 'red' }, requests: 42 },
    ])
    const { code, out } = await runIn(terminal, ...against)
    expect(outcomes(JSON.parse(out) as CheckResult)).toEqual([['latencyMs.p95', 'fail']])
    expect(code).toBe(1)
  })

  test('of the whole run is missed in a baseline without it', async () => {
    const terminal = newTerminal()
    const log = writeLog(terminal, twoWeeks())
    const baseline = join(terminal.folder, 'baseline.json')
    const codesAfter = async (...narrowed: readonly string[]) => {
      await runIn(terminal, 'check', log, '--save', baseline, ...narrowed)
      const argv = ['check', log, '--where', 'team=red', '--baseline', baseline]
      const { out } = await runIn(terminal, ...argv, '--max-increase', '5%', '--format', 'json')
      return (JSON.parse(out) as CheckResult).warnings.map(({ code }) => code)
    }
    expect(await codesAfter()).toContain('baseline-other-requests')
    expect(await codesAfter('--where', 'team=red')).toEqual([])
  })

  test('of a report says that it holds no requests', async () => {
    const terminal = newTerminal()
    const report = join(terminal.folder, 'report.json')
    const log = writeLog(terminal, twoWeeks())
    writeFileSync(report, (await runIn(terminal, 'analyze', log, '--format', 'json')).out)
    const policy = join(terminal.folder, 'llmcost.yaml')
    writeFileSync(
      policy,
      'check: { assertions: [{ metric: costUsd, value: 1, where: { team: red } }] }',
    )
    const { code, err } = await runIn(terminal, 'check', report, '--policy', policy)
    expect(code).toBe(2)
    expect(err).toContain('the run is a report, which has no figures of team=red alone')
  })
})

describe('--assert', () => {
  const weeks = (terminal: FakeTerminal, ...texts: readonly string[]) => {
    const asserts = texts.flatMap((text) => ['--assert', text])
    const range = ['--baseline', '14d..7d', '--format', 'json']
    return runIn(terminal, 'check', writeLog(terminal, twoWeeks()), ...range, ...asserts)
  }

  test('says in a line what the policy file says', async () => {
    const { out, code } = await weeks(
      newTerminal(),
      'latencyMs.p95 <= 3000',
      'latencyMs.p95 +10% where team=blue, tag:tier=tin',
      'hitRate -10%',
      'unpricedShare <= 1%',
      'totals.inputTokens +10% where team=red',
    )
    const { findings } = JSON.parse(out) as CheckResult
    expect(findings).toMatchObject([
      { metric: 'latencyMs.p95', expected: 3000, operator: '<=', filter: {}, outcome: 'pass' },
      { filter: { team: 'blue', 'tag:tier': 'tin' }, outcome: 'pass' },
      { metric: 'hitRate', operator: '>=', outcome: 'fail' },
      { metric: 'unpricedShare', expected: 0.01, outcome: 'pass' },
      { metric: 'totals.inputTokens', filter: { team: 'red' }, outcome: 'fail' },
    ])
    expect(code).toBe(1)
  })

  test.each([
    ['latencyMs.p95', 'write it as "latencyMs.p95 <= 2000"'],
    ['costUsd +5', 'write it as'],
    ['costUsd <= 1.2.3', 'write it as'],
    ['hitRate -1.2.3%', 'write it as'],
    ['hitRate >= .', 'write it as'],
    ['costUsd <= 5 where team', 'write conditions as FIELD=VALUE'],
    ['costUsd <= 5 where taem=red', 'did you mean "team"?'],
    ['latencyMs.p59 <= 5', 'did you mean "latencyMs.p50"?'],
  ])('%s is refused', async (text, message) => {
    const { code, err } = await weeks(newTerminal(), text)
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})

test('every figure is held against the week before, and each that got worse fails', async () => {
  const worse = [
    'metric: cost, maxIncrease: 10%',
    'metric: perRequest.p95Usd, maxIncrease: 10%',
    'metric: costPerRequestUsd, maxIncrease: 10%',
    'metric: totals.inputTokens, maxIncrease: 10%',
    'metric: hitRate, maxDecrease: 10%',
    'metric: prefixReadShare, maxDecreaseBy: 5%',
    'metric: errorRate, maxIncreaseBy: 1%',
    'metric: latencyMs.p95, maxIncrease: 10%',
  ]
  const same = [
    'metric: perTrace.callsMean, maxIncrease: 60%',
    'metric: totals.outputTokens, maxIncrease: 40%',
    'metric: unpricedShare, maxIncreaseBy: 1%',
    'metric: requests, maxIncrease: 0',
  ]
  const { result, code } = await checkedWeeks(newTerminal(), [...worse, ...same])
  expect(result.comparison.mode).toBe('unpaired')
  expect(result.findings.map(({ outcome }) => outcome)).toEqual([
    ...worse.map(() => 'fail'),
    ...same.map(() => 'pass'),
  ])
  // From nothing there is no share.
  const withoutInterval = result.findings.filter(({ interval }) => interval === null)
  for (const { metric, baseline } of withoutInterval.filter(({ pValue }) => pValue !== null))
    expect([metric, baseline]).toEqual([metric, 0])
  expect(code).toBe(1)
})

test('hit rate, wrong hits and quality of reports are held to values', async () => {
  const terminal = newTerminal()
  const report = join(terminal.folder, 'simulated.json')
  const log = join(fixtures, 'support-copilot.jsonl')
  const { out } = await runIn(terminal, 'simulate', log, '--threshold', '0.85', '--format', 'json')
  writeFileSync(report, out)
  const argv = ['check', report, '--format', 'json', '--min-hit-rate', '90%']
  const ran = await runIn(terminal, ...argv, '--max-quality-drop', '1pt')
  const { findings } = JSON.parse(ran.out) as CheckResult
  expect(findings).toMatchObject([
    {
      metric: 'hitRate',
      outcome: 'fail',
      actual: expect.closeTo(JSON.parse(out).policy.avoidedCalls / 307, 9),
    },
    { metric: 'qualityDelta', outcome: 'no-data' },
  ])
  const { low, high } = JSON.parse(out).layers.semantic.wrongPerRequest
  expect(low).toBeLessThanOrEqual(high)
  const policy = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(policy, 'check: { assertions: [{ metric: wrongHitRate, value: 0 }] }')
  const wrong = await runIn(terminal, 'check', report, '--policy', policy, '--format', 'json')
  expect(JSON.parse(wrong.out).findings).toMatchObject([{ actual: high, outcome: 'fail' }])
})
