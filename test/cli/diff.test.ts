import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { DiffResult, DiffRow } from '../../src/check/diff-result.ts'
import type { CheckResult } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { analyzeIn, fixtures, jsonOf, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { randomLogs, recordsOf } from '../support/random-log.ts'
import type { FakeTerminal } from '../support/terminal.ts'
import { writeLog } from '../support/write-log.ts'

afterEach(removeTerminals)

const nano = (usd: number) => BigInt(Math.round(usd * 1e9))
const sumOf = (parts: object) =>
  (Object.values(parts) as number[]).reduce((sum, usd) => sum + nano(usd), 0n)

const addsUp = ({ effects, differenceUsd }: Pick<DiffRow, 'effects' | 'differenceUsd'>) =>
  expect(sumOf(effects)).toBe(nano(differenceUsd))

async function diffIn(terminal: FakeTerminal, ...argv: readonly string[]): Promise<DiffResult> {
  const { code, out, err } = await runIn(terminal, 'diff', ...argv, '--format', 'json')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as DiffResult
}

/** The two halves of a log of the fixtures. */
function halvesIn({ folder }: FakeTerminal, name: string): readonly [string, string] {
  const lines = readFileSync(join(fixtures, name), 'utf8').trimEnd().split('\n')
  const middle = Math.floor(lines.length / 2)
  const [from, to] = [join(folder, 'from.jsonl'), join(folder, 'to.jsonl')]
  writeFileSync(from, `${lines.slice(0, middle).join('\n')}\n`)
  writeFileSync(to, `${lines.slice(middle).join('\n')}\n`)
  return [from, to]
}

describe('two logs', () => {
  test.each(['agent-loops.jsonl', 'support-copilot.jsonl', 'document-answers.jsonl'])(
    'halves of %s differ by what analyze says, on every line',
    async (name) => {
      const terminal = newTerminal()
      const [from, to] = halvesIn(terminal, name)
      const result = await diffIn(terminal, from, to)
      const [before, after] = [await analyzeIn(terminal, from), await analyzeIn(terminal, to)]
      expect(result.from.costUsd).toBe(before.totals.costUsd)
      expect(result.to.costUsd).toBe(after.totals.costUsd)
      expect(sumOf(result.effects)).toBe(nano(after.totals.costUsd) - nano(before.totals.costUsd))
      expect(sumOf(result.other)).toBe(nano(result.effects.other))
      for (const rows of [result.models, result.features, result.cells]) {
        for (const row of rows) addsUp(row)
        const sum = rows.reduce((total, row) => total + nano(row.differenceUsd), 0n)
        expect(sum).toBe(nano(result.differenceUsd))
      }
    },
  )

  test('of random requests differ by causes that add up', async () => {
    await fc.assert(
      fc.asyncProperty(randomLogs, randomLogs, async (before, after) => {
        const terminal = newTerminal()
        const named = (prefix: string, rows: typeof before) =>
          recordsOf(rows).map((record, index) => ({ ...record, id: `${prefix}${index}` }))
        const from = writeLog(terminal, named('a', before), 'from.jsonl')
        const to = writeLog(terminal, named('b', after), 'to.jsonl')
        const result = await diffIn(terminal, from, to)
        const { totals } = await analyzeIn(terminal, to)
        expect(result.to.costUsd).toBe(totals.costUsd)
        addsUp(result)
        for (const row of result.cells) addsUp(row)
        terminal.remove()
      }),
      { numRuns: 5 },
    )
  })

  test('name the requests that explain most, for llmcost explain, and no prompt', async () => {
    const terminal = newTerminal()
    const [from, to] = halvesIn(terminal, 'support-copilot.jsonl')
    const { requests } = await diffIn(terminal, from, to)
    expect(requests.length).toBe(10)
    const [first] = requests
    const { code, out } = await runIn(terminal, 'explain', first?.id ?? '', '--format', 'json')
    expect({ code, costUsd: JSON.parse(out).computedCostUsd }).toEqual({
      code: 0,
      costUsd: first?.costUsd,
    })
    const log = readFileSync(from, 'utf8') + readFileSync(to, 'utf8')
    const question = /"content":"([^"\\]{40,})"/.exec(log)?.[1] ?? ''
    expect(question).not.toBe('')
    for (const format of ['terminal', 'json', 'markdown', 'csv'])
      expect((await runIn(terminal, 'diff', from, to, '--format', format)).out).not.toContain(
        question.slice(0, 40),
      )
  })

  test('name as such only what cost more than the mean call of the other side', async () => {
    const terminal = newTerminal()
    const asking = (inputTokens: number, id: string) =>
      Array.from({ length: 4 }, (_, index) => ({
        id: `${id}${index}`,
        usage: { inputTokens: inputTokens + index, outputTokens: 100 },
      }))
    const short = writeLog(terminal, asking(1000, 'short'), 'short.jsonl')
    const long = writeLog(terminal, asking(2000, 'long'), 'long.jsonl')
    const listed = async (...argv: readonly string[]) =>
      (await diffIn(terminal, ...argv)).requests.map(({ side, id }) => [side, id])
    const dearest = ['long3', 'long2', 'long1', 'long0']
    expect(await listed(short, long)).toEqual(dearest.map((id) => ['to', id]))
    expect(await listed(long, short)).toEqual(dearest.map((id) => ['from', id]))
  })

  test('may have a name as a file at a git ref has', async () => {
    const terminal = newTerminal()
    const log = relative('.', writeLog(terminal, [{ id: 'a' }], 'run:1.json'))
    const { from, to } = await diffIn(terminal, log, log)
    expect([from.requests, to.requests]).toEqual([1, 1])
  })

  test('one of which is empty: everything is new', async () => {
    const terminal = newTerminal()
    const empty = join(terminal.folder, 'empty.jsonl')
    writeFileSync(empty, '')
    const log = writeLog(terminal, [{ id: 'a' }, { id: 'b' }])
    const { other, differenceUsd, change } = await diffIn(terminal, empty, log)
    // Twice 1,000 × $2.50 + 100 × $10 a million.
    expect({ new: other.newCells, differenceUsd, change }).toEqual({
      new: 0.007,
      differenceUsd: 0.007,
      change: null,
    })
  })
})

