import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MockSettings } from '../../src/providers/mock-settings.ts'
import { newTerminal, removeTerminals, runIn, startCommand } from '../support/cli.ts'
import {
  additionsLog,
  billedBy,
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

const nano = (usd: number): number => Math.round(usd * 1e9)

/** A log of 24 questions and a cheaper model, at a mock that fails so. */
async function failing(settings: Partial<MockSettings>) {
  const server = await serveMock(settings)
  terminal = newTerminal({ env: liveAt(server) })
  const mini = fileIn(terminal, 'mini.yaml', policyText)
  return { server, argv: [additionsLog(terminal, 24), '--policy', mini, '--yes'] }
}

/** Asks again at once: a test waits for nobody. */
const policyText = JSON.stringify({
  ...JSON.parse(ladderPolicy(['openai:gpt-4o-mini'])),
  failure: { retries: { attempts: 8, initial: '1ms', max: '2ms' } },
})

describe('an upstream that fails now and then', () => {
  for (const fault of ['500', 'reset', 'cut-off'] as const) {
    test(`${fault}: each call is made again, of the log's model as well`, async () => {
      const { server, argv } = await failing({ faults: { [fault]: 0.3 } })
      const result = await replayedIn(terminal, ...argv)
      expect(server.tally().byOutcome[fault]).toBeGreaterThan(3)
      expect(result.unsettled).toEqual({ noAnswer: 0, unscored: expect.any(Number), faults: {} })
      expect(result.arms?.candidate).toMatchObject({ answers: 24, failures: 0 })
      expect(result.arms?.again).toMatchObject({ answers: 24, failures: 0 })
      // The cap holds; what is called a measured cost is none but what answers cost.
      expect(nano(result.spentUsd)).toBeGreaterThanOrEqual(billedBy(server))
      const costs = (result.arms?.candidate?.costUsd ?? 0) + (result.arms?.again?.costUsd ?? 0)
      expect(nano(costs)).toBeLessThanOrEqual(billedBy(server))
    })
  }

  test('one that never answers leaves every pair open, and says why', async () => {
    const { argv } = await failing({ faults: { 401: 1 } })
    const result = await replayedIn(terminal, ...argv)
    expect(result).toMatchObject({ verdict: 'undecided', end: 'complete', spentUsd: 0 })
    expect(result.unsettled).toEqual({ noAnswer: 24, unscored: 0, faults: { authentication: 48 } })
    const { code, out } = await runIn(terminal, 'replay', ...argv, '-q')
    expect(code).toBe(0)
    expect(out).toContain('authentication 48')
    expect(out).toContain('--retry-errors')
  })
})

describe('a failure that is stored', () => {
  test('is asked for again with --retry-errors alone', async () => {
    const { argv } = await failing({ faults: { 401: 1 } })
    await replayedIn(terminal, ...argv)
    const server = await serveMock()
    const again = { ...terminal, env: { ...terminal.env, ...liveAt(server) } }
    expect((await replayedIn(again, ...argv)).unsettled.noAnswer).toBe(24)
    expect(server.tally().calls).toBe(0)
    const retried = await replayedIn(again, ...argv, '--retry-errors')
    expect(retried.unsettled.noAnswer).toBe(0)
    expect(server.tally().calls).toBe(48)
  })
})

describe('a run that is interrupted', () => {
  test('ends with 130, says how to go on, and goes on', async () => {
    let asked = 0
    let interrupt = () => {}
    const server = await serveMock({}, () => {
      if (++asked === 20) interrupt()
    })
    terminal = newTerminal({ env: liveAt(server) })
    const mini = fileIn(terminal, 'mini.yaml', policyText)
    const argv = ['replay', additionsLog(terminal, 24), '--policy', mini]
    const { child, ended } = startCommand(terminal, [...argv, '--yes', '--concurrency', '2'])
    interrupt = () => child.kill('SIGINT')
    const stopped = await ended
    expect(stopped).toMatchObject({ code: 130, signal: null })
    expect(stopped.out).toContain('--resume')
    const { code } = await runIn(terminal, ...argv, '--resume', '-q')
    expect(code).toBe(0)
    // Each question of both models once, and those under way when it was interrupted once more.
    expect(server.tally().calls).toBeGreaterThanOrEqual(48)
    expect(server.tally().calls).toBeLessThanOrEqual(50)
  })

  test('can be resumed where models have no price', async () => {
    const server = await serveMock()
    const env = { ...liveAt(server), LOCAL_KEY: 'local' }
    terminal = newTerminal({ env })
    const local = fileIn(
      terminal,
      'local.yaml',
      JSON.stringify({
        ...JSON.parse(ladderPolicy(['mine:llama-at-home'])),
        serve: {
          providers: [
            {
              name: 'mine',
              dialect: 'openai-chat',
              baseUrl: `${server.url}/v1`,
              apiKeyEnv: 'LOCAL_KEY',
              models: ['llama-at-home'],
            },
          ],
        },
      }),
    )
    const suite = fileIn(terminal, 'suite.jsonl', '{"prompt":"1 + 1?","expected":"2"}')
    const argv = ['--suite', suite, '--baseline', 'all:mine:llama-at-home', '--policy', local]
    const budget = await runIn(terminal, 'replay', ...argv, '--yes', '--budget', '1', '-q')
    expect(budget).toMatchObject({
      code: 2,
      err: expect.stringContaining('price of mine:llama-at-home'),
    })
    const first = await replayedIn(terminal, ...argv, '--yes')
    expect(first).toMatchObject({ spentUsd: 0, end: 'complete' })
    const { code, err } = await runIn(terminal, 'replay', ...argv, '--resume', '-q')
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  test('cannot be resumed where there is none', async () => {
    const { argv } = await failing({})
    const { code, err } = await runIn(terminal, 'replay', ...argv, '--resume')
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('no run to go on with') })
  })
})

describe('a cassette', () => {
  test('plays a run back on another store, without key and network', async () => {
    const { server, argv } = await failing({ faults: { 500: 0.2 } })
    const cassette = join(terminal.folder, 'cassette.jsonl')
    const live = await replayedIn(terminal, ...argv, '--record', cassette)
    const { calls } = server.tally()
    const other = newTerminal()
    const played = await replayedIn(other, ...argv.slice(0, -1), '--recorded', cassette)
    expect(server.tally().calls).toBe(calls)
    const { latencyMs: _, ...delta } = live.delta
    expect(played.delta).toMatchObject(delta)
    expect(played.noiseFloor).toEqual(live.noiseFloor)
    expect(played.arms?.candidate?.costUsd).toBe(live.arms?.candidate?.costUsd)
  })

  test('that lacks the answers says so', async () => {
    const { argv } = await failing({})
    const cassette = join(terminal.folder, 'cassette.jsonl')
    await replayedIn(terminal, ...argv, '--sample', '4', '--record', cassette)
    const other = newTerminal()
    const mini = argv.slice(1, 3)
    const played = await replayedIn(other, additionsLog(other, 30), ...mini, '--recorded', cassette)
    expect(played.unsettled.faults['not-found']).toBeGreaterThan(40)
    expect(played.verdict).toBe('undecided')
    const missing = join(other.folder, 'none.jsonl')
    const { code, err } = await runIn(other, 'replay', ...argv.slice(0, -1), '--recorded', missing)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('none.jsonl') })
  })
})
