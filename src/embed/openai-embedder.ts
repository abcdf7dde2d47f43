import type { Embedded, Embedder, EmbedLimits, OnLostCall, Vector } from '../domain/embedder.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { readEmbeddingsBody } from './embeddings-body.ts'
import {
  type Endpoint,
  type PostResult,
  placeOf,
  postJson,
  realWaiting,
  type Waiting,
} from './endpoint.ts'

export type OpenAiEmbedderOptions = {
  /** As the policy names it, "openai:text-embedding-3-small". */
  readonly name: string
  readonly model: string
  readonly endpoint: Endpoint
  /** What so many tokens cost, null without a price. */
  readonly costOf: (tokens: number) => NanoUsd | null
  readonly waiting?: Waiting
}

/**
 * OpenAI takes 2,048 texts and 300,000 tokens a request; a quarter of the bytes, by which tokens are estimated here, is
 * half of what some scripts need.
 */
const limits: EmbedLimits = { textsPerCall: 256, tokensPerCall: 100_000, callsAtOnce: 4 }

/** Asks an OpenAI-compatible `/v1/embeddings`. A text that the model finds too long, or that is blank, has no vector. */
export function openOpenAiEmbedder(options: OpenAiEmbedderOptions): Embedder {
  const { name, model, endpoint, waiting = realWaiting } = options
  const place = placeOf(endpoint)
  let dimensions: number | null = null
  const ask = async (
    texts: readonly string[],
    signal: AbortSignal | undefined,
    onLost: OnLostCall | undefined,
  ): Promise<Embedded> => {
    const body = { model, input: texts, encoding_format: 'base64' }
    const result = await postJson(endpoint, body, signal, waiting, onLost)
    if (result.kind === 'refused') return await askForLess(texts, result, signal, onLost)
    const { vectors, tokens } = readBody(result.body, texts.length, onLost)
    return { vectors, tokens: tokens ?? texts.reduce((sum, text) => sum + estimateTokens(text), 0) }
  }
  const readBody = (body: unknown, count: number, onLost: OnLostCall | undefined) => {
    try {
      const read = readEmbeddingsBody(body, count, place)
      for (const vector of read.vectors) dimensions = sameDimensions(vector, dimensions, place)
      return read
    } catch (error) {
      onLost?.(false)
      throw error
    }
  }
  const askForLess = async (
    texts: readonly string[],
    refusal: Refusal,
    signal: AbortSignal | undefined,
    onLost: OnLostCall | undefined,
  ): Promise<Embedded> => {
    if (!isTooMuch(refusal)) throw refused(refusal, name, place)
    if (texts.length === 1) return { vectors: [null], tokens: 0 }
    const half = Math.ceil(texts.length / 2)
    const first = await ask(texts.slice(0, half), signal, onLost)
    const second = await ask(texts.slice(half), signal, onLost)
    return {
      vectors: [...first.vectors, ...second.vectors],
      tokens: first.tokens + second.tokens,
    }
  }
  return {
    name,
    fingerprint: `${name} ${place}`,
    get dimensions() {
      return dimensions
    },
    limits,
    isWorthStoring: true,
    async embed(texts, signal, onLost) {
      const asked = texts.filter((text) => text.trim() !== '')
      if (asked.length === 0) return { vectors: texts.map(() => null), tokens: 0 }
      const { vectors, tokens } = await ask(asked, signal, onLost)
      let next = 0
      const vectorOf = (text: string) => (text.trim() === '' ? null : (vectors[next++] ?? null))
      return { vectors: texts.map(vectorOf), tokens }
    },
    costOf: (tokens) => (tokens === 0 ? zeroNanoUsd : options.costOf(tokens)),
  }
}

type Refusal = Extract<PostResult, { kind: 'refused' }>

/** Too many texts at once, or one too long: each endpoint says it in its own words. */
const isTooMuch = ({ status, message }: Refusal): boolean =>
  status === 413 ||
  ((status === 400 || status === 422) &&
    /context length|too (?:long|large|many)|maximum|exceed|must have less|batch size/i.test(
      message,
    ))

const refused = ({ message }: Refusal, name: string, place: string): UserError =>
  new UserError(`${place} refused ${name}: ${message}`, {
    hint: 'check the name of the model, and OPENAI_BASE_URL where it is set',
  })

function sameDimensions(vector: Vector | null, known: number | null, place: string): number | null {
  if (vector === null || known === null || vector.length === known) return vector?.length ?? known
  throw new UserError(`${place} answered with vectors of ${known} and of ${vector.length} numbers`)
}
