/** What goes over the wire in the gateway bench: some 0.6 kB each way, as a short chat has it. */

export const path = '/v1/chat/completions'
export const model = 'gpt-4o-mini'

/**
 * Stands in the question; a number of as many digits takes its place, so that no two requests are alike. The question
 * has none of the words that keep a request from caches ("now", "my order").
 */
export const placeholder = '##########'

const question =
  `Order ${placeholder}: the parcel was due on Monday and has not come. The tracking page says that it left the ` +
  'warehouse, and nothing since. What should be done about it, and who has to be asked? Please keep it short.'

/** The body of a request. */
export function requestBody(streams: boolean): string {
  return JSON.stringify({
    model,
    messages: [
      {
        role: 'system',
        content:
          'You are the support desk of a shop. Answer kindly and in at most three sentences. ' +
          'Never promise a refund before the order was looked up, and hand over to a colleague ' +
          'where somebody is angry or asks for one.',
      },
      { role: 'user', content: question },
    ],
    temperature: 0,
    max_tokens: 256,
    ...(streams && { stream: true, stream_options: { include_usage: true } }),
  })
}

const answer =
  'I am sorry that your parcel is late. It has left our warehouse, so the carrier can tell where it is: please write ' +
  'to them with the number on your tracking page, and to us again if nothing moves by Thursday.'

const common = { id: 'chatcmpl-bench0000000000000001', created: 1_700_000_000, model }
const usage = {
  prompt_tokens: 94,
  completion_tokens: 46,
  total_tokens: 140,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
}

/** The answer in one piece. */
export const answerBody = JSON.stringify({
  ...common,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: answer, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage,
})

/** The same answer as events: the first with the first words, the last one with the usage. */
export function answerEvents(chunks: number): readonly string[] {
  const words = answer.split(/(?<= )/)
  const perChunk = Math.ceil(words.length / chunks)
  const texts = Array.from({ length: chunks }, (_, at) =>
    words.slice(at * perChunk, (at + 1) * perChunk).join(''),
  )
  const chunk = (choices: readonly object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices, ...more })}\n\n`
  const delta = (part: object, finish: string | null) => ({
    index: 0,
    delta: part,
    finish_reason: finish,
  })
  return [
    ...texts.map((content) => chunk([delta({ role: 'assistant', content }, null)])),
    chunk([delta({}, 'stop')]),
    chunk([], { usage }),
    'data: [DONE]\n\n',
  ]
}
