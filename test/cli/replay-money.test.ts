import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newTerminal, removeTerminals } from '../support/cli.ts'
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
let log: string

beforeEach(() => {
  terminal = newTerminal()
  log = additionsLog(terminal, 12)
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

const policyOf = (...targets: readonly string[]): readonly string[] => [
  '--policy',
  fileIn(terminal, `${targets.length}.yaml`, ladderPolicy(targets)),
]

describe('a budget', () => {
  test('changes no question: what was asked without one is known with one', async () => {
    const server = await serveMock()
    terminal = newTerminal({ env: liveAt(server) })
    log = additionsLog(terminal, 12)
    const argv = [log, ...policyOf('openai:gpt-4o-mini')]
    const first = await replayedIn(terminal, ...argv, '--yes')
    expect(server.tally().calls).toBe(24)
    const again = await replayedIn(terminal, ...argv, '--yes', '--budget', '5')
    expect(server.tally().calls).toBe(24)
    expect(again.plan).toMatchObject({ calls: 0, storedCalls: 24 })
    expect(again.delta).toEqual(first.delta)
  })

  test('leaves a mock and a cassette what they know', async () => {
    const argv = [log, ...policyOf('openai:gpt-4o-mini'), '--budget', '5']
    expect((await replayedIn(terminal, ...argv, '--mock')).noiseFloor).toMatchObject({
      agreement: 1,
      pairs: 12,
    })
    const server = await serveMock()
    const live = newTerminal({ env: liveAt(server) })
    const cassette = join(terminal.folder, 'cassette.jsonl')
    const recorded = await replayedIn(live, ...argv, '--yes', '--record', cassette)
    const played = await replayedIn(terminal, ...argv.slice(0, -2), '--recorded', cassette)
    expect(played.delta).toEqual({ ...recorded.delta, latencyMs: expect.any(Number) })
    expect(played.unsettled.noAnswer).toBe(0)
  })
})
