import type { Judgement } from '../score/verdict.ts'

/** What requests are drawn for: each draw gives a request a permanent number of its own. */
const draws = ['pairs', 'noise'] as const
export type Draw = (typeof draws)[number]

/**
 * What judging has found out about a history. Reading answers and comparing them takes most of its time, and another
 * threshold, time to live or namespace meets most of the same pairs.
 */
export type JudgingMemory = {
  /** By the pair of answers, as `pairOf` numbers it. */
  readonly verdicts: Map<number, Judgement>
  /** Permanent numbers of requests, by draw and place; NaN where none was asked for yet. */
  readonly numbers: Readonly<Record<Draw, Float64Array>>
}

/** Nothing known yet. */
export const newJudgingMemory = (count: number): JudgingMemory => ({
  verdicts: new Map(),
  numbers: {
    pairs: new Float64Array(count).fill(Number.NaN),
    noise: new Float64Array(count).fill(Number.NaN),
  },
})

/** One number for two answers of a history of so many requests; -1 is no answer. Exact up to 90 million requests. */
export const pairOf = (count: number, served: number, own: number): number =>
  (served + 1) * (count + 1) + own + 1

/** Names of the arrays that it is kept as. */
export const judgingMemoryNames = ['verdicts', 'answers', 'codes', ...draws] as const

type Arrays = Readonly<Record<(typeof judgingMemoryNames)[number], Uint8Array>>

/** As bytes, in this machine's order. */
export function writeJudgingMemory({ verdicts, numbers }: JudgingMemory): Arrays {
  const codeOf = new Map<string, number>()
  const codes = Uint8Array.from(verdicts.values(), (judgement) => {
    const words = JSON.stringify(judgement)
    const code = codeOf.get(words) ?? codeOf.size
    codeOf.set(words, code)
    return code
  })
  return {
    verdicts: Buffer.from(`[${[...codeOf.keys()].join()}]`),
    answers: bytesOf(Float64Array.from(verdicts.keys())),
    codes,
    pairs: bytesOf(numbers.pairs),
    noise: bytesOf(numbers.noise),
  }
}

/** The same again; the arrays become its own. */
export function readJudgingMemory(arrays: Readonly<Record<string, Uint8Array>>): JudgingMemory {
  const { verdicts, answers, codes, pairs, noise } = arrays as Arrays
  const judgements = JSON.parse(Buffer.from(verdicts).toString()) as readonly Judgement[]
  const known = new Map<number, Judgement>()
  for (const [index, pair] of new Float64Array(answers.buffer).entries())
    known.set(pair, judgements[codes[index] as number] as Judgement)
  return {
    verdicts: known,
    numbers: { pairs: new Float64Array(pairs.buffer), noise: new Float64Array(noise.buffer) },
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
