import type { DialectName } from '../../../src/domain/call.ts'
import type { Json, JsonObject } from '../../../src/domain/json.ts'
import { noUsage, type Usage } from '../../../src/domain/usage.ts'
import { eventsOf } from '../stream-events.ts'
import { wireUsages } from './wire-usage.ts'

/** What an upstream answers. */
export type Said = {
  readonly text: string
  readonly model: string
  readonly usage?: Usage
}

/** The events of a streamed answer, each with the empty line that ends it. */
export type WireEvents = {
  /** Before any content. */
  readonly start: readonly string[]
  /** One for each word. */
  readonly content: readonly string[]
  /** The rest. */
  readonly end: readonly string[]
}

/** One wire format, written out by hand so that no code of the product vouches for itself. */
export type Wire = {
  readonly dialect: DialectName
  readonly path: string
  readonly model: string
  /** Another model of the same provider. */
  readonly otherModel: string
  /** The body of a request; `own` goes over it. */
  ask(question: string, own?: JsonObject): JsonObject
  whole(said: Said): string
  events(said: Said): WireEvents
  /** The text in a whole answer. */
  textIn(body: string): string
  /** The text in a stream, as far as it came. */
  textInStream(stream: string): string
  /** Whether a stream claims to be a whole answer. */
  isFinished(stream: string): boolean
  /** An error in the middle of a stream, as this vendor tells it. */
  readonly errorEvent: string
}

const event = (name: string | null, data: Json): string =>
  `${name === null ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`
const typed = (type: string, more: JsonObject): string => event(type, { type, ...more })

const wordsOf = (text: string): readonly string[] => text.match(/\S+\s*/g) ?? []

// biome-ignore lint/suspicious/noExplicitAny: a test that reads what is not there fails, as it should.
type Foreign = any

/** The objects among the data of a stream's events. */
export const dataOf = (stream: string): readonly Foreign[] =>
  eventsOf(stream.replaceAll('\r\n', '\n')).flatMap(({ data }) => {
    try {
      return data.startsWith('{') ? [JSON.parse(data)] : []
    } catch {
      return []
    }
  })

const parsed = (text: string): Foreign => JSON.parse(text)

const chunk = (model: string, choice: JsonObject | null, more: JsonObject = {}) =>
  event(null, {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_767_225_600,
    model,
    choices: choice === null ? [] : [{ index: 0, finish_reason: null, ...choice }],
    ...more,
  })

const chat: Wire = {
  dialect: 'openai-chat',
  path: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  otherModel: 'gpt-4o',
  ask: (question, own) => ({
    model: chat.model,
    messages: [{ role: 'user', content: question }],
    ...own,
  }),
  whole: ({ text, model, usage = noUsage }) =>
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_767_225_600,
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text, refusal: null },
          finish_reason: 'stop',
        },
      ],
      usage: wireUsages['openai-chat'](usage),
    }),
  events: ({ text, model, usage = noUsage }) => ({
    start: [chunk(model, { delta: { role: 'assistant', content: '' } })],
    content: wordsOf(text).map((word) => chunk(model, { delta: { content: word } })),
    end: [
      chunk(model, { delta: {}, finish_reason: 'stop' }),
      chunk(model, null, { usage: wireUsages['openai-chat'](usage) }),
      'data: [DONE]\n\n',
    ],
  }),
  textIn: (body) => parsed(body).choices[0].message.content,
  textInStream: (stream) =>
    dataOf(stream)
      .map(({ choices }) => choices?.[0]?.delta?.content ?? '')
      .join(''),
  isFinished: (stream) =>
    stream.includes('[DONE]') || dataOf(stream).some(({ choices }) => choices?.[0]?.finish_reason),
  errorEvent: event(null, {
    error: { message: 'The server had an error.', type: 'server_error', param: null, code: null },
  }),
}

const response = (model: string, more: JsonObject): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_767_225_600,
  status: 'completed',
  error: null,
  incomplete_details: null,
  instructions: null,
  model,
  output: [],
  parallel_tool_calls: true,
  store: false,
  tools: [],
  usage: null,
  ...more,
})

const output = (text: string, status: string): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status,
  content: text === '' ? [] : [{ type: 'output_text', text, annotations: [] }],
})

const wholeResponse = ({ text, model, usage = noUsage }: Said): JsonObject =>
  response(model, {
    output: [output(text, 'completed')],
    usage: wireUsages['openai-responses'](usage),
  })

const place = { item_id: 'msg_1', output_index: 0, content_index: 0 }

const responses: Wire = {
  dialect: 'openai-responses',
  path: '/v1/responses',
  model: 'gpt-4o-mini',
  otherModel: 'gpt-4o',
  // What the provider keeps, no cache gives again.
  ask: (question, own) => ({ model: responses.model, input: question, store: false, ...own }),
  whole: (said) => JSON.stringify(wholeResponse(said)),
  events: (said) => ({
    start: [
      typed('response.created', { response: response(said.model, { status: 'in_progress' }) }),
      typed('response.output_item.added', { output_index: 0, item: output('', 'in_progress') }),
    ],
    content: wordsOf(said.text).map((word) =>
      typed('response.output_text.delta', { ...place, delta: word }),
    ),
    end: [
      typed('response.output_text.done', { ...place, text: said.text }),
      typed('response.output_item.done', {
        output_index: 0,
        item: output(said.text, 'completed'),
      }),
      typed('response.completed', { response: wholeResponse(said) }),
    ],
  }),
  textIn: (body) => parsed(body).output[0].content[0].text,
  textInStream: (stream) =>
    dataOf(stream)
      .map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : ''))
      .join(''),
  isFinished: (stream) => stream.includes('event: response.completed'),
  errorEvent: typed('error', {
    code: 'server_error',
    message: 'The server had an error.',
    param: null,
  }),
}

const message = (model: string, more: JsonObject): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  ...more,
})

const messages: Wire = {
  dialect: 'anthropic-messages',
  path: '/v1/messages',
  model: 'claude-sonnet-5',
  otherModel: 'claude-haiku-4-5',
  ask: (question, own) => ({
    model: messages.model,
    max_tokens: 500,
    messages: [{ role: 'user', content: question }],
    ...own,
  }),
  whole: ({ text, model, usage = noUsage }) =>
    JSON.stringify(
      message(model, {
        content: [{ type: 'text', text }],
        stop_reason: 'end_turn',
        usage: wireUsages['anthropic-messages'](usage),
      }),
    ),
  events: ({ text, model, usage = noUsage }) => ({
    start: [
      typed('message_start', {
        message: message(model, {
          usage: { ...wireUsages['anthropic-messages'](usage), output_tokens: 1 },
        }),
      }),
      typed('ping', {}),
      typed('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ],
    content: wordsOf(text).map((word) =>
      typed('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } }),
    ),
    end: [
      typed('content_block_stop', { index: 0 }),
      typed('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: usage.outputTokens },
      }),
      typed('message_stop', {}),
    ],
  }),
  textIn: (body) => parsed(body).content[0].text,
  textInStream: (stream) =>
    dataOf(stream)
      .map(({ delta }) => delta?.text ?? '')
      .join(''),
  isFinished: (stream) => stream.includes('event: message_stop'),
  errorEvent: typed('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }),
}

export const wires: readonly Wire[] = [chat, responses, messages]
export const chatWire = chat
export const responsesWire = responses
export const messagesWire = messages

/** All events of a streamed answer. */
export const streamOf = (wire: Wire, said: Said): string => {
  const { start, content, end } = wire.events(said)
  return [...start, ...content, ...end].join('')
}
