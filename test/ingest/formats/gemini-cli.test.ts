import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { geminiCli } from '../../../src/ingest/formats/gemini-cli.ts'

const session = {
  sessionId: 'gem-1',
  projectHash: '5e1f',
  startTime: '2026-08-01T09:59:00.000Z',
  lastUpdated: '2026-08-01T10:00:00.000Z',
  kind: 'main',
}
const tokens = { input: 900, output: 50, cached: 300, thoughts: 40, tool: 10, total: 1000 }
const message = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  timestamp: '2026-08-01T10:00:00.000Z',
  type: 'gemini',
  content: 'Hello',
  model: 'gemini-3.6-flash',
  tokens,
  ...more,
})
const asked = { id: 'u1', timestamp: '2026-08-01T09:59:58.000Z', type: 'user', content: 'Hi' }

function readAll(records: readonly JsonObject[]) {
  const reader = geminiCli.start({ path: 'session.jsonl' })
  const readings = records.map((record) => reader.read(record))
  return { readings, requests: reader.end?.() ?? [] }
}

const expected = {
  id: 'g1',
  at: Date.UTC(2026, 7, 1, 10),
  provider: 'google',
  model: 'gemini-3.6-flash',
  operation: 'chat',
  status: 'ok',
  session: 'gem-1',
  feature: '5e1f',
  answer: { text: 'Hello', finishReason: 'stop' },
  usage: {
    inputTokens: 610,
    cacheReadTokens: 300,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: 90,
    reasoningTokens: 40,
  },
}

it('adds tool tokens to the input and thoughts to the output', () => {
  const { readings, requests } = readAll([session, asked, message('g1')])
  expect(requests).toEqual([expected])
  expect(readings).toEqual([{ ignored: 'session' }, { ignored: 'user-message' }, []])
})

it('reads a whole session document the same', () => {
  const document = { ...session, messages: [asked, message('g1')] }
  expect(readAll([document]).requests).toEqual([expected])
})

it('lets a later line of the same id replace the earlier one', () => {
  const first = message('g1', { tokens: { ...tokens, output: 900 }, content: 'Hel' })
  const { requests } = readAll([session, first, message('g1')])
  expect(requests).toEqual([expected])
})

it('waits for the counts of a message that is first written without', () => {
  const { readings, requests } = readAll([session, message('g1', { tokens: null }), message('g1')])
  expect(readings[1]).toEqual({ ignored: 'no-usage' })
  expect(requests).toEqual([expected])
})

it('follows $set, and keeps on the bill what $rewindTo takes out', () => {
  const { readings, requests } = readAll([
    session,
    message('g1'),
    { $rewindTo: 'g1' },
    { $set: { lastUpdated: '2026-08-01T11:00:00.000Z' } },
    { $set: { messages: [message('g1'), message('g2')] } },
  ])
  expect(readings.slice(2, 4)).toEqual([{ ignored: 'rewind' }, { ignored: 'set' }])
  expect(requests.map((request) => request.id)).toEqual(['g1', 'g2'])
})

it('names the role of a sub-agent and its tool calls', () => {
  const call = { id: 't1', name: 'read_file', args: { path: 'a' }, status: 'success', result: [] }
  const { requests } = readAll([
    { ...session, kind: 'subagent' },
    message('g1', { content: [{ text: 'Reading' }], toolCalls: [call] }),
  ])
  expect(requests[0]).toMatchObject({
    agentRole: 'subagent',
    answer: {
      text: 'Reading',
      finishReason: 'tool',
      toolCalls: [{ id: 't1', name: 'read_file', args: { path: 'a' } }],
    },
  })
})

it('rejects what it cannot read', () => {
  const reader = geminiCli.start({ path: 'x' })
  expect(reader.read(message('g1', { model: '' }))).toEqual({ rejected: 'no-model' })
  expect(reader.read(message('g1', { tokens: { ...tokens, cached: 5000 } }))).toEqual({
    rejected: 'cached-exceeds-input',
  })
  expect(reader.read({ model: 'gemini' })).toEqual({ rejected: 'not-a-session-row' })
})

it('recognises sessions only', () => {
  expect(geminiCli.recognise([session, asked, message('g1')], 'x')).toBe(1)
  expect(geminiCli.recognise([{ type: 'user', sessionId: 's', uuid: 'u' }], 'x')).toBe(0)
  expect(geminiCli.recognise([{ v: 1, id: 'a', model: 'gemini' }], 'x')).toBe(0)
})
