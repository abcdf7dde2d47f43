import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { analyzeIn, fixtures, newTerminal, removeTerminals, runIn } from '../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-commands-'))
afterEach(removeTerminals)
afterAll(() => rmSync(folder, { recursive: true }))

/** A command line as a shell would split it; only plain and double-quoted words are in it. */
const wordsOf = (line: string): readonly string[] =>
  (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''))

test.each([
  'support-copilot.jsonl',
  'code-review.jsonl',
  'product-texts.jsonl',
  'knowledge-base.jsonl',
  'agent-loops.jsonl',
  'document-answers.jsonl',
  'demo.jsonl.gz',
])('every command that the report on %s names runs on its store', async (name) => {
  const terminal = newTerminal()
  const { opportunities } = await analyzeIn(terminal, resolve(fixtures, name), '-q')
  for (const { kind, command, examples } of opportunities) {
    const [program, ...argv] = wordsOf(command)
    const { code, out, err } = await runIn(terminal, ...argv, '-q')
    expect({ kind, program, code, err }).toEqual({ kind, program: 'llmcost', code: 0, err: '' })
    expect({ kind, isEmpty: out.trim() === '' }).toEqual({ kind, isEmpty: false })
    for (const example of examples) {
      const explained = await runIn(terminal, 'explain', example)
      expect({ kind, example, code: explained.code }).toEqual({ kind, example, code: 0 })
    }
  }
})

/** Requests of one canonical log, which is analysed. */
async function analyzed(...records: readonly object[]) {
  const path = join(folder, `${Math.random()}.jsonl`)
  const usage = { inputTokens: 1000, outputTokens: 100 }
  const lines = records.map((record, index) =>
    JSON.stringify({
      v: 1,
      id: `r${index}`,
      model: 'gpt-4o',
      provider: 'openai',
      usage,
      ...record,
    }),
  )
  writeFileSync(path, `${lines.join('\n')}\n`)
  const terminal = newTerminal()
  return { terminal, result: await analyzeIn(terminal, path, '-q') }
}

test('a failed request without counts costs nothing and is no estimate', async () => {
  const { result } = await analyzed({ status: 'error', usage: undefined, prompt: 'Hello there' })
  expect(result.totals).toMatchObject({
    requests: 1,
    errors: 1,
    costUsd: 0,
    unpricedRequests: 0,
    estimatedRequests: 0,
  })
})

test('an answer from a response cache is counted and costs nothing', async () => {
  const { result } = await analyzed({ servedFromCache: true }, {})
  expect(result.totals).toMatchObject({ requests: 2, costUsd: 0.0035, servedFromCacheRequests: 1 })
})

test('a truncated answer is found by the command, whatever its reason is called', async () => {
  const { terminal, result } = await analyzed(
    { at: '2026-08-01T10:00:00Z', answer: { text: 'And so', finishReason: 'max_tokens' } },
    { at: '2026-08-01T10:01:00Z', answer: { text: 'But', finishReason: 'length' } },
  )
  const found = result.opportunities.find(({ kind }) => kind === 'truncated-answers')
  const { out } = await runIn(terminal, ...wordsOf(found?.command ?? '').slice(1), '-q')
  expect(out).toMatch(/max_tokens/)
  expect(out).toMatch(/length/)
})

test('a log of hours that --since and --until cut out is projected from its whole days alone', async () => {
  const log = resolve(fixtures, 'demo.jsonl.gz')
  const terminal = newTerminal()
  const cut = await analyzeIn(
    terminal,
    log,
    '-q',
    '--since',
    '2026-07-07T12:00',
    '--until',
    '2026-07-11T12:00',
  )
  expect(cut.period.days).toBe(5)
  expect(cut.projection.days).toBe(3)
  const whole = cut.daily.slice(1, 4).reduce((sum, { costUsd }) => sum + costUsd, 0)
  expect(cut.projection.costUsdPerMonth).toBeCloseTo((30.4375 * whole) / 3, 6)
})

test('an unsorted log gives the report of the sorted one', async () => {
  const record = (index: number) => ({
    id: `q${index}`,
    at: new Date(Date.UTC(2026, 7, 1, 0, index * 37)).toISOString(),
    user: `u${index % 3}`,
    trace: `t${index % 2}`,
    plan: index % 5 === 0 ? 'pro' : 'free',
    prompt: `Question number ${index % 4}, the same words as ever`,
    answer: { text: 'Yes.' },
  })
  const records = Array.from({ length: 60 }, (_, index) => record(index))
  const moved = records.map((_, index) => records[(index * 23) % 60] as object)
  const [one, other] = await Promise.all([analyzed(...records), analyzed(...moved)])
  const plain = ({
    opportunities,
    totals,
    projection,
    perTrace,
    unitEconomics,
    daily,
  }: typeof one.result) => ({
    totals,
    projection,
    perTrace,
    unitEconomics,
    daily,
    savings: opportunities.map(({ kind, savingUsd, requests, title }) => [
      kind,
      savingUsd,
      requests,
      title,
    ]),
  })
  expect(plain(other.result)).toEqual(plain(one.result))
  expect(one.result.opportunities.map(({ kind }) => kind)).toContain('exact-repeats')
})
