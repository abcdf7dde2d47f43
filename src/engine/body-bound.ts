import { limitFieldOf } from '../dialects/chat/limit-field.ts'
import type { DialectName } from '../domain/call.ts'
import { isObject, type Json, type JsonObject, textOf } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import { noUsage } from '../domain/usage.ts'
import { bytesPerToken } from '../prices/count-tokens.ts'
import {
  type CostOfUsage,
  dearestCost,
  mostImageTokens,
  mostToolInstructionTokens,
  outputCapOf,
  unboundedFields,
} from './upper-bound.ts'

/** How large a request is, read off its wire body without understanding it. */
export type BodySize = {
  /** UTF-8 bytes of all but the pictures. */
  readonly textBytes: number
  readonly images: number
  readonly hasTools: boolean
  /** How many answers are asked for at once. */
  readonly choices: number
}

/**
 * The size of a body in any dialect, or null where nobody can tell beforehand what it costs: it reads more than it
 * holds (files, an earlier conversation), or runs tools at the provider. `bytes` is its length, uncompressed.
 */
export function sizeOfBody(body: JsonObject, bytes: number): BodySize | null {
  if (!unboundedFields.every((name) => body[name] == null || isTextPrompt(name, body[name])))
    return null
  if (!listIn(body['tools']).every(runsAtClient)) return null
  const pictures: Pictures = { images: 0, bytes: 0 }
  const texts = [body['messages'], body['input'], body['system']]
  if (!texts.every((content) => look(content, pictures))) return null
  return {
    textBytes: bytes - pictures.bytes,
    images: pictures.images,
    hasTools: listIn(body['tools']).length > 0,
    choices: Math.max(1, countIn(body['n']), countIn(body['best_of'])),
  }
}

/** Old completions have their text where responses name a stored prompt. */
const isTextPrompt = (name: string, value: Json | undefined): boolean =>
  name === 'prompt' && !isObject(value)

const listIn = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []

const countIn = (value: Json | undefined): number =>
  typeof value === 'number' && Number.isInteger(value) ? value : 0

/** As the dialects call tools that the caller runs; Anthropic's plain ones have no type. */
const runsAtClient = (tool: Json): boolean =>
  isObject(tool) && ['function', 'custom', undefined].includes(textOf(tool['type']))

type Pictures = { images: number; bytes: number }

/** Counts the pictures in content, or says false where there is something whose size is not its bytes. */
function look(content: Json | undefined, pictures: Pictures): boolean {
  if (Array.isArray(content)) {
    for (const each of content as readonly Json[]) if (!look(each, pictures)) return false
    return true
  }
  if (!isObject(content)) return true
  const { type } = content
  if (type !== undefined && !plainTypes.has(String(type))) {
    const picture = pictureOf(content)
    if (picture === null) return false
    pictures.images += 1
    pictures.bytes += picture.bytes
    return true
  }
  return look(content['content'], pictures) && look(content['output'], pictures)
}

/** Parts and items of conversations that are all in their bytes, or in those of their `content` and `output`. */
const plainTypes: ReadonlySet<string> = new Set([
  'text',
  'input_text',
  'output_text',
  'refusal',
  'thinking',
  'redacted_thinking',
  'reasoning',
  'message',
  'tool_use',
  'tool_result',
  'search_result',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
])

/** A picture and how many bytes of the body it takes; null for anything else. */
function pictureOf({ type, image_url: image, source }: JsonObject): { bytes: number } | null {
  if (type === 'image_url' || type === 'input_image') {
    const url = textOf(isObject(image) ? image['url'] : image) ?? ''
    if (!url.startsWith('data:')) return { bytes: 0 }
    // Some providers read documents so, whose pages are more than their bytes.
    return url.startsWith('data:image/') ? { bytes: url.length } : null
  }
  if (type !== 'image') return null
  return { bytes: isObject(source) ? (textOf(source['data'])?.length ?? 0) : 0 }
}

/** How long one answer may get, and what the body must say for that to hold. */
export type OutputLimit = {
  /** Thinking included. */
  readonly tokens: number
  /** A wire field and its value, to be put into the body; null: the caller has said it. */
  readonly inject: { readonly field: string; readonly value: number } | null
}

/** The longest output that a body asks for, or the one that a hard budget has to ask for in its place. */
export function outputLimitOf(dialect: DialectName, body: JsonObject): OutputLimit {
  const asked = limitFields[dialect].map((field) => countIn(body[field]))
  const tokens = Math.max(...asked)
  if (tokens > 0) return { tokens, inject: null }
  const { thinking } = body
  const model = textOf(body['model']) ?? ''
  const budget = isObject(thinking) ? countIn(thinking['budget_tokens']) : 0
  const value = outputCapOf(model) + Math.max(0, budget)
  const field = dialect === 'openai-chat' ? limitFieldOf(model) : limitFields[dialect][0]
  return { tokens: value, inject: { field, value } }
}

const limitFields = {
  'openai-chat': ['max_completion_tokens', 'max_tokens'],
  'openai-responses': ['max_output_tokens'],
  'anthropic-messages': ['max_tokens'],
} as const satisfies Record<DialectName, readonly string[]>

/** What a request may cost at most, and no more. `outputTokens` is of one answer; null: the target has no price. */
export function upperBoundOfBody(
  { textBytes, images, hasTools, choices }: BodySize,
  outputTokens: number,
  costOf: CostOfUsage,
): NanoUsd | null {
  const added = images * mostImageTokens + (hasTools ? mostToolInstructionTokens : 0)
  return dearestCost(textBytes + added, choices * outputTokens, costOf)
}

/** POLICY: soft budgets reserve an estimate and a fifth. */
export const softMargin = 1.2

/** What providers that tell it count for a picture of a million pixels, rounded up. */
const usualImageTokens = 1_500

/**
 * What a request will probably cost, and a fifth more; null where the target has no price. `outputTokens` is what
 * answers usually take.
 */
export function estimateOfBody(
  size: BodySize,
  outputTokens: number,
  costOf: CostOfUsage,
): NanoUsd | null {
  const inputTokens = estimatedInputOf(size)
  const cost = costOf({ ...noUsage, inputTokens, outputTokens: size.choices * outputTokens })
  return cost === null ? null : (Math.ceil(cost * softMargin) as NanoUsd)
}

/** Input tokens that a request probably has. */
export const estimatedInputOf = ({ textBytes, images }: BodySize): number =>
  Math.ceil(textBytes / bytesPerToken) + images * usualImageTokens
