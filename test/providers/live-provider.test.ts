import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, test } from 'vitest'
import { dialectOf } from '../../src/dialects/dialects.ts'
import { type Call, type DialectName, dialectNames, type Loss } from '../../src/domain/call.ts'
import { type FaultKind, maybeBilledFaults } from '../../src/domain/fault.ts'
import { type CallLimits, noCallLimits, type ProviderAnswer } from '../../src/domain/provider.ts'
import type { Part } from '../../src/domain/reply.ts'
import type { Clock } from '../../src/providers/clock.ts'
import { openScrub } from '../../src/providers/keys.ts'
import { openLiveProvider } from '../../src/providers/live-provider.ts'
import { openTransport, type Transport } from '../../src/providers/transport.ts'
import { openUpstream } from '../../src/providers/upstream.ts'
import { plainCall } from './calls.ts'
import {
  chunk,
  head,
  lastChunk,
  type RawRequest,
  type RawServer,
  respond,
  startRawServer,
  streamHead,
} from './raw-server.ts'
import { openTestClock } from './test-clock.ts'
import { wireAnswers } from './wire-answers.ts'

const key = 'planted.key/of-the_provider'
const json = { 'content-type': 'application/json' }

let server: RawServer | undefined
let transport: Transport | undefined
afterEach(async () => {
  await transport?.close()
  await server?.close()
  server = undefined
  transport = undefined
})

type Asking = {
  readonly limits?: Partial<CallLimits>
  readonly signal?: AbortSignal
  readonly mostAnswerBytes?: number
  readonly call?: Partial<Call>
  readonly clock?: Clock
  readonly onPart?: (part: Part) => void
}

/** A provider that speaks a dialect with whoever answers at the address. */
async function open(
  dialect: DialectName,
  url: string,
  options: Pick<Asking, 'mostAnswerBytes' | 'clock'> = {},
) {
  // The servers here wait until their connections are closed.
  transport = await openTransport({}, { idleMs: 50 })
  const provider = { name: 'up', dialect, baseUrl: `${url}/v1`, apiKeyEnv: 'UP_KEY', models: [] }
  const losses: Loss[] = []
  const live = openLiveProvider({
    name: 'up',
    dialect: dialectOf(dialect),
    upstream: await openUpstream({ provider, key, transport }),
    scrub: openScrub([key]),
    onLoss: (loss) => losses.push(loss),
    ...options,
  })
  return { live, losses }
}

/** Asks once and tells what came of it; afterwards nothing is connected any more. */
async function ask(
  dialect: DialectName,
  streamed: boolean,
  answer: (socket: Socket, request: RawRequest) => void,
  { limits = {}, signal, call = {}, onPart, ...options }: Asking = {},
) {
  server = await startRawServer(answer)
  const { live, losses } = await open(dialect, server.url, options)
  const parts: Part[] = []
  const result = await live.ask(
    { ...plainCall, ...call, streamed },
    {
      limits: { ...noCallLimits, ...limits },
      signal,
      onPart: (part) => {
        parts.push(part)
        onPart?.(part)
      },
    },
  )
  await server.idle()
  return { result, parts, losses, requests: server.requests }
}

function faultOf(result: ProviderAnswer) {
  if (result.kind === 'answered') throw new Error('an answer came')
  return result.fault
}

const bothWays = dialectNames.flatMap((dialect) => [
  { dialect, streamed: false },
  { dialect, streamed: true },
])

