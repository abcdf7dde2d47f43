import { ChatAnthropic } from '@langchain/anthropic'
import { ContextOverflowError } from '@langchain/core/errors'
import { AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
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
const weather = tool(async () => '21 °C', {
  name: 'weather',
  description: 'The weather of a city.',
  schema: Weather,
})

type Chat = ChatOpenAI | ChatAnthropic
const chats: Readonly<Record<string, (url: string) => Chat>> = {
  'ChatOpenAI over chat completions': (url) => chatOpenAi(url, false),
  'ChatOpenAI over responses': (url) => chatOpenAi(url, true),
  ChatAnthropic: (url) =>
    new ChatAnthropic({
      model: 'claude-sonnet-5',
      apiKey: 'sk-ant-any',
      anthropicApiUrl: url,
      maxRetries: 0,
    }),
}

const chatOpenAi = (url: string, useResponsesApi: boolean) =>
  new ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey: 'sk-any',
    configuration: { baseURL: `${url}/v1` },
    maxRetries: 0,
    useResponsesApi,
  })

const usage = {
  input_tokens: questionTokens,
  output_tokens: answerTokens,
  total_tokens: questionTokens + answerTokens,
}

/** What an application sees through LangChain. */
export function describeLangChain(harness: Harness): void {
  const stand = standBeforeMock(harness)

  describe.each(Object.keys(chats))('%s', (name) => {
    const chat = (): Chat => {
      const made = chats[name]?.(stand.url)
      if (made === undefined) throw new Error(`no chat ${name}`)
      return made
    }

    test('an answer with its usage', async () => {
      const got = await chat().invoke(question)
      expect(got.text).toBe(answer)
      expect(got.usage_metadata).toMatchObject(usage)
    })

    test('a stream that folds into the same', async () => {
      let whole = new AIMessageChunk('')
      let pieces = 0
      for await (const chunk of await chat().stream(question)) {
        if (chunk.text !== '') pieces++
        whole = whole.concat(chunk)
      }
      expect(pieces).toBeGreaterThan(3)
      expect(whole.text).toBe(answer)
      expect(whole.usage_metadata).toMatchObject(usage)
    })

    test('a tool is called, and its result taken', async () => {
      const bound = bind(chat(), 'must')
      const called = await bound.invoke(question)
      const [call] = called.tool_calls ?? []
      if (call === undefined) throw new Error('no tool was called')
      expect(() => Weather.parse(call.args)).not.toThrow()
      const result = new ToolMessage({ content: '21 °C', tool_call_id: call.id ?? '' })
      const after = await bind(chat(), 'may').invoke([new HumanMessage(question), called, result])
      expect(after.text).toBe(answer)
    })

    test('a streamed tool call', async () => {
      let whole = new AIMessageChunk('')
      for await (const chunk of await bind(chat(), 'must').stream(question))
        whole = whole.concat(chunk)
      expect(whole.tool_calls).toHaveLength(1)
      expect(() => Weather.parse(whole.tool_calls?.[0]?.args)).not.toThrow()
    })

    test('an image is looked at', async () => {
      const got = await chat().invoke([
        new HumanMessage({
          content: [
            { type: 'text', text: question },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pngBase64}` } },
          ],
        }),
      ])
      expect(got.text).toBe(answer)
      expect(got.usage_metadata).toMatchObject({ input_tokens: questionTokens + imageTokens })
    })

    test('structured output fits its schema', async () => {
      const got = await chat().withStructuredOutput(Weather).invoke(question)
      expect(Weather.parse(got).city).not.toBe('')
    })

    test('errors with their status', async () => {
      for (const [fault, status] of [
        ['401', 401],
        ['429', 429],
        ['503', 503],
      ] as const)
        expect(await thrownBy(chat().invoke(questionFor(fault)))).toMatchObject({ status })
    })

    test('a prompt that is too long by its name', async () => {
      const thrown = await thrownBy(chat().invoke(questionFor('context-length')))
      expect(thrown).toBeInstanceOf(ContextOverflowError)
    })

    test('a stream that breaks is an error', async () => {
      const stream = await chat().stream(questionFor('reset-within'))
      const reading = (async () => {
        for await (const _ of stream);
      })()
      await thrownBy(reading)
    })

    test('a caller who leaves is told of upstream in time', { retry: 2 }, () =>
      expectToldInTime(stand, async () => {
        const leaving = new AbortController()
        const waiting = chat().invoke(questionFor('slow'), { signal: leaving.signal })
        const left = thrownBy(waiting)
        await arrival()
        return () => {
          leaving.abort()
          void left
        }
      }),
    )
  })

  test('OpenAIEmbeddings', async () => {
    const embeddings = new OpenAIEmbeddings({
      model: 'text-embedding-3-small',
      apiKey: 'sk-any',
      dimensions: 64,
      maxRetries: 0,
      configuration: { baseURL: `${stand.url}/v1` },
    })
    const [first = [], second = []] = await embeddings.embedDocuments([question, question])
    expect(first).toHaveLength(64)
    expect(second).toEqual(first)
    expect(stand.tally().calls).toBe(1)
  })
}

/** The chat with a tool that it must call, or may. */
const bind = (chat: Chat, choice: 'must' | 'may') =>
  chat.bindTools([weather], { tool_choice: choice === 'must' ? 'weather' : 'auto' })
