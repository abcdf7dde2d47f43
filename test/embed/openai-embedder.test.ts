import { afterEach, describe, expect, it, test } from 'vitest'
import { zeroNanoUsd } from '../../src/domain/money.ts'
import { openOpenAiEmbedder } from '../../src/embed/openai-embedder.ts'
import {
  type Asked,
  type EmbeddingServer,
  type Reply,
  soundReply,
  startEmbeddingServer,
  vectorFor,
} from './embedding-server.ts'

let server: EmbeddingServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const key = 'sk-test-1234567890abcdef'

/** An embedder on a server that answers so; the waits it asked for are noted, not waited for. */
async function open(reply: (asked: Asked, number: number) => Reply | null) {
  const started = await startEmbeddingServer(reply)
  server = started
  const waits: number[] = []
  const embedder = openOpenAiEmbedder({
    name: 'openai:small',
    model: 'small',
    endpoint: { url: new URL(`${started.baseUrl}/embeddings`), key, keyName: 'SOME_KEY' },
    costOf: () => zeroNanoUsd,
    waiting: { wait: async (ms) => void waits.push(ms), random: () => 1 },
  })
  return { embedder, waits, asked: started.asked }
}

const failure = (
  status: number,
  error: object,
  headers: Readonly<Record<string, string>> = {},
) => ({
  status,
  headers,
  body: { error },
})

const once = (first: Reply | null) => (asked: Asked, number: number) =>
  number === 1 ? first : soundReply(asked)

const listed = (vectors: readonly (ArrayLike<number> | null)[]) =>
  vectors.map((vector) => vector && Array.from(vector))

