import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import {
  type MockFaultName,
  mockFaultNames,
  mockFaults,
} from '../../../src/providers/mock-faults.ts'
import { isStreamed, sendText, startEvents } from '../gateways/fixture-upstream.ts'
import type { Harness } from '../gateways/harness.ts'
import { chatWire, messagesWire, streamOf, type Wire } from '../gateways/wires.ts'
import { anthropicOf } from './anthropic-sdk.ts'
import { openaiOf } from './openai-sdk.ts'
import { answer, fixtureStands, question, questionFor, standBeforeMock, thrownBy } from './stand.ts'

const modelOf = { openai: 'gpt-4o-mini', anthropic: 'claude-sonnet-5' }

const chatThat = (content: string) => ({
  model: modelOf.openai,
  messages: [{ role: 'user' as const, content }],
})
const responseThat = (input: string) => ({ model: modelOf.openai, input })
const messageThat = (content: string) => ({
  model: modelOf.anthropic,
  max_tokens: 1_000,
  messages: [{ role: 'user' as const, content }],
})

/** What both packages call a status. */
type ErrorName =
  | 'BadRequestError'
  | 'AuthenticationError'
  | 'PermissionDeniedError'
  | 'NotFoundError'
  | 'RateLimitError'
  | 'InternalServerError'
  | 'APIError'

const errorNames: Readonly<Record<number, ErrorName>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  429: 'RateLimitError',
}

const errorOf = (status: number): ErrorName =>
  status >= 500 ? 'InternalServerError' : (errorNames[status] ?? 'APIError')

/** Faults that have a status, with what both packages name it. */
const refusals = mockFaultNames.flatMap((fault) => {
  const { stage, status, message } = mockFaults[fault]
  return stage === 'instead' && status !== null
    ? [{ fault, status, message, error: errorOf(status) }]
    : []
})

/** Each is listened to from the start: one that fails while another is awaited is nobody's surprise. */
const thrownByAll = (...asked: Promise<unknown>[]) => Promise.all(asked.map(thrownBy))
const errorFrom = (error: unknown) => error
const breaks = ['reset-within', 'malformed', 'error-event', 'cut-off'] as const

