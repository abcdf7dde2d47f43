import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { canonicalRecord, newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
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

beforeEach(async () => {
  terminal = newTerminal({ env: liveAt(await serveMock()) })
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

const policyOf = (policy: object): readonly string[] => [
  '--policy',
  fileIn(terminal, 'policy.yaml', JSON.stringify(policy)),
]

const targets = () => rowsOf(terminal, 'SELECT target, count(*) AS n FROM replies GROUP BY target')

test('a prompt that a program shortens is asked of the same model, short', async () => {
  const program = fileIn(
    terminal,
    'shorten.mjs',
    "process.stdin.on('data', (text) => process.stdout.write(String(text).replace('What is ', '')))",
  )
  const compress = [{ kind: 'command', command: [process.execPath, program] }]
  const log = additionsLog(terminal, 4)
  const result = await replayedIn(terminal, log, ...policyOf({ compress }), '--yes')
  expect(result.plan.changes).toMatchObject({ rewritten: 4, routed: 0 })
  expect(result.byChange).toMatchObject([{ change: 'rewritten' }])
  // The short prompt, and the one as it was.
  expect(await targets()).toEqual([{ target: 'openai:gpt-4o', n: 8 }])
  // An answer to another prompt says nothing of the model at this one.
  const measured = await rowsOf(terminal, 'SELECT caseId FROM measurements')
  expect(measured).toHaveLength(4)
})

test('a smaller largest output is asked for', async () => {
  const log = additionsLog(terminal, 4)
  const policy = { outputCap: [{ when: {}, maxTokens: 5 }] }
  const result = await replayedIn(terminal, log, ...policyOf(policy), '--yes')
  expect(result.plan.changes).toMatchObject({ rewritten: 4 })
  expect(await targets()).toEqual([{ target: 'openai:gpt-4o', n: 8 }])
})

/** Two questions alike, of which the first one's answer would serve the second; and a policy that lets it. */
function oneHit(): readonly string[] {
  const ask = (id: string, minute: number, question: string, text: string) =>
    canonicalRecord({
      id,
      at: new Date(Date.UTC(2026, 7, 1, 10, minute)).toISOString(),
      prompt: { messages: [{ role: 'user', content: question }] },
      answer: { text, finishReason: 'stop' },
    })
  const log = fileIn(
    terminal,
    'hits.jsonl',
    [
      ask('first', 0, 'How do I reset my password on the website?', 'Click on "Forgotten".'),
      ask('second', 5, 'How do I reset my password on the website please?', 'Ask the support.'),
    ].join('\n'),
  )
  const policy = {
    cache: { semantic: { threshold: 0.8 }, namespace: 'shared', defaultRules: false },
  }
  return [log, ...policyOf(policy)]
}

test("a semantic hit is compared by the entry's answer, and asked of nobody", async () => {
  const result = await replayedIn(terminal, ...oneHit(), '--yes')
  expect(result.plan.changes).toMatchObject({ cached: 1, routed: 0 })
  expect(result.arms?.candidate).toMatchObject({ answers: 1, costUsd: 0 })
  // Only the log's model, asked again.
  expect(await targets()).toEqual([{ target: 'openai:gpt-4o', n: 1 }])
})

test('what a judge says of a cached answer is there for simulations to come', async () => {
  await closeServers()
  const server = await serveMock({
    script: [
      { when: 'How well does the answer serve', answer: 'It says something else.\nSCORE: 0.1' },
    ],
  })
  terminal = newTerminal({ env: liveAt(server) })
  const hit = oneHit()
  await replayedIn(terminal, ...hit, '--yes', '--scorer', 'judge:openai:gpt-4o-mini')
  expect(await rowsOf(terminal, 'SELECT kind, by, verdict FROM verdicts')).toEqual([
    { kind: 'judge', by: 'judge:openai:gpt-4o-mini', verdict: 'wrong' },
  ])
  const { out } = await runIn(terminal, 'simulate', ...hit, '--format', 'json', '-q')
  const { semantic } = (JSON.parse(out) as SimulateResult).layers
  expect(semantic).toMatchObject({ hits: 1, rungs: { judge: 1 }, wrongHits: { low: 1, high: 1 } })
})

test('requests without text are counted, and nobody is asked', async () => {
  const log = additionsLog(terminal, 5)
  const policy = JSON.parse(ladderPolicy(['openai:gpt-4o-mini'])) as object
  const result = await replayedIn(terminal, log, ...policyOf(policy), '--content', 'hash', '--yes')
  expect(result.plan).toMatchObject({ sampled: 0, calls: 0 })
  const { withoutText, refused } = result.plan
  expect(withoutText + (refused['its text is not kept'] ?? 0)).toBe(5)
  expect(await targets()).toEqual([])
})
