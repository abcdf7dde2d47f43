import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { compileSchema } from '../../src/engine/json-schema.ts'
import { forced, startMock } from './mock-clients.ts'

const answer = 'Paris is the capital of France, since at least the year 987. 🗼'
const expectedOf = () => answer
const question = 'What is the capital of France?'
const messages = [{ role: 'user' as const, content: question }]
/** A quarter of the bytes, rounded up. */
const promptTokens = 8
const answerTokens = Math.ceil(Buffer.byteLength(answer) / 4)

const chat = { model: 'gpt-4o-mini', messages }
const responses = { model: 'gpt-4o-mini', input: question }
const message = { model: 'claude-mock', max_tokens: 1_000, messages }

const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' }, unit: { enum: ['C', 'F'] } },
  required: ['city', 'unit'],
  additionalProperties: false,
}
const fits = compileSchema(parameters)

describe('chat completions through the openai package', () => {
  test('an answer with its usage', async () => {
    const { openai } = await startMock({}, { expectedOf })
    const got = await openai.chat.completions.create(chat)
    expect(got.choices[0]).toMatchObject({
      message: { role: 'assistant', content: answer },
      finish_reason: 'stop',
    })
    expect(got.usage).toMatchObject({
      prompt_tokens: promptTokens,
      completion_tokens: answerTokens,
      total_tokens: promptTokens + answerTokens,
    })
    expect(got.model).toBe('gpt-4o-mini')
    expect(got.id).toMatch(/^chatcmpl-/)
  })

  test('a stream says the same, with usage for those who ask', async () => {
    const { openai } = await startMock({}, { expectedOf })
    const stream = openai.chat.completions.stream({
      ...chat,
      stream_options: { include_usage: true },
    })
    let pieces = 0
    stream.on('content', () => {
      pieces += 1
    })
    const got = await stream.finalChatCompletion()
    expect(got.choices[0]?.message.content).toBe(answer)
    expect(pieces).toBeGreaterThan(3)
    expect(got.usage?.completion_tokens).toBe(answerTokens)
  })

  test('tools, streamed and not', async () => {
    const { openai } = await startMock()
    const asked = {
      ...chat,
      tools: [{ type: 'function' as const, function: { name: 'weather', parameters } }],
      tool_choice: 'required' as const,
    }
    const got = await openai.chat.completions.create(asked)
    const streamed = await openai.chat.completions.stream(asked).finalChatCompletion()
    for (const { choices } of [got, streamed]) {
      const [call] = choices[0]?.message.tool_calls ?? []
      expect(choices[0]?.finish_reason).toBe('tool_calls')
      expect(call).toMatchObject({ type: 'function', function: { name: 'weather' } })
      if (call?.type === 'function') expect(fits(JSON.parse(call.function.arguments))).toBe(true)
    }
  })

  test('structured output that the package parses', async () => {
    const { openai } = await startMock()
    const got = await openai.chat.completions.parse({
      ...chat,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'place', strict: true, schema: parameters },
      },
    })
    expect(fits(JSON.parse(got.choices[0]?.message.content ?? ''))).toBe(true)
  })

  test('embeddings and models', async () => {
    const { openai } = await startMock()
    const embed = async (input: string) => {
      const { data } = await openai.embeddings.create({ model: 'text-embedding-3-small', input })
      return data[0]?.embedding ?? []
    }
    const [a, same, near, far] = await Promise.all(
      [
        'where is my parcel today',
        'where is my parcel today',
        'where is my parcel now',
        'refund of an annual plan',
      ].map(embed),
    )
    const dot = (left: number[] = [], right: number[] = []) =>
      left.reduce((sum, each, at) => sum + each * (right[at] ?? 0), 0)
    expect(a).toHaveLength(1_536)
    expect(same).toEqual(a)
    expect(dot(a, a)).toBeCloseTo(1, 5)
    expect(dot(a, near)).toBeGreaterThan(0.6)
    expect(dot(a, far)).toBeLessThan(0.4)
    const models = await openai.models.list()
    expect(models.data.map(({ id }) => id)).toContain('text-embedding-3-small')
  })
})

