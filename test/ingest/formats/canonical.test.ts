import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { readCanonical } from '../../../src/ingest/formats/canonical.ts'
import { analyzeIn, newTerminal, removeTerminals } from '../../support/cli.ts'

afterEach(removeTerminals)

const record = { v: 1, model: 'gpt-4o', usage: { inputTokens: 10, outputTokens: 5 } }

it.each([
  ['reasoning-exceeds-output', { usage: { outputTokens: 5, reasoningTokens: 6 } }],
  ['negative-cost', { costUsd: -0.01 }],
  ['negative-cost', { costUsd: '-1e-3' }],
  ['negative-latency', { latencyMs: -1 }],
  ['negative-latency', { firstTokenMs: '-20' }],
  ['negative-tokens', { fees: { webSearches: -1 } }],
  ['token-count-not-whole', { fees: { inputAudioTokens: '12x' } }],
])('rejects as %s %j', (rejected, fields) => {
  expect(readCanonical({ ...record, ...fields })).toEqual({ rejected })
})

it.each([
  [{ usage: { outputTokens: 5, reasoningTokens: 5 } }, { usage: { reasoningTokens: 5 } }],
  [{ costUsd: 0 }, { loggedCostNanoUsd: 0 }],
  [
    { latencyMs: 0, firstTokenMs: 0 },
    { latencyMs: 0, firstTokenMs: 0 },
  ],
  [{ fees: { webSearches: '2', note: 'mine' } }, { fees: { webSearches: 2 } }],
])('reads %j', (fields, read) => {
  expect(readCanonical({ ...record, ...fields })).toMatchObject(read)
})

it('leaves out a latency and a cost that went backwards in other formats, with a remark', async () => {
  const pair = {
    timestamp: '2026-08-01T10:00:00Z',
    ended_at: '2026-08-01T09:59:59Z',
    request: { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] },
    response: { choices: [], usage: { prompt_tokens: 1000, completion_tokens: 0, cost: -3 } },
  }
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  writeFileSync(log, `${JSON.stringify(pair)}\n`)
  const { totals, latencyMs, warnings } = await analyzeIn(terminal, log)
  expect(totals).toMatchObject({ requests: 1, costUsd: 0.0025, loggedCostUsd: null })
  expect(latencyMs.p50).toBeNull()
  expect(warnings.map(({ code }) => code)).toEqual(['negative-cost', 'negative-latency'])
})
