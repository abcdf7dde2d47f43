import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { openLiveClock } from '../../src/serve/live-clock.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { startLiveGateway } from '../support/live-gateway.ts'
import {
  journalOf,
  question,
  type StartedServe,
  settledIn,
  startedServe,
  until,
} from '../support/running-serve.ts'

let mock: MockServer
const open: StartedServe[] = []
beforeEach(async () => {
  mock = await startMockServer({ settings: defaultMockSettings })
})
afterEach(async () => {
  for (const { serve } of open.splice(0)) await serve.close(0)
  await mock.close()
  removeTerminals()
})

async function started(options: Partial<Parameters<typeof startedServe>[0]> = {}) {
  const serve = await startedServe({ env: { OPENAI_BASE_URL: `${mock.url}/v1` }, ...options })
  open.push(serve)
  return serve
}

const isWell = async ({ health }: StartedServe) => (await health()).status === 'ok'

/** How many of the answered requests the ledger holds, each by its id. */
const settledIds = ({ serve }: StartedServe) =>
  settledIn(journalOf(serve.store)).map(({ id }) => id)

describe('while the ledger cannot be written', () => {
  const troubles = {
    async 'because another process holds it'({ serve }: StartedServe) {
      const main = resolve(import.meta.dirname, '../support/lock-database-main.ts')
      const args = ['--import', 'tsx', main, serve.store.path]
      const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      return () => child.stdin.end()
    },
    async 'because the disk is full'({ serve }: StartedServe) {
      const { database } = serve.store
      const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count'])
      database.exec(`PRAGMA max_page_count = ${pages}`)
      return () => database.exec('PRAGMA max_page_count = 1000000')
    },
  }

  test.each(Object.entries(troubles))(
    'answers go on %s, health says so, and every receipt is there in the end',
    async (_, begin) => {
      const gateway = await started()
      const ids: (string | null)[] = []
      const ask = async () => {
        const response = await gateway.ask()
        expect(response.status).toBe(200)
        ids.push(response.headers.get('x-llmcost-request-id'))
        await response.arrayBuffer()
      }
      await ask()
      expect(await gateway.health()).toEqual({ status: 'ok', why: [] })
      const end = await begin(gateway)
      // What is free in the last page is taken as well.
      while (await isWell(gateway)) await ask()
      expect(await gateway.health()).toEqual({
        status: 'degraded',
        why: [
          expect.stringMatching(/^ledger: the database cannot be written \(.*wait in the spool/),
        ],
      })
      await ask()
      end()
      await until(() => isWell(gateway))
      await ask()
      await until(() => settledIds(gateway).length >= ids.length)
      expect(settledIds(gateway).toSorted()).toEqual(ids.toSorted())
    },
  )
})

test('a policy that breaks leaves the last good one in force, and health says where it is broken', async () => {
  const gateway = await started({ policy: 'coalesce: false\n' })
  const { serve, path, ask } = gateway
  const good = serve.gateway.state().fingerprint
  writeFileSync(path, 'coalesce: false\nfailure: { retries: { attemps: 1 } }\n')
  const reloaded = await fetch(`${serve.gateway.adminUrl}/reload`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  expect(reloaded.status).toBe(422)
  const { why } = await gateway.health()
  expect(why).toEqual([
    expect.stringMatching(/^policy: .*llmcost\.yaml:2 \(failure\.retries\.attemps\).*"attempts"/),
  ])
  expect((await ask()).status).toBe(200)
  // As a line of JSON has it.
  expect(gateway.terminal.err()).toContain(JSON.stringify(why[0]).slice(1, -1))

  writeFileSync(path, 'coalesce: false\nfailure: { retries: { attempts: 1 } }\n')
  await serve.watcher.reload()
  expect(await gateway.health()).toEqual({ status: 'ok', why: [] })
  expect((await ask()).status).toBe(200)
  await until(() => settledIds(gateway).length === 2)
  const policies = settledIn(journalOf(serve.store)).map(({ policy }) => policy)
  expect(policies).toEqual([good, serve.gateway.state().fingerprint])
  expect(policies[0]).not.toBe(policies[1])
})

test('a policy file that goes away is asked for by name, and none of another folder taken', async () => {
  const gateway = await started()
  rmSync(gateway.path)
  expect(await gateway.serve.watcher.reload()).toMatchObject({
    kind: 'refused',
    problem: { message: `no such file: ${gateway.path}` },
  })
  expect((await gateway.ask()).status).toBe(200)
})

test('requests under way end by the policy that they began with', async () => {
  const slow = await startMockServer({
    settings: { ...defaultMockSettings, chunkMs: 20, outputTokens: { median: 60, sigma: 0 } },
  })
  const gateway = await started({ env: { OPENAI_BASE_URL: `${slow.url}/v1` } })
  const { serve, path, ask } = gateway
  const before = serve.gateway.state().fingerprint
  const streaming = await ask({ ...question, stream: true })
  writeFileSync(path, 'coalesce: true\n')
  expect(await serve.watcher.reload()).toMatchObject({ kind: 'replaced', previous: before })
  expect(await streaming.text()).toContain('[DONE]')
  await until(() => settledIds(gateway).length === 1)
  expect(settledIn(journalOf(serve.store))[0]?.policy).toBe(before)
  await slow.close()
})

test('a provider whose name nobody knows is a clean error, told on health until it is reached', async () => {
  const policy = (baseUrl: string) =>
    `coalesce: false
failure: { retries: { attempts: 0 } }
serve:
  providers:
    - { name: own, dialect: openai-chat, baseUrl: '${baseUrl}/v1', models: [gpt-4o-mini] }
`
  const gateway = await started({ policy: policy('http://no-such-host.invalid') })
  const response = await gateway.ask()
  expect([response.status, await response.json()]).toEqual([
    502,
    { error: expect.objectContaining({ code: 'upstream_unreachable' }) },
  ])
  expect(await gateway.health()).toEqual({
    status: 'degraded',
    why: [
      expect.stringMatching(/^upstream: own cannot be reached since .*(?:ENOTFOUND|EAI_AGAIN)/),
    ],
  })
  await until(() => settledIds(gateway).length === 1)
  expect(settledIn(journalOf(gateway.serve.store))[0]).toMatchObject({ costNanoUsd: 0 })

  writeFileSync(gateway.path, policy(mock.url))
  expect(await gateway.serve.watcher.reload()).toMatchObject({ kind: 'replaced' })
  expect((await gateway.ask()).status).toBe(200)
  expect(await gateway.health()).toEqual({ status: 'ok', why: [] })
})

test('a clock that is set while requests are under way makes no time negative', async () => {
  const set = { ms: 0 }
  const clock = openLiveClock({
    wall: () => Date.now() + set.ms,
    steady: () => performance.now(),
  })
  const slow = await startMockServer({
    settings: { ...defaultMockSettings, chunkMs: 5, outputTokens: { median: 60, sigma: 0 } },
  })
  const gateway = await startLiveGateway({
    env: { OPENAI_BASE_URL: `${slow.url}/v1` },
    parts: { now: clock.now },
  })
  for (const [place, ms] of [0, -3_600_000, -7_200_000, 3_600_000, 0].entries()) {
    const streaming = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: `question ${place}` }],
        stream: true,
      }),
    })
    set.ms = ms
    expect(await streaming.text()).toContain('[DONE]')
  }
  await until(() => gateway.served.length === 5)
  const starts = gateway.served.map(({ receipt }) => receipt.at)
  expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  for (const { request, receipt, overheadMs } of gateway.served) {
    expect(receipt.latencyMs).toBeGreaterThan(0)
    expect(request.firstTokenMs).toBeGreaterThan(0)
    expect(overheadMs).toBeGreaterThanOrEqual(0)
    for (const step of receipt.steps)
      if (step.kind === 'attempt') expect(step.latencyMs).toBeGreaterThan(0)
  }
  expect(clock.problems()).toEqual([expect.stringMatching(/set back|jumped forward/)])
  await gateway.close()
  await slow.close()
})