const day = 86_400_000
const start = Date.parse('2026-08-01T12:00:00Z')
const dated = (days: readonly number[], more: object = {}) =>
  days.map((each, index) => ({
    id: `${each}-${index}`,
    at: new Date(start + each * day).toISOString(),
    ...more,
  }))

test('time ranges of the store, and the last days against those before', async () => {
  const terminal = newTerminal()
  const log = writeLog(terminal, dated([0, 1, 4, 5, 6, 6]))
  await runIn(terminal, 'ingest', log)
  const ranges = await diffIn(terminal, '6d..3d', '3d..now')
  expect([ranges.from, ranges.to].map(({ requests }) => requests)).toEqual([1, 4])
  expect(ranges.effects).toMatchObject({ volume: 0.0105, price: 0, other: 0 })
  const short = await diffIn(terminal, '3d')
  expect({ ...short, generatedAt: '', from: null, to: null }).toEqual({
    ...ranges,
    generatedAt: '',
    from: null,
    to: null,
  })
  const byDay = await diffIn(terminal, '2026-08-01..2026-08-03', '2026-08-05..', '--log', log)
  expect([byDay.from, byDay.to].map(({ requests }) => requests)).toEqual([2, 4])
})

describe('policies', () => {
  const log = join(fixtures, 'support-copilot.jsonl')
  const policies = (terminal: FakeTerminal) => {
    const plain = join(terminal.folder, 'plain.yaml')
    const routed = join(terminal.folder, 'routed.yaml')
    writeFileSync(plain, 'cache:\n  semantic: { on: false }\n')
    writeFileSync(
      routed,
      `cache:\n  semantic: { threshold: 0.85 }\nroutes:\n  - name: short\n    when: { characters: { below: 200 } }\n    ladder: [openai:gpt-4o-mini]\n`,
    )
    return [plain, routed] as const
  }

  test('cost what simulate says, over the same requests', async () => {
    const terminal = newTerminal()
    const [plain, routed] = policies(terminal)
    const result = await diffIn(terminal, plain, routed, '--log', log)
    for (const [policy, side] of [
      [plain, result.from],
      [routed, result.to],
    ] as const) {
      const argv = ['simulate', log, '--policy', policy, '--format', 'json']
      const simulated = JSON.parse((await runIn(terminal, ...argv)).out)
      expect(side.costUsd).toBe(simulated.policy.costUsd)
      expect(side.requests).toBe(simulated.policy.requests)
    }
    addsUp(result)
    expect(result.effects.volume).toBe(0)
    expect(result.other.newCells).toBeGreaterThan(0)
    expect(result.requests.every(({ differenceUsd }) => differenceUsd < 0)).toBe(true)
  })

  test('with ladders and classifiers cost what simulate says, and name models as the log does', async () => {
    const terminal = newTerminal()
    const policy = join(fixtures, '../policies/support.yaml')
    const result = await diffIn(terminal, 'as-logged', policy, '--log', log)
    const argv = ['simulate', log, '--policy', policy, '--format', 'json']
    const simulated = JSON.parse((await runIn(terminal, ...argv)).out)
    expect(result.to.costUsd).toBe(simulated.policy.costUsd)
    addsUp(result)
    for (const row of result.cells) addsUp(row)
    expect(result.models.filter(({ provider }) => provider !== 'openai')).toEqual([])
    expect([result.from.source.kind, result.fingerprints.policy]).toEqual([
      'simulate',
      simulated.fingerprints.policy,
    ])
  })

  test('are held against what was paid', async () => {
    const terminal = newTerminal()
    const [plain] = policies(terminal)
    const { from, effects, requests } = await diffIn(terminal, 'as-logged', plain, '--log', log)
    const { totals } = await analyzeIn(terminal, log)
    expect(from.costUsd).toBe(totals.costUsd)
    // Nothing but exact hits: what a request costs is saved.
    expect(effects).toMatchObject({ price: 0, volume: 0, mix: 0, retries: 0, other: 0 })
    expect(effects.cache).toBeLessThan(0)
    for (const { costUsd, differenceUsd } of requests) {
      expect(costUsd).toBe(0)
      expect(differenceUsd).toBeLessThan(0)
    }
  })
})

