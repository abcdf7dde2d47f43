import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { putMeasurements } from '../../src/store/measurements.ts'
import { migrate } from '../../src/store/migrations.ts'
import { plainCall } from '../support/calls.ts'
import { newTerminal, removeTerminals, runIn, withDatabase } from '../support/cli.ts'
import { measurementOf } from '../support/measurements.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(async () => {
  terminal = newTerminal()
  const image = plainCall({
    turns: [
      {
        role: 'user',
        blocks: [{ kind: 'image', source: { kind: 'url', url: 'https://example.org/a.png' } }],
      },
    ],
  })
  const pair = (caseId: string, call = plainCall()) => [
    measurementOf({ caseId, call, target: 'weak', score: 0, output: 'Oslo' }),
    measurementOf({
      caseId,
      call,
      target: 'strong',
      output: 'Rome',
      costNanoUsd: 9_000 as NanoUsd,
    }),
  ]
  await withDatabase(terminal, (database) => {
    migrate(database)
    putMeasurements(database, [...pair('a'), ...pair('b', image)])
  })
})
afterEach(removeTerminals)

it('writes what cheap models failed as lines for OpenAI', async () => {
  const { code, out, err } = await runIn(terminal, 'export', '--escalations')
  const lines = out.trimEnd().split('\n')
  expect([code, lines.length]).toEqual([0, 2])
  expect(JSON.parse(lines[0] as string)).toEqual({
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Rome' },
    ],
  })
  expect(err).toContain('2 examples')
})

it('writes them for Anthropic into a file of the owner alone, and names what it left out', async () => {
  const file = join(terminal.folder, 'tuning.jsonl')
  const { code, out, err } = await runIn(
    terminal,
    ...['export', '--escalations', '--format', 'anthropic', '--out', file],
  )
  expect([code, out]).toEqual([0, ''])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    messages: [{ content: 'Hi' }, {}],
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(err).toContain('1 case left out: fine-tuning on Bedrock takes text alone')
})

it.each([
  [['--escalations', '--since', '7d'], '--escalations exports all that there is'],
  [['--format', 'openai'], '--format is for --escalations'],
])('refuses %j', async (flags, message) => {
  const { code, err } = await runIn(terminal, 'export', ...flags)
  expect(code).toBe(2)
  expect(err).toContain(message)
})
