import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/domain/user-error.ts'
import { type OtlpSettings, readOtlpSettings } from '../../src/serve/otlp-settings.ts'
import type { OtlpSpan } from '../../src/serve/otlp-spans.ts'
import { openOtlpTrace, type PostSpans } from '../../src/serve/otlp-trace.ts'
import { attempt, missed, nano, servedOf, usageOf } from '../support/served.ts'

const settings: OtlpSettings = {
  url: 'http://127.0.0.1:4318/v1/traces',
  headers: { 'x-tenant': 'a' },
  timeoutMs: 1000,
  resource: { 'service.name': 'llmcost', 'deployment.environment.name': 'test' },
  wantsContent: false,
}

type Post = Parameters<PostSpans>[0]

/** An exporter, and what it posted; `answers` are the statuses, 200 after the last. */
function open(
  answers: readonly (number | Error)[] = [],
  parts: Partial<Parameters<typeof openOtlpTrace>[0]> = {},
) {
  const posts: Post[] = []
  const post: PostSpans = async (each) => {
    const answer = answers[posts.length] ?? 200
    posts.push(each)
    if (answer instanceof Error) throw answer
    return answer
  }
  const trace = openOtlpTrace({ settings, post, version: '1.2.3', isContentFull: true, ...parts })
  const spans = () =>
    posts.flatMap(({ body }) => {
      const { resourceSpans } = JSON.parse(body)
      return resourceSpans[0].scopeSpans[0].spans as readonly OtlpSpan[]
    })
  return { trace, posts, spans }
}

const attributes = (span: OtlpSpan | undefined) =>
  Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0] as unknown]),
  )

const escalated = servedOf({
  request: {
    requestedModel: 'gpt-4o',
    model: 'gpt-4o-2024-08-06',
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    responseId: 'chatcmpl-1',
    prompt: { system: 'Be kind.', messages: [{ role: 'user', content: 'What is my pension?' }] },
    answer: { text: 'A secret', finishReason: 'stop' },
  },
  receipt: {
    id: 'req_7',
    at: 1_793_430_000_000.25,
    steps: [
      missed('exact'),
      { kind: 'route', route: 'all', targets: ['openai:gpt-4o-mini', 'openai:gpt-4o'] },
      attempt({
        target: 'openai:gpt-4o-mini',
        outcome: 'rejected',
        reason: 'hedge',
        latencyMs: 300,
      }),
      { kind: 'validate', verdict: 'fail', costNanoUsd: nano(0), latencyMs: 2 },
      attempt({ target: 'openai:gpt-4o', usage: usageOf(900, 60), latencyMs: 500 }),
    ],
    costNanoUsd: nano(0.009),
    latencyMs: 803,
  },
  served: { baselineNanoUsd: nano(0.0045) },
})

describe('a request as a trace', () => {
  test('has one span of the gateway and under it one for each step that took time', async () => {
    const { trace, posts, spans } = open()
    trace.add(escalated)
    await trace.close()
    expect(posts).toHaveLength(1)
    expect(posts[0]?.headers).toEqual({ 'x-tenant': 'a', 'content-type': 'application/json' })
    const [root, ...steps] = spans()
    expect(steps.map(({ name, kind }) => [name, kind])).toEqual([
      ['chat gpt-4o-mini', 3],
      ['validate', 1],
      ['chat gpt-4o', 3],
    ])
    expect(root).toMatchObject({ name: 'POST /v1/chat/completions', kind: 2, status: {} })
    expect(root?.parentSpanId).toBeUndefined()
    for (const span of spans()) {
      expect(span.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/)
    }
    expect(new Set(steps.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]))
    expect(new Set(spans().map(({ spanId }) => spanId)).size).toBe(4)
  })

  test('times follow one another inside the request, in nanoseconds as text', async () => {
    const { trace, spans } = open()
    trace.add(escalated)
    await trace.close()
    const nanos = spans().map(({ startTimeUnixNano, endTimeUnixNano }) => [
      BigInt(startTimeUnixNano) - 1_793_430_000_000_250_000n,
      BigInt(endTimeUnixNano) - 1_793_430_000_000_250_000n,
    ])
    const ms = 1_000_000n
    expect(nanos).toEqual([
      [0n, 803n * ms],
      [0n, 300n * ms],
      [300n * ms, 302n * ms],
      [302n * ms, 802n * ms],
    ])
  })

  test('tokens stand on the calls alone, with the names of the GenAI conventions', async () => {
    const { trace, spans } = open()
    trace.add(escalated)
    await trace.close()
    const [root, , , strong] = spans()
    expect(attributes(strong)).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': { values: [{ stringValue: 'stop' }] },
      'gen_ai.usage.input_tokens': '900',
      'gen_ai.usage.output_tokens': '60',
    })
    expect(Object.keys(attributes(root)).filter((key) => key.startsWith('gen_ai.'))).toEqual([])
    expect(attributes(root)).toMatchObject({
      'llmcost.outcome': 'answered',
      'llmcost.cache': 'miss',
      'llmcost.route': 'all',
      'llmcost.attempts': '2',
      'llmcost.cost_usd': 0.009,
      'llmcost.saved_usd': -0.0045,
    })
  })

  test('holds no text unless it is kept in full and asked for', async () => {
    const wanting = { ...settings, wantsContent: true }
    const bodies = async (parts: Parameters<typeof open>[1]) => {
      const { trace, posts } = open([], parts)
      trace.add(escalated)
      await trace.close()
      return posts.map(({ body }) => body).join('')
    }
    for (const text of [
      await bodies({}),
      await bodies({ settings: wanting, isContentFull: false }),
    ]) {
      expect(text).not.toContain('pension')
      expect(text).not.toContain('secret')
      expect(text).not.toContain('kind.')
    }
    const { trace, spans } = open([], { settings: wanting })
    trace.add(escalated)
    await trace.close()
    const [, cheap, , strong] = spans()
    expect(attributes(cheap)).not.toHaveProperty('gen_ai.input.messages')
    expect(JSON.parse(String(attributes(strong)['gen_ai.input.messages']))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'What is my pension?' }] },
    ])
    expect(attributes(strong)['gen_ai.output.messages']).toContain('A secret')
  })

  test('a failure is an error of a known type, whatever the provider said', async () => {
    const { trace, spans } = open()
    const reason = 'server: you asked "what is my pension?"'
    const steps = [attempt({ outcome: 'failed', reason })]
    trace.add(servedOf({ receipt: { outcome: 'failed', steps }, served: { statusCode: 502 } }))
    await trace.close()
    const [root, call] = spans()
    expect(root?.status).toEqual({ code: 2, message: 'failed' })
    expect(call?.status).toEqual({ code: 2, message: 'server' })
    expect(JSON.stringify(spans())).not.toContain('pension')
  })

  test('requests of one trace share its id, others have their own', async () => {
    const { trace, spans } = open()
    for (const [id, name] of [
      ['a', 'order 7'],
      ['b', 'order 7'],
      ['c', undefined],
    ] as const)
      trace.add(servedOf({ receipt: { id, steps: [] }, ...(name && { request: { trace: name } }) }))
    await trace.close()
    const [a, b, c] = spans().map(({ traceId }) => traceId)
    expect(a).toMatch(/^[0-9a-f]{32}$/)
    expect(b).toBe(a)
    expect(c).not.toBe(a)
  })
})

