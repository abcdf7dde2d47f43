import type { Block, Call, Tool, ToolChoice, Turn } from '../../domain/call.ts'
import { defined, isObject, type Json, type JsonObject, objectOf } from '../../domain/json.ts'
import type { WrittenCall } from '../dialect.ts'
import { loseForeign, loseMore } from '../openai-losses.ts'
import { type Losses, openLosses } from './losses.ts'
import { unnamedFormat } from './read-call.ts'
import { writeCacheMark, writeContent } from './write-block.ts'
import { thinkingOf } from './write-reasoning.ts'

/**
 * The wire demands a largest output. A call that names none gets what every Claude model since 3.5 allows; who knows
 * the model's own limit puts it into the call. A thinking budget comes on top.
 */
export const defaultMaxTokens = 8192

/** A call as a Messages request body. */
export function writeCall(call: Call): WrittenCall {
  const losses = openLosses(call)
  const { names } = losses
  const maxTokens = call.maxOutputTokens ?? defaultMaxTokens + (call.reasoning?.budgetTokens ?? 0)
  if (call.maxOutputTokens === null)
    losses.warn(names.maxOutputTokens, `Anthropic demands one: ${maxTokens}`)
  if (call.seed !== null) losses.warn('seed', 'Anthropic has no seed: answers vary')
  const { thinking, effort } = thinkingOf(call, maxTokens, losses)
  const body = defined({
    model: call.model,
    max_tokens: maxTokens,
    system: writeSystem(call.system, losses),
    messages: call.turns.flatMap((turn, index) => writeTurn(turn, index, losses)),
    tools: nonEmpty(call.tools.flatMap((tool, index) => writeTool(tool, index, losses))),
    tool_choice: writeToolChoice(call, losses),
    temperature: writeTemperature(call, thinking, losses),
    top_p: call.topP ?? undefined,
    top_k: call.topK ?? undefined,
    stop_sequences: nonEmpty(writeStop(call.stop, losses)),
    thinking,
    output_config: joined('output_config', { effort, format: writeFormat(call, losses) }, call),
    metadata: joined('metadata', { user_id: call.user ?? undefined }, call),
    service_tier: writeServiceTier(call.serviceTier, losses),
    stream: call.streamed || undefined,
  })
  if (losses.isHome) return { body: { ...call.more, ...body }, losses: losses.writing.losses }
  loseMore(losses.writing, new Set())
  return { body, losses: losses.writing.losses }
}

const nonEmpty = <T>(list: readonly T[]): readonly T[] | undefined =>
  list.length > 0 ? list : undefined

/** An object of which the call says a part, and its origin, where that is this wire, the rest. */
function joined(name: string, said: JsonObject, { origin, more }: Call): JsonObject | undefined {
  const rest = origin === 'anthropic-messages' ? objectOf(more[name]) : {}
  return nonEmptyObject({ ...rest, ...defined(said) })
}

const nonEmptyObject = (fields: JsonObject): JsonObject | undefined =>
  Object.keys(fields).length > 0 ? fields : undefined

function writeSystem(system: readonly Block[], losses: Losses): Json | undefined {
  const blocks = system.filter((block, index) => {
    if (losses.isHome || block.kind === 'text' || block.kind === 'foreign') return true
    losses.refuse(`system[${index}] (${block.kind})`, 'Anthropic takes text as instructions')
    return false
  })
  const content = writeContent(blocks, 'system', losses)
  return Array.isArray(content) ? nonEmpty(content) : content
}

function writeTurn(turn: Turn, index: number, losses: Losses): readonly Json[] {
  const at = `${losses.names.turns}[${index}]`
  if (turn.name !== undefined) losses.warn(`${at}.name`, 'Anthropic knows no names of speakers')
  const message = messageOf(turn)
  if (message !== undefined && losses.isHome) return [message]
  if (turn.role === 'system' && !losses.isHome) {
    losses.refuse(`${at} (system)`, 'Anthropic takes instructions before the conversation alone')
    return []
  }
  const content = writeContent(turn.blocks, `${at}.content`, losses)
  const isLost = turn.blocks.length > 0 && Array.isArray(content) && content.length === 0
  return isLost ? [] : [{ role: turn.role, content }]
}

