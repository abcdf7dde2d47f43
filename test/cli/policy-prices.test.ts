import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
beforeEach(() => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
  const usage = { inputTokens: 1_000_000, outputTokens: 0 }
  writeFileSync(log, `${canonicalRecord({ id: 'a', provider: 'openai', model: 'own', usage })}\n`)
})
afterEach(removeTerminals)

function policyFile(text: string): string {
  const path = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(path, text)
  return path
}

const priced = 'prices:\n  - { target: "openai:own", rates: { input: 3, output: 9 } }\n'

async function costUsd(command: string, ...argv: readonly string[]): Promise<unknown> {
  const { out, err } = await runIn(terminal, command, log, ...argv, '--format', 'json', '-q')
  expect(err).toBe('')
  const { totals, baseline } = JSON.parse(out)
  return (totals ?? baseline).costUsd
}

describe('prices of the policy file in force', () => {
  test('price what is analyzed and simulated', async () => {
    expect(await costUsd('analyze')).toBe(0)
    const path = policyFile(priced)
    expect(await costUsd('simulate', '--policy', path)).toBe(3)
    Object.assign(terminal.env, { LLMCOST_POLICY: path })
    expect(await costUsd('analyze')).toBe(3)
  })

  test('price what is checked', async () => {
    const path = policyFile(priced)
    const checked = (most: string) =>
      runIn(terminal, 'check', log, '--policy', path, '--max-cost-per-request', most, '-q')
    expect((await checked('3')).code).toBe(0)
    expect((await checked('2.99')).code).toBe(1)
  })

  test('come after those of --prices', async () => {
    const path = policyFile(priced)
    const own = join(terminal.folder, 'prices.yaml')
    writeFileSync(own, priced.replace('input: 3', 'input: 5'))
    expect(await costUsd('simulate', '--policy', path, '--prices', own)).toBe(5)
  })

  test('that cannot be read are an error, where they count and where they are looked at', async () => {
    const path = policyFile('prices:\n  - { target: "openai:own", rates: { input: dear } }\n')
    for (const argv of [
      ['simulate', log, '--policy', path],
      ['policy', 'check', path],
    ]) {
      const { code, err } = await runIn(terminal, ...argv)
      expect(code).toBe(2)
      expect(err).toMatch(/prices\[0\]/)
      expect(err).toContain(path)
    }
  })
})
