import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Request } from '../../../src/domain/request.ts'
import { codex } from '../../../src/ingest/formats/codex.ts'
import { isReading } from '../../../src/ingest/reader.ts'

const time = (second: number, ms = 0) =>
  new Date(Date.UTC(2026, 7, 1, 10, 0, second, ms)).toISOString()

const meta = (more: JsonObject = {}, second = 0): JsonObject => ({
  timestamp: time(second),
  type: 'session_meta',
  payload: { id: 'cx-1', cwd: '/home/ada/shelves', model_provider: 'openai', ...more },
})
const turn = (model: string): JsonObject => ({
  timestamp: time(1),
  type: 'turn_context',
  payload: { cwd: '/home/ada/shelves', model },
})

type Counts = readonly [input: number, cached: number, output: number, reasoning: number]
const usage = ([input, cached, output, reasoning]: Counts): JsonObject => ({
  input_tokens: input,
  cached_input_tokens: cached,
  output_tokens: output,
  reasoning_output_tokens: reasoning,
  total_tokens: input + output,
})
const count = (timestamp: string, last: Counts | null, total: Counts | null): JsonObject => ({
  timestamp,
  type: 'event_msg',
  payload: {
    type: 'token_count',
    info: {
      ...(last !== null && { last_token_usage: usage(last) }),
      ...(total !== null && { total_token_usage: usage(total) }),
    },
  },
})

function readAll(records: readonly JsonObject[]): readonly Request[] {
  const session = codex.start({ path: 'rollout.jsonl' })
  const readings = records.map((record) => session.read(record)).filter(isReading)
  return [...readings.flat(), ...(session.end?.() ?? [])] as readonly Request[]
}

it('takes the model from the turn before; cached is part of input, reasoning of output', () => {
  const [request] = readAll([
    meta(),
    turn('gpt-5-codex'),
    count(time(9), [1000, 250, 125, 75], [1000, 250, 125, 75]),
  ])
  expect(request).toEqual({
    id: `cx-1:${Date.UTC(2026, 7, 1, 10, 0, 9)}:1125`,
    at: Date.UTC(2026, 7, 1, 10, 0, 9),
    provider: 'openai',
    model: 'gpt-5-codex',
    operation: 'chat',
    status: 'ok',
    session: 'cx-1',
    feature: 'shelves',
    usage: {
      inputTokens: 750,
      cacheReadTokens: 250,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 125,
      reasoningTokens: 75,
    },
  })
})

it('follows the model as turns change it', () => {
  const requests = readAll([
    meta(),
    turn('gpt-5-codex'),
    count(time(9), [10, 0, 1, 0], [10, 0, 1, 0]),
    turn('gpt-5-mini'),
    count(time(19), [20, 0, 2, 0], [30, 0, 3, 0]),
  ])
  expect(requests.map((request) => request.model)).toEqual(['gpt-5-codex', 'gpt-5-mini'])
})

it('subtracts cumulative totals where the last usage is missing', () => {
  const requests = readAll([
    meta(),
    turn('gpt-5'),
    count(time(9), [1000, 200, 100, 50], [1000, 200, 100, 50]),
    count(time(19), null, [2600, 1400, 160, 60]),
  ])
  expect(requests[1]?.usage).toMatchObject({
    inputTokens: 400,
    cacheReadTokens: 1200,
    outputTokens: 60,
    reasoningTokens: 10,
  })
})

it('counts a repeated event once and events without counts never', () => {
  const session = codex.start({ path: 'rollout.jsonl' })
  const event = count(time(9), [10, 0, 1, 0], [10, 0, 1, 0])
  expect(session.read(event)).toMatchObject({ model: 'gpt-5' })
  expect(session.read(event)).toEqual({ ignored: 'repeated-total' })
  const limits = { ...event, payload: { type: 'token_count', info: null, rate_limits: {} } }
  expect(session.read(limits)).toEqual({ ignored: 'no-usage' })
})

it('assumes gpt-5, with a warning, in old sessions that name no model', () => {
  const [request] = readAll([meta(), count(time(9), [10, 0, 1, 0], null)])
  expect(request).toMatchObject({ model: 'gpt-5', warnings: ['model-assumed'] })
})

const spawned = { source: { subagent: { thread_spawn: { parent_thread_id: 'cx-0', depth: 1 } } } }

it("skips the parent's history at the start of a sub-agent's file", () => {
  const requests = readAll([
    meta(spawned),
    meta({ id: 'cx-0' }),
    turn('gpt-5-codex'),
    count(time(1, 10), [100, 0, 10, 0], [100, 0, 10, 0]),
    count(time(1, 20), [200, 0, 20, 0], [300, 0, 30, 0]),
    count(time(1, 30), [300, 0, 30, 0], [600, 0, 60, 0]),
    turn('gpt-5-mini'),
    count(time(9), null, [650, 0, 65, 0]),
    count(time(9, 500), [7, 0, 1, 0], [657, 0, 66, 0]),
  ])
  expect(
    requests.map(({ session, model, usage: own }) => [session, model, own?.inputTokens]),
  ).toEqual([
    ['cx-1', 'gpt-5-mini', 50],
    ['cx-1', 'gpt-5-mini', 7],
  ])
})

it('keeps the calls of a sub-agent that was given no history', () => {
  const fresh = [
    meta(spawned),
    turn('gpt-5-codex'),
    count(time(5), [100, 0, 10, 0], [100, 0, 10, 0]),
    count(time(9), [200, 0, 20, 0], [300, 0, 30, 0]),
  ]
  expect(readAll(fresh)).toHaveLength(2)
  expect(readAll(fresh.slice(0, 3))).toHaveLength(1)
})

it('gives an archived copy of a session the same ids', () => {
  const rows = [meta(), turn('gpt-5'), count(time(9), [10, 0, 1, 0], [10, 0, 1, 0])]
  const read = (path: string) => rows.map((row) => codex.start({ path }).read(row)).at(-1)
  expect(read('archived_sessions/a.jsonl')).toEqual(read('sessions/2026/08/01/a.jsonl'))
})

it('takes the answer from the items before the count, never the prompt', () => {
  const item = (payload: JsonObject) => ({ timestamp: time(2), type: 'response_item', payload })
  const call = { type: 'function_call', name: 'shell', arguments: '{}', call_id: 'c1' }
  const [request] = readAll([
    meta(),
    turn('gpt-5'),
    item({ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Fix it' }] }),
    item({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'On it.' }],
    }),
    item(call),
    count(time(9), [10, 0, 1, 0], null),
  ])
  expect(request?.answer).toEqual({ text: 'On it.', toolCalls: [call], finishReason: 'tool' })
  expect(request?.prompt).toBeUndefined()
})

it('recognises session files only', () => {
  expect(codex.recognise([meta(), turn('gpt-5')], 'x')).toBe(1)
  expect(codex.recognise([{ type: 'assistant', message: {} }], 'x')).toBe(0)
  expect(codex.recognise([{ v: 1, model: 'gpt-5' }], 'x')).toBe(0)
  expect(codex.start({ path: 'x' }).read({ model: 'gpt-5' })).toEqual({
    rejected: 'not-a-session-row',
  })
})
