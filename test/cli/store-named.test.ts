import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { analyzeIn, canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

test('a report without files names the store it is about', async () => {
  const log = join(terminal.folder, 'log.jsonl')
  const store = join(terminal.folder, 'own.db')
  writeFileSync(log, `${canonicalRecord()}\n`)
  const ofFile = await runIn(terminal, 'analyze', log, '--db', store)
  expect(ofFile.out).not.toContain('own.db')
  expect((await analyzeIn(terminal, log, '--db', store)).store).toBeNull()
  const ofStore = await runIn(terminal, 'analyze', '--db', store)
  expect(ofStore.out.split('\n\n')[0]).toContain(`store ${store}`)
  expect((await analyzeIn(terminal, '--db', store)).store).toBe(store)
})

test('the demo takes the flags that all reports take', async () => {
  const { out } = await runIn(terminal, 'demo', '--help')
  for (const flag of [
    '--db',
    '--quiet',
    '--verbose',
    '--prices',
    '--price-mode',
    '--since',
    '--until',
    '--where',
    '--tz',
  ])
    expect(out).toContain(flag)
  const store = join(terminal.folder, 'demo.db')
  const whole = await runIn(terminal, 'demo', '--format', 'json')
  const kept = await runIn(terminal, 'demo', '--db', store, '--since', '7d', '--format', 'json')
  expect([whole.code, kept.code, whole.err, kept.err]).toEqual([0, 0, '', ''])
  expect(existsSync(store)).toBe(true)
  const requests = [whole, kept].map(({ out }) => JSON.parse(out).totals.requests)
  expect(requests[1]).toBeGreaterThan(0)
  expect(requests[1]).toBeLessThan(requests[0])
})