/** A message that no turn can hold, as it was read: of another role, or with more fields. */
function messageOf({ blocks }: Turn): JsonObject | undefined {
  const [first] = blocks
  if (blocks.length !== 1 || first?.kind !== 'foreign' || !isObject(first.wire)) return undefined
  return 'role' in first.wire ? first.wire : undefined
}

function writeTool(tool: Tool, index: number, losses: Losses): readonly JsonObject[] {
  if (tool.kind === 'function') {
    const { name, description, schema, strict, cache } = tool
    const input_schema = 'type' in schema ? schema : { type: 'object', ...schema }
    return [{ ...defined({ name, description, input_schema, strict }), ...writeCacheMark(cache) }]
  }
  const wire = objectOf(tool.wire)
  if (losses.isHome) return [wire]
  loseForeign(losses.writing, wire, `tools[${index}]`)
  return []
}

function writeToolChoice(call: Call, losses: Losses): JsonObject | undefined {
  const { toolChoice, parallelToolCalls: parallel } = call
  if (toolChoice === null && parallel === null) return undefined
  if (call.tools.length === 0) {
    if (toolChoice !== null) losses.warn('tool_choice', 'there are no tools')
    if (parallel !== null) losses.warn('parallel_tool_calls', 'there are no tools')
    return undefined
  }
  const choice = choiceOf(toolChoice)
  if (parallel === null || choice['type'] === 'none') return choice
  // It is said of a choice; the default one has to be named for it.
  return { ...choice, disable_parallel_tool_use: !parallel }
}

function choiceOf(choice: ToolChoice | null): JsonObject {
  if (choice?.kind === 'tool') return { type: 'tool', name: choice.name }
  return { type: choice?.kind === 'required' ? 'any' : (choice?.kind ?? 'auto') }
}

function writeTemperature(
  { temperature }: Call,
  thinking: JsonObject | undefined,
  losses: Losses,
): number | undefined {
  if (temperature === null) return undefined
  if (losses.isHome) return temperature
  if (thinking?.['type'] === 'enabled' && temperature !== 1) {
    losses.warn('temperature', 'Anthropic thinks at a temperature of 1 alone')
    return undefined
  }
  if (temperature <= 1) return temperature
  losses.warn('temperature', 'Anthropic takes no more than 1')
  return 1
}

function writeStop(stop: readonly string[], losses: Losses): readonly string[] {
  if (losses.isHome) return stop
  return stop.filter((text) => {
    if (text.trim() !== '') return true
    losses.refuse(losses.names.stop, 'Anthropic takes no stop sequence of white space alone')
    return false
  })
}

function writeFormat({ format }: Call, losses: Losses): JsonObject | undefined {
  const field = losses.names.format
  if (format.kind === 'text') return undefined
  if (format.kind === 'json') {
    losses.refuse(field, 'Anthropic promises JSON for a schema alone')
    return undefined
  }
  if (format.name !== unnamedFormat) losses.warn(`${field}.name`, 'Anthropic names no formats')
  if (!format.strict) losses.warn(`${field}.strict`, 'Anthropic holds answers to every schema')
  return { type: 'json_schema', schema: format.schema }
}

/** OpenAI's "default" is what Anthropic calls "standard_only". */
function writeServiceTier(tier: string | null, losses: Losses): string | undefined {
  if (tier === null || losses.isHome || tier === 'auto') return tier ?? undefined
  if (tier === 'default') return 'standard_only'
  losses.warn('service_tier', `Anthropic has no tier "${tier}"`)
  return undefined
}
