import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import {
  APICallError,
  embedMany,
  generateText,
  type LanguageModel,
  Output,
  stepCountIs,
  streamText,
  tool,
} from 'ai'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Harness } from '../gateways/harness.ts'
import { arrival, expectToldInTime } from './leaving.ts'
import {
  answer,
  answerTokens,
  imageTokens,
  pngBase64,
  question,
  questionFor,
  questionTokens,
  standBeforeMock,
  thrownBy,
} from './stand.ts'

const Weather = z.strictObject({ city: z.string(), unit: z.enum(['C', 'F']) })
const tools = {
  weather: tool({
    description: 'The weather of a city.',
    inputSchema: Weather,
    execute: async () => '21 °C',
  }),
}

const openai = (url: string) => createOpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-any' })
const models: Readonly<Record<string, (url: string) => LanguageModel>> = {
  'openai.chat': (url) => openai(url).chat('gpt-4o-mini'),
  'openai.responses': (url) => openai(url).responses('gpt-4o-mini'),
  anthropic: (url) =>
    createAnthropic({ baseURL: `${url}/v1`, apiKey: 'sk-ant-any' })('claude-sonnet-5'),
}

const usage = { inputTokens: questionTokens, outputTokens: answerTokens }

/** What an application sees through the AI SDK of Vercel. */
export function describeAiSdk(harness: Harness): void {
  const stand = standBeforeMock(harness)

  describe.each(Object.keys(models))('%s', (name) => {
    /** What every call has. */
    const plain = () => {
      const model = models[name]?.(stand.url)
      if (model === undefined) throw new Error(`no model ${name}`)
      return { model, maxRetries: 0 }
    }

    test('an answer with its usage', async () => {
      const got = await generateText({ ...plain(), prompt: question })
      expect(got).toMatchObject({ text: answer, finishReason: 'stop', usage })
    })

    test('a stream that folds into the same', async () => {
      const got = streamText({ ...plain(), prompt: question })
      const pieces: string[] = []
      for await (const piece of got.textStream) pieces.push(piece)
      expect(pieces.length).toBeGreaterThan(3)
      expect(pieces.join('')).toBe(answer)
      expect(await got.finishReason).toBe('stop')
      expect(await got.usage).toMatchObject(usage)
    })

    test('a tool is called, streamed and not', async () => {
      const asked = { ...plain(), prompt: question, tools, toolChoice: 'required' as const }
      const got = await generateText(asked)
      const streamed = streamText(asked)
      for (const calls of [got.toolCalls, await streamed.toolCalls]) {
        expect(calls).toHaveLength(1)
        expect(() => Weather.parse(calls[0]?.input)).not.toThrow()
      }
      expect(got.toolResults[0]?.output).toBe('21 °C')
    })

    test('the result of a tool is taken, and answered', async () => {
      let step = 0
      const got = await generateText({
        ...plain(),
        prompt: question,
        tools,
        stopWhen: stepCountIs(2),
        prepareStep: () => ({ toolChoice: step++ === 0 ? 'required' : 'auto' }),
      })
      expect(got.steps).toHaveLength(2)
      expect(got.text).toBe(answer)
    })

    test('an image is looked at', async () => {
      const got = await generateText({
        ...plain(),
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: question },
              { type: 'image', image: pngBase64, mediaType: 'image/png' },
            ],
          },
        ],
      })
      expect(got.text).toBe(answer)
      expect(got.usage.inputTokens).toBe(questionTokens + imageTokens)
    })

    test('structured output fits its schema', async () => {
      const got = await generateText({
        ...plain(),
        prompt: question,
        output: Output.object({ schema: Weather }),
      })
      expect(Weather.parse(got.output).city).not.toBe('')
    })

    test('errors with their status, and whether to ask again', async () => {
      for (const [fault, statusCode, isRetryable] of [
        ['401', 401, false],
        ['429', 429, true],
        ['context-length', 400, false],
        ['503', 503, true],
      ] as const) {
        const asked = generateText({ ...plain(), prompt: questionFor(fault) })
        const error = await thrownBy(asked)
        expect(APICallError.isInstance(error)).toBe(true)
        expect(error).toMatchObject({ statusCode, isRetryable })
      }
    })

    test('a stream that breaks is an error', async () => {
      const errors: unknown[] = []
      const onError = (error: unknown) => void errors.push(error)
      const got = streamText({ ...plain(), prompt: questionFor('reset-within'), onError })
      await got.consumeStream({ onError })
      expect(errors.length).toBeGreaterThan(0)
    })

    test('a caller who leaves is told of upstream in time', { retry: 2 }, () =>
      expectToldInTime(stand, async () => {
        const leaving = new AbortController()
        const waiting = generateText({
          ...plain(),
          prompt: questionFor('slow'),
          abortSignal: leaving.signal,
        })
        const left = thrownBy(waiting)
        await arrival()
        return () => {
          leaving.abort()
          void left
        }
      }),
    )
  })

  test('embedMany', async () => {
    const got = await embedMany({
      model: openai(stand.url).embedding('text-embedding-3-small'),
      values: [question, question],
      maxRetries: 0,
    })
    expect(got.embeddings).toHaveLength(2)
    expect(got.embeddings[1]).toEqual(got.embeddings[0])
    expect(got.usage.tokens).toBe(2 * questionTokens)
  })
}
