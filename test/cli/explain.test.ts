import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Explanation } from '../../src/analyze/explanation.ts'
import { run } from '../../src/cli/main.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = fakeTerminal()
})
afterEach(() => terminal.remove())

const defaults = { v: 1, at: '2026-08-01T10:00:00.000Z', provider: 'openai', model: 'gpt-4o' }

async function ingest(
  name: string,
  records: readonly object[],
  ...flags: string[]
): Promise<string> {
  const path = join(terminal.folder, name)
  const lines = records.map((record) => JSON.stringify({ ...defaults, ...record }))
  writeFileSync(path, `${lines.join('\n')}\n`)
  const code = await run(['ingest', path, '--quiet', ...flags], terminal)
  expect([code, terminal.err()]).toEqual([0, ''])
  terminal.clear()
  return path
}

const explain = (...argv: string[]) => run(['explain', ...argv], terminal)

async function explained(id: string): Promise<Explanation> {
  terminal.clear()
  expect(await explain(id, '--format', 'json')).toBe(0)
  return JSON.parse(terminal.out()) as Explanation
}

describe('llmcost explain', () => {
  it('multiplies each class by its price, to the sum and to the logged cost', async () => {
    const usage = { inputTokens: 1000, cacheReadTokens: 3000, outputTokens: 200 }
    const path = await ingest('a.jsonl', [
      { id: 'r1', model: 'gpt-4o', usage, costUsd: 0.0083, feature: 'search', latencyMs: 1234 },
    ])
    const explanation = await explained('r1')
    expect(explanation.usage).toEqual([
      { name: 'input', tokens: 1000, usdPerMillion: '2.5', costUsd: 0.0025 },
      { name: 'cache read', tokens: 3000, usdPerMillion: '1.25', costUsd: 0.00375 },
      { name: 'output', tokens: 200, usdPerMillion: '10', costUsd: 0.002 },
    ])
    expect(explanation).toMatchObject({
      kind: 'explain',
      computedCostUsd: 0.00825,
      loggedCostUsd: 0.0083,
      deltaUsd: -0.00005,
      place: { file: path, line: 1, byteOffset: 0 },
      priceSource: { source: 'genai-prices 0.1.8', target: 'openai:gpt-4o' },
    })
    expect(explanation.facts).toContainEqual(['feature', 'search'])
    terminal.clear()
    await explain('r1')
    expect(terminal.out()).toMatch(/cache read +3,000 +× \$1\.25 per M +\$0\.00375/)
  })

  it('names factors, bands and both kinds of cache write, which add up', async () => {
    const usage = {
      inputTokens: 7,
      cacheWrite5mTokens: 333,
      cacheWrite1hTokens: 777,
      outputTokens: 11,
    }
    const claude = { provider: 'anthropic', model: 'claude-sonnet-4-5', serviceTier: 'batch' }
    await ingest('a.jsonl', [
      { id: 'r1', ...claude, usage },
      { id: 'r2', provider: 'google', model: 'gemini-2.5-pro', usage: { inputTokens: 250_000 } },
    ])
    const batch = await explained('r1')
    expect(batch.factors[0]).toContain('batch × 0.5')
    expect(batch.usage.map(({ name, usdPerMillion }) => [name, usdPerMillion])).toEqual([
      ['input', '1.5'],
      ['cache write 5m', '1.875'],
      ['cache write 1h', '3'],
      ['output', '7.5'],
    ])
    const sum = batch.usage.reduce(
      (total, { costUsd }) => total + Math.round((costUsd ?? 0) * 1e9),
      0,
    )
    expect(sum).toBe(Math.round((batch.computedCostUsd ?? 0) * 1e9))
    expect((await explained('r2')).priceSource?.band).toBe('>200000')
  })

  it('says what it does not know', async () => {
    const usage = { inputTokens: 10, outputTokens: 5 }
    await ingest('a.jsonl', [
      { id: 'r1', provider: 'acme', model: 'rocket', usage },
      { id: 'r2', provider: 'acme', model: 'rocket', usage, costUsd: 0.5 },
      { id: 'r3', model: 'gpt-4o', prompt: 'hello', answer: 'hi' },
      { id: 'r4', model: 'gpt-4o', usage, costUsd: 0, servedFromCache: true },
    ])
    const unpriced = await explained('r1')
    expect(unpriced).toMatchObject({ computedCostUsd: null, priceSource: null, deltaUsd: null })
    expect(unpriced.warnings.map(({ code }) => code)).toEqual(['unpriced'])
    const logged = await explained('r2')
    expect(logged.usage).toContainEqual({
      name: 'as logged',
      tokens: null,
      usdPerMillion: null,
      costUsd: 0.5,
    })
    expect(logged.usage[0]).toEqual({
      name: 'input',
      tokens: 10,
      usdPerMillion: null,
      costUsd: null,
    })
    expect((await explained('r3')).warnings.map(({ code }) => code)).toEqual(['estimated'])
    const cached = await explained('r4')
    expect(cached).toMatchObject({ computedCostUsd: 0, deltaUsd: 0 })
    expect(cached.warnings.map(({ code }) => code)).toEqual(['served-from-cache'])
  })

  it('finds a request by id, response id, number and format', async () => {
    await ingest('a.jsonl', [
      { id: 'r1', responseId: 'chatcmpl-1' },
      { id: '77' },
      { responseId: 'x-9' },
    ])
    for (const name of ['r1', 'chatcmpl-1', 'canonical:r1', 'seq:1', '#1', '1'])
      expect((await explained(name)).id, name).toBe('r1')
    expect((await explained('77')).facts).toContainEqual(['number', '#2 in this store'])
    expect((await explained('x-9')).facts).toContainEqual(['number', '#3 in this store'])
  })

  it('takes a request that two files tell once, and names the other place', async () => {
    const usage = { inputTokens: 10, outputTokens: 5 }
    const first = await ingest('a.jsonl', [
      { responseId: 'chatcmpl-1', usage: { outputTokens: 1 } },
    ])
    await ingest('b.jsonl', [{ id: 'other' }, { responseId: 'chatcmpl-1', usage }])
    const explanation = await explained('chatcmpl-1')
    expect(explanation.place?.line).toBe(2)
    expect(explanation.duplicates).toEqual([{ file: first, line: 1, byteOffset: 0 }])
  })

  it('lists several requests of one id', async () => {
    await ingest('a.jsonl', [{ id: 'r1' }, { id: 'r1', model: 'gpt-4o-mini' }])
    expect(await explain('r1')).toBe(0)
    expect(terminal.out()).toMatch(/^seq +id +at +model/)
    expect(terminal.out().trimEnd().split('\n').length).toBe(3)
    expect(terminal.err()).toContain('llmcost explain seq:1')
  })

  it('shows prompt and answer, and how often the same was asked', async () => {
    const prompt = {
      system: 'Be brief.',
      messages: [
        { role: 'user', content: 'one?' },
        { role: 'assistant', content: '1' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'two?' },
            { type: 'image_url', image_url: {} },
          ],
        },
      ],
    }
    await ingest('a.jsonl', [
      { id: 'r1', prompt, answer: 'it is two' },
      { id: 'r2', prompt },
    ])
    const { prompt: text, answer, facts } = await explained('r1')
    expect(text).toMatch(/^system: Be brief\.\n\n… 2 messages …\n\nuser: two\?/)
    expect(answer).toBe('it is two')
    expect(facts.find(([name]) => name === 'repeats')?.[1]).toMatch(/^asked 2 times/)
  })

  it('shows what is stored where text is redacted or withheld', async () => {
    await ingest('a.jsonl', [{ id: 'r1', prompt: 'mail me: ann@example.com' }], '--redact')
    expect((await explained('r1')).prompt).toBe('user: mail me: [EMAIL]')
    await ingest('b.jsonl', [{ id: 'r2', prompt: 'secret' }], '--content', 'hash')
    const withheld = await explained('r2')
    expect(withheld.prompt).toBe(null)
    expect(withheld.facts).toContainEqual(['text', 'not kept in this store (--content hash)'])
  })

  it('exits 2 for an unknown id, and without a store', async () => {
    expect(await explain('r1')).toBe(2)
    expect(terminal.err()).toContain('there is no store')
    terminal.clear()
    await ingest('a.jsonl', [{ id: 'r1' }])
    for (const name of ['r2', 'seq:99', '#99', '']) {
      terminal.clear()
      expect(await explain(name), name).toBe(2)
      expect(terminal.err()).toContain(`error: no request "${name}"`)
    }
  })
})