describe('a gateway that cannot start says why', () => {
  const portOf = (url: string) => new URL(url).port

  test('where another one serves the same store', async () => {
    const { terminal } = await started()
    const { code, err } = await runIn(terminal, 'serve', '--port', '0', '--admin-port', '0')
    expect(code).toBe(2)
    expect(err).toContain(`another llmcost serve is running on the store ${terminal.database}`)
    expect(err).toContain('hint:')
  })

  test.each([
    ['--port', '--admin-port'],
    ['--admin-port', '--port'],
  ])('where %s is taken, and leaves the store to others', async (taken, free) => {
    const { serve } = await started()
    const { url, adminUrl } = serve.gateway
    const other = newTerminal()
    const port = portOf(taken === '--port' ? url : adminUrl)
    const { code, err } = await runIn(other, 'serve', taken, port, free, '0')
    expect(code).toBe(2)
    expect(err).toContain(`cannot listen on 127.0.0.1:${port} (in use)`)
    expect(err).toContain(`choose another port with ${taken}`)
    const next = await startedServe({ env: { LLMCOST_DB: other.database } })
    expect((await next.health()).status).toBe('ok')
    await next.serve.close(0)
  })

  test('where others could use its admin port, and no token keeps them out', async () => {
    const { code, err } = await runIn(newTerminal(), 'serve', '--admin-host', '0.0.0.0')
    expect(code).toBe(2)
    expect(err).toContain('an admin port at 0.0.0.0 needs a token')
    expect(err).toContain('LLMCOST_ADMIN_TOKEN')
  })
})