describe.each(bothWays)('$dialect, streamed: $streamed', ({ dialect, streamed }) => {
  const wire = wireAnswers[dialect]
  const started = Buffer.concat([streamHead, chunk(wire.start), chunk(wire.text)])
  const wholeText = JSON.stringify(wire.whole)
  const sound = streamed
    ? Buffer.concat([started, chunk(wire.finish), lastChunk])
    : respond(200, json, wholeText)
  /** The beginning of an answer that is never whole. */
  const begun = streamed
    ? started
    : Buffer.concat([head(200, { ...json, 'content-length': '100000' }), Buffer.from(wholeText)])

  it('gives the answer, its usage and its times, after one request', async () => {
    const { result, parts, requests } = await ask(dialect, streamed, (socket) => socket.end(sound))
    expect(result).toMatchObject({
      kind: 'answered',
      reply: {
        model: 'small-2026',
        blocks: [{ kind: 'text', text: 'Paris is it.' }],
        finish: 'stop',
        usage: { inputTokens: 12, outputTokens: 4 },
      },
      firstTokenMs: streamed ? expect.any(Number) : null,
    })
    expect(result.latencyMs).toBeGreaterThanOrEqual(result.firstTokenMs ?? 0)
    expect(requests).toHaveLength(1)
    const kinds = parts.map(({ kind }) => kind)
    expect(kinds).toEqual(streamed ? ['start', 'text', 'text', 'finish'] : [])
  })

  it('sends the body of the dialect and one key, and nothing of the environment', async () => {
    const { requests } = await ask(dialect, streamed, (socket) => socket.end(sound))
    const { head: line, headers, body } = requests[0] ?? { head: '', headers: {}, body: '{}' }
    expect(line).toBe(`POST /v1${dialectOf(dialect).path} HTTP/1.1`)
    expect(JSON.parse(body)).toMatchObject({ model: 'small' })
    expect(body).toContain('What is the capital of France?')
    expect(JSON.parse(body).stream ?? false).toBe(streamed)
    const holding = Object.entries(headers).filter(([, value]) => value.includes(key))
    expect(holding).toEqual([
      dialect === 'anthropic-messages' ? ['x-api-key', key] : ['authorization', `Bearer ${key}`],
    ])
    expect(Object.keys(headers).filter((name) => /openai|stainless/.test(name))).toEqual([])
  })

  it('reads a compressed answer', async () => {
    const headers = { ...json, 'content-encoding': 'gzip' }
    const events = wire.start + wire.text + wire.finish
    const body = streamed
      ? respond(200, { ...headers, 'content-type': 'text/event-stream' }, gzipSync(events))
      : respond(200, headers, gzipSync(wholeText))
    const { result } = await ask(dialect, streamed, (socket) => socket.end(body))
    expect(result).toMatchObject({ reply: { blocks: [{ text: 'Paris is it.' }] } })
  })

  const reset = (socket: Socket, bytes?: Buffer) => {
    if (bytes === undefined) socket.resetAndDestroy()
    else socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy()))
  }
  const error = (status: number, type: string, headers = {}) =>
    respond(
      status,
      { ...json, ...headers },
      JSON.stringify({ type: 'error', error: { type, message: `it is ${type}` } }),
    )
  const page = '<!doctype html><title>Sign in</title><body>Please sign in</body>'
  const gzip = { 'content-encoding': 'gzip', 'content-type': 'text/event-stream' }
  const type = { 'content-type': streamed ? 'text/event-stream' : 'application/json' }

  const failures: readonly (readonly [string, FaultKind, (socket: Socket) => unknown])[] = [
    ['a reset before the headers', 'reset', (socket) => reset(socket)],
    ['a close before the headers', 'reset', (socket) => socket.end()],
    ['a reset in the middle', 'reset', (socket) => reset(socket, begun)],
    ['a close in the middle', 'reset', (socket) => socket.end(begun)],
    ['a rate limit', 'rate-limit', (socket) => socket.end(error(429, 'rate_limit_error'))],
    ['a server error', 'server', (socket) => socket.end(error(500, 'api_error'))],
    ['a page with a server error', 'server', (socket) => socket.end(respond(502, {}, page))],
    ['an overload', 'overloaded', (socket) => socket.end(error(529, 'overloaded_error'))],
    ['a wrong key', 'authentication', (socket) => socket.end(error(401, 'authentication_error'))],
    [
      'a reset in an error',
      'server',
      (socket) => reset(socket, error(500, 'api_error').subarray(0, -20)),
    ],
    [
      'a page',
      'malformed',
      (socket) => socket.end(respond(200, { 'content-type': 'text/html' }, page)),
    ],
    ['no JSON', 'malformed', (socket) => socket.end(respond(200, type, 'data: {"id": \n\n'))],
    ['another JSON', 'malformed', (socket) => socket.end(respond(200, json, '{"ok":true}'))],
    [
      'an empty answer',
      streamed ? 'cut-off' : 'malformed',
      (socket) => socket.end(respond(200, type, '')),
    ],
    ['no HTTP', 'malformed', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['an unknown status', 'server', (socket) => socket.end(respond(999, json, wholeText))],
    [
      'no compression',
      'malformed',
      (socket) => socket.end(respond(200, { ...type, ...gzip }, 'plain')),
    ],
    [
      'a redirect',
      'not-found',
      (socket) => socket.end(respond(307, { location: '/v1/elsewhere' }, '')),
    ],
    [
      'a cut compression',
      streamed ? 'cut-off' : 'malformed',
      (socket) =>
        socket.end(respond(200, { ...gzip, ...type }, gzipSync(wholeText).subarray(0, 60))),
    ],
  ]
  test.each(failures)('%s is a fault: %s, after one request', async (_, kind, answer) => {
    const { result, requests, parts } = await ask(dialect, streamed, answer)
    expect(result).toMatchObject({ kind: 'failed', fault: { kind } })
    expect(faultOf(result).message).toMatch(/\S/)
    expect(requests).toHaveLength(1)
    expect(parts.filter((part) => part.kind === 'finish')).toEqual([])
  })

  it('is unreachable where nobody listens', async () => {
    server = await startRawServer(() => {})
    const { url } = server
    await server.close()
    server = undefined
    const { live } = await open(dialect, url)
    const result = await live.ask({ ...plainCall, streamed }, { limits: noCallLimits })
    expect(result).toMatchObject({ kind: 'failed', fault: { kind: 'unreachable' }, partial: null })
  })

  test.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after-ms': '1500' }, 1500],
    [
      {
        date: 'Wed, 21 Oct 2026 07:28:00 GMT',
        'retry-after': 'Wed, 21 Oct 2026 07:28:09 GMT',
      },
      9000,
    ],
    [{}, null],
  ])('reads how long to wait: %j', async (headers, retryAfterMs) => {
    const answer = error(429, 'rate_limit_error', headers)
    const { result } = await ask(dialect, streamed, (socket) => socket.end(answer))
    expect(faultOf(result)).toMatchObject({ kind: 'rate-limit', status: 429, retryAfterMs })
  })

  it('waits no longer than the limit for a server that says nothing', async () => {
    const limits = [{ totalMs: 30 }, { idleMs: 30 }, ...(streamed ? [{ firstTokenMs: 30 }] : [])]
    for (const limit of limits) {
      const clock = openTestClock()
      const { result, requests } = await ask(dialect, streamed, () => clock.advance(30), {
        limits: limit,
        clock,
      })
      expect(faultOf(result)).toMatchObject({
        kind: 'timeout',
        message: /30 ms/,
        limit: Object.keys(limit)[0],
      })
      expect(requests).toHaveLength(1)
      await server?.close()
    }
  })

  it('waits no longer than the limit for an answer that stalls', async () => {
    const stall = (socket: Socket) => socket.write(begun)
    const { result } = await ask(dialect, streamed, stall, { limits: { idleMs: 30 } })
    expect(result).toMatchObject({ kind: 'failed', fault: { kind: 'timeout' } })
  })

  /** Writes as fast as it is read, until the connection closes. */
  const flood = (first: Buffer, more: Buffer) => (socket: Socket) => {
    const write = (): void => {
      while (socket.writable && socket.write(more));
    }
    socket.on('drain', write)
    socket.write(first)
    write()
  }
  const delta = wire.text.split('\n\n').at(-2)
  const endless = streamed
    ? flood(started, chunk(`${delta}\n\n`))
    : flood(head(200, { ...json, 'transfer-encoding': 'chunked' }), chunk(' '.repeat(1000)))

  it('ends an answer without end, by time and by size', async () => {
    const late = await ask(dialect, streamed, endless, { limits: { totalMs: 100 } })
    expect(faultOf(late.result).kind).toBe('timeout')
    await server?.close()
    const large = await ask(dialect, streamed, endless, { mostAnswerBytes: 200_000 })
    expect(faultOf(large.result)).toMatchObject({ kind: 'too-large', message: /200000 bytes/ })
    expect(large.requests).toHaveLength(1)
    expect(maybeBilledFaults).toContain('too-large')
  })

  it('counts the size after decompression', async () => {
    const bomb = gzipSync(' '.repeat(1_000_000))
    const answer = respond(200, { ...type, 'content-encoding': 'gzip' }, bomb)
    const { result } = await ask(dialect, streamed, (socket) => socket.end(answer), {
      mostAnswerBytes: 100_000,
    })
    expect(faultOf(result).kind).toBe('too-large')
  })

  it('ends when the caller goes: before, while waiting, and in the middle', async () => {
    const before = await ask(dialect, streamed, () => {}, { signal: AbortSignal.abort() })
    expect(faultOf(before.result).kind).toBe('cancelled')
    expect(before.requests).toHaveLength(0)
    await server?.close()

    for (const bytes of [Buffer.alloc(0), begun]) {
      const controller = new AbortController()
      const leave = (socket: Socket) => {
        socket.write(bytes)
        setImmediate(() => controller.abort())
      }
      const { result, requests } = await ask(dialect, streamed, leave, {
        signal: controller.signal,
      })
      expect(faultOf(result).kind).toBe('cancelled')
      expect(requests).toHaveLength(1)
      await server?.close()
    }
  })

  it('shows no key that an upstream repeats, in the body or in a header', async () => {
    const said = `you sent ${key} and sk-proj-${'a1'.repeat(12)}; ${'x'.repeat(460)} ${key}`
    const answers = [
      error(401, said, { 'x-request-id': key, 'retry-after': key }),
      respond(403, { 'content-type': 'text/plain' }, said),
      respond(200, json, JSON.stringify({ type: 'error', error: { type: 'x', message: said } })),
      respond(200, { 'content-type': `text/${key}` }, said),
    ]
    for (const answer of answers) {
      const { result } = await ask(dialect, streamed, (socket) => socket.end(answer))
      const shown = JSON.stringify(result)
      expect(shown).not.toContain(key.slice(0, 10))
      expect(shown).not.toContain('a1a1a1')
      await server?.close()
    }
  })
})

