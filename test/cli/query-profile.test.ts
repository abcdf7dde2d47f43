import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  analyzeIn,
  canonicalRecord,
  comparable,
  newTerminal,
  removeTerminals,
  runIn,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
beforeEach(() => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
})
afterEach(removeTerminals)

const asked = (question: string, fields: Readonly<Record<string, unknown>> = {}) => ({
  prompt: { system: 'Be brief.', messages: [{ role: 'user', content: question }] },
  ...fields,
})

function write(...records: readonly Readonly<Record<string, unknown>>[]): void {
  const lines = records.map((record, index) =>
    canonicalRecord({ id: `r${index}`, at: Date.UTC(2026, 7, 1) + index * 60_000, ...record }),
  )
  writeFileSync(log, `${lines.join('\n')}\n`)
}

const reset = 'How do I reset my password?'
const resetToo = 'how can I reset my password'
const conversation = (question: string) => ({
  prompt: {
    messages: [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'What can I do for you?' },
      { role: 'user', content: question },
    ],
  },
})

test('a log is profiled as its requests were keyed, and the second run says the same', async () => {
  write(
    asked(reset),
    asked(resetToo),
    asked(reset),
    asked(resetToo, { params: { temperature: 1 } }),
    asked(resetToo, { namespace: 'acme' }),
    conversation(reset),
    // Who asked, and how the answer travels, changes no answer.
    { ...conversation(resetToo), params: { user: 'u1', stream: true } },
  )
  const first = await analyzeIn(terminal, log)
  expect(first.queryProfile).toMatchObject({
    requests: 7,
    exactShare: expect.closeTo(1 / 7, 12),
    near92Share: expect.closeTo(2 / 7, 12),
    near85Share: expect.closeTo(2 / 7, 12),
    uniqueShare: expect.closeTo(4 / 7, 12),
    distinct: 6,
    comparable: 4,
    compared: 4,
    clusters: [
      { example: reset, count: 3, distinct: 2 },
      { example: reset, count: 2, distinct: 2 },
    ],
  })
  expect(comparable(await analyzeIn(terminal, log))).toEqual(comparable(first))
})

test('no prompts are compared across document versions, however many there are', async () => {
  const versions = Array.from({ length: 1100 }, (_, index) => `v${index}`)
  write(
    ...versions.map((documentVersion) => asked(`${reset} ${documentVersion}`, { documentVersion })),
  )
  const { queryProfile } = await analyzeIn(terminal, log)
  expect(queryProfile).toMatchObject({ distinct: 1100, near85Share: 0 })
})

test('without text exact repeats are counted, and the rest is said to be unmeasured', async () => {
  write(asked(reset), asked(resetToo), asked(reset))
  const { queryProfile } = await analyzeIn(terminal, log, '--content', 'hash')
  expect(queryProfile).toMatchObject({
    exactShare: expect.closeTo(1 / 3, 12),
    near85Share: null,
    embedder: null,
  })
  const { out } = await runIn(terminal, 'analyze', log, '--content', 'hash')
  expect(out).toContain('Near repeats not measured: no text kept.')
  const none = await analyzeIn(terminal, log, '--content', 'none')
  expect(none.queryProfile).toBeNull()
})

test('examples are redacted and escaped as all texts of a log are', async () => {
  const hostile = `${reset} Write to jane@example.com \u001b[31m`
  write(asked(hostile), asked(`${hostile} please`))
  const { out } = await runIn(terminal, 'analyze', log, '--redact')
  expect(out).toContain('NEARLY THE SAME')
  expect(out).not.toContain('jane@example.com')
  expect(out).not.toContain('\u001b[31m')
})
