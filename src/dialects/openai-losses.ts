import type { Block, Call, DialectName, Loss } from '../domain/call.ts'
import { inTable, isObject, type Json, type JsonObject, textOf } from '../domain/json.ts'

/** A call on its way onto a wire, with what the wire cannot say. */
export type Writing = {
  readonly call: Call
  /** Whether the call goes back to the dialect it came from. */
  readonly home: boolean
  readonly losses: Loss[]
}

export const openWriting = (call: Call, dialect: DialectName): Writing => ({
  call,
  home: call.origin === dialect,
  losses: [],
})

/** Notes a loss, once for each field. */
export function lose(writing: Writing, level: Loss['level'], field: string, why: string): void {
  const known = writing.losses.some((loss) => loss.field === field && loss.level === level)
  if (!known) writing.losses.push({ level, field, why })
}

/** Fields without which the answer is the same one, or only a little less of what surrounds it comes back. */
const spareFields: Readonly<Record<string, string>> = {
  metadata: 'it is kept by the provider for its own records',
  store: 'it says whether the provider keeps the answer',
  stream_options: 'it shapes the stream, not the answer',
  prompt_cache_key: 'it only helps the prompt cache',
  prompt_cache_retention: 'it only helps the prompt cache',
  prompt_cache_options: 'it only helps the prompt cache',
  safety_identifier: 'it names the end user to the provider',
  logprobs: 'the answer comes without probabilities',
  top_logprobs: 'the answer comes without probabilities',
  include: 'the answer comes without the extra fields',
  prediction: 'it only makes the answer faster',
  verbosity: 'the model answers at its usual length',
  'text.verbosity': 'the model answers at its usual length',
  'reasoning.summary': 'the thoughts come as the provider gives them',
  'reasoning.generate_summary': 'the thoughts come as the provider gives them',
  'text.format.description': 'the schema goes without its description',
  'response_format.json_schema.description': 'the schema goes without its description',
  cache_control: 'the prompt cache works without marks, if at all',
  thinking: 'the model thinks as it does by itself',
  'output_config.task_budget': 'the model is told of no budget',
  inference_geo: 'it says where the provider computes',
  max_tool_calls: 'it limits tools of the provider, which the call cannot bring along',
}

/** What a field means when it says nothing. */
const fieldDefaults: Readonly<Record<string, readonly Json[]>> = {
  n: [1],
  frequency_penalty: [0],
  presence_penalty: [0],
  logprobs: [false],
  background: [false],
  store: [false],
  truncation: ['disabled'],
  verbosity: ['medium'],
  'text.verbosity': ['medium'],
}

/** Objects of which a dialect knows one part, and leaves the rest. */
const partlyKnown = new Set([
  'output_config',
  'reasoning',
  'response_format',
  'response_format.json_schema',
  'text',
  'text.format',
])

/** Notes each field of `more` that the dialect cannot say, but for those it has carried itself. */
export function loseMore(writing: Writing, carried: ReadonlySet<string>): void {
  for (const { path, value } of leavesOf(writing.call.more, '')) {
    if (carried.has(path) || saysNothing(path, value)) continue
    const why = inTable(spareFields, path)
    if (why !== undefined) lose(writing, 'warned', path, why)
    else lose(writing, 'refused', path, `only ${writing.call.origin} knows it`)
  }
}

type Leaf = { readonly path: string; readonly value: Json | undefined }

function leavesOf(wire: JsonObject, under: string): readonly Leaf[] {
  return Object.entries(wire).flatMap(([name, value]) => {
    const path = `${under}${name}`
    const isOpen = partlyKnown.has(path) && isObject(value)
    return isOpen ? leavesOf(value, `${path}.`) : [{ path, value }]
  })
}

function saysNothing(path: string, value: Json | undefined): boolean {
  if (value === null || value === undefined) return true
  if (typeof value === 'object' && Object.keys(value).length === 0) return true
  if (path === 'modalities') return JSON.stringify(value) === '["text"]'
  return inTable(fieldDefaults, path)?.includes(value) ?? false
}

/** Notes a block or field of a message that only its origin knows. */
export function loseForeign(writing: Writing, wire: Json, place: string): void {
  const type = isObject(wire) ? (textOf(wire['type']) ?? Object.keys(wire).join(', ')) : 'text'
  const spare = type === 'reasoning' || type.startsWith('reasoning_') || type === 'annotations'
  const why = spare ? 'earlier thoughts are left out' : `only ${writing.call.origin} knows it`
  lose(writing, spare ? 'warned' : 'refused', `${place} (${type})`, why)
}

/** The text of a refusal of an earlier turn, which chat and Responses write alike; null for any other block. */
export function refusalOf(block: Block): string | null {
  if (block.kind !== 'foreign' || !isObject(block.wire)) return null
  const { type, refusal, ...rest } = block.wire
  const isRefusal = type === undefined || type === 'refusal'
  const isAlone = Object.keys(rest).length === 0
  return isRefusal && isAlone && typeof refusal === 'string' ? refusal : null
}

/** Notes the prompt-cache marks, which only gateways that speak chat pass on. */
export function loseCacheMarks(writing: Writing): void {
  const { call } = writing
  const blocks = [...call.system, ...call.turns.flatMap((turn) => turn.blocks)]
  const inner = blocks.flatMap((block) => (block.kind === 'tool-result' ? block.blocks : []))
  const marked = [...blocks, ...inner, ...call.tools]
  if (marked.some((thing) => 'cache' in thing && thing.cache !== undefined))
    lose(writing, 'warned', 'cache_control', 'the prompt cache works without marks, if at all')
}

/** Fields that chat and Responses share by name and meaning. */
const siblingFields = [
  'metadata',
  'store',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
]

/** Those of a call of the other OpenAI format, so that they need no loss. */
export function siblingFieldsOf(call: Call): JsonObject {
  if (call.origin === 'anthropic-messages') return {}
  return Object.fromEntries(
    siblingFields.flatMap((name) => {
      const value = call.more[name]
      return value === undefined || value === null ? [] : [[name, value]]
    }),
  )
}

/** Efforts for budgets of thinking up to so many tokens: a convention, as no provider publishes one. */
const effortSteps: readonly (readonly [number, string])[] = [
  [0, 'none'],
  [4096, 'low'],
  [16_384, 'medium'],
]

/** The effort to ask for; a budget of tokens becomes the nearest name, with a loss. Null: the call does not say. */
export function effortOf(writing: Writing): string | null {
  const wish = writing.call.reasoning
  if (wish === null) return null
  if (wish.budgetTokens === null || wish.effort !== null) return wish.effort
  const { budgetTokens } = wish
  const effort = effortSteps.find(([most]) => budgetTokens <= most)?.[1] ?? 'high'
  lose(writing, 'warned', 'thinking.budget_tokens', `it becomes an effort: ${effort}`)
  return effort
}

/** The tier as OpenAI names it. */
export const openAiTierOf = (call: Call): string | null =>
  call.serviceTier === 'standard_only' ? 'default' : call.serviceTier