/** A baseline of two calls at a price of one's own. */
async function baselineIn(terminal: FakeTerminal): Promise<readonly [string, string]> {
  const prices = join(terminal.folder, 'prices.yaml')
  writeFileSync(prices, 'prices:\n  - { target: openai:gpt-4o, rates: { input: 5, output: 20 } }\n')
  const path = join(terminal.folder, 'baseline.json')
  const log = writeLog(terminal, dated([0, 1]), 'before.jsonl')
  await runIn(terminal, 'check', log, '--save', path, '--prices', prices)
  return [path, writeLog(terminal, dated([2, 3, 4]), 'after.jsonl')]
}

describe('snapshots', () => {
  test('of other requests are compared with a note', async () => {
    const terminal = newTerminal()
    const log = writeLog(terminal, [{ id: 'a', team: 'red' }, { id: 'b' }])
    const path = join(terminal.folder, 'red.json')
    await runIn(terminal, 'check', log, '--where', 'team=red', '--save', path)
    const { warnings } = await diffIn(terminal, path, log)
    expect(warnings).toContainEqual({
      code: 'other-requests',
      message: `${path} is of team=red, ${log} of all requests`,
      count: 1,
    })
    expect((await diffIn(terminal, path, path)).warnings).toEqual([])
  })

  test('of another version, or of questions under a key, are compared with a note', async () => {
    const terminal = newTerminal()
    const keyed = { ...terminal, env: { ...terminal.env, LLMCOST_SCENARIO_KEY: 'secret' } }
    const asking = (text: string) => ({ prompt: { messages: [{ role: 'user', content: text }] } })
    const log = writeLog(terminal, [asking('Where is my parcel?'), asking('Who are you?')])
    const path = join(terminal.folder, 'older.json')
    await runIn(keyed, 'check', log, '--save', path)
    const saved = readFileSync(path, 'utf8')
    const { llmcost } = JSON.parse(saved)
    writeFileSync(path, saved.replace(`"llmcost": "${llmcost}"`, '"llmcost": "0.0.9"'))
    const { warnings } = await diffIn(terminal, path, log)
    expect(warnings.map(({ code }) => code)).toEqual(['other-version', 'other-key'])
    expect(warnings[0]?.message).toContain(`llmcost 0.0.9, ${log} by ${llmcost}`)
  })

  test('of another price book differ by price, and by nothing of it with --reprice', async () => {
    const terminal = newTerminal()
    const [path, log] = await baselineIn(terminal)
    const asSaved = await diffIn(terminal, path, log)
    // 2 calls for $0.007 each, then 3 for $0.0035.
    expect([asSaved.from.costUsd, asSaved.to.costUsd]).toEqual([0.014, 0.0105])
    expect(asSaved.effects).toMatchObject({ price: -0.00875, volume: 0.00525 })
    expect(asSaved.warnings.map(({ code }) => code)).toContain('other-prices')
    const repriced = await diffIn(terminal, path, log, '--reprice')
    expect(repriced.from.costUsd).toBe(0.007)
    expect(repriced.effects).toMatchObject({ price: 0, volume: 0.0035, other: 0 })
    expect(repriced.repriced).toMatchObject({
      from: { requests: 2, keptRequests: 0 },
      to: { requests: 0 },
    })
    expect(repriced.warnings.map(({ code }) => code)).not.toContain('other-prices')
  })

  test('know bands and tiers: priced anew, they cost what the logs cost', async () => {
    const terminal = newTerminal()
    const calls = [
      {
        model: 'gemini-2.5-pro',
        provider: 'google',
        usage: { inputTokens: 300_001, outputTokens: 777 },
      },
      {
        model: 'gemini-2.5-pro',
        provider: 'google',
        usage: { inputTokens: 100_003, outputTokens: 333 },
      },
      { serviceTier: 'batch', usage: { inputTokens: 1001, outputTokens: 101 } },
      {
        model: 'claude-sonnet-4-5',
        provider: 'anthropic',
        usage: {
          inputTokens: 7,
          cacheReadTokens: 5003,
          cacheWrite5mTokens: 901,
          cacheWrite1hTokens: 77,
          outputTokens: 13,
        },
      },
      { status: 'error', usage: { inputTokens: 501, outputTokens: 0 } },
    ]
    const log = writeLog(
      terminal,
      calls.map((call, index) => ({ id: `${index}`, at: new Date(start).toISOString(), ...call })),
    )
    const path = join(terminal.folder, 'baseline.json')
    await runIn(terminal, 'check', log, '--save', path)
    const snapshot = jsonOf<Snapshot>(path)
    const twice = (costs: object) =>
      Object.fromEntries(Object.entries(costs).map(([name, cost]) => [name, 2 * cost]))
    const cells = snapshot.cells?.map((each) => ({ ...each, costNanoUsd: twice(each.costNanoUsd) }))
    const fingerprints = { ...snapshot.fingerprints, prices: 'another' }
    writeFileSync(path, JSON.stringify({ ...snapshot, fingerprints, cells }))
    const asSaved = await diffIn(terminal, path, log)
    expect(asSaved.from.costUsd).toBeCloseTo(2 * asSaved.to.costUsd, 8)
    const { differenceUsd, effects, from } = await diffIn(terminal, path, log, '--reprice')
    // Rounded once a cell, not once a request.
    expect(Math.abs(differenceUsd)).toBeLessThanOrEqual(5e-9)
    expect(Math.abs(effects.price)).toBeLessThanOrEqual(5e-9)
    expect(from.costUsd).toBeCloseTo(asSaved.to.costUsd, 8)
  })

  test('keep the cost of what the book in force does not price', async () => {
    const terminal = newTerminal()
    const [path, log] = await baselineIn(terminal)
    const snapshot = jsonOf<Snapshot>(path)
    const cells = snapshot.cells?.map((cell) => ({ ...cell, model: 'nobody-knows-this' }))
    writeFileSync(path, JSON.stringify({ ...snapshot, cells }))
    const { repriced, from, warnings } = await diffIn(terminal, path, log, '--reprice')
    expect(repriced?.from).toEqual({ requests: 0, keptRequests: 2, keptUsd: 0.014 })
    expect(from.costUsd).toBe(0.014)
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'not-repriced', count: 2 }))
  })

  test('of version 1 are read, with a word on what they cannot tell', async () => {
    const terminal = newTerminal()
    const [path, log] = await baselineIn(terminal)
    const { cells: _, ...older } = jsonOf<Snapshot>(path)
    writeFileSync(path, JSON.stringify({ ...older, version: 1 }))
    const { effects, warnings } = await diffIn(terminal, path, log)
    expect(effects).toMatchObject({ price: -0.00875, volume: 0.00525 })
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'coarse-side', count: 2 }))
    const repriced = await diffIn(terminal, path, log, '--reprice')
    expect(repriced.effects).toMatchObject({ price: 0, volume: 0.0035 })
    const checked = await runIn(
      terminal,
      'check',
      log,
      '--baseline',
      path,
      '--max-increase',
      '0',
      '--format',
      'json',
    )
    const { warnings: told } = JSON.parse(checked.out) as CheckResult
    expect(told.map(({ code }) => code)).toContain('older-snapshot')
  })

  test('come from a git ref, and so do policies', async () => {
    const terminal = newTerminal()
    const [, log] = await baselineIn(terminal)
    const policy = join(terminal.folder, 'llmcost.yaml')
    writeFileSync(policy, 'cache:\n  exact: off\n  semantic: { on: false }\n')
    const git = (...argv: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], {
        cwd: terminal.folder,
        stdio: 'ignore',
      })
    git('init', '-q', '-b', 'main')
    git('add', 'baseline.json', 'llmcost.yaml')
    git('commit', '-qm', 'Save a baseline')
    const home = process.cwd()
    try {
      process.chdir(terminal.folder)
      const { from } = await diffIn(terminal, 'main:baseline.json', log)
      expect(from).toMatchObject({ name: 'main:baseline.json', requests: 2, costUsd: 0.014 })
      const policies = await diffIn(terminal, 'main:llmcost.yaml', policy, '--log', log)
      expect(policies.from).toMatchObject({ name: 'main:llmcost.yaml', costUsd: 0.0105 })
      expect(policies.differenceUsd).toBe(0)
    } finally {
      process.chdir(home)
    }
  })

  test('that are broken are refused', async () => {
    const terminal = newTerminal()
    const [path, log] = await baselineIn(terminal)
    const snapshot = jsonOf<Snapshot>(path)
    const cells = snapshot.cells?.map((cell) => ({ ...cell, inputTokens: 0.5 }))
    writeFileSync(path, JSON.stringify({ ...snapshot, cells }, null, 2))
    const { code, err } = await runIn(terminal, 'diff', path, log)
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('is a broken snapshot: cells are incomplete'),
    })
  })
})

