import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { CheckResult } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { fixtures, jsonOf, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'
import { writeLog } from '../support/write-log.ts'

afterEach(removeTerminals)

type Call = Readonly<Record<string, unknown>>

const minute = 60_000
const suiteStart = Date.parse('2026-08-01T10:00:00Z')

/** One run of a suite: as a gateway logs it, a scenario a test. */
const suite = (inputTokens: (index: number) => number, id = 'a', scenarios = 12): readonly Call[] =>
  Array.from({ length: scenarios }, (_, index) => ({
    id: `${id}${index}`,
    at: new Date(suiteStart + index * minute).toISOString(),
    feature: 'support',
    tags: { scenario: `case-${index}` },
    usage: { inputTokens: inputTokens(index), outputTokens: 100 },
    prompt: `secret question ${index}`,
  }))

const longer = (index: number) => (index === 3 ? 5000 : 1000)

/** Saves a baseline of the suite and returns its path. */
async function baselineIn(terminal: FakeTerminal): Promise<string> {
  const log = writeLog(
    terminal,
    suite(() => 1000),
    'before.jsonl',
  )
  const path = join(terminal.folder, 'baseline.json')
  const { code, err } = await runIn(terminal, 'check', log, '--save', path)
  expect({ code, wrote: err.includes('12 requests, 12 scenarios') }).toEqual({
    code: 0,
    wrote: true,
  })
  return path
}

describe('a saved baseline', () => {
  test('adds up, holds no prompt, and is the same every time', async () => {
    const terminal = newTerminal()
    const path = await baselineIn(terminal)
    const text = readFileSync(path, 'utf8')
    expect(text).not.toContain('secret')
    const snapshot = jsonOf<Snapshot>(path)
    // 12 × (1,000 × $2.50 + 100 × $10) a million.
    expect(snapshot.totals.costNanoUsd).toBe(12 * (2_500_000 + 1_000_000))
    expect(snapshot.metrics['costUsd']).toBe(0.042)
    for (const parts of [snapshot.scenarios, snapshot.groups])
      expect(parts.reduce((sum, each) => sum + each.costNanoUsd, 0)).toBe(42_000_000)
    expect(snapshot.groups).toMatchObject([
      { provider: 'openai', model: 'gpt-4o', feature: 'support', requests: 12, retries: 0 },
    ])
    await baselineIn(terminal)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('is met again in another store, without names of scenarios', async () => {
    const calls = suite(() => 1000).map(({ tags: _, ...call }) => call)
    const [one, other] = [newTerminal(), newTerminal()]
    const path = join(one.folder, 'baseline.json')
    await runIn(one, 'check', writeLog(one, calls), '--save', path)
    const again = ['check', writeLog(other, calls), '--baseline', path, '--max-increase', '0']
    const { code, out } = await runIn(other, ...again, '--format', 'json')
    const { verdict, comparison } = JSON.parse(out) as CheckResult
    expect({ code, verdict }).toEqual({ code: 0, verdict: 'pass' })
    expect(comparison).toMatchObject({ mode: 'exact', pairs: 12, added: 0, gone: 0 })
  })

  test('names questions under a key that others do not have', async () => {
    const calls = suite(() => 1000).map(({ tags: _, ...call }) => call)
    const named = async (key: string): Promise<readonly string[]> => {
      const terminal = newTerminal({ env: { LLMCOST_SCENARIO_KEY: key } })
      const path = join(terminal.folder, 'baseline.json')
      await runIn(terminal, 'check', writeLog(terminal, calls), '--save', path)
      return jsonOf<Snapshot>(path).scenarios.map(({ scenario }) => scenario)
    }
    const [one, again, other, open] = await Promise.all(['a', 'a', 'b', ''].map(named))
    expect(one).toEqual(again)
    expect(one?.every((name) => name.startsWith('support/qk-'))).toBe(true)
    for (const names of [other, open])
      expect(names?.filter((name) => one?.includes(name))).toEqual([])
  })

  test('that was named under a key is compared with a warning by who has none', async () => {
    const calls = suite(() => 1000).map(({ tags: _, ...call }) => call)
    const terminal = newTerminal()
    const keyed = { ...terminal, env: { ...terminal.env, LLMCOST_SCENARIO_KEY: 'secret' } }
    const [log, path] = [writeLog(terminal, calls), join(terminal.folder, 'baseline.json')]
    await runIn(keyed, 'check', log, '--save', path)
    const argv = ['check', log, '--baseline', path, '--max-increase', '5%', '--format', 'json']
    const { warnings } = JSON.parse((await runIn(terminal, ...argv)).out) as CheckResult
    expect(warnings.map(({ code }) => code)).toContain('baseline-other-key')
    const same = JSON.parse((await runIn(keyed, ...argv)).out) as CheckResult
    expect(same.comparison).toMatchObject({ mode: 'exact', pairs: 12 })
    expect(same.warnings).toEqual([])
  })

  test('adds up over a real log to what analyze says', async () => {
    const terminal = newTerminal()
    const path = join(terminal.folder, 'baseline.json')
    const log = join(fixtures, 'agent-loops.jsonl')
    await runIn(terminal, 'check', log, '--save', path)
    const { out } = await runIn(terminal, 'analyze', log, '--format', 'json')
    const snapshot = jsonOf<Snapshot>(path)
    const { totals, perTrace } = JSON.parse(out)
    expect(snapshot.totals.costNanoUsd).toBe(Math.round(totals.costUsd * 1e9))
    expect(snapshot.totals.inputTokens).toBe(totals.inputTokens)
    expect(snapshot.metrics['perTrace.meanUsd']).toBe(perTrace.meanUsd)
    const classes = snapshot.groups.flatMap(({ costByClass }) => Object.values(costByClass))
    expect(classes.reduce((sum, each) => sum + each, 0)).toBe(snapshot.totals.costNanoUsd)
  })
})

test('on a branch that lengthens a prompt, the check names the scenario, the amount and the cause', async () => {
  const terminal = newTerminal()
  const git = (...argv: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], {
      cwd: terminal.folder,
      stdio: 'ignore',
    })
  const baseline = await baselineIn(terminal)
  git('init', '-q', '-b', 'main')
  git('add', 'baseline.json')
  git('commit', '-qm', 'Save a baseline')
  git('checkout', '-qb', 'longer-prompt')
  writeFileSync(baseline, 'gone on this branch')
  const log = writeLog(terminal, suite(longer, 'b'), 'after.jsonl')
  const home = process.cwd()
  try {
    process.chdir(terminal.folder)
    const argv = ['check', log, '--baseline', 'main:baseline.json', '--max-increase', '5%']
    const { code, out } = await runIn(terminal, ...argv)
    expect(code).toBe(1)
    expect(out).toContain('fail: 1 failed of 1 assertion')
    expect(out).toContain('~ case-3  +$0.01\n      +4,000 input tokens')
    const missing = await runIn(
      terminal,
      'check',
      log,
      '--baseline',
      'main:no.json',
      '--max-increase',
      '5%',
    )
    expect(missing).toMatchObject({
      code: 2,
      err: expect.stringContaining('git has no no.json at main'),
    })
  } finally {
    process.chdir(home)
  }
})

describe('assertions', () => {
  test('of the policy file and of flags are held together, flags first', async () => {
    const terminal = newTerminal()
    const baseline = await baselineIn(terminal)
    const policy = join(terminal.folder, 'llmcost.yaml')
    const assertions = [
      '{ metric: cost, maxIncrease: 1% }',
      '{ metric: totals.inputTokens, where: { feature: support }, maxIncrease: 50% }',
      '{ metric: latencyMs.p95, operator: "<=", value: 100, level: warn }',
    ]
    writeFileSync(
      policy,
      `check:\n  noData: warn\n  assertions:\n${assertions.map((each) => `    - ${each}\n`).join('')}`,
    )
    const log = writeLog(terminal, suite(longer, 'b'), 'after.jsonl')
    const argv = ['check', log, '--policy', policy, '--baseline', baseline, '--max-increase', '30%']
    const { code, out } = await runIn(terminal, ...argv, '--format', 'json')
    const { findings, verdict } = JSON.parse(out) as CheckResult
    expect(findings.map(({ metric, outcome }) => [metric, outcome])).toEqual([
      ['totals.inputTokens', 'pass'],
      ['latencyMs.p95', 'no-data'],
      ['cost', 'pass'],
    ])
    expect({ code, verdict }).toEqual({ code: 0, verdict: 'warn' })
  })

  test('none, and no baseline: the two commands to run', async () => {
    const terminal = newTerminal()
    const { code, err } = await runIn(terminal, 'check')
    expect(code).toBe(2)
    expect(err).toContain('llmcost check --save baseline.json')
    expect(err).toContain('llmcost check --baseline baseline.json --max-increase 5%')
  })
})

test('a policy is held against another by what simulate prints', async () => {
  const terminal = newTerminal()
  const log = join(fixtures, 'support-copilot.jsonl')
  const simulated = async (name: string, ...flags: readonly string[]) => {
    const { code, out } = await runIn(terminal, 'simulate', log, ...flags, '--format', 'json')
    expect(code).toBe(0)
    const path = join(terminal.folder, name)
    writeFileSync(path, out)
    return path
  }
  const cached = await simulated('cached.json', '--threshold', '0.85')
  const uncached = await simulated('uncached.json', '--no-exact', '--no-semantic')
  const argv = ['check', uncached, '--baseline', cached, '--max-increase', '0']
  const { code, out } = await runIn(terminal, ...argv, '--format', 'json')
  const { verdict, comparison } = JSON.parse(out) as CheckResult
  expect({ code, verdict, mode: comparison.mode }).toEqual({
    code: 1,
    verdict: 'fail',
    mode: 'exact',
  })
})

test('annotations of a workflow come with the comment as its summary', async () => {
  const terminal = newTerminal()
  const summary = join(terminal.folder, 'summary.md')
  const workflow = { ...terminal, env: { ...terminal.env, GITHUB_STEP_SUMMARY: summary } }
  const baseline = await baselineIn(terminal)
  expect(existsSync(summary)).toBe(false)
  const log = writeLog(terminal, suite(longer, 'b'), 'after.jsonl')
  const argv = ['check', log, '--baseline', baseline, '--max-increase', '5%', '--format', 'github']
  const { code, out } = await runIn(workflow, ...argv)
  expect(code).toBe(1)
  expect(out).toMatch(/^::error title=LLM cost/)
  expect(readFileSync(summary, 'utf8')).toContain('| case-3 |')
})
