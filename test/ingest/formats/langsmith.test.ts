import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { langsmith } from '../../../src/ingest/formats/langsmith.ts'

const read = (record: JsonObject) => langsmith.start({ path: 'runs.jsonl' }).read(record)

const usage_metadata = {
  input_tokens: 21_712,
  output_tokens: 240,
  total_tokens: 21_952,
  input_token_details: {
    cache_read: 21_000,
    cache_creation: 0,
    ephemeral_5m_input_tokens: 500,
    ephemeral_1h_input_tokens: 200,
  },
  output_token_details: { reasoning: 40 },
}
const run = {
  id: 'run-1',
  trace_id: 'trace-1',
  dotted_order: '20260801T100000000000Zrun-1',
  parent_run_id: 'run-0',
  run_type: 'llm',
  name: 'ChatAnthropic',
  session_id: 'project-1',
  start_time: '2026-08-01T10:00:00.000000',
  end_time: '2026-08-01T10:00:02.400000',
  first_token_time: '2026-08-01T10:00:00.300000',
  status: 'success',
  error: null,
  tags: ['beta'],
  inputs: {
    messages: [
      [
        {
          lc: 1,
          type: 'constructor',
          id: ['langchain', 'schema', 'messages', 'SystemMessage'],
          kwargs: { content: 'Be brief.', type: 'system' },
        },
        {
          lc: 1,
          type: 'constructor',
          id: ['langchain', 'schema', 'messages', 'HumanMessage'],
          kwargs: { content: 'What is a ledger?', type: 'human' },
        },
      ],
    ],
  },
  outputs: {
    generations: [
      [
        {
          text: 'A book.',
          message: {
            lc: 1,
            type: 'constructor',
            id: ['langchain', 'schema', 'messages', 'AIMessage'],
            kwargs: {
              content: 'A book.',
              type: 'ai',
              id: 'run--1',
              response_metadata: { id: 'msg_01A' },
              usage_metadata,
            },
          },
        },
      ],
    ],
  },
  extra: {
    invocation_params: { _type: 'anthropic-chat', model: 'claude-sonnet-4-5', temperature: 0 },
    metadata: {
      ls_provider: 'anthropic',
      ls_model_name: 'claude-sonnet-4-5',
      ls_model_type: 'chat',
      thread_id: 'thread-1',
      feature: 'search',
    },
  },
  prompt_tokens: 21_712,
  completion_tokens: 240,
  total_tokens: 21_952,
  total_cost: '0.012500',
}

it('reads an llm run whole', () => {
  expect(read(run)).toEqual({
    id: 'run-1',
    responseId: 'msg_01A',
    at: Date.UTC(2026, 7, 1, 10),
    latencyMs: 2400,
    firstTokenMs: 300,
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    operation: 'chat',
    status: 'ok',
    trace: 'trace-1',
    session: 'thread-1',
    feature: 'search',
    tags: new Map([['beta', 'true']]),
    prompt: { system: 'Be brief.', messages: [{ role: 'user', content: 'What is a ledger?' }] },
    params: { temperature: 0 },
    answer: { text: 'A book.' },
    usage: {
      inputTokens: 12,
      cacheReadTokens: 21_000,
      cacheWrite5mTokens: 500,
      cacheWrite1hTokens: 200,
      outputTokens: 240,
      reasoningTokens: 40,
    },
    loggedCostNanoUsd: 12_500_000,
  })
})

it.each(['chain', 'tool', 'retriever', 'prompt', 'parser'])('ignores %s runs', (run_type) => {
  expect(read({ ...run, run_type })).toEqual({ ignored: run_type })
})

it('does not take session_id, which is the project, for a conversation', () => {
  const extra = { ...run.extra, metadata: { ls_model_name: 'claude-sonnet-4-5' } }
  expect(read({ ...run, extra })).not.toHaveProperty('session')
})

it('reads costs, which are decimal text', () => {
  expect(read({ ...run, total_cost: '0.00000125' })).toMatchObject({ loggedCostNanoUsd: 1250 })
})

it('subtracts cache_creation where the writes are not broken down', () => {
  const usage = {
    ...usage_metadata,
    input_token_details: { cache_read: 21_000, cache_creation: 700 },
  }
  expect(read({ ...run, outputs: { usage_metadata: usage } })).toMatchObject({
    usage: { inputTokens: 12, cacheReadTokens: 21_000, cacheWrite5mTokens: 700 },
  })
})

it('takes the columns where no usage_metadata is', () => {
  expect(read({ ...run, outputs: { output: 'A book.' } })).toMatchObject({
    answer: { text: 'A book.' },
    usage: { inputTokens: 21_712, cacheReadTokens: 0, outputTokens: 240 },
  })
})

it('reads a run of the OpenAI wrapper', () => {
  const reading = read({
    ...run,
    extra: { metadata: { ls_provider: 'openai', ls_model_name: 'gpt-4o', session_id: 's1' } },
    inputs: { messages: [{ role: 'user', content: 'Hello' }] },
    outputs: {
      id: 'chatcmpl-7',
      choices: [{ message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }],
      usage_metadata: { input_tokens: 20, output_tokens: 5 },
    },
  })
  expect(reading).toMatchObject({
    responseId: 'chatcmpl-7',
    provider: 'openai',
    session: 's1',
    prompt: { messages: [{ role: 'user', content: 'Hello' }] },
    answer: { text: 'Hi.', finishReason: 'stop' },
    usage: { inputTokens: 20, outputTokens: 5 },
  })
})

it('keeps failed runs', () => {
  expect(read({ ...run, status: 'error', error: 'RateLimitError', outputs: null })).toMatchObject({
    status: 'error',
    error: 'RateLimitError',
  })
})

it('is recognised, and only it', () => {
  expect(langsmith.recognise([run, { ...run, run_type: 'chain' }], 'x')).toBe(1)
  expect(langsmith.recognise([{ v: 1, model: 'gpt-4o' }], 'x')).toBe(0)
  expect(langsmith.recognise([{ input: {}, output: {}, start_time: 'x' }], 'x')).toBe(0)
})