test('reports of analyze are told apart by all causes but the mix', async () => {
  const terminal = newTerminal()
  const [a, b] = halvesIn(terminal, 'agent-loops.jsonl')
  const saved = async (log: string, name: string) => {
    const path = join(terminal.folder, name)
    writeFileSync(path, (await runIn(terminal, 'analyze', log, '--format', 'json')).out)
    return path
  }
  const result = await diffIn(terminal, await saved(a, 'a.json'), await saved(b, 'b.json'))
  const logs = await diffIn(terminal, a, b)
  addsUp(result)
  expect(result.differenceUsd).toBe(logs.differenceUsd)
  expect(result.effects.mix).toBe(0)
  expect(result.models).toHaveLength(1)
  expect(result.warnings.filter(({ code }) => code === 'coarse-side')).toHaveLength(2)
})

describe('check', () => {
  test('says what the change is made of', async () => {
    const terminal = newTerminal()
    const path = join(terminal.folder, 'baseline.json')
    await runIn(terminal, 'check', writeLog(terminal, dated([0, 1]), 'a.jsonl'), '--save', path)
    const usage = { inputTokens: 3000, outputTokens: 100 }
    const log = writeLog(terminal, dated([2, 3], { usage }), 'b.jsonl')
    const argv = ['check', log, '--baseline', path, '--max-increase', '5%', '--exact']
    const json = JSON.parse((await runIn(terminal, ...argv, '--format', 'json')).out) as CheckResult
    expect(json.diff).toMatchObject({ fromUsd: 0.007, toUsd: 0.017 })
    expect(json.diff?.effects).toMatchObject({ tokensPerRequest: 0.01, volume: 0, other: 0 })
    for (const format of ['terminal', 'markdown']) {
      const { code, out } = await runIn(terminal, ...argv, '--format', format)
      expect(code).toBe(1)
      expect(out).toContain('because: tokens per request +$0.01')
    }
  })

  test('of another price book fails for prices, and not with --reprice', async () => {
    const terminal = newTerminal()
    const prices = join(terminal.folder, 'prices.yaml')
    writeFileSync(
      prices,
      'prices:\n  - { target: openai:gpt-4o, rates: { input: 1, output: 4 } }\n',
    )
    const path = join(terminal.folder, 'baseline.json')
    const log = writeLog(terminal, dated([0, 1, 2]))
    await runIn(terminal, 'check', log, '--save', path, '--prices', prices)
    const argv = ['check', log, '--baseline', path, '--max-increase', '0', '--exact']
    expect((await runIn(terminal, ...argv)).code).toBe(1)
    const { code, out } = await runIn(terminal, ...argv, '--reprice', '--format', 'json')
    expect({ code, diff: (JSON.parse(out) as CheckResult).diff?.fromUsd }).toEqual({
      code: 0,
      diff: 0.0105,
    })
  })
})

describe('what cannot be compared says why', () => {
  test.each([
    [['one.jsonl'], 'two sides are compared, not 1'],
    [['a', 'b', 'c'], 'two sides are compared, not 3'],
    [['-', '-'], 'standard input can be read but once'],
    [['x..y', '7d..'], '"x..y" is no time range'],
    [['no.jsonl', 'no.jsonl'], 'no such file'],
    [['no.yaml', 'no.yaml'], 'no such file'],
    [['a', 'b', '--format', 'html'], 'Allowed choices are terminal, json, markdown, csv'],
    [['7d', '--since', '3d'], '--since and --until do not go with it'],
    [['7d..14d', '7d..'], 'ends before it begins'],
    [['1d..', '1d..', '--where', 'model=none'], 'has any request'],
  ])('%j', async (argv, words) => {
    const terminal = newTerminal()
    await runIn(terminal, 'ingest', writeLog(terminal, dated([0, 1])))
    const { code, err, out } = await runIn(terminal, 'diff', ...argv)
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(words) })
  })

  test('without a store', async () => {
    const { code, err } = await runIn(newTerminal(), 'diff', '7d')
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('no store') })
  })
})
