import OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Harness } from '../gateways/harness.ts'
import { expectToldInTime } from './leaving.ts'
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
} from './stand.ts'

const model = 'gpt-4o-mini'
const messages = [{ role: 'user' as const, content: question }]
const chat = { model, messages }
const responses = { model, input: question }
const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }]
const Weather = z.strictObject({ city: z.string(), unit: z.enum(['C', 'F']) })

export const openaiOf = (url: string, maxRetries = 0) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-any', maxRetries, logLevel: 'off' })

/** What an application sees through the `openai` package. */
export function describeOpenAiSdk(harness: Harness): void {
  const stand = standBeforeMock(harness)
  const openai = () => openaiOf(stand.url)

  /** The mock billed what the client was told. */
  const expectBilled = async (inputTokens: number, outputTokens: number) => {
    const { byModel } = await stand.counted(1)
    expect(byModel[model]).toMatchObject({ inputTokens, outputTokens })
  }

  describe('chat completions', () => {
    test('an answer with its usage', async () => {
      const got = await openai().chat.completions.create(chat)
      expect(got.choices[0]).toMatchObject({
        index: 0,
        message: { role: 'assistant', content: answer },
        finish_reason: 'stop',
      })
      expect(got.usage).toMatchObject({
        prompt_tokens: questionTokens,
        completion_tokens: answerTokens,
        total_tokens: questionTokens + answerTokens,
      })
      expect(got.model).toBe(model)
      expect(got.id).toMatch(/^chatcmpl-/)
      await expectBilled(questionTokens, answerTokens)
    })

    const chunksOf = async (options?: { include_usage: boolean }) => {
      const stream = await openai().chat.completions.create({
        ...chat,
        stream: true,
        ...(options !== undefined && { stream_options: options }),
      })
      const chunks: OpenAI.ChatCompletionChunk[] = []
      for await (const chunk of stream) chunks.push(chunk)
      return chunks
    }
    const textOf = (chunks: readonly OpenAI.ChatCompletionChunk[]) =>
      chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')

    test('a stream in order, with usage at its end for those who ask', async () => {
      const chunks = await chunksOf({ include_usage: true })
      expect(textOf(chunks)).toBe(answer)
      expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
      expect(chunks.length).toBeGreaterThan(5)
      const finished = chunks.findIndex(({ choices }) => choices[0]?.finish_reason === 'stop')
      expect(finished).toBe(chunks.length - 2)
      expect(chunks.at(-1)).toMatchObject({
        choices: [],
        usage: { prompt_tokens: questionTokens, completion_tokens: answerTokens },
      })
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
      await expectBilled(questionTokens, answerTokens)
    })

    test.each([undefined, { include_usage: false }])(
      'a client with the stream options %j sees no usage and no chunk without a choice',
      async (options) => {
        const chunks = await chunksOf(options)
        expect(textOf(chunks)).toBe(answer)
        expect(chunks.every(({ usage }) => usage === undefined || usage === null)).toBe(true)
        expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
        expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
        await expectBilled(questionTokens, answerTokens)
      },
    )

    test('a tool is called, streamed and not, and its result taken', async () => {
      const asked = { ...chat, tools, tool_choice: 'required' as const }
      const got = await openai().chat.completions.create(asked)
      const streamed = await openai().chat.completions.stream(asked).finalChatCompletion()
      const calls = [got, streamed].map(({ choices }) => {
        expect(choices[0]?.finish_reason).toBe('tool_calls')
        const [call] = choices[0]?.message.tool_calls ?? []
        if (call?.type !== 'function') throw new Error('no function was called')
        expect(call.function.name).toBe('weather')
        expect(() => Weather.parse(JSON.parse(call.function.arguments))).not.toThrow()
        return call
      })
      const [call] = calls
      if (call === undefined) throw new Error('no tool was called')
      const after = await openai().chat.completions.create({
        ...chat,
        tools,
        messages: [
          ...messages,
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: call.id, content: '21 °C' },
        ],
      })
      expect(after.choices[0]?.message.content).toBe(answer)
    })

    test('the arguments of a tool come in pieces of one call', async () => {
      const stream = await openai().chat.completions.create({
        ...chat,
        tools,
        tool_choice: { type: 'function', function: { name: 'weather' } },
        stream: true,
      })
      const deltas: OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall[] = []
      for await (const { choices } of stream) deltas.push(...(choices[0]?.delta.tool_calls ?? []))
      expect(deltas[0]).toMatchObject({ index: 0, id: expect.any(String), type: 'function' })
      expect(deltas.filter(({ id }) => id !== undefined)).toHaveLength(1)
      expect(deltas.length).toBeGreaterThan(2)
      const text = deltas.map((delta) => delta.function?.arguments ?? '').join('')
      expect(() => Weather.parse(JSON.parse(text))).not.toThrow()
    })

    test('an image is looked at', async () => {
      const got = await openai().chat.completions.create({
        model,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: question },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${pngBase64}` } },
            ],
          },
        ],
      })
      expect(got.choices[0]?.message.content).toBe(answer)
      await expectBilled(questionTokens + imageTokens, answerTokens)
    })

    test('structured output fits its schema, streamed and not', async () => {
      const asked = { ...chat, response_format: zodResponseFormat(Weather, 'weather') }
      const got = await openai().chat.completions.parse(asked)
      const streamed = await openai().chat.completions.stream(asked).finalChatCompletion()
      for (const { choices } of [got, streamed])
        expect(Weather.parse(choices[0]?.message.parsed).city).not.toBe('')
    })

    test('a caller who leaves is told of upstream in time', { retry: 2 }, () =>
      expectToldInTime(stand, async () => {
        const stream = await openai().chat.completions.create({
          model,
          messages: [{ role: 'user', content: questionFor('endless') }],
          stream: true,
        })
        const events = stream[Symbol.asyncIterator]()
        for (let heard = 0; heard < 3; heard++) await events.next()
        return () => stream.controller.abort()
      }),
    )
  })

  describe('responses', () => {
    test('an answer with its usage', async () => {
      const got = await openai().responses.create(responses)
      expect(got).toMatchObject({ output_text: answer, status: 'completed', model })
      expect(got.usage).toMatchObject({
        input_tokens: questionTokens,
        output_tokens: answerTokens,
        total_tokens: questionTokens + answerTokens,
      })
      await expectBilled(questionTokens, answerTokens)
    })

    test('a stream in order, with usage at its end', async () => {
      const stream = await openai().responses.create({ ...responses, stream: true })
      const events: OpenAI.Responses.ResponseStreamEvent[] = []
      for await (const event of stream) events.push(event)
      const types = events.map(({ type }) => type)
      expect(types[0]).toBe('response.created')
      expect(types.at(-1)).toBe('response.completed')
      const deltas = events.flatMap((event) =>
        event.type === 'response.output_text.delta' ? [event.delta] : [],
      )
      expect(deltas.length).toBeGreaterThan(3)
      expect(deltas.join('')).toBe(answer)
      const last = events.at(-1)
      expect(last?.type === 'response.completed' && last.response.usage).toMatchObject({
        input_tokens: questionTokens,
        output_tokens: answerTokens,
      })
      await expectBilled(questionTokens, answerTokens)
    })

    test('a tool is called, streamed and not', async () => {
      const tool = { type: 'function' as const, name: 'weather', parameters, strict: true }
      const asked = { ...responses, tools: [tool], tool_choice: 'required' as const }
      const got = await openai().responses.create(asked)
      const streamed = await openai().responses.stream(asked).finalResponse()
      for (const { output } of [got, streamed]) {
        const [call] = output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
        expect(() => Weather.parse(JSON.parse(call?.arguments ?? ''))).not.toThrow()
      }
    })

    test('an image is looked at, structured output fits its schema', async () => {
      const got = await openai().responses.parse({
        model,
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: question },
              {
                type: 'input_image',
                detail: 'auto',
                image_url: `data:image/png;base64,${pngBase64}`,
              },
            ],
          },
        ],
        text: { format: zodTextFormat(Weather, 'weather') },
      })
      expect(Weather.parse(got.output_parsed).unit).toMatch(/[CF]/)
      expect(got.usage?.input_tokens).toBeGreaterThan(imageTokens)
    })

    test('a caller who leaves is told of upstream in time', { retry: 2 }, () =>
      expectToldInTime(stand, async () => {
        const stream = await openai().responses.create({
          model,
          input: questionFor('stall'),
          stream: true,
        })
        await stream[Symbol.asyncIterator]().next()
        return () => stream.controller.abort()
      }),
    )
  })

  test('embeddings, as numbers and as base64', async () => {
    const asked = { model: 'text-embedding-3-small', input: [question, 'other'], dimensions: 64 }
    const packed = await openai().embeddings.create(asked)
    const plain = await openai().embeddings.create({ ...asked, encoding_format: 'float' })
    const vectors = plain.data.map(({ embedding }) => embedding.map(Math.fround))
    expect(packed.data.map(({ embedding }) => embedding)).toEqual(vectors)
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1])
    expect(plain.usage.total_tokens).toBe(questionTokens + 2)
  })

  test('the list of models', async () => {
    await openai().chat.completions.create(chat)
    const names: string[] = []
    for await (const { id } of openai().models.list()) names.push(id)
    expect(names).toContain(model)
  })
}
