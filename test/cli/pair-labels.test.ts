import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askPreferences } from '../../src/cli/label-preferences.ts'
import { readPairLabels } from '../../src/cli/pair-import.ts'
import { UserError } from '../../src/domain/user-error.ts'
import { formatCsv } from '../../src/report/csv.ts'
import { pairColumns, pairCsv } from '../../src/report/pair-csv.ts'
import { blindPairs, type PairLabel } from '../../src/score/blind-pairs.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = fakeTerminal()
})
afterEach(() => terminal.remove())

const pairs = blindPairs(
  Array.from({ length: 5 }, (_, index) => ({
    id: `case-${index}`,
    question: 'How,\n"exactly"?',
    baseline: `=HYPERLINK("old ${index}")`,
    candidate: `-new ${index}\r\n\u001b[31mred`,
  })),
  'key',
)

type Row = Record<string, string>
/** The sample after a spreadsheet: read, filled in and written again. */
function filled(fill: (row: Row, index: number) => Partial<Row>, delimiter = ','): string {
  const rows = parse(pairCsv(pairs), { columns: true }) as Row[]
  const text = formatCsv(
    pairColumns,
    rows.map((row, index) => {
      const after = { ...row, ...fill(row, index) }
      return pairColumns.map((name) => after[name] ?? null)
    }),
  )
  const path = join(terminal.folder, 'filled.csv')
  writeFileSync(path, delimiter === ',' ? text : `pair;verdict\n${pairs[0]?.mark};first\n`)
  return path
}
const read = (path: string) => readPairLabels(path, pairs, 'llmcost replay --pairs')

describe('pairs as CSV', () => {
  it('say nothing of who is the candidate, and nothing that a spreadsheet runs', () => {
    const text = pairCsv(pairs)
    expect(text).not.toMatch(/case-|candidate|baseline/i)
    const rows = parse(text, { columns: true }) as Row[]
    expect(rows.map((row) => row['pair'])).toEqual(pairs.map(({ mark }) => mark))
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(['pair', 'question', 'first', 'second', 'verdict'])
      expect([row['first']?.[0], row['second']?.[0], row['verdict']]).toEqual(["'", "'", ''])
    }
  })

  it('come back as preferences', async () => {
    const words = ['first', ' Second ', 'TIE', '?', '']
    const { labels, unlabelled, problems } = await read(
      filled((_, index) => ({ verdict: words[index] as string })),
    )
    const [one, two, three, four] = pairs
    expect(labels).toEqual([
      { id: one?.id, difference: one?.isCandidateFirst ? 1 : -1 },
      { id: two?.id, difference: two?.isCandidateFirst ? -1 : 1 },
      { id: three?.id, difference: 0 },
      { id: four?.id, difference: null },
    ])
    expect({ unlabelled, problems }).toEqual({ unlabelled: 1, problems: [] })
  })

  it('are read with a problem and its line for each row that cannot be', async () => {
    const path = filled((row, index) => ({
      pair: index === 1 || index === 2 ? pairs[0]?.mark : index === 3 ? 'p0' : row['pair'],
      verdict: index === 2 ? '' : index === 4 ? 'left' : 'first',
    }))
    const { labels, unlabelled, problems } = await read(path)
    expect(labels).toHaveLength(1)
    expect(unlabelled).toBe(1)
    // A row is three lines, the head one: a line break in the question and one in an answer.
    expect(problems).toEqual([
      { line: 7, problem: 'an earlier row labels the same pair' },
      {
        line: 13,
        problem: '"p0" names no pair, or other answers than when the file was written',
      },
      { line: 16, problem: '"left" is none of first, second and tie' },
    ])
  })

  it('may come back with other delimiters and fewer columns, but not without the two that count', async () => {
    expect((await read(filled(() => ({}), ';'))).labels).toHaveLength(1)
    const path = join(terminal.folder, 'other.csv')
    writeFileSync(path, 'pair,opinion\np0,first\n')
    await expect(read(path)).rejects.toThrow(UserError)
    await expect(read(path)).rejects.toThrow('no column "verdict"')
    await expect(read(join(terminal.folder, 'none.csv'))).rejects.toThrow('no such file')
  })
})

describe('pairs at the terminal', () => {
  async function press(input: string): Promise<{ labels: PairLabel[]; out: string }> {
    const asked = fakeTerminal({ input, isTTY: true })
    const labels: PairLabel[] = []
    await askPreferences(asked, pairs, (label) => labels.push(label))
    asked.remove()
    return { labels, out: asked.out() }
  }

  it('are asked about one by one, each label kept at once', async () => {
    const { labels, out } = await press('12tx')
    const [one, two, three] = pairs
    expect(labels).toEqual([
      { id: one?.id, difference: one?.isCandidateFirst ? 1 : -1 },
      { id: two?.id, difference: two?.isCandidateFirst ? -1 : 1 },
      { id: three?.id, difference: 0 },
    ])
    expect(out).toContain('1 of 5')
    expect(out).toContain('FIRST ANSWER\n')
    expect(out).toContain('4 of 5')
    expect(out).not.toMatch(/case-|candidate|baseline/i)
    expect(out).not.toContain('\u001b')
  })

  it('can be gone back to, left open and left', async () => {
    const { labels } = await press('1b2sq1')
    const [one, two] = pairs
    expect(labels).toEqual([
      { id: one?.id, difference: one?.isCandidateFirst ? 1 : -1 },
      { id: one?.id, difference: one?.isCandidateFirst ? -1 : 1 },
      { id: two?.id, difference: null },
    ])
  })

  it('are not asked about where there are none', async () => {
    await askPreferences(terminal, [], () => {})
    expect(terminal.out()).toBe('')
  })
})
