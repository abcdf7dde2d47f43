import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { fixtures, removeTerminals } from '../support/cli.ts'
import { clincRecords } from '../support/clinc-records.ts'
import { randomLogs, randomPolicies, recordsOf } from '../support/random-log.ts'
import { hasRealData } from '../support/real-data.ts'
import {
  isElsewhere,
  type Pair,
  type ParityLog,
  parityLog,
  parityLogOf,
  type Replayed,
  replayThrough,
  uncached,
  type WrittenReceipt,
} from '../support/replay-through.ts'
import { journalOf, question, settledIn, startedServe, until } from '../support/running-serve.ts'

const models = 'tiers: { small: openai:gpt-4o-mini, medium: openai:gpt-4o, large: openai:gpt-4o }\n'
const balanced = `cache:
  namespace: tenant
  exact: { ttl: 24h }
  semantic: { threshold: 0.85, guards: [numbers, names, negation, order] }
`
const policies = {
  exact: 'cache: { namespace: tenant, exact: { ttl: 1h }, semantic: off }\n',
  balanced,
  cautious: `cache:
  namespace: user
  exact: { ttl: 1h }
  semantic: { threshold: 0.92, ttl: 2h, insert: always }
`,
  small: `cache:
  namespace: shared
  exact: { ttl: 24h, maxEntries: 20, refreshOnHit: true }
  semantic: { threshold: 0.85, maxEntries: 20, insert: always, refreshOnHit: true, maxMessages: 6 }
`,
  bold: `coalesce: off
cache:
  defaultRules: false
  namespace: shared
  exact: { ttl: 24h }
  semantic: { threshold: 0.8, guards: [], maxMessages: 6 }
`,
  signals: `${balanced}${models}routes: [{ name: signals, preset: signals }]\n`,
  sticky: `${balanced}${models}sticky: session\nroutes: [{ name: signals, preset: signals }]\n`,
  cascade: `${balanced}${models}routes: [{ name: cascade, preset: cascade }]\n`,
  downgraded: `${balanced}${models}routes: [{ name: cascade, preset: cascade }]
budgets: [{ name: none, scope: all, window: lifetime, limit: $0.000001, action: downgrade, mode: hard }]
`,
  loops: `${balanced}loopGuard: { maxCalls: 5, action: alert }\n`,
}
type PolicyName = keyof typeof policies

afterAll(removeTerminals)

/** What both worlds can know of a request, as a line of bytes. */
function line({ isFlat, simulated }: Pair, receipt: WrittenReceipt, why: string | null): string {
  const steps = receipt.steps.flatMap((step) => {
    if (step.kind === 'bypass' && step['reason'] === 'caller') return [{ ...step, reason: why }]
    // Nobody knows what a model says that the log never asked: what validators make of it is the mock's.
    if (step.kind === 'validate' && isElsewhere(simulated)) return []
    if (step.kind !== 'attempt') return [step]
    const priced = isFlat ? { ...step, costUsd: null } : step
    if (step['outcome'] === 'unknown') return [{ ...priced, outcome: 'accepted' }]
    // A log says that a call failed; a gateway says how.
    return [step['outcome'] === 'accepted' ? priced : { ...priced, reason: null }]
  })
  const { outcome, costUsd } = receipt
  return JSON.stringify({
    ...receipt,
    outcome: outcome === 'unmeasured' ? 'answered' : outcome,
    costUsd: isFlat ? null : costUsd,
    steps,
  })
}

/**
 * The simulation knows beforehand that the log's own answer was none for a cache. Live a cache has answered before
 * anybody could know, or another model whose answer nobody knows.
 */
const isForesight = ({ simulated, live }: Pair): boolean =>
  uncached(simulated) !== null && (live.servedBy !== null || isElsewhere(simulated))

function expectParity({ pairs }: Replayed): void {
  const known = pairs.filter((pair) => !isForesight(pair))
  const why = (pair: Pair) => uncached(pair.simulated)
  expect(known.map((pair) => line(pair, pair.live, why(pair)))).toEqual(
    known.map((pair) => line(pair, pair.simulated, why(pair))),
  )
}

/** Made up: models do well on a third of a log's questions each, and fail on the last. */
function scoresOf({ history }: ParityLog): string {
  const texts = new Set(
    Array.from(history.seq, (seq) => history.lookup.questionOf(seq)).filter(
      (text) => text !== null,
    ),
  )
  return Array.from(texts, (prompt, index) => {
    const third = Math.floor((3 * index) / texts.size)
    const scores = { 'gpt-4o-mini': third === 0 ? 1 : 0, 'gpt-4o': third === 2 ? 0 : 1 }
    return JSON.stringify({ prompt, scores })
  }).join('\n')
}

