import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { csvRowsOf } from '../../src/ingest/csv.ts'
import { readMockSettings } from '../../src/providers/mock-settings.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import {
  additionsLog,
  closeServers,
  fileIn,
  ladderPolicy,
  liveAt,
  replayedIn,
  serveMock,
} from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal

beforeEach(() => {
  terminal = newTerminal()
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

/** In every logged answer, and in none of the mock's. */
const loggedWords = 'as adding a number to itself'

const judge = 'anthropic:claude-haiku-4-5'

/** A log of 24 questions and a cheaper model; the script answers the judge's prompts. */
async function judgedBy(script: readonly { when: string; answer: string }[]) {
  const { script: lines } = readMockSettings({ script }, 'script')
  const server = await serveMock({ script: lines })
  terminal = newTerminal({ env: liveAt(server) })
  const mini = fileIn(terminal, 'mini.yaml', ladderPolicy(['openai:gpt-4o-mini']))
  return { server, argv: [additionsLog(terminal, 24), '--policy', mini, '--yes'] }
}

describe('a judge of pairs', () => {
  test('that always prefers the first answer flips every time, and decides nothing', async () => {
    const { server, argv } = await judgedBy([
      { when: 'serves better', answer: 'The first is shorter.\nVERDICT: A' },
    ])
    const result = await replayedIn(terminal, ...argv, '--judge', judge)
    expect(result.judge).toMatchObject({ flipRate: 1, parseFailures: 0, labelled: 0 })
    expect(result.comparison).toMatchObject({ kind: 'preference', isEstimate: true })
    expect(result.delta).toMatchObject({ quality: 0, pairs: 24, discordant: 0 })
    // One answer of the candidate and two verdicts: the log's model need not be asked again.
    expect(server.tally().calls).toBe(24 * 3)
    expect(result.warnings).toEqual([])
  })

  test('whose words cannot be read leaves the pairs open', async () => {
    const { argv } = await judgedBy([{ when: 'serves better', answer: 'I cannot say.' }])
    const result = await replayedIn(terminal, ...argv, '--judge', judge)
    expect(result.judge).toMatchObject({ flipRate: null, parseFailures: 48 })
    expect(result).toMatchObject({ verdict: 'undecided', unsettled: { unscored: 24 } })
  })

  test('is called an estimate that nobody audited, and warned of within its family', async () => {
    const { argv } = await judgedBy([{ when: 'serves better', answer: 'Both do.\nVERDICT: TIE' }])
    const own = ['--judge', 'openai:gpt-5-mini']
    const { out } = await runIn(terminal, 'replay', ...argv, ...own, '-q')
    expect(out).toContain('no labels of people')
    const result = await replayedIn(terminal, ...argv, ...own)
    expect(result.warnings).toMatchObject([{ code: 'judge-of-same-family', count: 2 }])
    expect(result.warnings[0]?.message).toContain('gpt-4o')
  })
})

describe('people', () => {
  /** Fills the column of verdicts. */
  function filled(
    path: string,
    verdictOf: (row: Record<string, unknown>, index: number) => string,
  ): string {
    const rows = csvRowsOf(readFileSync(path, 'utf8'))
    const lines = rows.map(({ record }, index) => `${record['pair']},${verdictOf(record, index)}`)
    return fileIn(terminal, 'filled.csv', `pair,verdict\n${lines.join('\n')}\n`)
  }
  const isLogged = (text: unknown) => String(text).includes(loggedWords)
  const placeOf = ({ first }: Record<string, unknown>, wanted: (text: unknown) => boolean) =>
    wanted(first) ? 'first' : 'second'

  test('are shown the pairs blind, and their word is the verdict where no model judges', async () => {
    const { server, argv } = await judgedBy([])
    const pairs = join(terminal.folder, 'pairs.csv')
    await replayedIn(terminal, ...argv, '--write-pairs', pairs)
    const { calls } = server.tally()
    const firstIsLogged = csvRowsOf(readFileSync(pairs, 'utf8')).map(({ record }) =>
      isLogged(record['first']),
    )
    expect(firstIsLogged).toHaveLength(24)
    expect(new Set(firstIsLogged).size).toBe(2)
    const forLog = filled(pairs, ({ first }) => (isLogged(first) ? 'first' : 'second'))
    const lost = await replayedIn(terminal, ...argv, '--human', forLog)
    expect(lost).toMatchObject({ verdict: 'inferior', delta: { quality: -1, pairs: 24 } })
    expect(lost.comparison.scorer).toBe('people')
    const ties = await replayedIn(
      terminal,
      ...argv,
      '--human',
      filled(pairs, () => 'tie'),
    )
    expect(ties.delta).toMatchObject({ quality: 0, pairs: 24 })
    // They looked at answers that were there.
    expect(server.tally().calls).toBe(calls)
  })

  test('may compare at the terminal, which keeps each verdict and asks for none twice', async () => {
    const file = (name: string) => join(terminal.folder, name)
    // The same store: its secret says which answer is shown first.
    const env = { LLMCOST_DB: terminal.database }
    const typing = (input: string) => newTerminal({ isTTY: true, input, env })
    terminal = typing('tt1q')
    const log = additionsLog(terminal, 4)
    const mini = fileIn(terminal, 'mini.yaml', ladderPolicy(['openai:gpt-4o-mini']))
    const verdicts = file('verdicts.csv')
    const argv = ['replay', log, '--policy', mini, '--mock', '--label', verdicts, '--quiet']
    const first = await runIn(terminal, ...argv)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain('1 of 4')
    expect(first.out).toContain('n 3 pairs')
    terminal = typing('t')
    const second = await runIn(terminal, ...argv)
    expect(second).toMatchObject({ code: 0, err: '' })
    expect(second.out).toContain('1 of 1')
    expect(second.out).toContain('n 4 pairs')
    const piped = await runIn(newTerminal(), ...argv)
    expect(piped).toMatchObject({ code: 2, err: expect.stringContaining('--write-pairs') })
  })

  test('hold a judge to what they say, and one that may know nothing decides nothing', async () => {
    const { argv } = await judgedBy([
      { when: `${loggedWords}[^]*Answer B:`, answer: 'It says why.\nVERDICT: A' },
      { when: 'serves better', answer: 'It says why.\nVERDICT: B' },
    ])
    const pairs = join(terminal.folder, 'pairs.csv')
    const judged = [...argv, '--judge', judge]
    const alone = await replayedIn(terminal, ...judged, '--write-pairs', pairs)
    expect(alone).toMatchObject({ verdict: 'inferior', delta: { quality: -1, pairs: 24 } })
    expect(alone.judge).toMatchObject({ flipRate: 0, labelled: 0, ppi: null })
    const agreeing = filled(pairs, (row, index) =>
      index === 0 ? 'tie' : placeOf(row, (text) => isLogged(text)),
    )
    const agreed = await replayedIn(terminal, ...judged, '--human', agreeing)
    expect(agreed.judge).toMatchObject({ labelled: 23, agreement: 1 })
    const random = filled(pairs, (row, index) =>
      placeOf(row, (text) => isLogged(text) === (index % 2 === 0)),
    )
    const refused = await replayedIn(terminal, ...judged, '--human', random)
    expect(refused.judge).toMatchObject({ labelled: 24, informativeness: 0 })
    expect(refused.verdict).toBe('undecided')
    expect(refused.verdictBecause).toContain('may know nothing')
  })
})
