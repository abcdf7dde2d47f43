import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const messages = [{ role: 'user', content: 'q' }]
const usage = { prompt_tokens: 1_000_000, completion_tokens: 0 }
const pair = {
  timestamp: '2026-08-01T10:00:00Z',
  request: { model: 'gpt-4o', messages },
  response: { id: 'chatcmpl-X', model: 'gpt-4o', usage, choices: [] },
}
const spend = {
  ...{ id: 'chatcmpl-X', call_type: 'acompletion', status: 'success', model: 'gpt-4o', ...usage },
  ...{ startTime: 1785578400, endTime: 1785578402.75, custom_llm_provider: 'openai' },
  ...{ response_cost: 2.5, total_tokens: 1_000_000, end_user: 'u1', messages, cache_hit: false },
  response: { id: 'chatcmpl-X' },
}

test('a call that two logs tell costs once by day, and SQL can tell which row counts', async () => {
  const paths = [pair, spend].map((record, index) => {
    const path = join(terminal.folder, `log${index}.jsonl`)
    writeFileSync(path, `${JSON.stringify(record)}\n`)
    return path
  })
  expect((await runIn(terminal, 'ingest', ...paths, '-q')).code).toBe(0)
  const daily = await rowsOf(terminal, 'SELECT day, requests, costUsd FROM v_daily')
  expect(daily).toEqual([{ day: '2026-08-01', requests: 1, costUsd: 2.5 }])
  const rows = await rowsOf(terminal, 'SELECT counted, format FROM v_requests ORDER BY counted')
  expect(rows.map(({ counted }) => counted)).toEqual([0, 1])
})