describe('responses through the openai package', () => {
  test('an answer and a stream', async () => {
    const { openai } = await startMock({}, { expectedOf })
    const got = await openai.responses.create(responses)
    expect(got.output_text).toBe(answer)
    expect(got.usage).toMatchObject({ input_tokens: promptTokens, output_tokens: answerTokens })
    const streamed = await openai.responses.stream(responses).finalResponse()
    expect(streamed.output_text).toBe(answer)
    expect(streamed.usage).toMatchObject({ output_tokens: answerTokens })
  })

  test('tools and structured output', async () => {
    const { openai } = await startMock()
    const tool = { type: 'function' as const, name: 'weather', parameters, strict: true }
    const got = await openai.responses.create({
      ...responses,
      tools: [tool],
      tool_choice: 'required',
    })
    const call = got.output.find((item) => item.type === 'function_call')
    expect(fits(JSON.parse(call?.arguments ?? ''))).toBe(true)
    const format = { type: 'json_schema' as const, name: 'place', schema: parameters, strict: true }
    const parsed = await openai.responses.create({ ...responses, text: { format } })
    expect(fits(JSON.parse(parsed.output_text))).toBe(true)
  })
})

describe('messages through the @anthropic-ai/sdk package', () => {
  test('an answer, a stream, and a count beforehand', async () => {
    const { anthropic } = await startMock({}, { expectedOf })
    const got = await anthropic.messages.create(message)
    expect(got.content).toMatchObject([{ type: 'text', text: answer }])
    expect(got).toMatchObject({
      stop_reason: 'end_turn',
      usage: { input_tokens: promptTokens, output_tokens: answerTokens },
    })
    const streamed = await anthropic.messages.stream(message).finalMessage()
    expect(streamed.content).toMatchObject([{ type: 'text', text: answer }])
    expect(streamed.usage).toMatchObject({ output_tokens: answerTokens })
    const count = await anthropic.messages.countTokens({ model: message.model, messages })
    expect(count.input_tokens).toBe(promptTokens)
  })

  test('tools, streamed and not', async () => {
    const { anthropic } = await startMock()
    const asked = {
      ...message,
      tools: [{ name: 'weather', input_schema: parameters }],
      tool_choice: { type: 'any' as const },
    }
    const got = await anthropic.messages.create(asked)
    const streamed = await anthropic.messages.stream(asked).finalMessage()
    for (const { content, stop_reason } of [got, streamed]) {
      expect(stop_reason).toBe('tool_use')
      expect(content).toMatchObject([{ type: 'tool_use', name: 'weather' }])
      expect(fits(content[0]?.type === 'tool_use' ? content[0].input : null)).toBe(true)
    }
  })

  test('models', async () => {
    const { anthropic } = await startMock({ models: [{ match: 'claude-mock' }] })
    const models = await anthropic.models.list()
    expect(models.data.map(({ id }) => id)).toContain('claude-mock')
  })
})

/** How each package names a status; both know the same classes. */
const classes = [
  ['400', 'BadRequestError'],
  ['401', 'AuthenticationError'],
  ['403', 'PermissionDeniedError'],
  ['404', 'NotFoundError'],
  ['429', 'RateLimitError'],
  ['429-bare', 'RateLimitError'],
  ['quota', 'RateLimitError'],
  ['context-length', 'BadRequestError'],
  ['content-policy', 'BadRequestError'],
  ['500', 'InternalServerError'],
  ['503', 'InternalServerError'],
  ['529', 'InternalServerError'],
] as const

const thrownBy = async (asked: Promise<unknown>): Promise<Error> => {
  const error: unknown = await asked.then(
    () => new Error('it was answered'),
    (thrown) => thrown,
  )
  return error as Error
}

