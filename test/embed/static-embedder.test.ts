import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { openStaticEmbedder } from '../../src/embed/static-embedder.ts'
import { hasRealData, realData } from '../support/real-data.ts'

const embedder = openStaticEmbedder()

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number)
  return sum
}

function vectorOf(text: string): Float64Array {
  const vector = embedder.embedOne(text)
  if (vector === null) throw new Error(`no vector: ${text}`)
  return vector
}

const cosine = (a: string, b: string): number => dot(vectorOf(a), vectorOf(b))

type Expected = {
  readonly texts: readonly {
    readonly text: string
    readonly ids: readonly number[]
    readonly first8: readonly number[]
  }[]
  readonly pairs: readonly { readonly a: string; readonly b: string; readonly cosine: number }[]
  readonly clinc_4000: Readonly<Record<string, { readonly hits: number; readonly wrong: number }>>
}
type Row = Readonly<Record<'tenant' | 'user' | 'prompt' | 'answer_class', string>> & {
  readonly timestamp: number
}

describe.skipIf(!hasRealData)('static-v1 against its known answers', () => {
  const expected: Expected = hasRealData
    ? JSON.parse(readFileSync(realData('embedding/static-v1.expected.json'), 'utf8'))
    : { texts: [], pairs: [], clinc_4000: {} }

  it('cuts 35 texts into the same pieces', () => {
    expect(expected.texts.length).toBe(35)
    expect(expected.texts.map(({ text }) => embedder.piecesOf(text))).toEqual(
      expected.texts.map(({ ids }) => ids),
    )
  })

  it('gives them the same components to nine decimals', () => {
    for (const { text, ids, first8 } of expected.texts) {
      const vector = embedder.embedOne(text)
      if (ids.length === 0) expect(vector, text).toBeNull()
      else expect([...(vector ?? [])].slice(0, 8).map(rounded), text).toEqual(first8.map(rounded))
    }
  })

  it('gives 7 pairs the same cosine to nine decimals', () => {
    expect(expected.pairs.length).toBe(7)
    expect(expected.pairs.map(({ a, b }) => rounded(cosine(a, b)))).toEqual(
      expected.pairs.map((pair) => rounded(pair.cosine)),
    )
  })

  it('serves the same hits and wrong hits from a cache over 4,000 questions', () => {
    const rows = readFileSync(realData('semantic/clinc_4000.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
    const vectors = rows.map(({ prompt }) => vectorOf(prompt))
    const neighbours = neighboursOf(vectors)
    const found = Object.keys(expected.clinc_4000).map((name) => [
      name,
      cached(rows, neighbours, name),
    ])
    expect(found.length).toBe(12)
    expect(Object.fromEntries(found)).toEqual(expected.clinc_4000)
  })
})

/** -0 and 0 are one number here. */
const rounded = (value: number): number => Number(value.toFixed(9)) + 0

type Neighbour = { readonly at: number; readonly similarity: number }

/** Every earlier question at least as alike as the lowest threshold asked for, by looking at all of them. */
const neighboursOf = (vectors: readonly Float64Array[]): readonly (readonly Neighbour[])[] =>
  vectors.map((vector, at) =>
    vectors
      .slice(0, at)
      .map((earlier, index) => ({ at: index, similarity: dot(vector, earlier) }))
      .filter(({ similarity }) => similarity >= 0.7),
  )

/** A cache that keeps the answer of every miss, in file order, latency 0. */
function cached(
  rows: readonly Row[],
  neighbours: readonly (readonly Neighbour[])[],
  name: string,
): { readonly hits: number; readonly wrong: number } {
  const threshold = Number(/threshold=([\d.]+)/.exec(name)?.[1])
  const ttl = Number(/ttl=(\d+)/.exec(name)?.[1] ?? Infinity)
  const space = /namespace=(tenant|user)/.exec(name)?.[1] as 'tenant' | 'user' | undefined
  const isKept = new Set<number>()
  let [hits, wrong] = [0, 0]
  for (const [at, row] of rows.entries()) {
    const fits = (entry: Row) =>
      row.timestamp - entry.timestamp <= ttl && (space === undefined || row[space] === entry[space])
    const best = (neighbours[at] ?? [])
      .filter((each) => each.similarity >= threshold && isKept.has(each.at))
      .filter((each) => fits(rows[each.at] as Row))
      .reduce<Neighbour | null>(
        (most, each) => (most !== null && most.similarity >= each.similarity ? most : each),
        null,
      )
    if (best === null) isKept.add(at)
    else hits += 1
    if (best !== null && rows[best.at]?.answer_class !== row.answer_class) wrong += 1
  }
  return { hits, wrong }
}

describe('static-v1', () => {
  it('has a vector of length 1 and 128 numbers', () => {
    const vector = vectorOf('where is my parcel?')
    expect(vector).toHaveLength(128)
    expect(dot(vector, vector)).toBeCloseTo(1, 14)
  })

  test.each(['', '  \t\n', '\u200b\u0000', '\u0301'])('has no vector for %j', (text) => {
    expect(embedder.embedOne(text)).toBeNull()
  })

  it('knows neither case, accents nor order, and sees other words', () => {
    expect(cosine('Where is my ÓRDER', 'my order is where')).toBeCloseTo(1, 12)
    expect(cosine('where is my order', 'convert euros to dollars')).toBeLessThan(0.6)
  })

  it('counts 512 pieces of a long text, however it is written', () => {
    const words = 'word '.repeat(512)
    for (const text of [
      words,
      `${words}and more`,
      words + 'é '.repeat(1e5),
      ` ${words.repeat(50)}`,
    ])
      expect(embedder.piecesOf(text)).toEqual(embedder.piecesOf(words))
    expect(embedder.piecesOf('!'.repeat(1e6))).toHaveLength(512)
  })

  it('takes a word of more than 100 code points for one unknown piece', () => {
    const unknown = [100]
    expect(embedder.piecesOf('a'.repeat(101))).toEqual(unknown)
    expect(embedder.piecesOf('a'.repeat(100))).not.toEqual(unknown)
    expect(embedder.piecesOf('𐐀'.repeat(60))).toEqual(unknown)
  })

  it('answers as a list what it answers one by one', async () => {
    const texts = ['reset my password', '', 'refund']
    const { vectors, tokens } = await embedder.embed(texts)
    expect(vectors).toEqual(texts.map(embedder.embedOne))
    expect({ tokens, cost: embedder.costOf(1e9) }).toEqual({ tokens: 0, cost: 0 })
  })

  it('is named by its files', () => {
    expect(embedder.fingerprint).toMatch(/^static-v1 [0-9a-f]{64}$/)
  })
})

describe('the tokeniser', () => {
  /** A character that is dropped keeps a text off the path for plain ASCII. */
  const dropped = '\u200b'
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 200 })
  const any = fc.string({ unit: 'binary', maxLength: 200 })

  it('cuts plain text as it cuts any other', () => {
    fc.assert(
      fc.property(ascii, (text) => {
        expect(embedder.piecesOf(text)).toEqual(embedder.piecesOf(text + dropped))
      }),
    )
  })

  it('reads the words of a text one by one', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        const apart = [...embedder.piecesOf(a), ...embedder.piecesOf(b)].slice(0, 512)
        expect(embedder.piecesOf(`${a} ${b}`)).toEqual(apart)
      }),
    )
  })

  it('joins stretches of a long text without a seam', () => {
    const words = fc.array(fc.constantFrom('reset', 'naïve', '東京', 'don’t', 'xyzzy', '…'))
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 9000 }), (list, spaces) => {
        const text = list.join(' ')
        const apart = text.replace(' ', ' '.repeat(spaces + 1))
        expect(embedder.piecesOf(apart)).toEqual(embedder.piecesOf(text))
      }),
    )
  })
})
