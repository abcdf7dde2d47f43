import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readMockSettings } from '../../src/providers/mock-settings.ts'
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

describe('a plan', () => {
  test('counts the models that say who answers, and whether the answer will do', async () => {
    const { script } = readMockSettings(
      {
        script: [
          { when: 'How hard is the request', answer: 'simple' },
          { when: 'You judge answers', answer: 'PASS' },
        ],
      },
      'script',
    )
    const server = await serveMock({ script })
    terminal = newTerminal({ env: liveAt(server) })
    log = additionsLog(terminal, 12)
    const judged = { kind: 'judge', target: 'anthropic:claude-haiku-4-5', mode: 'enforce' }
    const cheap = { target: 'openai:gpt-4o-mini', validators: [judged] }
    const climbing = [cheap, 'openai:gpt-4.1']
    const policy = {
      classifiers: { hardness: { kind: 'model', target: 'openai:gpt-4.1-nano', after: 'off' } },
      routes: [
        {
          name: 'by hardness',
          classifier: 'hardness',
          ladders: { simple: climbing, medium: climbing, hard: ['openai:gpt-4.1'] },
        },
      ],
    }
    const argv = [
      log,
      '--policy',
      fileIn(terminal, 'asking.json', JSON.stringify(policy)),
      '--fixed',
    ]
    const { plan } = await replayedIn(terminal, ...argv, '--dry-run')
    // The log's model again and the small one; the classifier and the judge.
    expect(plan).toMatchObject({ calls: 4 * 12, storedCalls: 0 })
    await replayedIn(terminal, ...argv, '--yes')
    expect(server.tally().calls).toBe(4 * 12)
    const again = await replayedIn(terminal, ...argv, '--dry-run')
    expect(again.plan).toMatchObject({ calls: 0, storedCalls: 4 * 12 })
  })
})