describe('errors are those of the packages', () => {
  test.each(classes)('%s is a %s', async (fault, name) => {
    const { openai, anthropic, server } = await startMock({ retryAfterMs: 7_000 })
    const headers = forced({ fault })
    const inChat = await thrownBy(openai.chat.completions.create(chat, headers))
    const inStream = await thrownBy(
      openai.chat.completions.create({ ...chat, stream: true }, headers),
    )
    const inResponses = await thrownBy(openai.responses.create(responses, headers))
    const inMessages = await thrownBy(anthropic.messages.create(message, headers))
    for (const error of [inChat, inStream, inResponses]) {
      expect(error).toBeInstanceOf(OpenAI[name])
      expect(error).toMatchObject({ message: expect.stringMatching(/\w+ \w+/) })
    }
    expect(inMessages).toBeInstanceOf(Anthropic[name])
    expect(inMessages).toMatchObject({
      error: { type: 'error', error: { type: expect.any(String) } },
    })
    const { headers: sent } = inMessages as InstanceType<typeof Anthropic.APIError>
    expect(sent?.get('retry-after')).toBe(fault === '429' ? '7' : null)
    expect(server.tally()).toMatchObject({ calls: 4, byOutcome: { [fault]: 4 } })
  })

  test('an overloaded Anthropic says 529, a forced status is that status', async () => {
    const { anthropic, openai } = await startMock({ faults: { '529': 1 } })
    expect(await thrownBy(anthropic.messages.create(message))).toMatchObject({
      status: 529,
      error: { error: { type: 'overloaded_error' } },
    })
    const asked = openai.chat.completions.create(chat, forced({ status: '418' }))
    expect(await thrownBy(asked)).toMatchObject({ status: 418 })
  })

  test.each(['reset', 'reset-within', 'malformed', 'wrong-type', 'cut-off'])(
    'a body with the fault %s is no answer',
    async (fault) => {
      const { openai, anthropic } = await startMock({}, { expectedOf })
      const headers = forced({ fault })
      const inChat = openai.chat.completions.create(chat, headers)
      const inMessages = anthropic.messages.create(message, headers)
      if (fault === 'wrong-type') {
        // Both packages hand over a body of another type as it is.
        expect(await inChat).toContain('<!doctype html>')
        expect(await inMessages).toContain('<!doctype html>')
        return
      }
      const [first, second] = [await thrownBy(inChat), await thrownBy(inMessages)]
      for (const error of [first, second]) expect(error.message).not.toBe('it was answered')
      if (fault === 'reset') {
        expect(first).toBeInstanceOf(OpenAI.APIConnectionError)
        expect(second).toBeInstanceOf(Anthropic.APIConnectionError)
      }
    },
  )

  test.each(['reset-within', 'malformed', 'error-event', 'cut-off'])(
    'a stream with the fault %s breaks after half of its text',
    async (fault) => {
      const { openai, anthropic, server } = await startMock({}, { expectedOf })
      const headers = forced({ fault })
      const heard = { chat: '', messages: '' }
      const inChat = async () => {
        const stream = await openai.chat.completions.create({ ...chat, stream: true }, headers)
        for await (const chunk of stream) heard.chat += chunk.choices[0]?.delta.content ?? ''
      }
      const inMessages = async () => {
        const stream = await anthropic.messages.create({ ...message, stream: true }, headers)
        for await (const event of stream)
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
            heard.messages += event.delta.text
      }
      const [first, second] = [await thrownBy(inChat()), await thrownBy(inMessages())]
      for (const text of Object.values(heard)) {
        expect(answer.startsWith(text)).toBe(true)
        expect(text.length).toBeGreaterThan(10)
        expect(text.length).toBeLessThan(answer.length)
      }
      // The packages take a stream that ends early for a whole one; whoever folds its messages does not.
      if (fault !== 'cut-off')
        for (const error of [first, second]) expect(error.message).not.toBe('it was answered')
      else expect(first.message).toBe('it was answered')
      const { byModel } = server.tally()
      expect(byModel['gpt-4o-mini']).toMatchObject({
        inputTokens: promptTokens,
        outputTokens: Math.ceil(Buffer.byteLength(heard.chat) / 4),
      })
    },
  )

  test('retries of the packages fare better: a question asked again is another draw', async () => {
    const { server } = await startMock({ faults: { '429': 0.5 }, retryAfterMs: 0 })
    const patient = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 10 })
    for (let at = 0; at < 8; at++) {
      const content = `question ${at}`
      await patient.chat.completions.create({ ...chat, messages: [{ role: 'user', content }] })
    }
    const { byOutcome } = server.tally()
    expect(byOutcome['answered']).toBe(8)
    expect(byOutcome['429']).toBeGreaterThan(0)
  })
})