/** Errors are those that both packages have for them, with everything that came along. */
export function describeErrors(harness: Harness): void {
  const stand = standBeforeMock(harness)

  test.each(refusals)('$fault: status $status, a $error with its message', async (refusal) => {
    const { fault, status, message, error } = refusal
    const asked = questionFor(fault)
    const [openai, anthropic] = [openaiOf(stand.url), anthropicOf(stand.url)]
    const inOpenai = thrownByAll(
      openai.chat.completions.create(chatThat(asked)),
      openai.chat.completions.create({ ...chatThat(asked), stream: true }),
      openai.responses.create(responseThat(asked)),
      openai.responses.create({ ...responseThat(asked), stream: true }),
    )
    const inAnthropic = thrownByAll(
      anthropic.messages.create(messageThat(asked)),
      anthropic.messages.create({ ...messageThat(asked), stream: true }),
    )
    for (const thrown of await inOpenai) {
      expect(thrown).toBeInstanceOf(OpenAI[error])
      expect(thrown).toMatchObject({ status, message: expect.stringContaining(message) })
    }
    for (const thrown of await inAnthropic) {
      expect(thrown).toBeInstanceOf(Anthropic[error])
      expect(thrown).toMatchObject({
        status,
        error: { type: 'error', error: { type: expect.any(String), message } },
      })
    }
    const tally = await stand.counted(6)
    expect(tally.byOutcome).toEqual({ [fault]: 6 })
  })

  test.each([
    ['429', '7'],
    ['429-bare', null],
  ] as const)('%s says how long to wait: %s', async (fault, seconds) => {
    const asked = questionFor(fault)
    const thrown = [
      await thrownBy(openaiOf(stand.url).chat.completions.create(chatThat(asked))),
      await thrownBy(anthropicOf(stand.url).messages.create(messageThat(asked))),
    ]
    for (const error of thrown) {
      const { headers } = error as InstanceType<typeof OpenAI.APIError>
      expect(headers?.get('retry-after') ?? null).toBe(seconds)
    }
  })

  test('a connection that breaks before the answer is one that broke, or a server’s error', async () => {
    const asked = questionFor('reset')
    const inChat = await thrownBy(openaiOf(stand.url).chat.completions.create(chatThat(asked)))
    const inMessages = await thrownBy(anthropicOf(stand.url).messages.create(messageThat(asked)))
    expect(
      inChat instanceof OpenAI.APIConnectionError || inChat instanceof OpenAI.InternalServerError,
    ).toBe(true)
    expect(
      inMessages instanceof Anthropic.APIConnectionError ||
        inMessages instanceof Anthropic.InternalServerError,
    ).toBe(true)
  })

  test.each(['reset-within', 'malformed', 'cut-off'] as const)(
    'a body that suffers from %s is no answer',
    async (fault) => {
      const asked = questionFor(fault)
      await thrownBy(openaiOf(stand.url).chat.completions.create(chatThat(asked)))
      await thrownBy(openaiOf(stand.url).responses.create(responseThat(asked)))
      await thrownBy(anthropicOf(stand.url).messages.create(messageThat(asked)))
    },
  )

  test('a web page in place of an answer is an error, or still the page: never an answer', async () => {
    const asked = questionFor('wrong-type')
    const got: unknown[] = await Promise.all([
      openaiOf(stand.url).chat.completions.create(chatThat(asked)).catch(errorFrom),
      openaiOf(stand.url).responses.create(responseThat(asked)).catch(errorFrom),
      anthropicOf(stand.url).messages.create(messageThat(asked)).catch(errorFrom),
    ])
    for (const each of got) if (!(each instanceof Error)) expect(each).toContain('<!doctype html>')
  })

  /** What a stream said before it failed, and whether it said that this is all. */
  type Heard = { text: string; isFinished: boolean; error: unknown }
  const listen = async (read: (heard: Heard) => Promise<void>): Promise<Heard> => {
    const heard: Heard = { text: '', isFinished: false, error: null }
    await read(heard).catch((error: unknown) => {
      heard.error = error
    })
    return heard
  }

  const streams: Record<string, (fault: MockFaultName) => Promise<Heard>> = {
    'chat completions': (fault) =>
      listen(async (heard) => {
        const asked = { ...chatThat(questionFor(fault)), stream: true as const }
        for await (const { choices } of await openaiOf(stand.url).chat.completions.create(asked)) {
          heard.text += choices[0]?.delta.content ?? ''
          heard.isFinished ||= typeof choices[0]?.finish_reason === 'string'
        }
      }),
    responses: (fault) =>
      listen(async (heard) => {
        const asked = { ...responseThat(questionFor(fault)), stream: true as const }
        for await (const event of await openaiOf(stand.url).responses.create(asked)) {
          if (event.type === 'response.output_text.delta') heard.text += event.delta
          heard.isFinished ||= event.type === 'response.completed'
        }
      }),
    messages: (fault) =>
      listen(async (heard) => {
        const asked = { ...messageThat(questionFor(fault)), stream: true as const }
        for await (const event of await anthropicOf(stand.url).messages.create(asked)) {
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
            heard.text += event.delta.text
          heard.isFinished ||= event.type === 'message_stop'
        }
      }),
  }

  describe.each(Object.keys(streams))('a stream of %s', (name) => {
    test.each(breaks)(
      'that suffers from %s gives what it had and never looks whole',
      async (fault) => {
        const heard = await streams[name]?.(fault)
        expect(answer.startsWith(heard?.text ?? '')).toBe(true)
        expect(heard?.text.length).toBeGreaterThan(10)
        expect(heard?.text).not.toBe(answer)
        expect(heard?.isFinished).toBe(false)
        // Nothing but an end that comes too early may pass in silence: some vendors' streams just end.
        if (fault !== 'cut-off') expect(heard?.error).not.toBe(null)
      },
    )
  })

  test('a client’s own limit of time holds, and upstream is told', async () => {
    const openai = openaiOf(stand.url).chat.completions
    const inChat = openai.create(chatThat(questionFor('slow')), { timeout: 50 })
    expect(await thrownBy(inChat)).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    const anthropic = anthropicOf(stand.url).messages
    const inMessages = anthropic.create(messageThat(questionFor('slow')), { timeout: 50 })
    expect(await thrownBy(inMessages)).toBeInstanceOf(Anthropic.APIConnectionTimeoutError)
    expect((await stand.counted(2)).disconnects).toBe(2)
  })
}

/** The packages ask again by themselves, and are answered. */
export function describeRetries(harness: Harness): void {
  const startStand = fixtureStands(harness)
  const startFailingTwice = (wire: Wire, status: number) =>
    startStand((response, received, turn) => {
      const said = { text: answer, model: wire.model }
      if (turn < 2) {
        const body = JSON.stringify({ type: 'error', error: { type: 'any', message: 'not now' } })
        sendText(response, status, body, { 'retry-after-ms': '1' })
      } else if (isStreamed(received)) {
        startEvents(response)
        response.end(streamOf(wire, said))
      } else sendText(response, 200, wire.whole(said))
    })

  test.each([429, 500, 503, 529])('after two answers with status %s', async (status) => {
    const chats = await startFailingTwice(chatWire, status)
    const openai = openaiOf(chats.url, 2)
    const got = await openai.chat.completions.create(chatThat(question))
    expect(got.choices[0]?.message.content).toBe(answer)
    expect(chats.upstream.received).toHaveLength(3)
    const stand = await startFailingTwice(messagesWire, status)
    const anthropic = anthropicOf(stand.url, 2)
    const message = await anthropic.messages.stream(messageThat(question)).finalMessage()
    expect(message.content).toMatchObject([{ type: 'text', text: answer }])
    expect(stand.upstream.received).toHaveLength(3)
  })
}
