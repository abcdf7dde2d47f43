import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  analyzeIn,
  canonicalRecord,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
  withDatabase,
} from '../support/cli.ts'

afterEach(removeTerminals)

const record = (id: string, outputTokens = 100) =>
  canonicalRecord({ id, usage: { inputTokens: 1000, outputTokens } })

test('a store whose columns are gone, as a crash may leave it, builds them for a report without files', async () => {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  writeFileSync(log, `${record('a')}\n${record('b')}\n`)
  await runIn(terminal, 'ingest', log)
  await withDatabase(terminal, (database) => database.exec('DELETE FROM columns'))
  expect((await analyzeIn(terminal)).totals.requests).toBe(2)
})

test('a poorer repeat that is dropped leaves the columns whole', async () => {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  writeFileSync(log, `${record('a')}\n${record('b')}\n`)
  await runIn(terminal, 'ingest', log)
  appendFileSync(log, `${record('b', 1)}\n`)
  await runIn(terminal, 'ingest', log)
  const { totals } = await analyzeIn(terminal)
  expect([totals.requests, totals.outputTokens]).toEqual([2, 200])
})

test('a number that is given out again is no twin of what had it before', async () => {
  const terminal = newTerminal()
  const [first, second, third] = ['first', 'second', 'third'].map((name) =>
    join(terminal.folder, `${name}.jsonl`),
  ) as [string, string, string]
  writeFileSync(first, `${record('a', 200)}\n`)
  writeFileSync(second, `${record('a', 100)}\n${record('b', 50)}\n`)
  await runIn(terminal, 'ingest', first)
  await runIn(terminal, 'ingest', second)
  // The row of "a" in the second file makes room for a fuller one, and the newest rows go with their file.
  appendFileSync(second, `${record('a', 150)}\n`)
  await runIn(terminal, 'ingest', second)
  expect(
    await rowsOf(terminal, 'SELECT seq FROM twins WHERE seq NOT IN (SELECT seq FROM requests)'),
  ).toEqual([])
  expect((await runIn(terminal, 'purge', '--source', second, '--yes')).code).toBe(0)
  writeFileSync(third, `${record('c')}\n${record('d')}\n${record('e')}\n`)
  await runIn(terminal, 'ingest', third)
  const { totals } = await analyzeIn(terminal)
  expect(totals.requests).toBe(4)
})
