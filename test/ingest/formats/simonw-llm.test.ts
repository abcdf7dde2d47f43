import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { simonwLlm } from '../../../src/ingest/formats/simonw-llm.ts'
import { type Database, openDatabase, type SqlValue } from '../../../src/store/database.ts'

const read = (record: JsonObject) => simonwLlm.start({ path: 'logs.db' }).read(record)

const response = {
  id: '01k1hq0000000000000000000a',
  model: 'gpt-4o-mini',
  resolved_model: 'gpt-4o-mini-2024-07-18',
  prompt: 'What is a ledger?',
  system: 'Be brief.',
  prompt_json: null,
  options_json: '{"temperature":0}',
  response: 'A book.',
  response_json: '{"id":"chatcmpl-3"}',
  conversation_id: '01k1hq0000000000000000000c',
  duration_ms: 1400,
  datetime_utc: '2026-08-01T10:00:00.123456+00:00',
  input_tokens: 1200,
  output_tokens: 100,
  token_details:
    '{"prompt_tokens_details":{"cached_tokens":1000},"completion_tokens_details":{"reasoning_tokens":40}}',
}

const turn = {
  id: '01k1hq0000000000000000000b',
  thread_id: '01k1hq0000000000000000000c',
  parent_message_hash: 'b2:user',
  tip_message_hash: 'b2:assistant',
  model: 'anthropic/claude-haiku-4-5',
  resolved_model: null,
  options_json: '{}',
  input_tokens: 12,
  output_tokens: 240,
  token_details: '{"cache_read_input_tokens":21000,"cache_creation_input_tokens":700}',
  duration_ms: 2400,
  datetime_utc: '2026-08-01T10:00:05+00:00',
}

it('reads a row of responses', () => {
  expect(read(response)).toEqual({
    id: response.id,
    responseId: 'chatcmpl-3',
    at: Date.UTC(2026, 7, 1, 10, 0, 0, 123),
    latencyMs: 1400,
    provider: 'openai',
    model: 'gpt-4o-mini-2024-07-18',
    requestedModel: 'gpt-4o-mini',
    operation: 'chat',
    status: 'ok',
    session: response.conversation_id,
    prompt: { system: 'Be brief.', messages: [{ role: 'user', content: 'What is a ledger?' }] },
    params: { temperature: 0 },
    answer: { text: 'A book.' },
    usage: {
      inputTokens: 200,
      cacheReadTokens: 1000,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 100,
      reasoningTokens: 40,
    },
  })
})

it('reads a row of turns, whose Anthropic counts are disjoint', () => {
  expect(read(turn)).toEqual({
    id: turn.id,
    at: Date.UTC(2026, 7, 1, 10, 0, 5),
    latencyMs: 2400,
    provider: 'anthropic',
    model: 'claude-haiku-4-5',
    operation: 'chat',
    status: 'ok',
    session: turn.thread_id,
    usage: {
      inputTokens: 12,
      cacheReadTokens: 21_000,
      cacheWrite5mTokens: 700,
      cacheWrite1hTokens: 0,
      outputTokens: 240,
      reasoningTokens: 0,
    },
  })
})

it('reads the counts of Gemini, cached included', () => {
  const token_details = '{"cachedContentTokenCount":300,"thoughtsTokenCount":40}'
  const gemini = { model: 'gemini/gemini-2.5-flash', resolved_model: null, token_details }
  expect(read({ ...response, ...gemini, input_tokens: 900, output_tokens: 90 })).toMatchObject({
    provider: 'google',
    model: 'gemini-2.5-flash',
    usage: { inputTokens: 600, cacheReadTokens: 300, outputTokens: 90, reasoningTokens: 40 },
  })
})

it('has no usage where none was logged', () => {
  const none = { input_tokens: null, output_tokens: null, token_details: null }
  expect(read({ ...response, ...none })).not.toHaveProperty('usage')
})