describe('a receiver that does not take them', () => {
  const one = servedOf({ receipt: { steps: [] } })

  test('is asked once more at the next flush, then the batch is dropped and counted', async () => {
    const { trace, posts } = open([503, new Error('nobody listens')])
    trace.add(one)
    await trace.flush()
    expect(trace.counts()).toEqual({ queued: 1, sent: 0, dropped: 0 })
    await trace.flush()
    expect(trace.counts()).toEqual({ queued: 0, sent: 0, dropped: 1 })
    trace.add(one)
    await trace.flush()
    expect(trace.counts()).toEqual({ queued: 0, sent: 1, dropped: 1 })
    expect(posts).toHaveLength(3)
    await trace.close()
  })

  test('is not asked again where that is no use', async () => {
    const { trace } = open([400])
    trace.add(one)
    await trace.flush()
    expect(trace.counts()).toEqual({ queued: 0, sent: 0, dropped: 1 })
    await trace.close()
  })

  test('never makes the queue grow beyond its end', async () => {
    const waiting: (() => void)[] = []
    const post = () => new Promise<number>((resolve) => waiting.push(() => resolve(200)))
    const { trace } = open([], { post })
    for (let index = 0; index < 5000; index++) trace.add(one)
    const { queued, dropped } = trace.counts()
    expect(queued).toBe(2048)
    expect(dropped).toBe(5000 - 512 - 2048)
    const closed = trace.close()
    while (trace.counts().sent < 512 + 2048) {
      for (const answer of waiting.splice(0)) answer()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await closed
  })

  test('a full batch goes out without waiting for the clock', async () => {
    const { trace, posts } = open([], { everyMs: 1_000_000 })
    for (let index = 0; index < 512; index++) trace.add(one)
    await trace.flush()
    expect(posts).toHaveLength(1)
    await trace.close()
    trace.add(one)
    expect(trace.counts()).toMatchObject({ queued: 0, sent: 512 })
  })
})

describe('the variables of OpenTelemetry', () => {
  test.each([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/otel/' }, 'http://c:4318/otel/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/in' }, 'https://c/in'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, null],
  ])('%j name %s', (env, url) => {
    expect(readOtlpSettings(env)?.url ?? null).toBe(url)
  })

  test('headers, names and limits are read as the specification has them', () => {
    const read = readOtlpSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YWJj, x-a = 1,broken',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_RESOURCE_ATTRIBUTES: 'team=search,service.name=other',
      OTEL_SERVICE_NAME: 'gateway',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    })
    expect(read).toMatchObject({
      headers: { authorization: 'Basic YWJj', 'x-a': '1' },
      timeoutMs: 2500,
      resource: { 'service.name': 'gateway', team: 'search' },
      wantsContent: true,
    })
  })

  test.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  ])('%j is refused with what to do instead', (env) => {
    expect(() => readOtlpSettings(env)).toThrow(UserError)
  })
})
