import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, expect, test } from 'vitest'
import type { Settled } from '../../src/domain/journal.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { formatCsv } from '../../src/report/csv.ts'
import { pairColumns } from '../../src/report/pair-csv.ts'
import { newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { receiptOf, recordOf, settled } from '../support/journal.ts'
import type { FakeTerminal } from '../support/terminal.ts'

afterEach(removeTerminals)

const small = 'openai:gpt-4o-mini'
const large = 'openai:gpt-4o'

let minute = 0
const entry = (id: string, question: string, said: string, more: JsonObject): Settled => {
  const at = Date.UTC(2026, 8, 21, 10, ++minute)
  const record = recordOf(id, {
    at: new Date(at).toISOString(),
    prompt: { messages: [{ role: 'user', content: question }] },
    answer: { text: said, finishReason: 'stop' },
    ...more,
  })
  return settled(id, { at, record, receipt: receiptOf(id, { at }) })
}

const comparison = (of: string, more: JsonObject = {}): JsonObject => ({
  kind: 'route',
  group: 'cheap-first',
  target: small,
  strong: large,
  difference: null,
  by: null,
  validators: [],
  of,
  ...more,
})

/** The same question as the small model answered it, and as the large one did when the gateway asked it. */
const audited = (n: number, audit: JsonObject | null = comparison(`req_${n}`)): Settled[] => {
  const question = `What is meant by term number ${n}?`
  return [
    entry(`req_${n}`, question, `Cheap words on ${n}.`, {
      requestedModel: 'gpt-4o',
      target: small,
    }),
    entry(`audit_${n}`, question, `Thorough words on ${n}.`, {
      operation: 'other',
      model: 'gpt-4o',
      target: large,
      tags: { llmcost: 'audit' },
      ...(audit !== null && { audit }),
    }),
  ]
}

/** A judge's word stands by itself, and names the record that has the fresh answer. */
const judged = (n: number): Settled[] => [
  ...audited(n, null),
  entry(`judge_${n}`, '', '', {
    operation: 'other',
    tags: { llmcost: 'judge' },
    prompt: { messages: [] },
    audit: comparison(`req_${n}`, { difference: 0, by: 'judge:x', fresh: `audit_${n}` }),
  }),
]

type Row = Record<string, string>

async function exported(terminal: FakeTerminal, ...flags: readonly string[]) {
  const path = join(terminal.folder, 'pairs.csv')
  const run = await runIn(terminal, 'export', '--routed', '--out', path, ...flags)
  expect(run.code).toBe(0)
  return { path, ...run }
}

/** Says of each pair which answer is better, as a person does who knows no models. */
function fillIn(path: string, wordOf: (row: Row) => string): void {
  const rows = parse(readFileSync(path), { columns: true }) as Row[]
  const filled = rows.map((row) => [
    ...pairColumns.slice(0, -1).map((name) => row[name] ?? ''),
    wordOf(row),
  ])
  writeFileSync(path, formatCsv(pairColumns, filled))
}

const placeOf = ({ first = '' }: Row, word: string): string =>
  first.startsWith(word) ? 'first' : 'second'

const measured = (terminal: FakeTerminal) =>
  rowsOf(
    terminal,
    'SELECT run, caseId, target, scorer, score, output FROM measurements ORDER BY caseId, target',
  )

test('people see routed answers beside the strongest model’s and cannot tell whose is whose', async () => {
  const terminal = newTerminal()
  await writeLedger(terminal, Array.from({ length: 24 }, (_, n) => audited(n + 1)).flat())
  const { path, err } = await exported(terminal)
  expect(err).toContain('24 pairs written to')
  const text = readFileSync(path, 'utf8')
  expect(text).not.toMatch(/gpt|req_|audit_|cheap-first|strong/)
  const rows = parse(text, { columns: true }) as Row[]
  expect(Object.keys(rows[0] ?? {})).toEqual([...pairColumns])
  const cheapFirst = rows.filter(({ first }) => first?.startsWith('Cheap')).length
  expect(cheapFirst).toBeGreaterThan(0)
  expect(cheapFirst).toBeLessThan(24)
  for (const { first = '', second = '' } of rows)
    expect([first, second].map((each) => each.split(' ')[0]).sort()).toEqual(['Cheap', 'Thorough'])
  expect(rows.map(({ question }) => question)).not.toEqual(
    Array.from({ length: 24 }, (_, n) => `What is meant by term number ${n + 1}?`),
  )
})

test('their verdicts are evidence of both models on the question, and of the route', async () => {
  const terminal = newTerminal()
  await writeLedger(terminal, [...audited(1), ...audited(2), ...judged(3), ...audited(4)])
  const { path, err } = await exported(terminal)
  expect(err).toContain('4 pairs written to')
  fillIn(path, (row) =>
    row['question']?.includes('4')
      ? 'tie'
      : row['question']?.includes('3')
        ? placeOf(row, 'Cheap')
        : placeOf(row, 'Thorough'),
  )
  const imported = await runIn(terminal, 'label', '--import', path, '--by', 'ada')
  expect(imported).toMatchObject({ code: 0 })
  expect(imported.out).toContain(
    '4 verdicts: 1 better than the strongest model’s, 1 as good, 2 worse',
  )
  // Tango's score interval for 2 pairs lost and 1 won of 4.
  expect(imported.out).toContain('cheap-first: loses 25% of 4 pairs (95% interval -50% to 78%)')
  const rows = await measured(terminal)
  expect(rows).toHaveLength(8)
  for (const row of rows) expect(row).toMatchObject({ run: 'routed:ada', scorer: 'people' })
  expect(rows.filter(({ target }) => target === small).map(({ score }) => score)).toEqual([
    0, 0, 1, 0.5,
  ])
  expect(rows.filter(({ target }) => target === large).map(({ score }) => score)).toEqual([
    1, 1, 0, 0.5,
  ])
  // Nobody is asked twice.
  const again = await runIn(terminal, 'export', '--routed')
  expect(again.out).toBe('')
  expect(again.err).toContain('4 pairs left out: somebody has judged them')

  const policy = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(policy, 'routes: [{ name: strong, ladder: [gpt-4o] }]\n')
  const simulated = await runIn(terminal, 'simulate', '--policy', policy, '--format', 'json')
  const { quality } = JSON.parse(simulated.out)
  // The large model's mean score of 0.625 less the small one's of 0.375.
  expect(quality).toMatchObject({ status: 'measured', n: 4, delta: 0.25 })
  // What the small model failed is an example to learn from.
  const examples = await runIn(terminal, 'export', '--escalations')
  expect(examples.out.trimEnd().split('\n')).toHaveLength(2)
  expect(examples.out).toContain('Thorough words on 1.')
})

test('at the terminal each word is kept at once', async () => {
  const terminal = newTerminal({ input: '1tq', isTTY: true })
  await writeLedger(terminal, [...audited(1), ...audited(2), ...audited(3)])
  const { code, out } = await runIn(terminal, 'label', '--routed')
  expect(code).toBe(0)
  expect(out).toContain('Which answer serves better?')
  expect(out).not.toMatch(/gpt-4o|cheap-first: .*FIRST/)
  expect(await measured(terminal)).toHaveLength(4)
  expect(out).toContain('cheap-first: ')
  const { err } = await runIn(terminal, 'export', '--routed')
  expect(err).toContain('1 pair: fill in')
  expect(err).toContain('2 pairs left out: somebody has judged them')
})

test('pairs whose text may not be kept are counted and said', async () => {
  const terminal = newTerminal()
  const bare = (each: Settled): Settled => {
    const { prompt: _, answer: __, ...record } = each.record
    return { ...each, record }
  }
  await writeLedger(terminal, [...audited(1), ...audited(2).map(bare)])
  const { err } = await exported(terminal)
  expect(err).toContain('1 pair left out: the text of both is not kept')
  expect(err).toContain('privacy.content: full')
})

test('what does not go with routed pairs is refused with a hint', async () => {
  const terminal = newTerminal()
  await writeLedger(terminal, audited(1))
  const refused = async (...argv: readonly string[]) => {
    const { code, err } = await runIn(terminal, ...argv)
    expect(code).toBe(2)
    return err
  }
  expect(await refused('export', '--routed', '--shadow')).toContain('exclude each other')
  expect(await refused('export', '--routed', '--since', '7d')).toContain('--limit')
  expect(await refused('label', '--routed')).toContain('llmcost export --routed')
  expect(await refused('label', '--routed', 'logs.jsonl')).toContain('--routed')
})
