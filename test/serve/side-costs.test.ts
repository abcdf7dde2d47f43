import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { startServe } from '../../src/cli/start-serve.ts'
import type { Settled } from '../../src/domain/journal.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { openOpenAiEmbedder } from '../../src/embed/openai-embedder.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import { estimateTokens } from '../../src/prices/count-tokens.ts'
import { bookedEmbedder } from '../../src/serve/booked-embedder.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'
import { LiveLedger } from '../../src/worlds/live-ledger.ts'
import type { LiveEmbedder } from '../../src/worlds/text-vectors.ts'
import { vectorFor } from '../embed/embedding-server.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { completion } from '../support/fixture-gateway.ts'
import { sendText, startFixtureUpstream } from '../support/gateways/fixture-upstream.ts'
import { journalOf, settledIn } from '../support/running-serve.ts'

afterEach(removeTerminals)

/** Answers questions and makes vectors; each embedding bills so many tokens. */
async function startUpstream(embeddingTokens: number) {
  const upstream = await startFixtureUpstream((response, { path, body }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    if (!path.endsWith('/embeddings')) return void response.end(completion('An answer.'))
    const { input } = JSON.parse(body.toString()) as { readonly input: readonly string[] }
    const data = input.map((text, index) => ({ index, embedding: vectorFor(text) }))
    response.end(JSON.stringify({ data, usage: { prompt_tokens: embeddingTokens } }))
  })
  onTestFinished(() => upstream.close())
  return upstream
}

async function gatewayOn(upstreamUrl: string, policy: string) {
  const env = { OPENAI_BASE_URL: `${upstreamUrl}/v1`, OPENAI_API_KEY: 'sk-of-the-gateway' }
  const terminal = newTerminal({ env })
  const path = `${terminal.folder}/llmcost.yaml`
  writeFileSync(path, policy)
  const start = () => startServe({ port: 0, adminPort: 0, policy: [path], log: 'json' }, terminal)
  return { terminal, start }
}

type Started = Awaited<ReturnType<typeof startServe>>

const snapshotOf = async ({ gateway }: Started) =>
  (await (await fetch(`${gateway.adminUrl}/snapshot`)).json()) as GatewaySnapshot

async function ask({ gateway }: Started, content: string) {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] }),
  })
  await answer.text()
  return answer.headers.get('x-llmcost-cache')
}

const comparing = `
cache: { namespace: shared, semantic: { threshold: 0.99, embedder: 'openai:text-embedding-3-small', guards: [] } }
coalesce: false
`
/** 100 tokens in and 10 out of gpt-4o-mini, and a million tokens of the embedder: nano-dollars. */
const [answerNano, embeddingNano] = [15_000 + 6_000, 20_000_000]

test('what look-ups bill is in the ledger, in the store, in budgets, and not saved', async () => {
  const { url } = await startUpstream(1_000_000)
  const budget = 'budgets: [{ name: day, scope: all, window: day, limit: $1, mode: soft }]\n'
  const { terminal, start } = await gatewayOn(url, comparing + budget)
  const serve = await start()
  expect(await ask(serve, 'What is a heap?')).toBe('miss')
  const { windows, budgets, today } = await snapshotOf(serve)
  const { savings, costUsd } = windows.start
  const both = (answerNano + embeddingNano) / 1e9
  expect(savings.beside).toContainEqual({ purpose: 'embedding', costUsd: embeddingNano / 1e9 })
  expect(savings.savedUsd).toBeCloseTo(-embeddingNano / 1e9, 9)
  expect([costUsd, today.costUsd]).toEqual([expect.closeTo(both, 9), expect.closeTo(both, 9)])
  expect(budgets[0]).toMatchObject({ spentUsd: expect.closeTo(both, 9), reservedUsd: 0 })
  const settled = settledIn(journalOf(serve.store))
  expect(settled.map(({ costNanoUsd }) => costNanoUsd)).toEqual([embeddingNano, answerNano])
  expect(JSON.stringify(settled[0])).not.toContain('heap')
  await serve.close(0)
  const sums = 'select sum(costUsd) as usd, count(*) as n from v_requests'
  const { out } = await runIn(terminal, 'sql', sums, '--format', 'json')
  expect(JSON.parse(out)).toMatchObject({ rows: [{ usd: expect.closeTo(both, 9), n: 2 }] })
})

test('without room in a budget of all no text is embedded, and nothing is written down', async () => {
  const parsed = parsePolicy(
    'budgets: [{ name: day, scope: all, window: day, limit: $0.01, mode: hard, action: block }]\n',
  )
  if (!('policy' in parsed)) throw new Error('no policy')
  const written: unknown[] = []
  const ledger = new LiveLedger({
    policy: parsed.policy,
    reserve: () => embeddingNano,
    factsOf: () => expect.fail('no budget has a condition'),
    stepOf: () => null,
  })
  const embedder: LiveEmbedder = bookedEmbedder<LiveEmbedder & { readonly name: string }>(
    {
      name: 'openai:text-embedding-3-small',
      fingerprint: 'f',
      embed: () => expect.fail('it was asked'),
      costOf: (tokens) => (tokens * 20) as NanoUsd,
    },
    {
      ledger,
      journal: { begin: async (entry) => void written.push(entry), settle: (e) => written.push(e) },
      boundOf: () => embeddingNano,
      now: () => 0,
      newId: () => 'req_1',
      onCost: () => written.push('cost'),
    },
  )
  expect(await embedder.embed(['a', 'b'], AbortSignal.timeout(1000))).toEqual({
    vectors: [null, null],
    tokens: 0,
  })
  expect(written).toEqual([])
})

