import { spawn } from 'node:child_process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(async () => {
  terminal = fakeTerminal()
  await run(['ingest', 'fixtures/logs/formats/canonical.jsonl', '--quiet'], terminal)
})
afterEach(() => terminal.remove())

it('ends in peace when the reader of its output has gone', async () => {
  const query =
    'with recursive n(i) as (values (1) union all select i + 1 from n where i < 1e6) select i from n'
  const child = spawn(process.execPath, ['bin/llmcost.js', 'sql', query, '--format', 'csv'], {
    env: { ...process.env, LLMCOST_DB: terminal.database },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const code = await new Promise((resume) => child.on('close', resume))
  expect([code, errors]).toEqual([0, ''])
})
