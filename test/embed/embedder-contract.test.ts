import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Embedder } from '../../src/domain/embedder.ts'
import { openEmbedder } from '../../src/embed/open-embedder.ts'
import { type EmbeddingServer, soundReply, startEmbeddingServer } from './embedding-server.ts'

let server: EmbeddingServer
beforeAll(async () => {
  server = await startEmbeddingServer(soundReply)
})
afterAll(() => server.close())

const logged = {
  fingerprint: 'logged 2',
  count: 9,
  dimensions: 2,
  ofRequest: () => null,
  ofText: (text: string) => (/\S/.test(text) ? Float64Array.of(text.length, 1) : null),
}

/** What whoever uses an embedder relies on. `local:` is held to it where it is installed, by its own tests. */
describe.each(['static', 'lexical', 'logged', 'openai:any'])('the embedder %s', (name) => {
  let embedder: Embedder
  beforeAll(async () => {
    const env = { OPENAI_BASE_URL: server.baseUrl }
    embedder = await openEmbedder(name, { env, workingFolder: '', logged })
  })

  const text = fc.constantFrom('', ' \n', 'a', 'where is my order', '東京', 'x'.repeat(3000), '!')

  it('gives each text what it gives it alone, and nothing to a blank one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 8 }), async (texts) => {
        const { vectors } = await embedder.embed(texts)
        expect(vectors).toHaveLength(texts.length)
        for (const [at, each] of texts.entries()) {
          expect(vectors[at]).toEqual((await embedder.embed([each])).vectors[0])
          if (each.trim() === '') expect(vectors[at]).toBeNull()
        }
      }),
      { numRuns: 30 },
    )
  })

  it('gives finite vectors of the length it says, with a direction', async () => {
    const { vectors, tokens } = await embedder.embed(['where is my order', 'a'])
    for (const vector of vectors) {
      expect(vector).toHaveLength(embedder.dimensions ?? Number.NaN)
      expect(vector?.every(Number.isFinite)).toBe(true)
      expect(vector?.some((cell) => cell !== 0)).toBe(true)
    }
    expect(Number.isSafeInteger(tokens)).toBe(true)
    expect(await embedder.embed([])).toEqual({ vectors: [], tokens: 0 })
  })

  it('goes by the name a policy calls it, and asks no money for nothing', () => {
    expect(embedder.name).toBe(name)
    expect(embedder.fingerprint).not.toBe('')
    expect(embedder.costOf(0)).toBe(0)
    expect(embedder.limits.textsPerCall).toBeGreaterThan(0)
    expect(embedder.limits.callsAtOnce).toBeGreaterThan(0)
  })
})