describe('an embedder behind an endpoint', () => {
  it('gives each text its vector, whatever order they come in, and counts tokens', async () => {
    const { embedder, asked } = await open(soundReply)
    expect(embedder.dimensions).toBeNull()
    const { vectors, tokens } = await embedder.embed(['a', 'bcd'])
    expect(listed(vectors)).toEqual([vectorFor('a'), vectorFor('bcd')])
    expect({ tokens, dimensions: embedder.dimensions }).toEqual({ tokens: 14, dimensions: 3 })
    expect(asked).toMatchObject([
      { path: '/v1/embeddings', model: 'small', headers: { authorization: `Bearer ${key}` } },
    ])
  })

  it('reads lists of numbers from servers that know no base64, and estimates uncounted tokens', async () => {
    const { embedder } = await open(({ input }) => ({
      body: { data: input.map((text) => ({ embedding: vectorFor(text) })) },
    }))
    const { vectors, tokens } = await embedder.embed(['abcdefgh', 'x'])
    expect(listed(vectors)).toEqual([vectorFor('abcdefgh'), vectorFor('x')])
    expect(tokens).toBe(3)
  })

  it('asks for no blank text', async () => {
    const { embedder, asked } = await open(soundReply)
    const { vectors } = await embedder.embed(['', 'ab', ' \n'])
    expect(listed(vectors)).toEqual([null, vectorFor('ab'), null])
    expect(await embedder.embed([' '])).toEqual({ vectors: [null], tokens: 0 })
    expect(asked.map(({ input }) => input)).toEqual([['ab']])
  })

  test.each<[string, Reply | null, number]>([
    ['503', failure(503, { message: 'overloaded' }), 500],
    ['a broken connection', null, 500],
    ['429 with Retry-After', failure(429, {}, { 'retry-after': '7' }), 7500],
    ['429 with milliseconds', failure(429, {}, { 'retry-after-ms': '40' }), 540],
    ['a date in the past', failure(429, {}, { 'retry-after': new Date(0).toUTCString() }), 500],
  ])('tries again after %s', async (_, reply, waitMs) => {
    const { embedder, waits, asked } = await open(once(reply))
    expect(listed((await embedder.embed(['a'])).vectors)).toEqual([vectorFor('a')])
    expect({ waits, times: asked.length }).toEqual({ waits: [waitMs], times: 2 })
  })

  it('waits twice as long each time and gives up after six', async () => {
    const { embedder, waits, asked } = await open(() => failure(500, { message: 'no' }))
    await expect(embedder.embed(['a'])).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^http:.*\/v1\/embeddings failed 6 times: HTTP 500: no$/),
      hint: expect.stringContaining('is kept'),
    })
    expect({ waits, times: asked.length }).toEqual({
      waits: [500, 1000, 2000, 4000, 8000],
      times: 6,
    })
  })

  it('does not wait for hours', async () => {
    const { embedder, waits } = await open(() => failure(429, {}, { 'retry-after': '3600' }))
    await expect(embedder.embed(['a'])).rejects.toThrow('asks to wait 3600 s')
    expect(waits).toEqual([])
  })

  test.each<[string, Reply, RegExp]>([
    ['401', failure(401, { message: `no ${key}` }), /^127.*does not accept the key \(HTTP 401\)$/],
    ['no money', failure(429, { code: 'insufficient_quota', message: 'pay' }), /HTTP 429: pay$/],
    ['an unknown model', failure(404, { message: `no small\n${key}` }), /404: no small …$/],
    [
      'another error',
      { status: 400, body: { error: 'bad' } },
      /refused openai:small: HTTP 400: bad/,
    ],
    ['no JSON', { body: '<html>' }, /the answer is not JSON/],
    ['a redirect', { status: 307, headers: { location: '/x' }, body: '' }, /HTTP 307/],
  ])('gives up at once on %s, without showing the key', async (_, reply, message) => {
    const { embedder, asked } = await open(() => reply)
    const error = (await embedder.embed(['a']).catch((each: unknown) => each)) as Error
    expect(error).toMatchObject({ name: 'UserError', message: expect.stringMatching(message) })
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('1234567890')
    expect(asked.length).toBe(1)
  })

  const data = (...vectors: readonly unknown[]) => ({
    body: { data: vectors.map((embedding, index) => ({ index, embedding })) },
  })
  const notFinite = Buffer.from(Float32Array.of(1, Number.NaN).buffer).toString('base64')

  test.each<[string, Reply, RegExp]>([
    ['too few vectors', data([1]), /1 vectors for 2 texts/],
    ['no vectors', { body: { ok: true } }, /no list of vectors/],
    ['a missing number', data([1, null], [1, 2]), /infinite or missing/],
    ['a number that is none', data([1, 2], notFinite), /infinite or missing/],
    ['other lengths', data([1, 2], [1, 2, 3]), /vectors of 2 and of 3/],
    ['an empty vector', data([], []), /something else/],
    ['words', data('abc', [1]), /something else/],
    [
      'one index twice',
      { body: { data: [0, 0].map((index) => ({ index, embedding: [1] })) } },
      /no text/,
    ],
  ])('refuses %s', async (_, reply, message) => {
    const { embedder } = await open(() => reply)
    await expect(embedder.embed(['a', 'b'])).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    })
  })

  it('gives a vector of zeros to no text', async () => {
    const { embedder } = await open(() => data([0, 0], [3, 4]))
    expect(listed((await embedder.embed(['a', 'b'])).vectors)).toEqual([null, [3, 4]])
  })

  it('leaves out only the text that is too long', async () => {
    const { embedder } = await open((asked) =>
      asked.input.some((text) => text.length > 50)
        ? failure(400, { message: "This model's maximum context length is 8192 tokens" })
        : soundReply(asked),
    )
    const texts = ['a', 'bb', 'x'.repeat(60), 'cc', 'd']
    const { vectors, tokens } = await embedder.embed(texts)
    expect(listed(vectors)).toEqual(
      texts.map((text) => (text.length > 50 ? null : vectorFor(text))),
    )
    expect(tokens).toBe(4 * 7)
  })

  it('ends when it is told to', async () => {
    const controller = new AbortController()
    const { embedder, asked } = await open(() => {
      controller.abort(new Error('enough'))
      return failure(500, {})
    })
    await expect(embedder.embed(['a'], controller.signal)).rejects.toThrow('enough')
    expect(asked.length).toBe(1)
  })
})
