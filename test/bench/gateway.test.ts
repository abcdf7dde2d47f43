import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import { benchGateway } from './benches/gateway.ts'
import { AnswerReader } from './gateway/answer-reader.ts'
import { coresIn } from './gateway/cores.ts'
import { spreadOf } from './gateway/latencies.ts'
import { policyText } from './gateway/llmcost-subjects.ts'
import { type Load, runLoad } from './gateway/load.ts'
import { wordsIn } from './gateway/probe.ts'
import { answerBody, answerEvents, requestBody } from './gateway/wire.ts'
import { outcomeText } from './table.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Where a server of the test's own listens. */
async function routeTo(listener: RequestListener): Promise<Load['route']> {
  const server = createServer(listener)
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { host: '127.0.0.1', port, path: '/', headers: {}, body: requestBody(false) }
}

test.runIf(process.platform !== 'win32')(
  'the benchmark of gateways puts every load on the upstream and on bare proxies before it',
  async () => {
    const outcome = await benchGateway({ sizeBytes: undefined, runs: undefined, quick: true })
    const { sheets = [], targets } = outcome
    const loads = sheets.filter(({ columns }) => columns.some(({ key }) => key === 'perSecond'))
    expect(loads.map(({ title }) => title).slice(0, 5)).toEqual([
      'JSON, 1 connection',
      'JSON, 16 connections',
      'streams (SSE), 1 connection',
      'streams (SSE), 16 connections',
      'JSON, 600 requests a second whatever the answers take',
    ])
    for (const { title, rows } of loads.slice(0, 5)) {
      const floors = rows.filter(({ role }) => role === 'floor')
      expect(floors.length, title).toBe(3)
      for (const { values } of floors) {
        expect(values['perSecond']?.median, title).toBeGreaterThan(0)
        expect(values['p99']?.median, title).toBeGreaterThanOrEqual(values['p50']?.median as number)
      }
    }
    const processes = sheets.find(({ title }) => title === 'processes')
    expect(processes?.rows[0]?.values['start']?.median).toBeGreaterThan(0)
    expect(targets.every(({ met }) => met === null)).toBe(true)
    expect(outcomeText(outcome)).toMatch(/direct, JSON, 16 connections: at least 1.5 × the rate of/)
  },
  120_000,
)

describe('the load', () => {
  const brief = { warmUpMs: 0, measuredMs: 100, firstNumber: 7 }

  test('keeps as many requests under way as it has connections, each with its own number', async () => {
    const numbers: string[] = []
    let [underWay, most] = [0, 0]
    const route = await routeTo((request, response) => {
      most = Math.max(most, ++underWay)
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        numbers.push(/Order (\d{10}):/.exec(body)?.[1] ?? body)
        setTimeout(() => {
          underWay--
          response.end('{}')
        }, 5)
      })
    })
    const found = await runLoad({ route, pace: { kind: 'closed', connections: 4 }, ...brief })
    expect(most).toBe(4)
    expect(numbers).toContain('0000000007')
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(found).toMatchObject({ answered: numbers.length, failed: 0, keptPace: true })
    expect(found.nextNumber).toBe(7 + numbers.length)
  })

  test('tells failures from answers, and goes on after a lost connection', async () => {
    let asked = 0
    const route = await routeTo((request, response) => {
      request.resume()
      const turn = asked++ % 3
      if (turn === 0) response.end('{}')
      else if (turn === 1) response.writeHead(500).end('{}')
      else response.destroy()
    })
    const found = await runLoad({ route, pace: { kind: 'closed', connections: 1 }, ...brief })
    expect(found.answered).toBe(Math.ceil(asked / 3))
    expect(found.failed).toBe(asked - found.answered)
  })

  test('sends by the clock in an open loop, and says when the answers do not keep up', async () => {
    const steady = await routeTo((request, response) => {
      request.resume()
      response.end('{}')
    })
    const kept = await runLoad({ route: steady, pace: { kind: 'open', perSecond: 500 }, ...brief })
    expect(kept).toMatchObject({ answered: 50, keptPace: true })
    const silent = await routeTo((request) => request.resume())
    const lost = await runLoad({
      route: silent,
      pace: { kind: 'open', perSecond: 40_000 },
      ...brief,
    })
    expect(lost).toMatchObject({ answered: 0, latencyMs: null, keptPace: false })
  })
})

describe('the reader of answers', () => {
  const answers = Buffer.from(
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello' +
      'HTTP/1.1 500 Bad\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123\r\n\r\n01\r\n0\r\n\r\n' +
      'HTTP/1.1 204 No\r\ncontent-length: 0\r\n\r\n',
  )
  const told = (parts: readonly Buffer[]): readonly string[] => {
    const events: string[] = []
    const reader = new AnswerReader({
      begun: () => events.push('begun'),
      ended: (status) => events.push(String(status)),
    })
    for (const part of parts) reader.read(part)
    return events
  }

  test('finds where each ends, wherever the bytes are split', () => {
    const whole = ['begun', '200', 'begun', '500', '204']
    expect(told([answers])).toEqual(whole)
    expect(told([...answers].map((byte) => Buffer.from([byte])))).toEqual(whole)
    for (let at = 1; at < answers.length; at++)
      expect(told([answers.subarray(0, at), answers.subarray(at)])).toEqual(whole)
  })

  test('refuses what has no end', () => {
    expect(() => told([Buffer.from('HTTP/1.1 200 OK\r\n\r\n')])).toThrow('without an end')
    expect(() => told([Buffer.from('SSH-2.0\r\n\r\n')])).toThrow('no HTTP/1.1')
  })
})

test('percentiles are values that occurred', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, at) => 100 - at)
  expect(spreadOf(hundred)).toEqual({ p50: 50, p90: 90, p99: 99, max: 100 })
  expect(spreadOf(Float64Array.of(3))).toEqual({ p50: 3, p90: 3, p99: 3, max: 3 })
  expect(spreadOf(new Float64Array())).toBeNull()
})

test.each([
  ["pid 1's current affinity list: 0,1", [0, 1]],
  ["pid 1's current affinity list: 2,5-7", [2, 5, 6, 7]],
  ['', []],
])('cores in "%s"', (text, cores) => {
  expect(coresIn(text)).toEqual(cores)
})

test('the upstream says the same in one piece and as events', () => {
  const headers = {}
  const whole = wordsIn({ status: 200, headers, text: answerBody }, false)
  for (const chunks of [1, 8, 100])
    expect(wordsIn({ status: 200, headers, text: answerEvents(chunks).join('') }, true)).toBe(whole)
  for (const text of [answerBody, requestBody(false)]) {
    expect(text.length).toBeGreaterThan(500)
    expect(text.length).toBeLessThan(700)
  }
})

const policies = join(import.meta.dirname, 'gateway/policies')

test.each(readdirSync(policies))(
  'the policy %s keeps no question of the bench from caches',
  (file) => {
    const parsed = parsePolicy(policyText(file, 'http://127.0.0.1:1'))
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
    const { policy } = compilePolicy(parsed.policy)
    expect(policy.serve.providers[0]?.baseUrl).toBe('http://127.0.0.1:1/v1')
    const patterns = policy.cache.rules.flatMap(({ when }) => when.patterns ?? [])
    expect(patterns.length).toBeGreaterThan(0)
    const text = requestBody(false)
    expect(patterns.filter((pattern) => new RegExp(String(pattern), 'iu').test(text))).toEqual([])
  },
)
