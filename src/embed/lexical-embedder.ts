import type { Embedder } from '../domain/embedder.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import { inProcess, normalised } from './static-embedder.ts'

export const lexicalDimensions = 512
/** Characters that count; what stands behind them is most likely data, not the question. */
const longestText = 20_000
/** Lengths of the stretches of characters that are hashed, within a word and its two edges. */
const shortest = 3
const longest = 5
/** A whole word says more than a pair of words, or one of the stretches it is made of. */
const wordWeight = 1
const pairWeight = 0.5
const stretchWeight = 0.5

export type LexicalEmbedder = Embedder & {
  /** The vector of one text, at once; null where the text has no letter, digit or symbol. */
  embedOne(text: string): Float64Array | null
}

/**
 * Words, pairs of words and stretches of characters of any script, hashed into 512 numbers of length 1. Knows no
 * language: texts are alike where they share spelling.
 */
export function openLexicalEmbedder(): LexicalEmbedder {
  return {
    name: 'lexical',
    fingerprint: `lexical-v1 ${lexicalDimensions}`,
    dimensions: lexicalDimensions,
    limits: inProcess,
    isWorthStoring: false,
    embed: async (texts) => ({ vectors: texts.map(embedOne), tokens: 0 }),
    costOf: () => zeroNanoUsd,
    embedOne,
  }
}

const wordPattern = /[\p{L}\p{M}\p{N}]+|[^\p{P}\p{Z}\p{C}\s]/gu

function embedOne(text: string): Float64Array | null {
  const words = text.slice(0, longestText).normalize('NFKC').toLowerCase().match(wordPattern)
  if (words === null) return null
  const sum = new Float64Array(lexicalDimensions)
  let before = ''
  for (const word of words) {
    add(sum, hashOf(word, 0, word.length, wordSeed), wordWeight)
    if (before !== '') add(sum, hashOf(`${before} ${word}`, 0, Infinity, wordSeed), pairWeight)
    addStretches(sum, ` ${word} `)
    before = word
  }
  return normalised(sum)
}

function addStretches(sum: Float64Array, word: string): void {
  for (let length = shortest; length <= longest; length++) {
    for (let start = 0; start + length <= word.length; start++)
      add(sum, hashOf(word, start, start + length, stretchSeed), stretchWeight)
  }
}

/** A bit of the hash decides the sign, so that what collides by chance cancels out on average. */
function add(sum: Float64Array, hash: number, weight: number): void {
  const at = hash % lexicalDimensions
  sum[at] = (sum[at] as number) + (hash & signBit ? weight : -weight)
}

const signBit = 1 << 20
/** Kept apart: a stretch that is a whole word says no more than any other. */
const wordSeed = 0x811c9dc5
const stretchSeed = 0x050c5d1f

/** FNV-1a over UTF-16 units, with MurmurHash3's final mix: FNV alone leaves its low bits too regular. */
function hashOf(text: string, start: number, end: number, seed: number): number {
  let hash = seed
  const last = Math.min(end, text.length)
  for (let at = start; at < last; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
