import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Embedder, VectorCache } from '../../src/domain/embedder.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { embedAll, planEmbedding } from '../../src/embed/embed-all.ts'
import { openOpenAiEmbedder } from '../../src/embed/openai-embedder.ts'
import { openStaticEmbedder } from '../../src/embed/static-embedder.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { openVectorCache } from '../../src/store/vectors.ts'
import {
  type Asked,
  type EmbeddingServer,
  type Reply,
  soundReply,
  startEmbeddingServer,
  vectorFor,
} from './embedding-server.ts'

let folder: string
let store: Store
let cache: VectorCache
let server: EmbeddingServer | undefined

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-embed-'))
  const opened = await openStore({ path: join(folder, 'store.db'), create: true })
  if (opened === null) throw new Error('no store')
  store = opened
  cache = openVectorCache(store.database, (text) => `hash of ${text}`)
})
afterEach(async () => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
  await server?.close()
  server = undefined
})

async function open(
  reply: (asked: Asked, number: number) => Reply | null = soundReply,
): Promise<{ readonly embedder: Embedder; readonly asked: readonly Asked[] }> {
  const started = await startEmbeddingServer(reply)
  server = started
  const embedder = openOpenAiEmbedder({
    name: 'openai:small',
    model: 'small',
    endpoint: { url: new URL(`${started.baseUrl}/embeddings`), key: null, keyName: 'KEY' },
    costOf: (tokens) => (tokens * 20) as NanoUsd,
    waiting: { wait: async () => {}, random: Math.random },
  })
  return { embedder, asked: started.asked }
}

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `text ${at}`)
const rowsFor = (texts: readonly string[]) => texts.flatMap((text) => vectorFor(text))
const calls = (asked: readonly Asked[]) => asked.map(({ input }) => input.length).sort()

describe('embedding many texts', () => {
  it('asks once for each text, so many to a call, and lays the vectors side by side', async () => {
    const { embedder, asked } = await open()
    const texts = [...numbered(600), '', ...numbered(600)]
    const seen: string[] = []
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      seen.push(`${done}/${total}`)
    const result = await embedAll(embedder, texts, { cache, onProgress })
    expect(calls(asked)).toEqual([256, 256, 88])
    const rows = rowsFor(numbered(600))
    expect([...result.rows]).toEqual([...rows, 0, 0, 0, ...rows])
    expect(result.rows).toBeInstanceOf(Float32Array)
    expect([...result.present]).toEqual(texts.map((text) => (text === '' ? 0 : 1)))
    expect(result).toMatchObject({
      dimensions: 3,
      known: 0,
      asked: 601,
      tokens: 4200,
      costNanoUsd: 84_000,
    })
    expect([seen[0], seen.at(-1), seen.length]).toEqual(['0/601', '601/601', 4])
  })

  it('asks nothing that it has asked before, and says so beforehand', async () => {
    const { embedder, asked } = await open()
    const first = await embedAll(embedder, numbered(10), { cache })
    const texts = [...numbered(12), 'text 11', ' ']
    expect(planEmbedding(embedder, texts, { cache, countTokens: () => 5 })).toEqual({
      texts: 13,
      known: 10,
      toAsk: 3,
      tokens: 15,
      costNanoUsd: 300,
    })
    const again = await embedAll(embedder, texts, { cache })
    expect(asked.flatMap(({ input }) => input)).toEqual(numbered(12))
    expect(again).toMatchObject({ known: 10, asked: 3, tokens: 14 })
    expect([...again.rows].slice(0, 30)).toEqual([...first.rows])
    // That a text has no vector is known too.
    expect(planEmbedding(embedder, texts, { cache })).toMatchObject({ known: 13, costNanoUsd: 0 })
  })

  it('keeps what arrived when the endpoint goes down halfway, and goes on from there', async () => {
    let isUp = true
    const { embedder, asked } = await open((one, number) => {
      isUp &&= number <= 3
      return isUp ? soundReply(one) : { status: 503, body: {} }
    })
    const texts = numbered(256 * 6)
    await expect(embedAll(embedder, texts, { cache })).rejects.toThrow('failed 6 times')
    expect(planEmbedding(embedder, texts, { cache }).known).toBe(256 * 3)
    isUp = true
    const before = asked.length
    const back = await open()
    const result = await embedAll({ ...back.embedder, fingerprint: embedder.fingerprint }, texts, {
      cache,
    })
    expect(before).toBeGreaterThan(3)
    expect(calls(back.asked)).toEqual([256, 256, 256])
    expect(result).toMatchObject({ known: 256 * 3, asked: 256 * 3 })
    expect([...result.rows]).toEqual(rowsFor(texts))
  })

  it('ends between calls when it is told to, and keeps what it has', async () => {
    const controller = new AbortController()
    const { embedder } = await open((one, number) => {
      if (number === 5) controller.abort(new Error('enough'))
      return soundReply(one)
    })
    const texts = numbered(256 * 40)
    const run = embedAll(embedder, texts, { cache, signal: controller.signal })
    await expect(run).rejects.toThrow('enough')
    const { known } = planEmbedding(embedder, texts, { cache })
    expect(known).toBeGreaterThan(0)
    expect(known).toBeLessThan(256 * 9)
  })

  it('never puts more than four calls on their way at once, nor more tokens into one', async () => {
    let [underWay, most] = [0, 0]
    const { embedder, asked } = await open((one) => {
      most = Math.max(most, underWay)
      return soundReply(one)
    })
    const counted: Embedder = {
      ...embedder,
      async embed(texts, signal) {
        underWay += 1
        const result = await embedder.embed(texts, signal)
        underWay -= 1
        return result
      },
    }
    await embedAll(counted, numbered(40), { countTokens: () => 40_000 })
    expect(calls(asked)).toEqual(Array(20).fill(2))
    expect(most).toBe(4)
  })

  it('does not mix vectors of two lengths', async () => {
    const { embedder } = await open()
    cache.put(embedder.fingerprint, [['a', Float32Array.of(1, 2)]])
    await expect(embedAll(embedder, ['a', 'b'], { cache })).rejects.toThrow(
      'openai:small gives vectors of 2 and of 3 numbers',
    )
  })

  it('leaves the cache alone where vectors cost nothing', async () => {
    const embedder = openStaticEmbedder()
    const texts = ['reset my password', 'refund', '']
    const result = await embedAll(embedder, texts, { cache })
    expect(result.rows.subarray(0, 128)).toEqual(embedder.embedOne('reset my password'))
    expect([...result.present]).toEqual([1, 1, 0])
    expect(result.costNanoUsd).toBe(0)
    expect(cache.get(embedder.fingerprint, texts)).toEqual([undefined, undefined, undefined])
  })

  it('gives each text what it would get alone, whatever comes with it', async () => {
    const embedder = openStaticEmbedder()
    const text = fc.constantFrom('', 'a', 'where is my order', 'refund', 'é', '…')
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (texts) => {
        const { rows, present, dimensions } = await embedAll(embedder, texts)
        for (const [at, each] of texts.entries()) {
          const alone = embedder.embedOne(each)
          expect(present[at]).toBe(alone === null ? 0 : 1)
          const row = rows.subarray(at * dimensions, (at + 1) * dimensions)
          expect(row).toEqual(alone ?? new Float64Array(dimensions))
        }
      }),
    )
  })
})
