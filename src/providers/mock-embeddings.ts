import type { JsonObject } from '../domain/json.ts'
import { randomFrom } from '../stats/random.ts'
import { tokensOfText } from './mock-usage.ts'

const defaultDimensions = 1_536
const mostDimensions = 4_096
/** Coordinates that one word moves. */
const spread = 16

/** A unit vector of a text's words: texts that share most words lie near each other; equal texts are equal. */
function mockVector(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const random = randomFrom(`word\n${word}`)
    for (let step = 0; step < spread; step++) {
      const at = Math.floor(random() * dimensions)
      vector[at] = (vector[at] ?? 0) + (random() < 0.5 ? -1 : 1)
    }
  }
  const length = Math.hypot(...vector)
  return length === 0 ? vector.fill(1 / Math.sqrt(dimensions)) : vector.map((each) => each / length)
}

export type EmbeddingsAnswer =
  | { readonly body: JsonObject; readonly tokens: number }
  | { readonly mistake: string }

/** The answer to the body of a request for embeddings (OpenAI's): texts, or lists of token numbers. */
export function embeddingsAnswer(asked: JsonObject): EmbeddingsAnswer {
  const { input, dimensions = defaultDimensions, encoding_format: encoding } = asked
  const texts = textsOf(input)
  if (texts === null) return { mistake: 'input is a text, or a list of texts' }
  if (
    typeof dimensions !== 'number' ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > mostDimensions
  )
    return { mistake: `dimensions is a whole number from 1 to ${mostDimensions}` }
  const tokens = texts.reduce((sum, text) => sum + tokensOfText(text), 0)
  const data = texts.map((text, index) => {
    const vector = mockVector(text, dimensions)
    const embedding = encoding === 'base64' ? base64Of(vector) : Array.from(vector)
    return { object: 'embedding', index, embedding }
  })
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  return { tokens, body: { object: 'list', data, model: String(asked['model']), usage } }
}

function textsOf(input: unknown): readonly string[] | null {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || input.length === 0) return null
  if (input.every((each) => typeof each === 'number')) return [input.join(' ')]
  return input.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
}

const base64Of = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
