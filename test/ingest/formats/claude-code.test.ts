import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { claudeCode } from '../../../src/ingest/formats/claude-code.ts'

const path = '/home/ada/.claude/projects/-home-ada-ledger-api/0b7e.jsonl'
const read = (record: JsonObject, at = path) => claudeCode.start({ path: at }).read(record)

const usage = {
  input_tokens: 12,
  cache_creation_input_tokens: 700,
  cache_read_input_tokens: 21_000,
  cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 200 },
  output_tokens: 240,
  service_tier: 'standard',
  speed: 'standard',
  inference_geo: 'global',
}
const message = {
  id: 'msg_01A',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'The total is off by one.' }],
  stop_reason: 'end_turn',
  usage,
}
const row = {
  parentUuid: null,
  isSidechain: false,
  userType: 'external',
  cwd: '/home/ada/ledger-api',
  sessionId: 's-1',
  version: '2.1.0',
  type: 'assistant',
  uuid: 'u-1',
  timestamp: '2026-08-01T10:00:00.250Z',
  requestId: 'req_1',
  message,
}

it('reads an assistant row with its disjoint usage', () => {
  expect(read({ ...row, costUSD: 0.0125 })).toEqual({
    id: 'msg_01A',
    responseId: 'msg_01A',
    variant: 'req_1',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 250),
    provider: 'anthropic',
    model: 'claude-sonnet-4-5-20250929',
    operation: 'chat',
    status: 'ok',
    session: 's-1',
    feature: 'ledger-api',
    usage: {
      inputTokens: 12,
      cacheReadTokens: 21_000,
      cacheWrite5mTokens: 500,
      cacheWrite1hTokens: 200,
      outputTokens: 240,
      reasoningTokens: 0,
    },
    answer: { finishReason: 'stop' },
    serviceTier: 'standard',
    speed: 'standard',
    inferenceGeo: 'global',
    loggedCostNanoUsd: 12_500_000,
  })
})

it('gives every row of a streamed answer the same id, so that the largest can win', () => {
  const first = read({ ...row, message: { ...message, usage: { ...usage, output_tokens: 3 } } })
  const last = read({ ...row, uuid: 'u-2' })
  expect([first, last]).toMatchObject([
    { id: 'msg_01A', variant: 'req_1', usage: { outputTokens: 3 } },
    { id: 'msg_01A', variant: 'req_1', usage: { outputTokens: 240 } },
  ])
})

it('marks a side chain as a possible replay', () => {
  expect(read({ ...row, isSidechain: true, requestId: 'req_2' })).toMatchObject({
    id: 'msg_01A',
    variant: 'req_2',
    replay: true,
  })
  expect(read(row)).not.toHaveProperty('replay')
})

it('reads rows of endpoints that send no request id', () => {
  const { requestId: _, ...rest } = row
  const other = { ...rest, message: { ...message, model: 'glm-4.6' } }
  const reading = read(other)
  expect(reading).toMatchObject({ id: 'msg_01A', model: 'glm-4.6' })
  expect(reading).not.toHaveProperty('variant')
  expect(reading).not.toHaveProperty('provider')
})

it('takes the row uuid where the message has no id', () => {
  const { id: _, ...anonymous } = message
  const reading = read({ ...row, message: anonymous })
  expect(reading).toMatchObject({ id: 'u-1' })
  expect(reading).not.toHaveProperty('responseId')
})

it('counts all cache writes as five minutes where the breakdown is missing', () => {
  const { cache_creation: _, ...flat } = usage
  expect(read({ ...row, message: { ...message, usage: flat } })).toMatchObject({
    usage: { cacheWrite5mTokens: 700, cacheWrite1hTokens: 0 },
  })
})

it('ignores the <synthetic> model', () => {
  expect(read({ ...row, message: { ...message, model: '<synthetic>' } })).toEqual({
    ignored: 'synthetic',
  })
})

it('reads agent_progress rows, which nest the answer under data.message', () => {
  const nested = {
    type: 'progress',
    sessionId: 's-1',
    cwd: '/home/ada/ledger-api',
    uuid: 'u-9',
    timestamp: '2026-08-01T10:00:05.000Z',
    data: {
      type: 'agent_progress',
      agentId: 'a1',
      message: {
        type: 'assistant',
        timestamp: '2026-08-01T10:00:04.000Z',
        requestId: 'req_7',
        message: { ...message, id: 'msg_01B', model: 'claude-haiku-4-5-20251001' },
      },
    },
  }
  expect(read(nested)).toMatchObject({
    id: 'msg_01B',
    variant: 'req_7',
    model: 'claude-haiku-4-5-20251001',
    session: 's-1',
    feature: 'ledger-api',
    at: Date.UTC(2026, 7, 1, 10, 0, 4),
  })
})

it.each([
  [{ type: 'user', sessionId: 's-1', uuid: 'u', message: { role: 'user', content: 'hi' } }],
  [{ type: 'file-history-snapshot', messageId: 'm', snapshot: {} }],
  [{ type: 'user', uuid: 'u', toolUseResult: { usage: { input_tokens: 5 } } }],
])('ignores rows that hold no answer', (record) => {
  expect(read(record)).toHaveProperty('ignored')
})

it('rejects negative counts', () => {
  const broken = { ...message, usage: { ...usage, output_tokens: -1 } }
  expect(read({ ...row, message: broken })).toEqual({ rejected: 'negative-tokens' })
})

it('names the project also when the row was written in a folder below it', () => {
  expect(read({ ...row, cwd: '/home/ada/ledger-api/src/db' })).toMatchObject({
    feature: 'ledger-api',
  })
})

it('names the project by the transcript directory when there is no cwd', () => {
  const { cwd: _, ...rest } = row
  expect(read(rest)).toMatchObject({ feature: '-home-ada-ledger-api' })
})

it('tells Bedrock and Vertex by the message id', () => {
  const of = (id: string) => read({ ...row, message: { ...message, id } })
  expect(of('msg_bdrk_01')).toMatchObject({ provider: 'aws' })
  expect(of('msg_vrtx_01')).toMatchObject({ provider: 'google' })
})

it('counts web searches as fees', () => {
  const searched = { ...usage, server_tool_use: { web_search_requests: 2 } }
  expect(read({ ...row, message: { ...message, usage: searched } })).toMatchObject({
    fees: { webSearches: 2 },
  })
})

it('is recognised, and only it', () => {
  const snapshot = { type: 'file-history-snapshot', messageId: 'm', snapshot: {} }
  expect(claudeCode.recognise([snapshot, row], path)).toBe(1)
  const pair = { request: { model: 'gpt-4o', messages: [] }, response: { id: 'chatcmpl-1' } }
  const canonical = { v: 1, model: 'gpt-4o', at: 1, usage: { inputTokens: 1 } }
  expect(claudeCode.recognise([pair], path)).toBe(0)
  expect(claudeCode.recognise([canonical], path)).toBe(0)
  expect(claudeCode.recognise([{ ...message }], path)).toBe(0)
})
