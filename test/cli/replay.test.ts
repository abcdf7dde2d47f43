import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ReplayResult } from '../../src/replay/result.ts'
import { newTerminal, removeTerminals, rowsOf, runIn, startCommand } from '../support/cli.ts'
import {
  additionsLog,
  billedBy,
  closeServers,
  liveAt,
  plantedKey,
  replayedIn,
  serveMock,
} from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string

beforeEach(() => {
  terminal = newTerminal()
  log = additionsLog(terminal)
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

const route = ['--route', 'cascade', '--no-semantic'] as const

const replayed = (...argv: readonly string[]): Promise<ReplayResult> =>
  replayedIn(terminal, ...argv)

describe('a replay of a log', () => {
  test('asks for nothing in a dry run', async () => {
    const result = await replayed(log, ...route, '--mock', '--dry-run')
    expect(result).toMatchObject({ end: 'planned', arms: null, spentUsd: 0, verdict: 'undecided' })
    expect(result.plan).toMatchObject({ requests: 120, affected: 120, sampled: 120 })
    expect(await rowsOf(terminal, 'SELECT * FROM replies')).toEqual([])
  })

  test('finds equal answers not inferior, and asks for none of them twice', async () => {
    const first = await replayed(log, ...route, '--mock', '--margin', '5%')
    expect(first).toMatchObject({ verdict: 'non-inferior', end: 'complete' })
    expect(first.noiseFloor).toMatchObject({ agreement: 1, pairs: 120 })
    const replies = await rowsOf(terminal, 'SELECT * FROM replies')
    // Each question of the candidate, and of the log's model asked again.
    expect(replies).toHaveLength(240)
    const second = await replayed(log, ...route, '--mock', '--margin', '5%')
    expect(await rowsOf(terminal, 'SELECT * FROM replies')).toEqual(replies)
    expect(second).toEqual({
      ...first,
      plan: {
        ...first.plan,
        calls: 0,
        storedCalls: 240,
        durationMs: 0,
        priceUsd: second.plan.priceUsd,
      },
    })
  })

  test('finds a worse model inferior', async () => {
    const settings = join(terminal.folder, 'mock.yaml')
    writeFileSync(settings, 'models:\n  - match: gpt-6-*\n    accuracy: 0.5\n')
    const result = await replayed(log, ...route, '--mock', settings)
    expect(result.verdict).toBe('inferior')
    expect(result.delta.quality).toBeLessThan(-0.3)
    expect(result.worst).toHaveLength(10)
  })

  test('needs a word before it spends, and names the key that is missing', async () => {
    const { code, err } = await runIn(terminal, 'replay', log, ...route)
    expect(code).toBe(2)
    expect(err).toContain('OPENAI_API_KEY is not set')
    const server = await serveMock()
    const asked = newTerminal({ env: liveAt(server) })
    const refused = await runIn(asked, 'replay', log, ...route)
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/this run asks models 240 times, for \$\d+\.\d\d to \$\d+\.\d\d/)
    expect(refused.err).toContain('--yes')
    expect(server.tally().calls).toBe(0)
  })

  test('names the missing key of a judge before it asks anybody', async () => {
    const server = await serveMock()
    terminal = newTerminal({ env: { ...liveAt(server), ANTHROPIC_API_KEY: '' } })
    const judged = ['--judge', 'anthropic:claude-haiku-4-5', '--yes'] as const
    const { code, err } = await runIn(terminal, 'replay', log, ...route, ...judged)
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringContaining('ANTHROPIC_API_KEY'),
    })
    expect(server.tally().calls).toBe(0)
  })

  test('stops at its budget, and says so', async () => {
    const server = await serveMock()
    terminal = newTerminal({ env: liveAt(server) })
    const result = await replayed(log, ...route, '--yes', '--budget', '0.1')
    expect(result.end).toBe('budget')
    expect(result.spentUsd).toBeLessThanOrEqual(0.1)
    expect(result.delta.pairs).toBeLessThan(120)
  })

  test('refuses a suite without a baseline, and flags that exclude each other', async () => {
    const suite = await runIn(terminal, 'replay', '--suite', 'x.jsonl')
    expect(suite).toMatchObject({ code: 2, err: expect.stringContaining('--baseline all:') })
    const two = await runIn(terminal, 'replay', log, '--judge', 'm', '--scorer', 'exact')
    expect(two).toMatchObject({ code: 2, err: expect.stringContaining('exclude each other') })
  })
})

test('two replays at once pay for nothing twice', async () => {
  const server = await serveMock()
  terminal = newTerminal({ env: liveAt(server) })
  const argv = ['replay', log, ...route, '--yes', '--format', 'json'] as const
  const ends = await Promise.all([1, 2].map(() => startCommand(terminal, argv).ended))
  expect(ends.map(({ code }) => code)).toEqual([0, 0])
  expect(server.tally().calls).toBe(240)
  const [one, other] = ends.map(({ out }) => JSON.parse(out) as ReplayResult)
  expect(other?.spentUsd).toBe(one?.spentUsd)
})

describe('a replay that is killed', () => {
  test('goes on without paying twice, and writes no key anywhere', async () => {
    let asked = 0
    let kill = () => {}
    const server = await serveMock({}, () => {
      asked++
      if (asked === 100) kill()
    })
    terminal = newTerminal({ env: liveAt(server) })
    const argv = ['replay', log, ...route, '--yes', '--format', 'json', '--concurrency', '8']
    const { child, ended } = startCommand(terminal, argv)
    kill = () => child.kill('SIGKILL')
    expect(await ended).toMatchObject({ signal: 'SIGKILL' })
    const [open] = await rowsOf(
      terminal,
      "SELECT count(*) AS n, sum(reserved) AS reserved FROM replies WHERE state = 'begun'",
    )
    // Those under way when it was killed are the only ones that may be paid for twice.
    expect(Number(open?.['n'])).toBeGreaterThan(0)
    expect(Number(open?.['n'])).toBeLessThanOrEqual(8)
    const again = await startCommand(terminal, argv).ended
    expect(again.code).toBe(0)
    const result = JSON.parse(again.out) as ReplayResult
    expect(result.end).toBe('complete')
    const { calls } = server.tally()
    expect(calls).toBeGreaterThanOrEqual(240)
    expect(calls).toBeLessThanOrEqual(240 + Number(open?.['n']))
    // Settled is not above what the provider billed, which is not above what may have been.
    const billed = billedBy(server)
    const nano = (usd: number) => Math.round(usd * 1e9)
    expect(nano(result.spentUsd)).toBeLessThanOrEqual(billed)
    expect(billed).toBeLessThanOrEqual(nano(result.spentUsd + result.maybeBilledUsd))
    for (const text of [again.out, again.err, ...filesIn(terminal.folder)]) {
      expect(text).not.toContain(plantedKey)
    }
  })
})

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
