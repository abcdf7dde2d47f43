import { writeFileSync } from 'node:fs'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { startServe } from '../../src/cli/start-serve.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import { bookedEmbedder } from '../../src/serve/booked-embedder.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'
import { LiveLedger } from '../../src/worlds/live-ledger.ts'
import type { LiveEmbedder } from '../../src/worlds/text-vectors.ts'
import { vectorFor } from '../embed/embedding-server.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { completion } from '../support/fixture-gateway.ts'
import { startFixtureUpstream } from '../support/gateways/fixture-upstream.ts'
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
