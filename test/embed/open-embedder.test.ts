import { afterEach, describe, expect, it, test } from 'vitest'
import { type EmbedderOptions, openEmbedder } from '../../src/embed/open-embedder.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import {
  type EmbeddingServer,
  soundReply,
  startEmbeddingServer,
  vectorFor,
} from './embedding-server.ts'

const prices = openPriceBook()
const key = 'sk-test-1234567890abcdef'
const withKey = { OPENAI_API_KEY: key }

const open = (
  spec: string,
  env: EmbedderOptions['env'] = {},
  more: Partial<EmbedderOptions> = {},
) => openEmbedder(spec, { env, workingFolder: '/nowhere', prices, ...more })

const logged = {
  fingerprint: 'logged 2 abc',
  count: 1,
  dimensions: 2,
  ofRequest: () => null,
  ofText: (text: string) => (text === 'known' ? Float64Array.of(1, 2) : null),
}
const acme = {
  name: 'acme',
  baseUrl: 'https://acme.test/api/',
  apiKeyEnv: 'ACME_KEY',
  needsKey: true,
}

let server: EmbeddingServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

describe('an embedder by its name', () => {
  test.each<[string, string, number | null, EmbedderOptions['env'], Partial<EmbedderOptions>]>([
    ['static', 'static-v1 9e14dc5e', 128, {}, {}],
    ['lexical', 'lexical-v1', 512, {}, {}],
    ['logged', 'logged 2 abc', 2, {}, { logged }],
    ['openai:small', 'openai:small https://api.openai.com/v1/embeddings', null, withKey, {}],
    [
      'openai:a/b:c',
      'openai:a/b:c http://gpu-7:8080/v1/embeddings',
      null,
      { OPENAI_BASE_URL: 'http://gpu-7:8080/v1/' },
      {},
    ],
    [
      'acme:x',
      'acme:x https://acme.test/api/embeddings',
      null,
      { ACME_KEY: key },
      { providers: [acme] },
    ],
  ])('%s', async (spec, fingerprint, dimensions, env, more) => {
    const embedder = await open(spec, env, more)
    expect(embedder.name).toBe(spec)
    expect(embedder.fingerprint.startsWith(fingerprint)).toBe(true)
    expect(embedder.fingerprint).not.toContain(key)
    expect(embedder.dimensions).toBe(dimensions)
  })

  test.each<[string, string, string, EmbedderOptions['env'], Partial<EmbedderOptions>]>([
    [
      'statc',
      'unknown embedder "statc"',
      'did you mean "static"? embedders: static, lexical',
      {},
      {},
    ],
    ['acne:x', 'unknown embedder "acne:x"', 'did you mean "acme"?', {}, { providers: [acme] }],
    [
      'sentence',
      'unknown embedder',
      'embedders: static, lexical, logged, openai:MODEL, local:MODEL',
      {},
      {},
    ],
    ['', 'unknown embedder ""', 'embedders: static', {}, {}],
    ['openai', 'needs a model', 'write openai:MODEL', withKey, {}],
    ['static:v1', 'takes no model', 'write "static"', {}, {}],
    ['logged', 'the log holds no vectors', '--map embedding=FIELD', {}, { logged: null }],
    ['openai:small', 'OPENAI_API_KEY is not set', '"static"', {}, {}],
    [
      'openai:s',
      'OPENAI_API_KEY holds characters',
      'without quotes',
      { OPENAI_API_KEY: `“${key}”` },
      {},
    ],
    ['acme:x', 'ACME_KEY is not set', 'static', withKey, { providers: [acme] }],
    [
      'openai:s',
      'no plain http or https address',
      'a key belongs',
      { OPENAI_BASE_URL: `https://me:${key}@x.test` },
      {},
    ],
    ['openai:s', 'no plain http', 'write it as', { OPENAI_BASE_URL: 'gpu-7:8080' }, {}],
    ['openai:s', 'HTTPS_PROXY is set', 'NO_PROXY', { ...withKey, HTTPS_PROXY: 'http://p:1' }, {}],
    ['local:m', 'which is not installed', 'npm install', {}, {}],
  ])('refuses %s: %s', async (spec, message, hint, env, more) => {
    const error = (await open(spec, env, more).catch((each: unknown) => each)) as Error
    expect(error).toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain(key)
  })

  test.each<[string, EmbedderOptions['env']]>([
    ['exempt', { ...withKey, HTTPS_PROXY: 'http://p:1', NO_PROXY: 'x.test, .openai.com' }],
    ['exempt altogether', { ...withKey, https_proxy: 'http://p:1', no_proxy: '*' }],
    ['for another protocol', { ...withKey, HTTP_PROXY: 'http://p:1' }],
    ['needless here', { OPENAI_BASE_URL: 'http://localhost:11434/v1', HTTP_PROXY: 'http://p:1' }],
  ])('goes past a proxy that is %s', async (_, env) => {
    expect((await open('openai:small', env)).name).toBe('openai:small')
  })

  it('asks the endpoint of the environment, with its key', async () => {
    server = await startEmbeddingServer(soundReply)
    const embedder = await open('openai:x', { ...withKey, OPENAI_BASE_URL: server.baseUrl })
    const { vectors } = await embedder.embed(['abc'])
    expect(vectors.map((vector) => vector && [...vector])).toEqual([vectorFor('abc')])
    expect(server.asked[0]?.headers.authorization).toBe(`Bearer ${key}`)
  })

  it('takes its price from the book', async () => {
    const small = await open('openai:text-embedding-3-small', withKey)
    // $0.02 for a million tokens.
    expect([small.costOf(1e6), small.costOf(0)]).toEqual([20_000_000, 0])
    expect((await open('openai:nobody-knows-it', withKey)).costOf(10)).toBeNull()
    expect((await open('openai:x', withKey, { prices: undefined })).costOf(10)).toBeNull()
    expect((await open('static')).costOf(1e9)).toBe(0)
  })

  it('gives the vectors of a log to the questions it logged', async () => {
    const embedder = await open('logged', {}, { logged })
    const { vectors } = await embedder.embed(['known', 'new'])
    expect(vectors).toEqual([Float64Array.of(1, 2), null])
  })
})