/** The columns that a database of 0.32 has, without those that play no part here. */
const schema = `
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT,
  options_json TEXT, response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER,
  datetime_utc TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT,
  schema_id TEXT, resolved_model TEXT, reasoning TEXT);
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT,
  tool_name TEXT, text TEXT, payload TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT,
  tip_message_hash TEXT, model TEXT, resolved_model TEXT, options_json TEXT, schema_id TEXT,
  input_tokens INTEGER, output_tokens INTEGER, token_details TEXT, duration_ms INTEGER,
  datetime_utc TEXT);`

async function openLogs(): Promise<Database> {
  const database = await openDatabase(':memory:')
  database.exec(schema)
  return database
}

function insert(database: Database, table: string, row: Readonly<Record<string, SqlValue>>): void {
  const names = Object.keys(row)
  const holes = names.map(() => '?').join()
  database
    .prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${holes})`)
    .run(...Object.values(row))
}

const rowsOf = (database: Database, table: string) =>
  database.prepare(simonwLlm.tables?.[table] ?? '').all() as readonly JsonObject[]

it('gives a response the conversation before it', async () => {
  const database = await openLogs()
  insert(database, 'responses', response)
  const next = {
    id: '01k1hq0000000000000000000d',
    system: null,
    prompt: 'Why?',
    response: 'To sum.',
  }
  insert(database, 'responses', { ...response, ...next })
  insert(database, 'responses', { ...response, id: 'z', conversation_id: null })
  const [first, second, alone] = rowsOf(database, 'responses').map(read)
  expect(first).toMatchObject({ prompt: { messages: [{ content: 'What is a ledger?' }] } })
  expect(second).toMatchObject({
    prompt: {
      messages: [
        { role: 'user', content: 'What is a ledger?' },
        { role: 'assistant', content: 'A book.' },
        { role: 'user', content: 'Why?' },
      ],
    },
    answer: { text: 'To sum.' },
  })
  expect(alone).toMatchObject({ prompt: { messages: [{ role: 'user' }] } })
})

async function withMessages(last: Readonly<Record<string, SqlValue>>): Promise<Database> {
  const database = await openLogs()
  const chain = [
    { hash: 'b2:system', parent_hash: null, role: 'system' },
    { hash: 'b2:user', parent_hash: 'b2:system', role: 'user' },
    { hash: 'b2:assistant', parent_hash: 'b2:user', role: 'assistant' },
  ]
  for (const message of chain) insert(database, 'messages', message)
  const part = { position: 0, type: 'text' }
  insert(database, 'parts', { ...part, message_hash: 'b2:system', text: 'Be brief.' })
  insert(database, 'parts', { ...part, message_hash: 'b2:user', ...last })
  insert(database, 'parts', { ...part, message_hash: 'b2:assistant', text: 'A book.' })
  insert(database, 'turns', turn)
  return database
}

it('gives a turn its chain of messages', async () => {
  const [row] = rowsOf(await withMessages({ text: 'What is a ledger?' }), 'turns')
  expect(read(row ?? {})).toMatchObject({
    id: turn.id,
    prompt: { system: 'Be brief.', messages: [{ role: 'user', content: 'What is a ledger?' }] },
    answer: { text: 'A book.' },
  })
})

it('gives no prompt to a turn that quotes a fragment: half of it would be another prompt', async () => {
  const payload = '{"text_ref":[{"fragment":1},{"literal":"?"}]}'
  const [row] = rowsOf(await withMessages({ payload }), 'turns')
  const reading = read(row ?? {})
  expect(reading).not.toHaveProperty('prompt')
  expect(reading).toMatchObject({ answer: { text: 'A book.' } })
})

it('gives a row that is in both tables one id', () => {
  expect(read({ ...turn, id: response.id })).toMatchObject({ id: response.id })
  expect(read(response)).toMatchObject({ id: response.id })
})

it('is recognised, and only it', () => {
  expect(simonwLlm.recognise([response, turn], 'x')).toBe(1)
  expect(simonwLlm.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(simonwLlm.recognise([{ prompt: 'x', response: 'y', duration_ms: 3 }], 'x')).toBe(0)
})
