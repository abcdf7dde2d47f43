import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { claudeCodeOtel } from '../../../src/ingest/formats/claude-code-otel.ts'

const read = (record: JsonObject) => claudeCodeOtel.start({ path: 'events.jsonl' }).read(record)

const attributes = {
  'event.name': 'api_request',
  'event.timestamp': '2026-08-01T10:00:03.000Z',
  'event.sequence': 7,
  'session.id': 's-1',
  'prompt.id': 'p-1',
  'user.email': 'ada@example.com',
  'user.id': 'f00d',
  'organization.id': 'org-1',
  model: 'claude-sonnet-4-5-20250929',
  cost_usd: '0.0125',
  duration_ms: '2400',
  input_tokens: '12',
  output_tokens: '240',
  cache_read_tokens: '21000',
  cache_creation_tokens: '700',
  request_id: 'req_1',
}

const expected = {
  id: 'req_1',
  at: Date.UTC(2026, 7, 1, 10, 0, 3),
  provider: 'anthropic',
  model: 'claude-sonnet-4-5-20250929',
  operation: 'chat',
  status: 'ok',
  user: 'ada@example.com',
  session: 's-1',
  trace: 'p-1',
  namespace: 'org-1',
  latencyMs: 2400,
  usage: {
    inputTokens: 12,
    cacheReadTokens: 21_000,
    cacheWrite5mTokens: 700,
    cacheWrite1hTokens: 0,
    outputTokens: 240,
    reasoningTokens: 0,
  },
  loggedCostNanoUsd: 12_500_000,
}

const otlpAttributes = (values: JsonObject) =>
  Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: String(value) } }))

const otlp = (logs: readonly JsonObject[]): JsonObject => ({
  resourceLogs: [
    {
      resource: {
        attributes: otlpAttributes({ 'service.name': 'claude-code', department: 'platform' }),
      },
      scopeLogs: [{ scope: { name: 'com.anthropic.claude_code.events' }, logRecords: [...logs] }],
    },
  ],
})

it('reads a flat event, whose numbers are text', () => {
  expect(read(attributes)).toEqual(expected)
})

it('reads an event with its attributes apart', () => {
  expect(read({ body: 'claude_code.api_request', attributes })).toEqual(expected)
})

it('reads every api_request of an OTLP batch and passes over other events', () => {
  const log = {
    timeUnixNano: '1785578403000000000',
    body: { stringValue: 'claude_code.api_request' },
  }
  const prompt = { attributes: otlpAttributes({ 'event.name': 'user_prompt' }) }
  const second = { ...attributes, request_id: 'req_2' }
  const batch = otlp([
    { ...log, attributes: otlpAttributes(attributes) },
    prompt,
    { ...log, attributes: otlpAttributes(second) },
  ])
  expect(read(batch)).toMatchObject([
    { ...expected, team: 'platform' },
    { id: 'req_2', usage: expected.usage },
  ])
})

it('takes the time in nanoseconds where the event states none itself', () => {
  const { 'event.timestamp': _, ...rest } = attributes
  const batch = otlp([{ timeUnixNano: '1785578403000000000', attributes: otlpAttributes(rest) }])
  expect(read(batch)).toMatchObject({ at: 1785578403000 })
})

it('names a request without an id by its place in the session', () => {
  const { request_id: _, ...rest } = attributes
  expect(read(rest)).toMatchObject({ id: 's-1:7' })
})

it('ignores other events', () => {
  expect(read({ ...attributes, 'event.name': 'tool_result' })).toEqual({ ignored: 'tool-result' })
  expect(read(otlp([]))).toEqual({ ignored: 'no-api-request' })
})

it('is recognised, and only it', () => {
  const log = { body: { stringValue: 'claude_code.api_request' }, attributes: [] }
  expect(claudeCodeOtel.recognise([attributes, otlp([log])], 'x')).toBe(1)
  expect(claudeCodeOtel.recognise([{ resourceSpans: [] }], 'x')).toBe(0)
  expect(claudeCodeOtel.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(claudeCodeOtel.recognise([{ request: {}, response: {} }], 'x')).toBe(0)
})
