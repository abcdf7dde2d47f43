import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jsonOf, newTerminal, removeTerminals, root, runIn } from '../support/cli.ts'
import { type JsonSchema, schemaProblems } from '../support/json-schema.ts'
import {
  additionsLog,
  closeServers,
  fileIn,
  ladderPolicy,
  liveAt,
  replayedIn,
  serveMock,
} from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let argv: readonly string[]

beforeEach(() => {
  terminal = newTerminal()
  const mini = fileIn(terminal, 'mini.yaml', ladderPolicy(['openai:gpt-4o-mini']))
  argv = [additionsLog(terminal, 12), '--policy', mini]
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

describe('a suite', () => {
  for (const [name, questions] of [
    ['questions.jsonl', 4],
    ['questions.csv', 2],
    ['promptfoo.yaml', 4],
  ] as const) {
    test(`${name} is asked of baseline and candidate`, async () => {
      const suite = resolve(root, 'fixtures/suites', name)
      const from = ['--suite', suite, '--policy', argv[2] as string]
      const result = await replayedIn(terminal, ...from, '--baseline', 'all:gpt-4o', '--mock')
      expect(result.plan).toMatchObject({ sampled: questions, calls: 2 * questions })
      expect(result.arms?.baseline).toMatchObject({ answers: questions, failures: 0 })
      // A mock is right in both arms or in none.
      expect(result.delta).toMatchObject({ quality: 0, discordant: 0 })
      const policy = await replayedIn(terminal, ...from, '--baseline', argv[2] as string, '--mock')
      expect(policy.delta.costUsd).toBe(0)
    })
  }

  test('names a model in every row, or is no baseline as logged', async () => {
    const rows = (model: object) =>
      `{"id":"a","prompt":"1 + 1?","expected":"2"${JSON.stringify(model)
        .slice(1, -1)
        .replace(/^(?=.)/, ',')}}\n`
    const from = ['--policy', argv[2] as string, '--baseline', 'as-logged', '--mock', '--suite']
    const named = fileIn(terminal, 'named.jsonl', rows({ model: 'gpt-4o' }))
    expect((await replayedIn(terminal, ...from, named)).arms?.baseline).toMatchObject({ score: 1 })
    const nameless = fileIn(terminal, 'nameless.jsonl', rows({}))
    const { code, err } = await runIn(terminal, 'replay', ...from, nameless)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('names no model') })
  })

  test('is nothing that simulate could read', async () => {
    const suite = resolve(root, 'fixtures/suites/questions.jsonl')
    const from = ['--suite', suite, '--policy', argv[2] as string, '--baseline', 'all:gpt-4o']
    const { out } = await runIn(terminal, 'replay', ...from, '--mock', '--margin', '80%', '--fixed')
    expect(out).toContain('non-inferior')
    expect(out).not.toContain('llmcost simulate')
  })
})

describe('a report', () => {
  test('is of any format, and its JSON fits the schema', async () => {
    const formats = { csv: /^\S+,/, markdown: /^#/, html: /^<!doctype html>/i, junit: /^<\?xml/ }
    for (const [format, beginning] of Object.entries(formats)) {
      const { code, out } = await runIn(terminal, 'replay', ...argv, '--mock', '--format', format)
      expect({ format, code }).toEqual({ format, code: 0 })
      expect(out).toMatch(beginning)
    }
    const result = await replayedIn(terminal, ...argv, '--mock')
    const path = resolve(root, 'src/report/schema/replay.schema.json')
    expect(schemaProblems(result, jsonOf<JsonSchema>(path))).toEqual([])
  })

  test('of a plan says what it would ask, in a narrow terminal too', async () => {
    const narrow = newTerminal({ env: { COLUMNS: '40', NO_COLOR: '1' } })
    const dry = await runIn(narrow, 'replay', ...argv, '--mock', '--dry-run', '-q')
    expect(dry).toMatchObject({ code: 0, err: '' })
    expect(dry.out).toMatch(/24/)
    expect(dry.out).not.toContain('\u001b')
    const run = await runIn(narrow, 'replay', ...argv, '--mock', '--margin', '50%', '--fixed', '-q')
    expect(run.err).toBe('')
    expect(run.out).toContain('non-inferior')
  })
})

test('what live models answered is known to simulate, what a mock did is not', async () => {
  const played = newTerminal()
  const [log, ...policy] = argv as [string, ...string[]]
  await replayedIn(played, log, ...policy, '--mock', 'accuracy=0.5')
  const guessed = await runIn(played, 'simulate', log, ...policy, '-q')
  expect(guessed.out).not.toContain('measured by replay')
  const server = await serveMock({ models: [] })
  const live = newTerminal({ env: liveAt(server) })
  await replayedIn(live, log, ...policy, '--yes')
  const measured = await runIn(live, 'simulate', log, ...policy, '-q')
  expect(measured.out.replace(/\s+/g, ' ')).toContain('measured by replay')
})
