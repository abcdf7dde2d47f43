import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

test.each(['analyze', 'simulate', 'check'])(
  '%s has nothing to say of a store that was emptied',
  async (command) => {
    const log = join(terminal.folder, 'log.jsonl')
    writeFileSync(log, `${canonicalRecord({ id: 'r1' })}\n`)
    expect((await runIn(terminal, 'ingest', log, '-q')).code).toBe(0)
    expect((await runIn(terminal, 'analyze', '-q')).code).toBe(0)
    expect((await runIn(terminal, 'purge', '--all', '--yes')).code).toBe(0)
    const flags = command === 'check' ? ['--max-cost-per-request', '1'] : []
    const { code, out, err } = await runIn(terminal, command, ...flags)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^error: the store at .* is empty\nhint: {2}read logs into it first/m)
  },
)
