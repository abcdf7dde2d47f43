import type { DialectName } from '../../src/domain/call.ts'

/** "Paris is it." of each dialect: whole, and as the events of a stream. */
export type WireAnswer = {
  readonly whole: object
  /** The events by and by; of the first, no content has come. */
  readonly start: string
  readonly text: string
  readonly finish: string
  /** Of usage by the time that the text has come. */
  readonly usageAtText: object | null
}

const event = (name: string | null, data: object | string): string =>
  `${name === null ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

const chat = (choice: object | null, more: object = {}) =>
  event(null, {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'small-2026',
    choices: choice === null ? [] : [{ index: 0, finish_reason: null, ...choice }],
    ...more,
  })

const chatUsage = { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 }

const response = (more: object) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  error: null,
  model: 'small-2026',
  output: [],
  usage: null,
  ...more,
})
const message = (text: string, status: string) => ({
  id: 'item_1',
  type: 'message',
  role: 'assistant',
  status,
  content: text === '' ? [] : [{ type: 'output_text', text, annotations: [] }],
})
const said = response({
  output: [message('Paris is it.', 'completed')],
  usage: { input_tokens: 12, output_tokens: 4, total_tokens: 16 },
})
const typed = (type: string, more: object) => event(type, { type, ...more })
const item = { item_id: 'item_1', output_index: 0, content_index: 0 }

export const wireAnswers: Readonly<Record<DialectName, WireAnswer>> = {
  'openai-responses': {
    whole: said,
    start:
      typed('response.created', { response: response({ status: 'in_progress' }) }) +
      typed('response.output_item.added', { output_index: 0, item: message('', 'in_progress') }),
    text: typed('response.output_text.delta', { ...item, delta: 'Paris' }),
    finish:
      typed('response.output_text.delta', { ...item, delta: ' is it.' }) +
      typed('response.output_text.done', { ...item, text: 'Paris is it.' }) +
      typed('response.output_item.done', {
        output_index: 0,
        item: message('Paris is it.', 'completed'),
      }) +
      typed('response.completed', { response: said }),
    usageAtText: null,
  },
  'openai-chat': {
    whole: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'small-2026',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'Paris is it.', refusal: null },
        },
      ],
      usage: chatUsage,
    },
    start: chat({ delta: { role: 'assistant', content: '' } }),
    text: chat({ delta: { content: 'Paris' } }),
    finish:
      chat({ delta: { content: ' is it.' } }) +
      chat({ delta: {}, finish_reason: 'stop' }) +
      chat(null, { usage: chatUsage }) +
      event(null, '[DONE]'),
    usageAtText: null,
  },
  'anthropic-messages': {
    whole: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'small-2026',
      content: [{ type: 'text', text: 'Paris is it.' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 4 },
    },
    start:
      event('message_start', {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'small-2026',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 12, output_tokens: 1 },
        },
      }) + event('ping', { type: 'ping' }),
    text:
      event('content_block_start', {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'text', text: '' },
      }) +
      event('content_block_delta', {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: 'Paris' },
      }),
    finish:
      event('content_block_delta', {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: ' is it.' },
      }) +
      event('content_block_stop', { type: 'content_block_stop', index: 0 }) +
      event('message_delta', {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 4 },
      }) +
      event('message_stop', { type: 'message_stop' }),
    usageAtText: { inputTokens: 12 },
  },
}
