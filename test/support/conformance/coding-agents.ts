import type Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { headerOf, sendText, startEvents } from '../gateways/fixture-upstream.ts'
import type { Harness } from '../gateways/harness.ts'
import { ask } from '../gateways/http-client.ts'
import { messagesWire, responsesWire, streamOf, type Wire } from '../gateways/wires.ts'
import { anthropicOf } from './anthropic-sdk.ts'
import { openaiOf } from './openai-sdk.ts'
import { answer, fixtureStands, parameters, question, standBeforeMock } from './stand.ts'

/** One request as a coding agent sends it. */
type Shape = {
  readonly wire: Wire
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

const manual = 'You are a coding agent. Read before you write, and run the tests. '.repeat(500)
const ephemeral = { type: 'ephemeral' } as const
const anHour = { type: 'ephemeral', ttl: '1h' } as const

const files = ['read', 'write', 'edit', 'bash', 'grep', 'glob', 'fetch', 'plan'].map((name) => ({
  name,
  description: `${name}s what the agent needs. `.repeat(40),
  input_schema: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object' as const,
    properties: { path: { type: 'string' }, limit: { type: 'number' } },
    required: ['path'],
    additionalProperties: false,
  },
}))

/** Claude Code: a large prompt whose parts are marked for the prompt cache, tools, betas by header. */
const messagesBody = {
  model: messagesWire.model,
  max_tokens: 32_000,
  temperature: 1,
  system: [
    { type: 'text', text: 'You are an interactive agent.', cache_control: ephemeral },
    { type: 'text', text: manual, cache_control: anHour },
  ],
  tools: files.map((tool, at) => (at === 7 ? { ...tool, cache_control: anHour } : tool)),
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nThe date is unknown.\n</system-reminder>' },
        { type: 'text', text: 'Mend the failing test.', cache_control: ephemeral },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'First I look.', signature: 'EqQBCgIYAhIkZm9v' },
        { type: 'tool_use', id: 'toolu_01', name: 'read', input: { path: 'a.ts', limit: 10 } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_01', content: 'export const a = 1\n' },
        { type: 'text', text: question, cache_control: ephemeral },
      ],
    },
  ],
  thinking: { type: 'enabled', budget_tokens: 31_999 },
  metadata: { user_id: 'user_5f3c_account__session_0b1e' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  stream: true,
}

const claudeCode: Shape = {
  wire: messagesWire,
  path: '/v1/messages?beta=true',
  headers: {
    accept: 'application/json',
    'anthropic-beta':
      'claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,prompt-caching-scope-2026-01-05',
    'anthropic-dangerous-direct-browser-access': 'true',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
    'user-agent': 'claude-cli/2.1.4 (external, cli)',
    'x-api-key': 'sk-ant-any',
    'x-app': 'cli',
    'x-stainless-arch': 'x64',
    'x-stainless-helper-method': 'stream',
    'x-stainless-retry-count': '0',
    'x-stainless-timeout': '600',
  },
  body: messagesBody,
}

/** Codex: nothing is stored at the provider, so that its reasoning comes back encrypted and is sent along. */
const responsesBody = {
  model: responsesWire.model,
  instructions: manual,
  input: [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Be brief.' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Mend the test.' }] },
    { type: 'reasoning', summary: [], content: null, encrypted_content: 'gAAAAABo' },
    {
      type: 'function_call',
      name: 'shell',
      arguments: '{"command":["cat","a.ts"]}',
      call_id: 'call_1',
    },
    { type: 'function_call_output', call_id: 'call_1', output: '{"output":"export const a = 1"}' },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: question }] },
  ],
  tools: [
    { type: 'function', name: 'shell', description: 'Runs it.', strict: false, parameters },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Changes files.',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch"' },
    },
    { type: 'web_search', external_web_access: false },
  ],
  tool_choice: 'auto',
  parallel_tool_calls: false,
  reasoning: { effort: 'medium', summary: 'auto' },
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '0199a213-81c0-7800-8aa1-bbab2a035a53',
  text: { verbosity: 'low' },
}

