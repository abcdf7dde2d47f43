import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { dialectOf } from '../../src/dialects/dialects.ts'
import { type Block, type DialectName, dialectNames } from '../../src/domain/call.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Usage } from '../../src/domain/usage.ts'
import {
  estimateOfBody,
  outputLimitOf,
  sizeOfBody,
  upperBoundOfBody,
} from '../../src/engine/body-bound.ts'
import { isBounded, upperBoundOf } from '../../src/engine/upper-bound.ts'
import { loadTokenCounter } from '../../src/prices/count-tokens.ts'
import { calls } from '../support/common-calls.ts'

/** Nano-dollars a token: 2.5 in, read at a tenth, written at a quarter more, 10 out. */
const costOf = (usage: Usage): NanoUsd =>
  (usage.inputTokens * 2500 +
    usage.cacheReadTokens * 250 +
    usage.cacheWrite5mTokens * 3125 +
    usage.cacheWrite1hTokens * 5000 +
    usage.outputTokens * 10_000) as NanoUsd

const bytesOf = (body: JsonObject): number => Buffer.byteLength(JSON.stringify(body))
const sizeOf = (body: JsonObject) => sizeOfBody(body, bytesOf(body))
const chat = (content: unknown, rest: object = {}) =>
  ({ model: 'gpt-4o', messages: [{ role: 'user', content }], ...rest }) as JsonObject

const picture = `data:image/png;base64,${'A'.repeat(40_000)}`

describe('the size of a body', () => {
  it('is its bytes where it is text', () => {
    const body = chat('Größe 你好')
    expect(sizeOf(body)).toEqual({
      textBytes: bytesOf(body),
      images: 0,
      hasTools: false,
      choices: 1,
    })
  })

  it.each<[string, JsonObject]>([
    ['chat', chat([{ type: 'image_url', image_url: { url: picture } }])],
    [
      'responses',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: picture }] }] },
    ],
    [
      'messages, in what a tool gave back',
      chat([
        {
          type: 'tool_result',
          tool_use_id: 't',
          content: [{ type: 'image', source: { type: 'base64', data: picture } }],
        },
      ]),
    ],
  ])('leaves out the bytes of a picture: %s', (_, body) => {
    expect(sizeOf(body)).toMatchObject({ images: 1, textBytes: bytesOf(body) - picture.length })
  })

  it('agrees with the dialect that wrote it on pictures, tools and limits', () => {
    const asked = fc
      .constantFrom<DialectName>(...dialectNames)
      .chain((name) => calls(name, { isMarked: name === 'anthropic-messages' }))
    fc.assert(
      fc.property(asked, (call) => {
        const { body } = dialectOf(call.origin).writeCall(call)
        const size = sizeOf(body)
        expect(isBounded(call)).toBe(true)
        const blocks = call.turns.flatMap((turn): readonly Block[] => turn.blocks)
        expect(size).toMatchObject({
          images: blocks.filter(({ kind }) => kind === 'image').length,
          hasTools: call.tools.length > 0,
          choices: 1,
        })
        const { tokens, inject } = outputLimitOf(call.origin, body)
        expect([tokens, inject]).toEqual([call.maxOutputTokens, null])
      }),
    )
  })

  it.each<[string, JsonObject]>([
    ['an earlier answer', { input: 'and then?', previous_response_id: 'resp_1' }],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }],
    ['an item by its id', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['a file', chat([{ type: 'file', file: { file_id: 'file-1' } }])],
    ['a document', chat([{ type: 'document', source: { type: 'base64', data: 'JVBERi0x' } }])],
    [
      'a document that passes for a picture',
      chat([{ type: 'image_url', image_url: { url: 'data:application/pdf;base64,JVBERi0x' } }]),
    ],
    ['a recording', chat([{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }])],
    ['a search at the provider', chat('news?', { tools: [{ type: 'web_search_20250305' }] })],
    ['remote tools', chat('x', { mcp_servers: [{ type: 'url', url: 'https://tools.example' }] })],
    ['predicted output', chat('x', { prediction: { type: 'content', content: 'x' } })],
  ])('is not known where it reads or runs more than it holds: %s', (_, body) => {
    expect(sizeOf(body)).toBeNull()
  })

  it('is known of old completions and of embeddings', () => {
    const completion = { model: 'm', prompt: 'Once upon a time', n: 2, best_of: 3 }
    expect(sizeOf(completion)).toMatchObject({ textBytes: bytesOf(completion), choices: 3 })
    const embedding = { model: 'm', input: [[1, 2, 3], [4]] }
    expect(sizeOf(embedding)).toMatchObject({ textBytes: bytesOf(embedding) })
  })

  it('is never below the tokens of its text', async () => {
    const countTokens = await loadTokenCounter()
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(sizeOf(chat(text))?.textBytes).toBeGreaterThan(countTokens(text))
      }),
      { numRuns: 50 },
    )
  })
})