const countsOf = ({ pairs, unsent }: Replayed) => ({
  asked: pairs.length,
  served: pairs.filter(({ live }) => live.servedBy !== null).length,
  foresight: pairs.filter(isForesight).length,
  unsent,
})

type Case = readonly [
  log: string,
  policy: PolicyName,
  asked: number,
  served: number,
  foresight: number,
]
const stories: readonly Case[] = [
  ['support-copilot.jsonl', 'exact', 307, 0, 0],
  ['support-copilot.jsonl', 'balanced', 307, 8, 0],
  ['support-copilot.jsonl', 'sticky', 307, 8, 0],
  ['support-copilot.jsonl', 'cascade', 307, 8, 11],
  ['support-copilot.jsonl', 'downgraded', 307, 8, 11],
  ['support-copilot.jsonl', 'bold', 307, 30, 1],
  ['knowledge-base.jsonl', 'balanced', 308, 62, 1],
  ['knowledge-base.jsonl', 'small', 308, 70, 1],
  ['knowledge-base.jsonl', 'signals', 308, 62, 1],
  ['agent-loops.jsonl', 'loops', 417, 0, 0],
  ['agent-loops.jsonl', 'bold', 417, 5, 4],
  ['code-review.jsonl', 'bold', 295, 249, 1],
  ['product-texts.jsonl', 'bold', 308, 238, 4],
  ['document-answers.jsonl', 'cautious', 427, 0, 0],
  ['formats/canonical.jsonl', 'balanced', 18, 0, 0],
  ['formats/litellm.jsonl', 'signals', 15, 0, 1],
  ['formats/langfuse.jsonl', 'balanced', 14, 0, 0],
  ['formats/openai-chat.jsonl', 'cautious', 15, 0, 0],
  ['formats/openai-responses.jsonl', 'balanced', 12, 0, 0],
  ['formats/anthropic-messages.jsonl', 'balanced', 14, 0, 0],
]
const patience = 300_000

/** Users, questions and answers: the address and the number of one person, wherever they stand. */
const personalExchanges = [
  ['ann', 'Write to ann@example.org', 'Done.'],
  ['bob', 'Write to ann@example.org', 'Done.'],
  ['ann', 'Write to ann@example.org', 'Done.'],
  ['ann', 'Call me:\n+49 30 901820', 'I will.'],
  ['bob', 'Call me:\n+49 30 901820', 'I will.'],
  ['ann', 'Who answers invoices?', 'Ask billing@example.org.'],
  ['bob', 'Who answers invoices?', 'Ask billing@example.org.'],
  ['ann', 'My card is 4111 1111 1111 1111', 'Thanks.'],
  ['bob', 'My card is 4111 1111 1111 1111', 'Thanks.'],
  ['ann', 'When do you open?', 'At nine.'],
  ['bob', 'When do you open?', 'At nine.'],
  ['ann', 'When do you open?', 'At nine.'],
  [undefined, 'Write to bob@example.org', 'Done.'],
  [undefined, 'Write to bob@example.org', 'Done.'],
] as const

