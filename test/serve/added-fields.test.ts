import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import {
  asking,
  chunk,
  completion,
  endOfStream,
  startFixtureGateway,
  usageChunk,
} from '../support/fixture-gateway.ts'
import { type FixtureAnswer, sendText } from '../support/gateways/fixture-upstream.ts'

/** As Perplexity says where its answer comes from: beside the choices, in no field of OpenAI's. */
const sources = {
  citations: ['https://example.com/lamps'],
  search_results: [{ title: 'Lamps', url: 'https://example.com/lamps', date: '2026-01-02' }],
}

const policy: JsonObject = { cache: { namespace: 'shared', semantic: 'off' } }

const whole: FixtureAnswer = (response) =>
  sendText(response, 200, completion('Warm white.', { ...sources, x_groq: { usage: { cost: 1 } } }))

const withSources = (event: string): string => {
  const data = JSON.parse(event.slice('data: '.length)) as JsonObject
  return `data: ${JSON.stringify({ ...data, ...sources, obfuscation: 'x7' })}\n\n`
}
const streamed: FixtureAnswer = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(
    [
      withSources(chunk('Warm ')),
      withSources(chunk('white.', 'stop')),
      usageChunk,
      endOfStream,
    ].join(''),
  )
}

/** As OpenAI's search models say which pages their text rests on: inside the message. */
const annotations = [
  {
    type: 'url_citation',
    url_citation: { start_index: 0, end_index: 4, url: 'https://example.com/a' },
  },
  {
    type: 'url_citation',
    url_citation: { start_index: 5, end_index: 9, url: 'https://example.com/b' },
  },
]

const annotated: FixtureAnswer = (response) => {
  const body = JSON.parse(completion('Warm white.')) as { choices: [{ message: JsonObject }] }
  const [choice] = body.choices
  const message = { ...choice.message, annotations, audio: null }
  sendText(response, 200, JSON.stringify({ ...body, choices: [{ ...choice, message }] }))
}

const annotatedStream: FixtureAnswer = (response) => {
  const withDelta = (event: string, more: JsonObject): string => {
    const data = JSON.parse(event.slice('data: '.length)) as { choices: [{ delta: JsonObject }] }
    const [choice] = data.choices
    const delta = { ...choice.delta, ...more }
    return `data: ${JSON.stringify({ ...data, choices: [{ ...choice, delta }] })}\n\n`
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(
    [
      withDelta(chunk('Warm '), { annotations: annotations.slice(0, 1) }),
      withDelta(chunk('white.', 'stop'), { annotations: annotations.slice(1) }),
      usageChunk,
      endOfStream,
    ].join(''),
  )
}

const question = asking('Which lamps?')

/** The fields beside the choices of the last chunk that ends an answer. */
function lastChunk(text: string): JsonObject {
  const chunks = text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as JsonObject)
  return chunks.findLast((each) => JSON.stringify(each).includes('"stop"')) ?? {}
}

test.each([
  ['a whole answer', whole, {}],
  ['a stream', streamed, { stream: true }],
])('what %s has beside OpenAI’s fields comes back from the cache', async (_, answer, more) => {
  const { post, upstream } = await startFixtureGateway(answer, policy)
  const first = await post('/v1/chat/completions', { ...question, ...more })
  expect(await first.text()).toContain('search_results')

  const plain = await post('/v1/chat/completions', question)
  expect(plain.headers.get('x-llmcost-cache')).toBe('hit-exact')
  const body = (await plain.json()) as JsonObject
  expect(body).toMatchObject({ ...sources, choices: [{ message: { content: 'Warm white.' } }] })
  // Neither what pads a chunk nor what was billed for the first answer.
  expect(body).not.toHaveProperty('obfuscation')
  expect(body).not.toHaveProperty('x_groq')

  const stream = await post('/v1/chat/completions', { ...question, stream: true })
  expect(stream.headers.get('x-llmcost-cache')).toBe('hit-exact')
  expect(lastChunk(await stream.text())).toMatchObject(sources)
  expect(upstream.received).toHaveLength(1)
})

test('another format gets the answer without them, as it does from the model', async () => {
  const { post } = await startFixtureGateway(whole, policy)
  const message = { ...question, max_tokens: 100 }
  const shapes: JsonObject[] = []
  for (const cache of ['miss', 'hit-exact']) {
    const answered = await post('/v1/messages', message)
    expect(answered.headers.get('x-llmcost-cache')).toBe(cache)
    const { id: _, usage: _u, ...shape } = (await answered.json()) as JsonObject
    shapes.push(shape)
  }
  expect(shapes[1]).toEqual(shapes[0])
  expect(JSON.stringify(shapes)).not.toContain('search_results')
})

test.each([
  ['a whole answer', annotated, {}],
  ['a stream', annotatedStream, { stream: true }],
])('what the message of %s has beside OpenAI’s fields does too', async (_, answer, more) => {
  const { post, upstream } = await startFixtureGateway(answer, policy)
  await (await post('/v1/chat/completions', { ...question, ...more })).text()
  const plain = await post('/v1/chat/completions', question)
  expect(plain.headers.get('x-llmcost-cache')).toBe('hit-exact')
  const message = { role: 'assistant', content: 'Warm white.', annotations }
  expect(await plain.json()).toMatchObject({ choices: [{ message }] })
  const stream = await post('/v1/chat/completions', { ...question, stream: true })
  expect(lastChunk(await stream.text())).toMatchObject({ choices: [{ delta: { annotations } }] })
  expect(upstream.received).toHaveLength(1)
})
