import type { ServerResponse } from 'node:http'
import { expect } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import {
  breakConnection,
  type FixtureAnswer,
  isStreamed,
  type Received,
  sendText,
  startEvents,
} from '../gateways/fixture-upstream.ts'
import { ask, openAnswer, readUntil } from '../gateways/http-client.ts'
import { chatWire, messagesWire, streamOf, type Wire, wires } from '../gateways/wires.ts'
import type { Arena, Complaint } from './complaint.ts'

const cached = { cache: { exact: 'on' } }
const rightAnswer = 'Paris is the capital of France.'

/** Answers whole, as the request asks for it, with the text that `textOf` gives. */
const answerWhole =
  (wire: Wire, textOf: (received: Received) => string = () => rightAnswer): FixtureAnswer =>
  (response, received) => {
    const said = { text: textOf(received), model: wire.model }
    if (!isStreamed(received)) return sendText(response, 200, wire.whole(said))
    startEvents(response)
    response.end(streamOf(wire, said))
  }

/** Asks the same three times: the first answer is bad, the second must be asked for, the third is from the cache. */
async function expectSecondAsked(
  arena: Arena,
  wire: Wire,
  own: JsonObject,
  firstAnswer: FixtureAnswer,
  askFirst?: (url: string, body: JsonObject) => Promise<unknown>,
): Promise<void> {
  const upstream = await arena.upstream((response, received, turn) =>
    (turn === 0 ? firstAnswer : answerWhole(wire))(response, received, turn),
  )
  const gateway = await arena.gateway({ upstream: upstream.url, policy: cached })
  // What the provider stores for later questions is cached by nobody.
  const unstored = wire.path.endsWith('/responses') ? { store: false } : {}
  const body = wire.ask('What is the capital of France?', { ...unstored, ...own })
  const url = `${gateway.url}${wire.path}`
  await (askFirst ?? ((to) => ask(to, { body })))(url, body)
  for (const _ of ['asked for', 'from the cache']) {
    const got = await ask(url, { body })
    expect(got.status).toBe(200)
    const text = own['stream'] === true ? wire.textInStream(got.text) : wire.textIn(got.text)
    expect(text).toBe(rightAnswer)
    expect(upstream.received).toHaveLength(2)
  }
}

const badAnswers: readonly FixtureAnswer[] = [
  ...[400, 401, 403, 404, 429, 500, 503, 529].map(
    (status): FixtureAnswer =>
      (response) =>
        sendText(response, status, '{"type":"error","error":{"type":"any","message":"no"}}'),
  ),
  (response) => sendText(response, 200, '{"error":{"message":"no","type":"server_error"}}'),
  (response) =>
    sendText(response, 200, '<!doctype html><title>Welcome</title>', {
      'content-type': 'text/html',
    }),
]

export const errorBodiesCached: Complaint = {
  name: 'an error is never cached, nor replayed as an answer',
  async run(arena) {
    for (const bad of badAnswers) await expectSecondAsked(arena, chatWire, {}, bad)
    for (const wire of wires)
      await expectSecondAsked(arena, wire, { stream: true }, (response) => {
        const { start, content } = wire.events({ text: 'Paris is', model: wire.model })
        startEvents(response)
        response.end([...start, ...content, wire.errorEvent].join(''))
      })
  },
}

export const truncatedStreamsCached: Complaint = {
  name: 'an answer that broke off is never cached',
  async run(arena) {
    for (const wire of wires) {
      const { start, content } = wire.events({ text: rightAnswer, model: wire.model })
      const begin = (response: ServerResponse) => {
        startEvents(response)
        response.write([...start, ...content].join(''))
      }
      const streamed = { stream: true }
      await expectSecondAsked(arena, wire, streamed, (response) => {
        begin(response)
        response.end()
      })
      await expectSecondAsked(arena, wire, streamed, (response) => {
        begin(response)
        return breakConnection(response)
      })
      // The client leaves an answer that nothing is wrong with.
      await expectSecondAsked(arena, wire, streamed, begin, async (url, body) => {
        const { response, leave } = await openAnswer(url, { body })
        await readUntil(response, content.at(-1) ?? '')
        leave()
      })
      await expectSecondAsked(arena, wire, {}, (response) => {
        const whole = wire.whole({ text: rightAnswer, model: wire.model })
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write(whole.slice(0, whole.length - 10))
        return breakConnection(response)
      })
    }
  },
}

