import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import {
  analyzeIn,
  comparable,
  jsonOf,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
} from '../support/cli.ts'
import { hasRealData, realData } from '../support/real-data.ts'
import type { FakeTerminal } from '../support/terminal.ts'

afterEach(removeTerminals)

const mapped = (...pairs: readonly string[]) => pairs.flatMap((pair) => ['--map', pair])
const set = (...pairs: readonly string[]) => pairs.flatMap((pair) => ['--set', pair])

/** Exports a store, reads the export into another one, and gives what both say. */
async function thereAndBack(
  terminal: FakeTerminal,
  ...flags: readonly string[]
): Promise<{
  readonly before: AnalyzeResult
  readonly after: AnalyzeResult
  readonly same: boolean
}> {
  const before = await analyzeIn(terminal, ...flags)
  const out = join(terminal.folder, 'export.jsonl')
  expect((await runIn(terminal, 'export', '--canonical', '--out', out)).code).toBe(0)
  const second = newTerminal()
  await analyzeIn(second, out, ...flags)
  const after = await analyzeIn(second, ...flags)
  const { out: again } = await runIn(second, 'export', '--canonical')
  return { before, after, same: again === readFileSync(out, 'utf8') }
}

describe.skipIf(!hasRealData)('real logs with known answers', () => {
  test('the Azure trace costs $47.608895 as gpt-4o', async () => {
    const { totals } = await analyzeIn(
      newTerminal(),
      realData('usage/AzureLLMInferenceTrace_code.csv'),
      ...mapped(
        'at=TIMESTAMP',
        'usage.inputTokens=ContextTokens',
        'usage.outputTokens=GeneratedTokens',
      ),
      ...set('model=gpt-4o', 'provider=openai'),
    )
    expect([totals.requests, totals.costUsd, totals.estimatedRequests]).toEqual([
      8819, 47.608895, 0,
    ])
  })

  test('a mapping kept in a file does the same', async () => {
    const terminal = newTerminal()
    const mapFile = join(terminal.folder, 'mapping.yaml')
    writeFileSync(
      mapFile,
      'map:\n  at: TIMESTAMP\n  usage.inputTokens: ContextTokens\n  usage.outputTokens: GeneratedTokens\nset:\n  model: gpt-4o\n  provider: openai\n',
    )
    const path = realData('usage/AzureLLMInferenceTrace_code.csv')
    const { totals } = await analyzeIn(terminal, path, '--map-file', mapFile)
    expect(totals.costUsd).toBe(47.608895)
  })

  test('12 sessions of a coding agent are 566 requests, and nothing is lost by exporting them', async () => {
    const terminal = newTerminal()
    const log = join(terminal.folder, 'sessions.jsonl')
    const prices = join(terminal.folder, 'prices.yaml')
    writeFileSync(log, sessionLines().join(''))
    writeFileSync(prices, flatPrices)
    const expected = jsonOf<Record<string, { uncachedCostUsd: number }>>(
      realData('prefix/claude-code.expected.json'),
    )
    const first = await analyzeIn(terminal, log, '--prices', prices)
    expect({
      requests: first.totals.requests,
      inputTokens: first.totals.inputTokens,
      outputTokens: first.totals.outputTokens,
    }).toEqual({ requests: 566, inputTokens: 42_671_124, outputTokens: 248_853 })
    // The expected file rounds to a millionth of a dollar.
    const { uncachedCostUsd } = expected['5m TTL, write 1.25x, read 0.1x'] ?? { uncachedCostUsd: 0 }
    expect(first.totals.costUsd.toFixed(6)).toBe(uncachedCostUsd.toFixed(6))
    const { before, after, same } = await thereAndBack(terminal, '--prices', prices)
    expect(after.totals).toEqual(before.totals)
    expect({ ...comparable(after), inputs: [] }).toEqual({ ...comparable(before), inputs: [] })
    expect(same).toBe(true)
    const blocks = readFileSync(join(terminal.folder, 'export.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { promptBlocks: unknown }).promptBlocks)
    expect(blocks).toEqual(sessionRequests().map(({ promptBlocks }) => promptBlocks))
  }, 60_000)

  test('805 prompts without usage are all estimated, and marked so', async () => {
    const terminal = newTerminal()
    const { totals } = await analyzeIn(terminal, realData('text/chat_no_usage.jsonl'))
    expect([totals.requests, totals.estimatedRequests, totals.estimatedShare]).toEqual([
      805, 805, 1,
    ])
    expect(totals.inputTokens).toBeGreaterThan(20_000)
    expect(totals.outputTokens).toBeGreaterThan(100_000)
    expect(await rowsOf(terminal, 'SELECT sum(estimated) AS n FROM v_requests')).toEqual([
      { n: 805 },
    ])
    const { out } = await runIn(terminal, 'analyze')
    expect(out).toMatch(/estimated/)
  })

  test('4,000 questions with embeddings are read by a mapping, and exported whole', async () => {
    const terminal = newTerminal()
    const path = realData('semantic/clinc_4000.jsonl')
    const { totals, period } = await analyzeIn(
      terminal,
      path,
      ...mapped('id=id', 'at=timestamp', 'namespace=tenant', 'user=user', 'prompt=prompt'),
      ...mapped('embedding=embedding', 'answerLabel=answer_class'),
      ...set('model=gpt-4o', 'provider=openai'),
    )
    expect([totals.requests, totals.estimatedRequests]).toEqual([4000, 4000])
    const rows = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            timestamp: number
            embedding: number[]
            prompt: string
            answer_class: string
          },
      )
    expect(Date.parse(period.from ?? '')).toBe(Math.round((rows[0]?.timestamp ?? 0) * 1000))
    const { before, after, same } = await thereAndBack(terminal)
    expect([after.totals, same]).toEqual([before.totals, true])
    const exported = readFileSync(join(terminal.folder, 'export.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { embedding: number[]; answerLabel: string })
    // As JSON, which knows no negative zero.
    expect(exported.map(({ embedding }) => JSON.stringify(embedding))).toEqual(
      rows.map(({ embedding }) => JSON.stringify(embedding)),
    )
    expect(exported.map(({ answerLabel }) => answerLabel)).toEqual(
      rows.map((row) => row.answer_class),
    )
  }, 60_000)
})

type Turn = {
  readonly t: number
  readonly type: string
  readonly model: string
  readonly in: number
  readonly out: number
  readonly hash_ids: readonly number[]
  readonly requests?: readonly Turn[]
}
type SessionRequest = { readonly at: string; readonly promptBlocks: { ids: readonly number[] } }

const startAt = Date.UTC(2026, 0, 5)

/** Each session's requests by their absolute time; those of a sub-agent are relative to their parent. */
function sessionRequests(): readonly SessionRequest[] {
  const folder = realData('prefix/claude-code')
  return readdirSync(folder)
    .sort()
    .flatMap((file, day) => {
      const session = jsonOf<{ id: string; block_size: number; requests: readonly Turn[] }>(
        join(folder, file),
      )
      return flat(session.requests, 0)
        .sort((a, b) => a.t - b.t)
        .map((turn, index) => ({
          v: 1,
          id: `${session.id}-${index}`,
          at: new Date(startAt + day * 86_400_000 + Math.round(turn.t * 1000)).toISOString(),
          provider: 'anthropic',
          model: turn.model,
          session: session.id,
          promptBlocks: { tokensPerBlock: session.block_size, ids: turn.hash_ids },
          usage: { inputTokens: turn.in, outputTokens: turn.out },
        }))
    })
}

const flat = (turns: readonly Turn[], from: number): Turn[] =>
  turns.flatMap((turn) =>
    turn.requests === undefined
      ? [{ ...turn, t: from + turn.t }]
      : flat(turn.requests, from + turn.t),
  )

const sessionLines = () => sessionRequests().map((request) => `${JSON.stringify(request)}\n`)

/** Flat prices of the expected answers: no long-context band. */
const flatPrices = `prices:
  - target: anthropic:claude-opus-4-5-20251101
    rates: { input: 5, cacheRead: 0.5, cacheWrite5m: 6.25, cacheWrite1h: 10, output: 25 }
  - target: anthropic:claude-sonnet-4-5-20250929
    rates: { input: 3, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6, output: 15 }
  - target: anthropic:claude-haiku-4-5-20251001
    rates: { input: 1, cacheRead: 0.1, cacheWrite5m: 1.25, cacheWrite1h: 2, output: 5 }
`