test('a day goes on over a restart: what was spent is known, and nothing is told twice', async () => {
  const { url } = await startUpstream(0)
  const policy = `
cache: { exact: off, semantic: { on: false } }
alerts: { rules: [{ metric: monthUsd, above: 0.00001 }] }
`
  const { terminal, start } = await gatewayOn(url, policy)
  const first = await start()
  for (const content of ['a', 'b']) await ask(first, content)
  await first.close(0)
  const second = await start()
  const { today } = await snapshotOf(second)
  expect(today.costUsd).toBeCloseTo((2 * answerNano) / 1e9, 9)
  expect(today.isWholeDay).toBe(true)
  await ask(second, 'c')
  await second.close(0)
  const lines = terminal.err().split('\n')
  expect(lines.filter((line) => line.includes('"metric":"monthUsd"'))).toHaveLength(1)
})

/** A booked embedder before an endpoint of the test's own, under one hard budget with room for so many bounds. */
async function bookedOn(reply: (response: ServerResponse) => void, room: number) {
  const { url, received, close } = await startFixtureUpstream((response) => reply(response))
  onTestFinished(close)
  const bound = 1000
  const limit = (room * bound) / 1e9
  const parsed = parsePolicy(
    `budgets: [{ name: day, scope: all, window: day, limit: ${limit}, mode: hard, action: block }]\n`,
  )
  if (!('policy' in parsed)) throw new Error('no policy')
  const settled: Settled[] = []
  const ledger = new LiveLedger({
    policy: parsed.policy,
    reserve: () => bound,
    factsOf: () => expect.fail('no budget has a condition'),
    stepOf: () => null,
  })
  const plain = openOpenAiEmbedder({
    name: 'openai:text-embedding-3-small',
    model: 'text-embedding-3-small',
    endpoint: { url: new URL(`${url}/v1/embeddings`), key: 'k', keyName: 'K' },
    costOf: (tokens) => (tokens * 20) as NanoUsd,
    waiting: { wait: async (_, signal) => signal?.throwIfAborted(), random: () => 0 },
  })
  const embedder = bookedEmbedder(plain, {
    ledger,
    journal: { begin: async () => undefined, settle: (entry) => void settled.push(entry) },
    boundOf: () => bound,
    now: () => 0,
    newId: () => 'req_1',
    onCost: () => undefined,
  })
  const spent = () => ledger.standings(0, 1)[0]?.members[0]?.spentNanoUsd ?? 0
  return { embedder, received, settled, spent, bound }
}

const question = 'What is a heap, and what is it for?'

test('a look-up whose connection breaks costs nothing, and a hard budget counts what it may have', async () => {
  const broken = await bookedOn((response) => response.destroy(), 2.5)
  await expect(broken.embedder.embed([question])).rejects.toThrow()
  // A third call might pass the limit.
  expect(broken.received).toHaveLength(2)
  expect(broken.settled).toMatchObject([
    { costNanoUsd: 0, countedNanoUsd: 2 * broken.bound, record: { status: 'error' } },
  ])
  expect(broken.spent()).toBe(2 * broken.bound)
})

test('a look-up that we end is booked with its input', async () => {
  const leave = new AbortController()
  const slow = await bookedOn(() => leave.abort(), 2)
  await expect(slow.embedder.embed([question], leave.signal)).rejects.toThrow()
  const tokens = estimateTokens(question)
  expect(tokens).toBeGreaterThan(5)
  expect(slow.settled).toMatchObject([
    {
      costNanoUsd: tokens * 20,
      countedNanoUsd: slow.bound,
      record: { status: 'timeout', usageEstimated: true, usage: { inputTokens: tokens } },
      receipt: { outcome: 'failed', steps: [{ outcome: 'timeout' }] },
    },
  ])
  expect(slow.spent()).toBe(slow.bound)
})

test('an answer that cannot be read may have been billed', async () => {
  const odd = await bookedOn((response) => sendText(response, 200, '{"data":[]}'), 2)
  await expect(odd.embedder.embed([question])).rejects.toThrow()
  expect(odd.settled).toMatchObject([{ costNanoUsd: 0, countedNanoUsd: odd.bound }])
})

test('a look-up that is refused, or never went out, is booked with nothing', async () => {
  const refused = await bookedOn((response) => sendText(response, 400, '{"error":"no"}'), 2)
  await expect(refused.embedder.embed([question])).rejects.toThrow('no')
  const busy = await bookedOn((response) => sendText(response, 503, '{"error":"busy"}'), 2)
  await expect(busy.embedder.embed([question])).rejects.toThrow('busy')
  expect(busy.received.length).toBeGreaterThan(1)
  const early = await bookedOn(() => expect.fail('it was asked'), 2)
  await expect(early.embedder.embed([question], AbortSignal.abort())).rejects.toThrow()
  for (const { settled, spent } of [refused, busy, early]) {
    expect(settled).toMatchObject([{ costNanoUsd: 0, record: { status: 'error' } }])
    expect(settled[0]).not.toHaveProperty('countedNanoUsd')
    expect(spent()).toBe(0)
  }
})

test('what was lost before a look-up came to something is counted beside it', async () => {
  let turn = 0
  const late = await bookedOn((response) => {
    if (turn++ === 0) return void response.destroy()
    const data = [{ index: 0, embedding: vectorFor(question) }]
    sendText(response, 200, JSON.stringify({ data, usage: { prompt_tokens: 9 } }))
  }, 3)
  await late.embedder.embed([question])
  expect(late.settled).toMatchObject([
    { costNanoUsd: 180, countedNanoUsd: late.bound + 180, record: { status: 'ok' } },
  ])
})