describe.each(dialectNames)('a stream of %s', (dialect) => {
  const wire = wireAnswers[dialect]
  const started = Buffer.concat([streamHead, chunk(wire.start), chunk(wire.text)])

  /** Nothing more comes for so long after the first text. */
  const stalling = (ms: number, limits: Partial<CallLimits>): Asking => {
    const clock = openTestClock()
    const onPart = ({ kind }: Part) => {
      if (kind === 'text') setImmediate(() => clock.advance(ms))
    }
    return { limits, clock, onPart }
  }

  it('that breaks keeps what had come, with the usage known by then', async () => {
    const breaks: readonly [FaultKind, (socket: Socket) => unknown, Asking][] = [
      ['reset', (socket) => socket.end(started), {}],
      ['cut-off', (socket) => socket.end(Buffer.concat([started, lastChunk])), {}],
      ['timeout', (socket) => socket.write(started), stalling(30, { idleMs: 30 })],
      ['malformed', (socket) => socket.write(Buffer.concat([started, chunk('data: {"\n\n')])), {}],
    ]
    for (const [kind, answer, asking] of breaks) {
      const { result, parts } = await ask(dialect, true, answer, asking)
      expect(result).toMatchObject({ kind: 'failed', fault: { kind } })
      if (result.kind === 'answered') throw new Error('unreachable')
      expect(result.partial?.blocks).toEqual([{ kind: 'text', text: 'Paris' }])
      if (wire.usageAtText === null) expect(result.partial?.usage).toBeNull()
      else expect(result.partial?.usage).toMatchObject(wire.usageAtText)
      expect(result.firstTokenMs).not.toBeNull()
      expect(parts.at(-1)).toMatchObject({ kind: 'error', fault: { kind } })
      await server?.close()
    }
  })

  it('has no limit to the first content once that has come', async () => {
    const answer = (socket: Socket) => {
      socket.write(Buffer.concat([streamHead, chunk(wire.start)]))
    }
    const slow = await ask(dialect, true, answer, { limits: { firstTokenMs: 40 } })
    expect(faultOf(slow.result)).toMatchObject({ kind: 'timeout', message: /no content/ })
    await server?.close()
    const stalls = (socket: Socket) => socket.write(started)
    const limits = { firstTokenMs: 40, totalMs: 120 }
    const stalled = await ask(dialect, true, stalls, stalling(120, limits))
    expect(faultOf(stalled.result).message).toMatch(/no whole answer/)
  })

  it('tells an error that comes as an event, without the key', async () => {
    const data = JSON.stringify({
      type: 'error',
      error: { type: 'overloaded_error', message: `Overloaded, ${key}` },
    })
    const answer = Buffer.concat([started, chunk(`event: error\ndata: ${data}\n\n`)])
    const { result, parts } = await ask(dialect, true, (socket) => socket.write(answer))
    expect(result).toMatchObject({ fault: { kind: 'overloaded' }, partial: { blocks: [{}] } })
    expect(JSON.stringify([result, parts])).not.toContain(key)
  })

  it('ends with its last event, though the server goes on to hold the connection', async () => {
    const answer = Buffer.concat([started, chunk(wire.finish)])
    const { result } = await ask(dialect, true, (socket) => socket.write(answer))
    expect(result).toMatchObject({ kind: 'answered' })
  })
})

