import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startServe } from '../../src/cli/start-serve.ts'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { question, until } from '../support/running-serve.ts'
import { writeLog } from '../support/write-log.ts'

let mock: MockServer
beforeEach(async () => {
  mock = await startMockServer({ settings: defaultMockSettings })
})
afterEach(async () => {
  await mock.close()
  removeTerminals()
})

const policyText = `
cache: { namespace: shared, semantic: { on: false } }
coalesce: false
routes:
  - { name: cheap, when: {}, ladder: [gpt-4o-mini] }
`

/** Four questions, two of them the same: a hit rate of a quarter, and all else to one route. */
const records = ['a', 'b', 'c', 'a'].map((prompt, index) => ({
  at: new Date(Date.UTC(2026, 7, 1, 10, index)).toISOString(),
  provider: 'openai',
  model: 'gpt-4o',
  latencyMs: 800,
  usage: { inputTokens: 1000, outputTokens: 100 },
  prompt,
  answer: { text: 'An answer.', finishReason: 'stop' },
}))

async function simulatedGateway(policy = policyText) {
  const terminal = newTerminal({ env: { OPENAI_BASE_URL: `${mock.url}/v1` } })
  const log = writeLog(terminal, records)
  const path = `${terminal.folder}/llmcost.yaml`
  writeFileSync(path, policy)
  const { code, err } = await runIn(terminal, 'simulate', log, '--policy', path, '--format', 'json')
  expect([code, err]).toEqual([0, expect.anything()])
  const start = () => startServe({ port: 0, adminPort: 0, policy: [path], quiet: true }, terminal)
  return { terminal, path, start }
}

const snapshotOf = async (adminUrl: string) =>
  (await (await fetch(`${adminUrl}/snapshot`)).json()) as GatewaySnapshot

async function ask(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
    body: JSON.stringify(question),
  })
  await answer.text()
}

test('a gateway holds itself to the simulation of its policy, and remembers how far that was off', async () => {
  const { terminal, start } = await simulatedGateway()
  const first = await start()
  const { url, adminUrl } = first.gateway
  await until(async () => (await snapshotOf(adminUrl)).forecast !== null)
  for (const _ of [1, 2]) await ask(url)
  const { forecast } = await snapshotOf(adminUrl)
  const of = (metric: string) => forecast?.scored.find((each) => each.metric === metric)
  expect(of('hitRate')).toMatchObject({ value: 0.25, actual: 0.5, requests: 2 })
  expect(of('routeShare')).toMatchObject({ route: 'cheap', value: 1, actual: 1, requests: 1 })
  // Three of four requests, 1000 tokens in and 100 out at $0.15 and $0.60 a million.
  expect(of('costUsdPer1k')?.value).toBeCloseTo((1000 * 3 * (0.00015 + 0.00006)) / 4, 9)
  const port = new URL(adminUrl).port
  const { out } = await runIn(terminal, 'serve', 'status', '--admin-port', port)
  expect(out).toMatch(/combined hit rate +25% .*50% .*\+25\.0 points/)
  expect(out).toMatch(/to route cheap +100% .*100%/)
  await first.close(0)

  const second = await start()
  const { earlierForecasts } = await snapshotOf(second.gateway.adminUrl)
  expect(earlierForecasts).toHaveLength(1)
  expect(earlierForecasts[0]?.scored.find(({ metric }) => metric === 'hitRate')).toMatchObject({
    value: 0.25,
    actual: 0.5,
  })
  await second.close(0)
})

test('a policy that decides otherwise has no forecast; other ports and alerts keep it', async () => {
  const { path, start } = await simulatedGateway()
  const serve = await start()
  const { adminUrl } = serve.gateway
  await until(async () => (await snapshotOf(adminUrl)).forecast !== null)
  writeFileSync(path, `${policyText}serve: { auditShare: 0.1 }\n`)
  expect(await serve.watcher.reload()).toMatchObject({ kind: 'replaced' })
  await until(async () => (await snapshotOf(adminUrl)).forecast !== null)
  writeFileSync(path, policyText.replace('shared', '[user]'))
  await serve.watcher.reload()
  expect((await snapshotOf(adminUrl)).forecast).toBeNull()
  await serve.close(0)
})

test('a classifier that learns from other evidence than it was simulated with has no forecast', async () => {
  const scores = join(newTerminal().folder, 'scores.jsonl')
  const measured = (score: number) =>
    writeFileSync(scores, JSON.stringify({ prompt: 'a', scores: { 'gpt-4o-mini': score } }))
  measured(1)
  const learning = `
tiers: { small: openai:gpt-4o-mini, medium: openai:gpt-4o, large: openai:gpt-4.1 }
classifiers: { near: { kind: knn } }
routes: [{ name: learned, classifier: near }]
evidence: [${scores}]
`
  const { start } = await simulatedGateway(learning)
  const serve = await start()
  await until(async () => (await snapshotOf(serve.gateway.adminUrl)).forecast !== null)
  await serve.close(0)
  measured(0)
  const other = await start()
  // Its own forecast would be there by then.
  for (let round = 0; round < 20; round++)
    expect((await snapshotOf(other.gateway.adminUrl)).forecast).toBeNull()
  await other.close(0)
})

test('a simulation made while the gateway runs is shown at its next look', async () => {
  const terminal = newTerminal({ env: { OPENAI_BASE_URL: `${mock.url}/v1` } })
  const path = `${terminal.folder}/llmcost.yaml`
  writeFileSync(path, policyText)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const flags = { port: 0, adminPort: 0, policy: [path], quiet: true }
  const serve = await startServe(flags, terminal)
  try {
    const { url, adminUrl } = serve.gateway
    await ask(url)
    expect((await snapshotOf(adminUrl)).forecast).toBeNull()
    const log = writeLog(terminal, records)
    const words = ['simulate', log, '--policy', path, '--format', 'json']
    expect((await runIn(terminal, ...words)).code).toBe(0)
    vi.advanceTimersByTime(60_000)
    vi.useRealTimers()
    await until(async () => (await snapshotOf(adminUrl)).forecast !== null)
    const { forecast } = await snapshotOf(adminUrl)
    expect(forecast?.scored.find(({ metric }) => metric === 'hitRate')).toMatchObject({
      value: 0.25,
      actual: 0,
      requests: 1,
    })
  } finally {
    vi.useRealTimers()
    await serve.close(0)
  }
})
