import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ReplayResult } from '../../src/replay/result.ts'
import { canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string

beforeEach(() => {
  terminal = newTerminal({ env: { OPENAI_API_KEY: 'sk-planted' } })
  log = join(terminal.folder, 'log.jsonl')
  const lines = Array.from({ length: 30 }, (_, index) =>
    canonicalRecord({
      id: `r${index}`,
      at: new Date(Date.UTC(2026, 7, 1, 10, index)).toISOString(),
      prompt: { messages: [{ role: 'user', content: `What is ${index} plus ${index}?` }] },
      answer: {
        text: `${index} plus ${index} is ${2 * index}, as adding a number to itself doubles it.`,
        finishReason: 'stop',
      },
    }),
  )
  writeFileSync(log, `${lines.join('\n')}\n`)
})
afterEach(removeTerminals)

const route = ['--route', 'cascade', '--no-semantic'] as const

async function replayed(...argv: readonly string[]): Promise<ReplayResult> {
  const { code, out, err } = await runIn(terminal, 'replay', log, ...route, ...argv, '-q')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as ReplayResult
}

test('under a budget a mock knows what is right, and the plan what is stored', async () => {
  const flags = ['--mock', '--budget', '100', '--format', 'json'] as const
  const { noiseFloor } = await replayed(...flags)
  expect(noiseFloor).toMatchObject({ agreement: 1, pairs: 30 })
  const { plan } = await replayed(...flags, '--dry-run')
  expect(plan).toMatchObject({ calls: 0, storedCalls: 60 })
})

test('files for batch services hold the calls as the budget makes them', async () => {
  const folder = join(terminal.folder, 'batch')
  const argv = ['replay', log, ...route, '--budget', '100', '--write-batch', folder] as const
  const { code, err } = await runIn(terminal, ...argv)
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  const calls = readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { readonly body: Record<string, unknown> })
  expect(calls.length).toBeGreaterThan(0)
  for (const { body } of calls) {
    expect(body['max_completion_tokens'] ?? body['max_tokens']).toBe(8_192)
  }
})
