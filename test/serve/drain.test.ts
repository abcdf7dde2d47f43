import type { ChildProcess } from 'node:child_process'
import { Agent, get, request } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { openGatewayStore } from '../../src/store/gateway-store.ts'
import { command, newTerminal, removeTerminals, startCommand } from '../support/cli.ts'
import { closeTerminalOf, hasPseudoTerminal } from '../support/pseudo-terminal.ts'
import { journalOf, question, settledIn, startedServe, until } from '../support/running-serve.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let mock: MockServer
const children: ChildProcess[] = []
beforeEach(async () => {
  mock = await startMockServer({
    settings: { ...defaultMockSettings, chunkMs: 100, outputTokens: { median: 60, sigma: 0 } },
  })
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await mock.close()
  removeTerminals()
})

const env = () => ({ OPENAI_BASE_URL: `${mock.url}/v1` })

/** `llmcost serve` in a process of its own, in front of the mock. */
async function startedProcess() {
  const terminal = newTerminal({ env: env() })
  const { child, ended } = startCommand(terminal, ['serve', '--port', '0', '--admin-port', '0'])
  children.push(child)
  let said = ''
  const listen = (chunk: Buffer) => {
    said += chunk.toString()
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  await until(() => said.includes('no policy:') || child.exitCode !== null)
  const [, url = ''] = /ANTHROPIC_BASE_URL=(\S+)/.exec(said) ?? []
  const [, adminUrl = ''] = /dashboard: (\S+)/.exec(said) ?? []
  return { terminal, child, ended, url, adminUrl, said: () => said }
}

/** A stream whose first event is there, and all of it once it has ended. */
async function begunStream(url: string) {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test' }
    const asking = request(
      `${url}/v1/chat/completions`,
      { method: 'POST', headers, agent: false },
      resolve,
    )
    asking.on('error', reject)
    asking.end(JSON.stringify({ ...question, stream: true }))
  })
  let text = ''
  const whole = new Promise<string>((resolve) => {
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    response.on('close', () => resolve(text))
    response.on('error', () => undefined)
  })
  await until(() => text.includes('data:'))
  return { whole, soFar: () => text, leave: () => response.destroy() }
}

const statusOf = (url: string) =>
  new Promise<number | string>((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })

async function ledgerOf({ database }: FakeTerminal) {
  const store = await openGatewayStore({ path: database, durability: 'process' })
  try {
    return journalOf(store)
  } finally {
    store.close()
  }
}

describe.skipIf(process.platform === 'win32')('a gateway that is told to end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s lets a stream end, takes nobody new, and has its receipt in the ledger',
    async (signal) => {
      const { terminal, child, ended, url, adminUrl } = await startedProcess()
      expect(await statusOf(`${adminUrl}/ready`)).toBe(200)
      const stream = await begunStream(url)
      child.kill(signal)
      await until(async () => (await statusOf(`${adminUrl}/ready`)) === 503)
      expect(await statusOf(`${url}/health`)).toBe('ECONNREFUSED')
      expect(stream.soFar()).not.toContain('[DONE]')
      expect(await stream.whole).toContain('data: [DONE]')
      expect(await ended).toMatchObject({ code: 0, signal: null })
      const entries = await ledgerOf(terminal)
      expect(entries.map(({ kind }) => kind)).toEqual(['begun', 'settled'])
      const [settled] = settledIn(entries)
      expect(settled?.record).toMatchObject({ status: 'ok', streamed: true })
      expect(settled?.costNanoUsd).toBeGreaterThan(0)
      expect(settled?.policy).toMatch(/^[0-9a-f]{16}$/)
    },
  )

  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ] as const)('by %s, and then by %s, ends at once', async (first, second) => {
    const { terminal, child, ended, url, adminUrl } = await startedProcess()
    const stream = await begunStream(url)
    child.kill(first)
    await until(async () => (await statusOf(`${adminUrl}/ready`)) === 503)
    child.kill(second)
    expect(await ended).toMatchObject({ signal: second })
    expect(await stream.whole).not.toContain('[DONE]')
    // It may have been billed: the ledger says so.
    expect((await ledgerOf(terminal)).map(({ kind }) => kind)).toEqual(['begun'])
  })
})

test.skipIf(process.platform === 'win32')(
  'a hang-up signal has the policy read again, and ends nobody',
  async () => {
    const { child, ended, said } = await startedProcess()
    child.kill('SIGHUP')
    await until(() => said().includes('policy: the file says what is in force'))
    child.kill('SIGHUP')
    await until(() => said().split('what is in force').length === 3)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0 })
  },
)

test.skipIf(!hasPseudoTerminal)('a gateway ends with the terminal that it runs in', () => {
  const terminal = newTerminal({ env: env() })
  const args = ['serve', '--port', '0', '--admin-port', '0']
  const run = [process.execPath, command, ...args]
  expect(closeTerminalOf(run, terminal.env, 'no policy:')).toBe('SIGHUP')
})

test('what does not end in time is broken off, and settled once', async () => {
  const { serve, terminal } = await startedServe({ env: env() })
  const stream = await begunStream(serve.gateway.url)
  const closing = serve.close(50)
  expect(serve.gateway.isDraining()).toBe(true)
  await closing
  expect(await stream.whole).not.toContain('[DONE]')
  const entries = await ledgerOf(terminal)
  expect(entries.map(({ kind }) => kind)).toEqual(['begun', 'settled'])
  expect(settledIn(entries)[0]?.record).toMatchObject({ status: 'cancelled' })
})

test('what is read on for a caller who has left is waited for, and paid for as billed', async () => {
  const policy = 'coalesce: false\nserve: { onDisconnect: { drain: 20s } }\n'
  const { serve, terminal } = await startedServe({ env: env(), policy })
  const stream = await begunStream(serve.gateway.url)
  stream.leave()
  await stream.whole
  await serve.close(20_000)
  const [settled] = settledIn(await ledgerOf(terminal))
  expect(settled?.record['usageEstimated']).toBeUndefined()
  const { outputTokens } = mock.tally().byModel['gpt-4o-mini'] ?? {}
  expect(outputTokens).toBeGreaterThan(50)
  expect(settled?.record['usage']).toMatchObject({ outputTokens })
})

test('a connection that a client keeps open holds nobody up', async () => {
  const { serve } = await startedServe({ env: env() })
  const agent = new Agent({ keepAlive: true })
  const asked = () =>
    new Promise<void>((resolve) => {
      get(`${serve.gateway.url}/health`, { agent }, (response) => {
        response.resume().on('end', () => resolve())
      })
    })
  await asked()
  const before = performance.now()
  await serve.close(30_000)
  expect(performance.now() - before).toBeLessThan(10_000)
  agent.destroy()
})

test('a stream on a kept connection ends the connection with it', async () => {
  const { serve } = await startedServe({ env: env() })
  const agent = new Agent({ keepAlive: true })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test' }
  const options = { method: 'POST', headers, agent }
  const response = await new Promise<import('node:http').IncomingMessage>((resolve) => {
    request(`${serve.gateway.url}/v1/chat/completions`, options, resolve).end(
      JSON.stringify({ ...question, stream: true }),
    )
  })
  const closing = serve.close(25_000)
  let text = ''
  for await (const chunk of response) text += String(chunk)
  expect(text).toContain('[DONE]')
  const before = performance.now()
  await closing
  expect(performance.now() - before).toBeLessThan(10_000)
  agent.destroy()
})
