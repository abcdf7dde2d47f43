import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type RunningServe, startServe } from '../../src/cli/start-serve.ts'
import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { removeTerminals } from '../support/cli.ts'
import { journalOf, settledIn, startedServe, until } from '../support/running-serve.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  removeTerminals()
})

async function startMock() {
  const script = ['refunds', 'returns', 'exchanges', 'repairs'].map((word, index) => ({
    when: word,
    answer: `It takes ${11 + index} days.`,
  }))
  const mock = await startMockServer({ settings: { ...defaultMockSettings, script } })
  open.push(() => mock.close())
  return mock
}

/** Keeps what is posted to it. */
async function startWebhook() {
  const posted: unknown[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += String(chunk)
    })
    request.on('end', () => {
      posted.push(JSON.parse(text))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise((resolve) => server.close(resolve)))
  return { posted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

const policyOf = (webhook: string) => `
coalesce: false
cache: { namespace: shared, exact: off, semantic: { on: true, threshold: 0.7, guards: [] } }
alerts: { webhook: "${webhook}" }
serve: { auditShare: 100%, audit: { maxWrongPerHit: 30%, confidence: 80% } }
`

const body = (text: string) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: text }],
})

/** Each topic leaves an entry and is asked about something else: the same words but for one. */
const topics = ['of lamps in stores', 'by parcel post abroad', 'for wholesale customers']

const audits = (serve: RunningServe) => serve.gateway.state().audits

/** A gateway whose audits have met wrong hits on every topic, nobody listening to its alerts. */
async function raisedByAudits() {
  const mock = await startMock()
  const { serve, ask, path } = await startedServe({
    env: { OPENAI_BASE_URL: `${mock.url}/v1` },
    policy: policyOf('http://127.0.0.1:9/'),
  })
  open.push(() => serve.close(1_000))
  for (const topic of topics) {
    for (const word of ['refunds', 'returns'])
      await (await ask(body(`Explain ${word} ${topic}`))).text()
    await audits(serve).ended()
  }
  const threshold = () => serve.gateway.state().trials.thresholdOf(undefined)
  return { serve, ask, path, threshold }
}

test('wrong hits of the real cache raise its threshold, are alerted of, and the threshold outlives the gateway', async () => {
  const [mock, webhook] = [await startMock(), await startWebhook()]
  const gateway = await startedServe({
    env: { OPENAI_BASE_URL: `${mock.url}/v1` },
    policy: policyOf(webhook.url),
  })
  const { serve, terminal, path } = gateway
  const said = async (text: string) => await (await gateway.ask(body(text))).text()
  for (const topic of topics) {
    expect(await said(`Explain refunds ${topic}`)).toContain('It takes 11 days.')
    // A wrong answer, from the cache.
    expect(await said(`Explain returns ${topic}`)).toContain('It takes 11 days.')
    await audits(serve).ended()
  }
  const { trials } = serve.gateway.state()
  const raised = trials.thresholdOf(undefined) as number
  expect(raised).toBeGreaterThan(0.7)
  const found = () =>
    settledIn(journalOf(serve.store)).flatMap(({ record }) => record['audit'] ?? [])
  await until(() => found().length === 3)
  const similarities = found().map((note) => (note as { similarity: number }).similarity)
  expect(raised).toBe((Math.floor(Math.max(...similarities) * 100) + 1) / 100)
  const { adminUrl } = serve.gateway
  const snapshot = await (await fetch(`${adminUrl}/snapshot`)).json()
  expect(snapshot).toMatchObject({
    trials: [{ layer: 'semantic', purpose: 'audit', threshold: raised }],
    audits: { compared: 3, dropped: 0 },
    windows: {
      start: {
        audit: { audited: 3, agreeing: 0 },
        savings: {
          beside: expect.arrayContaining([{ purpose: 'audit', costUsd: expect.any(Number) }]),
        },
      },
    },
  })
  await until(() => webhook.posted.length > 0)
  expect(webhook.posted).toMatchObject([
    {
      metric: 'audit',
      value: 1,
      limit: 0.3,
      text: expect.stringContaining(`the threshold is ${raised} from now on`),
    },
  ])
  expect(terminal.err()).toContain('compared hits are wrong')
  await serve.close(1_000)

  const again = await startServe({ port: 0, adminPort: 0, policy: [path] }, terminal)
  open.push(() => again.close(1_000))
  expect(again.gateway.state().trials.thresholdOf(undefined)).toBe(raised)
  expect(webhook.posted).toHaveLength(1)
  // The entries of the run before are there, and are not served.
  const response = await fetch(`${again.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
    body: JSON.stringify(body(`Explain exchanges ${topics[0]}`)),
  })
  expect(await response.text()).toContain('It takes 13 days.')
})

test('a policy that is read again keeps what audits have raised, unless the layer is another one', async () => {
  const { serve, path, threshold } = await raisedByAudits()
  const raised = threshold()
  expect(raised).not.toBeNull()
  const reload = async (text: string) => {
    writeFileSync(path, text)
    expect(await serve.watcher.reload()).toMatchObject({ kind: 'replaced' })
  }
  const text = policyOf('http://127.0.0.1:9/')
  await reload(text.replace('coalesce: false', 'coalesce: true'))
  expect(threshold()).toBe(raised)
  await reload(text.replace('threshold: 0.7', 'threshold: 0.71'))
  expect(threshold()).toBeNull()
})

test('what people undo of audits is undone at once, and for good', async () => {
  const { serve, threshold } = await raisedByAudits()
  expect(threshold()).not.toBeNull()
  const kept = () => serve.store.recover().checkpoint?.state['trials'] as { hits: unknown[] }
  await fetch(`${serve.gateway.adminUrl}/trials/reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ layer: 'semantic' }),
  })
  expect(threshold()).toBeNull()
  // A process that is killed now has it undone all the same.
  await until(() => kept()?.hits.length === 0)
})
