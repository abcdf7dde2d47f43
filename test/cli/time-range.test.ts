import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixtures, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const story = join(fixtures, 'support-copilot.jsonl')

test.each(['analyze', 'simulate', 'export', 'check'])(
  '%s refuses a time that ends before it begins',
  async (command) => {
    await runIn(terminal, 'ingest', story, '-q')
    const asked = command === 'check' ? ['--max-cost-per-request', '1'] : []
    const files = command === 'export' ? [] : [story]
    const times = ['--since', '1d', '--until', '3d']
    const { code, err } = await runIn(terminal, command, ...files, ...times, ...asked)
    expect(err).toContain('the time from 1d to 3d ends before it begins')
    expect(code).toBe(2)
  },
)
