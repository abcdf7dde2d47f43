import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  analyzeIn,
  canonicalRecord,
  fixtures,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
let prices: string
beforeEach(() => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
  prices = join(terminal.folder, 'prices.yaml')
  writeFileSync(prices, 'prices:\n  - target: openai:gpt-4o\n    rates: { input: 1, output: 2 }\n')
  writeFileSync(
    log,
    `${canonicalRecord({ id: 'a', costUsd: 0.05 })}\n${canonicalRecord({ id: 'b' })}\n`,
  )
})
afterEach(removeTerminals)

const costOf = async (...argv: readonly string[]): Promise<number> =>
  (await analyzeIn(terminal, ...argv)).totals.costUsd
/** 1,000 input and 100 output tokens of gpt-4o, twice. */
const listed = 2 * 0.0035
const overridden = 2 * 0.0012

describe('stored requests are priced anew', () => {
  test('with an override, without it, and with it again', async () => {
    const costs = []
    for (const flags of [[], ['--prices', prices], [], ['--prices', prices], []])
      costs.push(await costOf(log, ...flags), await costOf(...flags))
    expect(costs).toEqual(
      [listed, overridden, listed, overridden, listed].flatMap((cost) => [cost, cost]),
    )
  })

  test('when the override itself changes', async () => {
    expect(await costOf(log, '--prices', prices)).toBe(overridden)
    writeFileSync(
      prices,
      'prices:\n  - target: openai:gpt-4o\n    rates: { input: 10, output: 20 }\n',
    )
    expect(await costOf(log, '--prices', prices)).toBe(0.024)
  })

  test('when LLMCOST_PRICES names it, which the flag overrules', async () => {
    const other = join(terminal.folder, 'other.yaml')
    writeFileSync(
      other,
      'prices:\n  - target: openai:gpt-4o\n    rates: { input: 100, output: 0 }\n',
    )
    const named = { ...terminal, env: { ...terminal.env, LLMCOST_PRICES: other } }
    expect((await analyzeIn(named, log)).totals.costUsd).toBe(0.2)
    expect((await analyzeIn(named, log, '--prices', prices)).totals.costUsd).toBe(overridden)
    expect(await costOf(log)).toBe(listed)
  })

  test('by classes that add up to the cost, whatever the mode', async () => {
    for (const flags of [[], ['--prices', prices], ['--price-mode', 'logged'], []]) {
      const { totals } = await analyzeIn(terminal, log, ...flags)
      const sum = Object.values(totals.costByClass).reduce((all, usd) => all + usd, 0)
      expect(sum).toBeCloseTo(totals.costUsd, 12)
    }
  })

  test('as the log says with --price-mode logged, which leaves the others unpriced', async () => {
    const { totals } = await analyzeIn(terminal, log, '--price-mode', 'logged')
    expect([totals.costUsd, totals.unpricedRequests]).toEqual([0.05, 1])
    const back = await analyzeIn(terminal, log)
    expect([back.totals.costUsd, back.totals.unpricedRequests]).toEqual([listed, 0])
  })

  test('by the book alone with --price-mode computed, by the log where the book is silent with auto', async () => {
    const line = canonicalRecord({ id: 'x', model: 'harborline-support-ft3', costUsd: 0.25 })
    writeFileSync(log, `${line}\n`)
    expect(await costOf(log, '--price-mode', 'computed')).toBe(0)
    expect(await costOf(log, '--price-mode', 'auto')).toBe(0.25)
    expect(await costOf(log)).toBe(0.25)
  })

  test('as nothing where a call to an unknown model failed before it used any token', async () => {
    const unused = { inputTokens: 0, outputTokens: 0 }
    const model = 'harborline-support-ft3'
    const lines = [
      { id: 'failed', model, status: 'error', usage: unused },
      { id: 'failed late', model, status: 'error' },
      { id: 'answered', model, usage: unused },
    ]
    writeFileSync(log, `${lines.map((line) => canonicalRecord(line)).join('\n')}\n`)
    for (const flags of [[], ['--prices', prices], []]) {
      const { totals } = await analyzeIn(terminal, log, ...flags)
      expect([totals.costUsd, totals.unpricedRequests]).toEqual([0, 2])
      expect(totals.unpricedModels).toMatchObject([{ requests: 2 }])
    }
  })

  test("at the prices of another day with --prices-as-of, and at those of each request's own day", async () => {
    // o3 went from $10 and $40 to $2 and $8 on 10 June 2025.
    const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000 }
    const lines = ['2025-05-01', '2025-07-01'].map((day) =>
      canonicalRecord({ id: day, at: `${day}T12:00:00Z`, model: 'o3', usage }),
    )
    writeFileSync(log, `${lines.join('\n')}\n`)
    expect(await costOf(log)).toBe(60)
    expect(await costOf(log, '--prices-as-of', '2025-05-01')).toBe(100)
    expect(await costOf(log, '--prices-as-of', '2025-07-01')).toBe(20)
    expect(await costOf(log)).toBe(60)
  })

  test('with requests that are read in between', async () => {
    expect(await costOf(log)).toBe(listed)
    appendFileSync(log, `${canonicalRecord({ id: 'c' })}\n`)
    expect(await costOf(log, '--prices', prices)).toBeCloseTo(0.0036, 12)
    expect(await costOf(log)).toBeCloseTo(0.0105, 12)
  })
})