describe('a log replayed through the gateway gives the receipts of its simulation', () => {
  const logs = new Map<string, Promise<ParityLog>>()
  const logOf = (name: string): Promise<ParityLog> => {
    const log = logs.get(name) ?? parityLog(join(fixtures, name))
    logs.set(name, log)
    return log
  }
  test.each(stories)(
    '%s under %s',
    async (name, policy, asked, served, foresight) => {
      const replayed = await replayThrough(await logOf(name), policies[policy])
      expectParity(replayed)
      const unsent = name === 'formats/openai-chat.jsonl' ? { 'no prompt': 1 } : {}
      expect(countsOf(replayed)).toEqual({ asked, served, foresight, unsent })
    },
    patience,
  )

  test.each(['knowledge-base.jsonl', 'support-copilot.jsonl', 'agent-loops.jsonl'])(
    '%s, its questions classified by their neighbours in evidence',
    async (name) => {
      const log = await logOf(name)
      const evidence = join(log.terminal.folder, 'scores.jsonl')
      writeFileSync(evidence, scoresOf(log))
      const policy = `${balanced}tiers: { small: openai:gpt-4o-mini, medium: openai:gpt-4o, large: openai:gpt-4.1 }
evidence: [${evidence}]
classifiers: { near: { kind: knn, neighbours: 3, minQuality: 60% } }
routes: [{ name: learned, classifier: near }]
`
      const replayed = await replayThrough(log, policy)
      expectParity(replayed)
      const labels = replayed.pairs.flatMap(({ live }) =>
        live.steps.flatMap((step) => (step.kind === 'classify' ? [step['label']] : [])),
      )
      expect(new Set(labels)).toEqual(new Set(['simple', 'medium', 'hard']))
    },
    patience,
  )

  test.each([
    ['shared', 2, 9],
    ['user', 2, 2],
  ] as const)(
    'what redaction finds is served to nobody else, with caches for %s',
    async (namespace, served, personal) => {
      const records = personalExchanges.map(([user, question, answer], index) => ({
        ...{ id: String(index), provider: 'openai', model: 'gpt-4o', user, latencyMs: 100 },
        at: new Date(Date.UTC(2026, 8, 1, 10, index)).toISOString(),
        prompt: { messages: [{ role: 'user', content: question }] },
        answer: { text: answer, finishReason: 'stop' },
        usage: { inputTokens: 20, outputTokens: 10 },
      }))
      const log = await parityLogOf(records)
      const policy = `cache: { namespace: ${namespace}, defaultRules: false, semantic: off }
privacy: { redact: true }
`
      const replayed = await replayThrough(log, policy)
      expectParity(replayed)
      expect(countsOf(replayed)).toMatchObject({ asked: records.length, served, foresight: 0 })
      const apart = replayed.pairs.filter(({ live }) =>
        live.steps.some(({ layer, reason }) => layer === 'exact' && reason === 'pii'),
      )
      expect(apart).toHaveLength(personal)
    },
    patience,
  )

  test(
    'breakers are opened by whoever asks a target, by its name or by a route',
    async () => {
      const asked = ([model, feature, status]: readonly string[], index: number) => ({
        id: `r${index}`,
        at: new Date(Date.parse('2026-08-01T10:00:00Z') + index * 5_000).toISOString(),
        provider: 'openai',
        model,
        feature,
        prompt: { messages: [{ role: 'user', content: `question ${index}` }] },
        status,
        latencyMs: 1000,
        ...(status === 'error'
          ? { statusCode: 500, usage: { inputTokens: 0, outputTokens: 0 } }
          : { answer: { text: 'Yes.' }, usage: { inputTokens: 20, outputTokens: 10 } }),
      })
      const rows = [
        ['gpt-4o', 'plain', 'error'],
        ['gpt-4o-mini', 'plain', 'ok'],
        ['gpt-4o', 'plain', 'error'],
        ['gpt-4o', 'routed', 'ok'],
        ['gpt-4o', 'ruled', 'ok'],
        ['gpt-4o', 'plain', 'error'],
        ['gpt-4o', 'routed', 'ok'],
        ['gpt-4o', 'plain', 'ok'],
        ['gpt-4o', 'routed', 'ok'],
        ['gpt-4o', 'ruled', 'ok'],
      ]
      const log = await parityLogOf(rows.map(asked))
      const policy = `cache: { exact: off, semantic: off }
failure: { breaker: { failures: 2, open: 1h } }
routes:
  - { name: routed, when: { feature: routed }, ladder: [gpt-4o] }
  - { name: ruled, when: { feature: ruled, targets: { target: gpt-4o, breaker: open } }, ladder: ['openai:gpt-4o-mini'] }
`
      const replayed = await replayThrough(log, policy)
      expectParity(replayed)
      const attempts = replayed.pairs.map(({ live }) =>
        live.steps.flatMap((step) => (step.kind === 'attempt' ? [step['target']] : [])),
      )
      expect(attempts.map(([target]) => target ?? 'nobody')).toEqual([
        ...['gpt-4o', 'gpt-4o-mini', 'gpt-4o', 'nobody', 'openai:gpt-4o-mini'],
        ...['gpt-4o', 'nobody', 'gpt-4o', 'gpt-4o', 'gpt-4o'],
      ])
    },
    patience,
  )

  test.runIf(hasRealData)(
    '4,000 questions of real people, 406 of them answered by a cache',
    async () => {
      const log = await parityLogOf(clincRecords())
      const replayed = await replayThrough(log, policies.balanced)
      expectParity(replayed)
      expect(countsOf(replayed)).toEqual({ asked: 4000, served: 406, foresight: 0, unsent: {} })
    },
    patience,
  )

  test(
    'budgets count the same spend, and differ in what they hold back before the answer is known',
    async () => {
      const policy = `${policies.exact}budgets:
  - { name: month, scope: all, window: month, limit: $0.20, action: alert }
  - { name: day, scope: user, window: day, limit: $0.01, action: alert }
`
      const replayed = await replayThrough(await logOf('support-copilot.jsonl'), policy)
      const withoutBudgets = ({ steps, ...rest }: WrittenReceipt) => ({
        ...rest,
        steps: steps.filter(({ kind }) => kind !== 'budget'),
      })
      expectParity({
        ...replayed,
        pairs: replayed.pairs.map((pair) => ({
          ...pair,
          simulated: withoutBudgets(pair.simulated),
          live: withoutBudgets(pair.live),
        })),
      })
      const said = ({ steps }: WrittenReceipt) =>
        JSON.stringify(steps.filter(({ kind }) => kind === 'budget'))
      const differ = replayed.pairs.filter(({ simulated, live }) => said(simulated) !== said(live))
      const alerted = replayed.pairs.filter(({ simulated }) => said(simulated) !== '[]')
      expect({ differ: differ.length, alerted: alerted.length }).toEqual({
        differ: 1,
        alerted: 172,
      })
    },
    patience,
  )

  test(
    'any log, under any policy',
    async () => {
      const seen = new Set<string>()
      await fc.assert(
        fc.asyncProperty(randomLogs, randomPolicies, async (rows, policy) => {
          const log = await parityLogOf(recordsOf(rows))
          const replayed = await replayThrough(log, JSON.stringify(policy), { tellsUncached: true })
          expectParity(replayed)
          expect(replayed.pairs).toHaveLength(rows.length)
          for (const { live } of replayed.pairs)
            for (const { kind, layer, reason } of live.steps)
              seen.add([kind, layer, reason].join(' '))
        }),
        { numRuns: 8, seed: 20_261_121, endOnFailure: true },
      )
      const all = [
        ...['hit exact ', 'hit semantic ', 'guarded  ', 'coalesced  ', 'miss semantic '],
        ...['bypass exact choices', 'bypass semantic long-conversation', 'budget  '],
      ]
      expect(all.filter((step) => !seen.has(step))).toEqual([])
    },
    patience,
  )
})