const codex: Shape = {
  wire: responsesWire,
  path: '/v1/responses',
  headers: {
    accept: 'text/event-stream',
    authorization: 'Bearer sk-any',
    'content-type': 'application/json',
    conversation_id: '0199a213-81c0-7800-8aa1-bbab2a035a53',
    'openai-beta': 'responses=experimental',
    originator: 'codex_cli_rs',
    session_id: '0199a213-81c0-7800-8aa1-bbab2a035a53',
    'user-agent': 'codex_cli_rs/0.98.0 (Linux; x86_64)',
    version: '0.98.0',
    'x-codex-turn-state': 'opaque',
  },
  body: responsesBody,
}

/** Agents lean on all that a vendor has: what a gateway does not know must go through it. */
export function describeCodingAgents(harness: Harness): void {
  const startStand = fixtureStands(harness)

  test.each([
    ['Claude Code', claudeCode],
    ['Codex', codex],
  ])('%s: every byte and every header arrives, and so does the answer', async (_, shape) => {
    const { wire, path, headers } = shape
    const text = streamOf(wire, { text: answer, model: wire.model })
    const { url, upstream } = await startStand((response) => {
      startEvents(response)
      response.end(text)
    })
    const body = JSON.stringify(shape.body)
    const got = await ask(`${url}${path}`, { headers, body })
    expect(got).toMatchObject({ status: 200, text })
    const [arrived] = upstream.received
    if (arrived === undefined) throw new Error('nothing arrived')
    expect(arrived.path).toBe(path)
    expect(arrived.body.toString()).toBe(body)
    const names = Object.keys(headers)
    expect(Object.fromEntries(names.map((name) => [name, headerOf(arrived, name)]))).toEqual(
      headers,
    )
    expect(headerOf(arrived, 'host')).toBe(new URL(upstream.url).host)
  })

  test('Claude Code counts tokens and asks whether anybody is there', async () => {
    const { url, upstream } = await startStand((response, received) =>
      sendText(response, 200, received.method === 'HEAD' ? '' : '{"input_tokens":14023}'),
    )
    const { stream: _, max_tokens: __, ...counted } = messagesBody
    const path = '/v1/messages/count_tokens?beta=true'
    const got = await ask(`${url}${path}`, { headers: claudeCode.headers, body: counted })
    expect(got.text).toBe('{"input_tokens":14023}')
    expect(upstream.received[0]).toMatchObject({ path })
    expect(upstream.received[0]?.body.toString()).toBe(JSON.stringify(counted))
    expect((await ask(url, { method: 'HEAD' })).isWhole).toBe(true)
  })

  test('every header that the SDKs set arrives, keys and betas among them', async () => {
    const { url, upstream } = await startStand((response, { path }) => {
      const wire = path.startsWith('/v1/messages') ? messagesWire : responsesWire
      sendText(response, 200, wire.whole({ text: answer, model: wire.model }))
    })
    const sent: Headers[] = []
    const watched: typeof fetch = (input, init) => {
      sent.push(new Headers(init?.headers))
      return fetch(input, init)
    }
    await anthropicOf(url)
      .withOptions({ fetch: watched })
      .beta.messages.create({
        model: messagesWire.model,
        max_tokens: 10,
        betas: ['context-1m-2025-08-07', 'of-tomorrow-2030-01-01'],
        messages: [{ role: 'user', content: question }],
      })
    await openaiOf(url)
      .withOptions({ fetch: watched })
      .responses.create({ model: responsesWire.model, input: question })
    const arrived = upstream.received.map(({ headers }) => Object.fromEntries(headers))
    expect(arrived[0]?.['anthropic-beta']).toContain('of-tomorrow-2030-01-01')
    expect(arrived[1]?.['authorization']).toBe('Bearer sk-any')
    for (const [at, headers] of sent.entries())
      expect(arrived[at]).toMatchObject(Object.fromEntries(headers))
  })

  const stand = standBeforeMock(harness)

  test('what they ask is answered', async () => {
    const body = messagesBody as unknown as Anthropic.MessageCreateParamsStreaming
    const streamed = await anthropicOf(stand.url)
      .messages.stream(body, { headers: claudeCode.headers })
      .finalMessage()
    expect(streamed.content).toMatchObject([{ type: 'text', text: answer }])
    expect(streamed.usage.input_tokens).toBeGreaterThan(manual.length / 4)
    const got = await ask(`${stand.url}${codex.path}`, codex)
    expect(responsesWire.textInStream(got.text)).toBe(answer)
    expect((await stand.counted(2)).streams).toBe(2)
  })
}
