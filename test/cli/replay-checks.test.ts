import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MockServer } from '../../src/providers/mock-server.ts'
import { newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import {
  additionsLog,
  closeServers,
  fileIn,
  ladderPolicy,
  liveAt,
  serveMock,
} from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let server: MockServer
let terminal: FakeTerminal
let mini: string

beforeEach(async () => {
  server = await serveMock()
  const { OPENAI_API_KEY = '', OPENAI_BASE_URL = '' } = liveAt(server)
  terminal = newTerminal({ env: { OPENAI_API_KEY, OPENAI_BASE_URL } })
  mini = fileIn(terminal, 'mini.yaml', ladderPolicy(['openai:gpt-4o-mini']))
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

/** A mistake is told before anything is asked or stored. */
async function refusedWith(words: string, ...argv: readonly string[]): Promise<void> {
  const { code, err } = await runIn(terminal, 'replay', ...argv, '--yes', '-q')
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(words) })
  expect(server.tally().calls).toBe(0)
  expect(await rowsOf(terminal, 'SELECT * FROM replies')).toEqual([])
}

const suiteOf = (...rows: readonly object[]): string =>
  fileIn(terminal, 'suite.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))

describe('before it spends, a replay refuses', () => {
  test('a baseline of an unknown provider', async () => {
    const suite = suiteOf({ prompt: '1 + 1?', expected: '2' })
    const argv = ['--suite', suite, '--policy', mini]
    await refusedWith('unknown provider "nope"', ...argv, '--baseline', 'all:nope:gpt-4o')
  })

  test('a judge without a key, of pairs and of answers', async () => {
    const log = additionsLog(terminal, 3)
    const judge = 'anthropic:claude-haiku-4-5'
    await refusedWith('ANTHROPIC_API_KEY', log, '--policy', mini, '--judge', judge)
    await refusedWith('ANTHROPIC_API_KEY', log, '--policy', mini, '--scorer', `judge:${judge}`)
  })

  test('a validator without a key', async () => {
    const checked = ladderPolicy(
      ['openai:gpt-4o-mini', 'openai:gpt-4o'],
      [{ kind: 'judge', target: 'anthropic:claude-haiku-4-5' }],
    )
    const path = fileIn(terminal, 'checked.yaml', checked)
    await refusedWith('ANTHROPIC_API_KEY', additionsLog(terminal, 3), '--policy', path)
  })

  test("a row's scorer that is none, and a judge among them without a key", async () => {
    const argv = ['--policy', mini, '--baseline', 'all:gpt-4o', '--suite']
    const row = { prompt: '1 + 1?', expected: '2' }
    await refusedWith('no scorer is called "fancy"', ...argv, suiteOf({ ...row, scorer: 'fancy' }))
    const judged = suiteOf({ ...row, scorer: 'judge:anthropic:claude-haiku-4-5' })
    await refusedWith('ANTHROPIC_API_KEY', ...argv, judged)
  })

  test('files of pairs that are missing, or there already', async () => {
    const log = additionsLog(terminal, 3)
    const pairs = fileIn(terminal, 'pairs.csv', 'filled in\n')
    await refusedWith('no such file', log, '--policy', mini, '--human', `${pairs}.gone`)
    await refusedWith('is there already', log, '--policy', mini, '--write-pairs', pairs)
  })
})