describe('the replay clock', () => {
  const mockOf = () => startMockServer({ settings: defaultMockSettings, isWaiting: false })
  const envOf = (url: string) => ({
    OPENAI_BASE_URL: `${url}/v1`,
    ANTHROPIC_BASE_URL: url,
    GROQ_API_KEY: 'k',
  })
  const post = (url: string, headers: Readonly<Record<string, string>>, path = '/v1') =>
    fetch(`${url}${path}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(question),
    })

  test('is refused where an upstream is no mock', async () => {
    const other = createServer((_, response) => response.end('{}'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const started = startedServe({
      env: envOf(`http://127.0.0.1:${port}`),
      flags: { replayClock: true, quiet: true },
    })
    await expect(started).rejects.toThrow('is for mocks alone')
    other.close()
  })

  test('is that of requests, which must tell their time; nobody but mocks is asked', async () => {
    const mock = await mockOf()
    const flags = { replayClock: true, quiet: true }
    const { serve } = await startedServe({ env: envOf(mock.url), flags })
    const { url } = serve.gateway
    expect((await post(url, {})).status).toBe(400)
    expect((await post(url, { 'x-llmcost-at': 'now' })).status).toBe(400)
    const told = { 'x-llmcost-at': '1790000000000', 'x-mock-latency-ms': '40000' }
    expect((await post(url, told)).status).toBe(200)
    const elsewhere = await post(url, { 'x-llmcost-at': '1790000000000' }, '/groq/v1')
    expect(await elsewhere.text()).toContain('no mock')
    await until(() => settledIn(journalOf(serve.store)).length === 2)
    const [first] = settledIn(journalOf(serve.store))
    expect(first?.receipt).toMatchObject({ at: 1_790_000_000_000, latencyMs: 40_000 })
    expect(mock.tally().calls).toBe(1)
    await serve.close(1000)
    await mock.close()
  })

  test('without it nobody says what time it is', async () => {
    const mock = await mockOf()
    const { serve } = await startedServe({ env: envOf(mock.url), flags: { quiet: true } })
    const before = Date.now()
    await post(serve.gateway.url, { 'x-llmcost-at': '1000' })
    await until(() => settledIn(journalOf(serve.store)).length === 1)
    const [first] = settledIn(journalOf(serve.store))
    expect(first?.receipt.at).toBeGreaterThan(before - 2000)
    await serve.close(1000)
    await mock.close()
  })
})