it('keeps the usage of a response that failed in one piece', async () => {
  const body = {
    ...wireAnswers['openai-responses'].whole,
    status: 'failed',
    error: { code: 'rate_limit_exceeded', message: 'slow down' },
    output: [],
  }
  const answer = respond(200, json, JSON.stringify(body))
  const { result } = await ask('openai-responses', false, (socket) => socket.end(answer))
  expect(result).toMatchObject({
    kind: 'failed',
    fault: { kind: 'rate-limit', message: 'slow down' },
    partial: { usage: { inputTokens: 12, outputTokens: 4 } },
  })
})

describe('what a dialect cannot say', () => {
  const sound = (socket: Socket) =>
    socket.end(respond(200, json, JSON.stringify(wireAnswers['anthropic-messages'].whole)))

  it('is told where the answer goes without it', async () => {
    const { result, losses } = await ask('anthropic-messages', false, sound, { call: { seed: 7 } })
    expect(result.kind).toBe('answered')
    expect(losses).toEqual([expect.objectContaining({ level: 'warned', field: 'seed' })])
  })

  it('is refused by name where the answer would be another, and not asked', async () => {
    const call = { more: { logit_bias: { 50256: -100 } } }
    const { result, requests } = await ask('anthropic-messages', false, sound, { call })
    expect(faultOf(result)).toMatchObject({ kind: 'bad-request', message: /logit_bias/ })
    expect(requests).toHaveLength(0)
  })
})
