import Anthropic from '@anthropic-ai/sdk'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Harness } from '../gateways/harness.ts'
import { arrival, expectToldInTime } from './leaving.ts'
import {
  answer,
  answerTokens,
  imageTokens,
  parameters,
  pngBase64,
  question,
  questionFor,
  questionTokens,
  standBeforeMock,
  thrownBy,
} from './stand.ts'

const model = 'claude-sonnet-5'
const messages = [{ role: 'user' as const, content: question }]
const asked = { model, max_tokens: 1_000, messages }
const tools = [{ name: 'weather', input_schema: parameters }]
const Weather = z.strictObject({ city: z.string(), unit: z.enum(['C', 'F']) })

export const anthropicOf = (url: string, maxRetries = 0) =>
  new Anthropic({ baseURL: url, apiKey: 'sk-ant-any', maxRetries, logLevel: 'off' })

/** What an application sees through the `@anthropic-ai/sdk` package. */
export function describeAnthropicSdk(harness: Harness): void {
  const stand = standBeforeMock(harness)
  const anthropic = () => anthropicOf(stand.url)

  const expectBilled = async (inputTokens: number, outputTokens: number) => {
    const { byModel } = await stand.counted(1)
    expect(byModel[model]).toMatchObject({ inputTokens, outputTokens })
  }

  describe('messages', () => {
    test('an answer with its usage', async () => {
      const got = await anthropic().messages.create(asked)
      expect(got).toMatchObject({
        type: 'message',
        role: 'assistant',
        model,
        content: [{ type: 'text', text: answer }],
        stop_reason: 'end_turn',
        usage: { input_tokens: questionTokens, output_tokens: answerTokens },
      })
      await expectBilled(questionTokens, answerTokens)
    })

    test('a stream in order, with usage at its end', async () => {
      const stream = await anthropic().messages.create({ ...asked, stream: true })
      const events: Anthropic.RawMessageStreamEvent[] = []
      for await (const event of stream) events.push(event)
      const types = events.map(({ type }) => type)
      const order = [...new Set(types)]
      expect(order).toEqual([
        'message_start',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ])
      expect(types.filter((type) => type === 'content_block_delta').length).toBeGreaterThan(3)
      expect(events.at(-2)).toMatchObject({ usage: { output_tokens: answerTokens } })
      await expectBilled(questionTokens, answerTokens)
    })

    test('a stream folds into the message that would have come whole', async () => {
      const streamed = await anthropic().messages.stream(asked).finalMessage()
      expect(streamed).toMatchObject({
        content: [{ type: 'text', text: answer }],
        stop_reason: 'end_turn',
        usage: { input_tokens: questionTokens, output_tokens: answerTokens },
      })
    })

    test('a tool is called, streamed and not, and its result taken', async () => {
      const forced = { ...asked, tools, tool_choice: { type: 'any' as const } }
      const got = await anthropic().messages.create(forced)
      const streamed = await anthropic().messages.stream(forced).finalMessage()
      for (const { content, stop_reason } of [got, streamed]) {
        expect(stop_reason).toBe('tool_use')
        const [block] = content
        if (block?.type !== 'tool_use') throw new Error('no tool was called')
        expect(() => Weather.parse(block.input)).not.toThrow()
      }
      const [block] = got.content
      if (block?.type !== 'tool_use') throw new Error('no tool was called')
      const result = { type: 'tool_result' as const, tool_use_id: block.id, content: '21 °C' }
      const after = await anthropic().messages.create({
        ...asked,
        tools,
        messages: [
          ...messages,
          { role: 'assistant', content: [block] },
          { role: 'user', content: [result] },
        ],
      })
      expect(after.content).toMatchObject([{ type: 'text', text: answer }])
    })

    test('the input of a tool comes in pieces', async () => {
      const stream = anthropic().messages.stream({
        ...asked,
        tools,
        tool_choice: { type: 'tool', name: 'weather' },
      })
      const pieces: string[] = []
      stream.on('inputJson', (piece) => pieces.push(piece))
      await stream.finalMessage()
      expect(pieces.length).toBeGreaterThan(1)
      expect(() => Weather.parse(JSON.parse(pieces.join('')))).not.toThrow()
    })

    test('an image is looked at', async () => {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: pngBase64 }
      const got = await anthropic().messages.create({
        ...asked,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source },
              { type: 'text', text: question },
            ],
          },
        ],
      })
      expect(got.content).toMatchObject([{ type: 'text', text: answer }])
      await expectBilled(questionTokens + imageTokens, answerTokens)
    })

    test('structured output fits its schema', async () => {
      const got = await anthropic().messages.parse({
        ...asked,
        output_config: { format: zodOutputFormat(Weather) },
      })
      expect(Weather.parse(got.parsed_output).city).not.toBe('')
    })

    test('a beta is asked for by query and header', async () => {
      const got = await anthropic().beta.messages.create({
        ...asked,
        betas: ['context-1m-2025-08-07'],
      })
      expect(got.content).toMatchObject([{ type: 'text', text: answer }])
    })

    test('a caller who leaves a stream is told of upstream in time', { retry: 2 }, () =>
      expectToldInTime(stand, async () => {
        const stream = await anthropic().messages.create({
          ...asked,
          messages: [{ role: 'user', content: questionFor('endless') }],
          stream: true,
        })
        const events = stream[Symbol.asyncIterator]()
        for (let heard = 0; heard < 5; heard++) await events.next()
        return () => stream.controller.abort()
      }),
    )

    test('a caller who leaves before any answer is told of in time', { retry: 2 }, () =>
      expectToldInTime(stand, async () => {
        const leaving = new AbortController()
        const waiting = anthropic().messages.create(
          { ...asked, messages: [{ role: 'user', content: questionFor('slow') }] },
          { signal: leaving.signal },
        )
        const left = thrownBy(waiting)
        await arrival()
        return () => {
          leaving.abort()
          void left
        }
      }),
    )
  })

  test('tokens are counted before they are paid for', async () => {
    const count = await anthropic().messages.countTokens({ model, messages })
    expect(count.input_tokens).toBe(questionTokens)
    expect(stand.tally().calls).toBe(0)
  })

  test('the list of models, in the words of this vendor', async () => {
    await anthropic().messages.create(asked)
    const names: string[] = []
    for await (const { id, type } of anthropic().models.list()) {
      expect(type).toBe('model')
      names.push(id)
    }
    expect(names).toContain(model)
  })
}