describe('the longest output', () => {
  test.each<[DialectName, JsonObject, number]>([
    ['openai-chat', { model: 'gpt-4o', max_tokens: 300 }, 300],
    ['openai-chat', { model: 'gpt-5', max_completion_tokens: 300 }, 300],
    ['openai-responses', { max_output_tokens: 300 }, 300],
    ['anthropic-messages', { max_tokens: 300, thinking: { budget_tokens: 200 } }, 300],
  ])('is what the caller says: %s %j', (dialect, body, tokens) => {
    expect(outputLimitOf(dialect, body)).toEqual({ tokens, inject: null })
  })

  test.each<[DialectName, JsonObject, string, number]>([
    ['openai-chat', { model: 'gpt-4o' }, 'max_tokens', 8192],
    ['openai-chat', { model: 'o3-mini' }, 'max_completion_tokens', 8192],
    // These refuse to be asked for more.
    ['openai-chat', { model: 'gpt-3.5-turbo' }, 'max_tokens', 4096],
    ['openai-chat', { model: 'openai/gpt-4-turbo' }, 'max_tokens', 4096],
    ['openai-chat', { model: 'gpt-4' }, 'max_tokens', 4096],
    ['openai-chat', { model: 'gpt-4.1' }, 'max_tokens', 8192],
    // What is no limit to a provider is none.
    ['openai-chat', { model: 'gpt-4o', max_tokens: -1 }, 'max_tokens', 8192],
    ['openai-chat', { model: 'gpt-4o', max_tokens: null }, 'max_tokens', 8192],
    ['openai-responses', { model: 'gpt-5' }, 'max_output_tokens', 8192],
    [
      'anthropic-messages',
      { model: 'claude-sonnet-4-5', thinking: { type: 'enabled', budget_tokens: 16_000 } },
      'max_tokens',
      24_192,
    ],
  ])('is put into the body where the caller says none: %s %j', (dialect, body, field, value) => {
    expect(outputLimitOf(dialect, body)).toEqual({ tokens: value, inject: { field, value } })
  })
})

describe('the bound of a body', () => {
  const body = chat('Why is the sky blue?', { n: 3 })
  const bytes = bytesOf(body)

  it('takes every byte at the dearest input price, and every answer at its longest', () => {
    const size = sizeOf(body)
    expect(size && upperBoundOfBody(size, 500, costOf)).toBe(bytes * 5000 + 3 * 500 * 10_000)
    expect(size && upperBoundOfBody(size, 500, () => null)).toBeNull()
  })

  it('takes a picture for the largest that there is, and a tool with its instructions', () => {
    const rich = chat([{ type: 'image_url', image_url: { url: picture } }], {
      tools: [{ type: 'function', function: { name: 'f' } }],
    })
    const size = sizeOf(rich)
    expect(size && upperBoundOfBody(size, 0, costOf)).toBe(
      (bytesOf(rich) - picture.length + 40_000 + 1000) * 5000,
    )
  })

  it('leaves out a picture’s bytes in calls too', () => {
    const call = dialectOf('openai-chat').readCall(
      chat([{ type: 'image_url', image_url: { url: picture } }], { max_tokens: 1 }),
    )
    const most = upperBoundOf(call, costOf) ?? 0
    expect(most).toBeGreaterThan(40_000 * 5000)
    expect(most).toBeLessThan(42_000 * 5000)
  })

  it('estimates a token for four bytes and usual answers, and a fifth more', () => {
    const size = sizeOf(body)
    const expected = Math.ceil((Math.ceil(bytes / 4) * 2500 + 3 * 50 * 10_000) * 1.2)
    expect(size && estimateOfBody(size, 50, costOf)).toBe(expected)
    expect(size && estimateOfBody(size, 50, () => null)).toBeNull()
  })
})