/** Asks one thing after the other, and gives who was really asked how often. */
async function askAll(
  arena: Arena,
  wire: Wire,
  policy: JsonObject,
  asked: readonly { readonly body: JsonObject; readonly headers?: Record<string, string> }[],
) {
  let count = 0
  const upstream = await arena.upstream(answerWhole(wire, () => `answer ${++count}`))
  const { url } = await arena.gateway({ upstream: upstream.url, policy })
  const texts: string[] = []
  for (const { body, headers = {} } of asked)
    texts.push(wire.textIn((await ask(`${url}${wire.path}`, { body, headers })).text))
  return texts
}

export const answersOfOthers: Complaint = {
  name: 'nobody is answered with what another user was told',
  async run(arena) {
    const policy = { cache: { exact: 'on', namespace: 'user' } }
    const question = 'How many seats does the plan have?'
    const inBody = (user: string) => ({ body: chatWire.ask(question, { user }) })
    const ofUsers = await askAll(arena, chatWire, policy, ['al', 'bo', 'al', 'bo'].map(inBody))
    expect(ofUsers).toEqual(['answer 1', 'answer 2', 'answer 1', 'answer 2'])
    const inHeader = (user: string) => ({
      body: chatWire.ask(question),
      headers: { 'x-llmcost-user': user },
    })
    const ofHeaders = await askAll(arena, chatWire, policy, ['al', 'bo', 'bo'].map(inHeader))
    expect(ofHeaders).toEqual(['answer 1', 'answer 2', 'answer 2'])
    const inMetadata = (user_id: string) => ({
      body: messagesWire.ask(question, { metadata: { user_id } }),
    })
    const ofMetadata = await askAll(arena, messagesWire, policy, ['al', 'bo', 'al'].map(inMetadata))
    expect(ofMetadata).toEqual(['answer 1', 'answer 2', 'answer 1'])
  },
}

export const lastMessagesCollide: Complaint = {
  name: '"continue" in one conversation is not answered from another',
  async run(arena) {
    const after = (story: string) => ({
      body: chatWire.ask('', {
        messages: [
          { role: 'user', content: `Tell me of ${story}.` },
          { role: 'assistant', content: `Once there was ${story}.` },
          { role: 'user', content: 'continue' },
        ],
      }),
    })
    const got = await askAll(arena, chatWire, cached, ['bears', 'whales', 'bears'].map(after))
    expect(got).toEqual(['answer 1', 'answer 2', 'answer 1'])
  },
}

export const settingsCollide: Complaint = {
  name: 'another model, instruction, tool, format or setting is another question',
  async run(arena) {
    const question = 'What is the capital of France?'
    const tools = [{ type: 'function', function: { name: 'map', parameters: { type: 'object' } } }]
    const messages = [{ role: 'user', content: question }]
    const variants: JsonObject[] = [
      {},
      { model: chatWire.otherModel },
      { messages: [{ role: 'system', content: 'In French.' }, ...messages] },
      { tools },
      { response_format: { type: 'json_object' } },
      { temperature: 0.5 },
      { max_tokens: 7 },
      { stop: ['x'] },
      { seed: 4 },
    ]
    const asked = [...variants, ...variants].map((own) => ({ body: chatWire.ask(question, own) }))
    const got = await askAll(arena, chatWire, cached, asked)
    const each = variants.map((_, at) => `answer ${at + 1}`)
    expect(got).toEqual([...each, ...each])
  },
}

export const marksFragmentTheCache: Complaint = {
  name: 'a moved mark of the prompt cache is the same question',
  async run(arena) {
    const mark = { cache_control: { type: 'ephemeral' } }
    const marked = (at: number | null) => ({
      body: messagesWire.ask('', {
        messages: [
          {
            role: 'user',
            content: ['A manual.', 'What does it say?'].map((text, place) => ({
              type: 'text',
              text,
              ...(place === at && mark),
            })),
          },
        ],
      }),
    })
    const got = await askAll(arena, messagesWire, cached, [0, 1, null].map(marked))
    expect(got).toEqual(['answer 1', 'answer 1', 'answer 1'])
  },
}