describe('commands that show stored costs as they are', () => {
  const query = 'select sum(costUsd) as usd from v_requests'
  const note = /^costs are as the last report or load priced them/

  test('say so where other prices are in force since', async () => {
    await analyzeIn(terminal, log)
    expect((await runIn(terminal, 'sql', query)).err).toBe('')
    expect((await runIn(terminal, 'explain', 'a')).out).not.toContain('last report')
    const named = { ...terminal, env: { ...terminal.env, LLMCOST_PRICES: prices } }
    const asked = await runIn(named, 'sql', query)
    expect([asked.code, asked.out]).toEqual([0, expect.stringContaining(String(listed))])
    expect(asked.err).toMatch(note)
    expect((await runIn(named, 'sql', query, '-q')).err).toBe('')
    const { out } = await runIn(named, 'explain', 'a', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({
      computedCostUsd: listed / 2,
      warnings: [{ code: 'prices-changed', message: expect.stringMatching(note), count: 1 }],
    })
    expect((await runIn(named, 'explain', 'a')).out).toMatch(/the last report/)
    await analyzeIn(named)
    expect(await runIn(named, 'sql', query)).toMatchObject({
      err: '',
      out: expect.stringContaining(String(overridden)),
    })
  })

  test('do their work where the prices in force cannot be read', async () => {
    await analyzeIn(terminal, log)
    writeFileSync(prices, 'prices: 7\n')
    const named = { ...terminal, env: { ...terminal.env, LLMCOST_PRICES: prices } }
    expect(await runIn(named, 'sql', query)).toMatchObject({ code: 0, err: '' })
  })

  test('do not hold a cost that the log alone knows against itself', async () => {
    writeFileSync(log, `${canonicalRecord({ id: 'x', model: 'in-house', costUsd: 0.25 })}\n`)
    await analyzeIn(terminal, log)
    const { out } = await runIn(terminal, 'explain', 'x', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({ loggedCostUsd: 0.25, deltaUsd: null })
  })
})

test('every fixture costs the same after a change of prices and back', async () => {
  const files = [
    'support-copilot.jsonl',
    'agent-loops.jsonl',
    'product-texts.jsonl',
    'formats/litellm.jsonl',
  ]
  const paths = files.map((file) => join(fixtures, file))
  const before = await analyzeIn(terminal, ...paths)
  const costs =
    'SELECT seq, cost, costInput, costCacheRead, costCacheWrite, costOutput, costTools, costOther, flags FROM requests'
  const rows = await rowsOf(terminal, costs)
  for (const flags of [
    ['--prices', 'fixtures/prices/overrides.yaml'],
    ['--price-mode', 'logged'],
  ]) {
    const changed = await analyzeIn(terminal, ...paths, ...flags)
    expect(changed.totals.costUsd).not.toBe(before.totals.costUsd)
  }
  const { totals } = await analyzeIn(terminal, ...paths)
  expect(totals).toEqual(before.totals)
  expect(await rowsOf(terminal, costs)).toEqual(rows)
})

test('a price file with a mistake is refused by place, and the stored prices stay', async () => {
  expect(await costOf(log)).toBe(listed)
  writeFileSync(prices, 'prices:\n  - target: openai:gpt-4o\n    rates: { input: cheap }\n')
  const { code, err } = await runIn(terminal, 'analyze', log, '--prices', prices)
  expect([code, err]).toEqual([2, expect.stringContaining('prices.yaml')])
  expect(await costOf()).toBe(listed)
})
