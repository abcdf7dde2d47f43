import type { AnswerFormat, CacheMark, Tool, ToolChoice } from '../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../domain/json.ts'
import { lose, type Writing } from './openai-losses.ts'
import { hasOnly, type OpenFields, sparse } from './wire-fields.ts'

type FunctionTool = Extract<Tool, { kind: 'function' }>

/** A function's description as chat nests it and Responses spreads it; null when it says more than is known. */
export function readFunction(wire: JsonObject): FunctionTool | null {
  const { name, description, parameters, strict } = wire
  if (!hasOnly(wire, 'name', 'description', 'parameters', 'strict')) return null
  if (typeof name !== 'string') return null
  if (!isAbsentOr('string', description) || !isAbsentOr('boolean', strict)) return null
  if (parameters !== undefined && parameters !== null && !isObject(parameters)) return null
  return {
    kind: 'function',
    name,
    ...(typeof description === 'string' && { description }),
    schema: parameters ?? {},
    ...(typeof strict === 'boolean' && { strict }),
  }
}

const isAbsentOr = (type: 'string' | 'boolean', value: unknown): boolean =>
  value === undefined || value === null || typeof value === type

/** The same on the wire; a schema without a word is left out: a function without arguments. */
export const writeFunction = (tool: FunctionTool): OpenFields =>
  sparse({
    name: tool.name,
    description: tool.description ?? null,
    parameters: tool.schema,
    strict: tool.strict ?? null,
  })

/** Tools in order; those of another kind go home as they came, and nowhere else. */
export function writeTools(
  writing: Writing,
  write: (tool: FunctionTool) => JsonObject,
): readonly Json[] | null {
  const written = writing.call.tools.flatMap((tool) => {
    if (tool.kind === 'function') return [write(tool)]
    if (writing.home) return [tool.wire]
    const type = isObject(tool.wire) ? String(tool.wire['type'] ?? '?') : '?'
    lose(writing, 'refused', `tools (${type})`, `only ${writing.call.origin} has this tool`)
    return []
  })
  return written.length === 0 ? null : written
}

const choiceWords = ['auto', 'required', 'none'] as const

/** `fields` takes the object that names a function: chat nests the name, Responses does not. Null: another choice. */
export function readToolChoice(wire: Json | undefined, nested: boolean): ToolChoice | null {
  const word = choiceWords.find((known) => known === wire)
  if (word !== undefined) return { kind: word }
  if (!isObject(wire) || wire['type'] !== 'function') return null
  const named = nested ? wire['function'] : wire
  if (!isObject(named) || typeof named['name'] !== 'string') return null
  const knownAlone = nested
    ? hasOnly(wire, 'type', 'function') && hasOnly(named, 'name')
    : hasOnly(wire, 'type', 'name')
  return knownAlone ? { kind: 'tool', name: named['name'] } : null
}

export function writeToolChoice(choice: ToolChoice | null, nested: boolean): Json {
  if (choice === null) return null
  if (choice.kind !== 'tool') return choice.kind
  const { name } = choice
  return nested ? { type: 'function', function: { name } } : { type: 'function', name }
}

/** What a schema format says, and the fields of it that nobody else knows; null when it is none. */
export function readSchemaFormat(
  wire: JsonObject,
): { readonly format: AnswerFormat; readonly rest: JsonObject } | null {
  const { name, schema, strict, ...rest } = wire
  if (typeof name !== 'string' || !isObject(schema) || !isAbsentOr('boolean', strict)) return null
  return { format: { kind: 'schema', name, schema, strict: strict === true }, rest }
}

export const writeSchemaFormat = (
  format: Extract<AnswerFormat, { kind: 'schema' }>,
): JsonObject => ({
  name: format.name,
  schema: format.schema,
  ...(format.strict && { strict: true }),
})

/** A cache mark as OpenAI-compatible gateways pass it on to Anthropic; undefined when it is none. */
export function readCacheMark(wire: Json | undefined): CacheMark | undefined {
  if (!isObject(wire) || wire['type'] !== 'ephemeral' || !hasOnly(wire, 'type', 'ttl'))
    return undefined
  const ttl = wire['ttl'] ?? '5m'
  return ttl === '5m' || ttl === '1h' ? ttl : undefined
}

export const writeCacheMark = (mark: CacheMark): JsonObject =>
  mark === '5m' ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: mark }
