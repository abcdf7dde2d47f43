import {
  firstText,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { statedTime, timeOf } from '../fields.ts'

/** A span with its attributes as plain values, whatever exporter wrote it. */
export type Span = {
  readonly traceId?: string
  readonly spanId?: string
  readonly parentId?: string
  readonly name: string
  /** Milliseconds since 1970 UTC. */
  readonly start?: number
  readonly end?: number
  readonly attributes: JsonObject
  readonly events: readonly SpanEvent[]
  readonly failed: boolean
  readonly statusMessage?: string
  readonly scope?: string
  /** The attributes of the program that emitted the span, e.g. service.name. */
  readonly resource: JsonObject
}

export type SpanEvent = {
  readonly name: string
  readonly at?: number
  readonly attributes: JsonObject
}

/**
 * The spans of a record: a whole export {"resourceSpans":[…]}, one element of it, or one span by itself (as console
 * and file exporters write it). Null when the record is none of these.
 */
export function spansOf(record: JsonObject): readonly Span[] | null {
  const resources = record['resourceSpans'] ?? record['resource_spans'] ?? batchesOf(record)
  if (Array.isArray(resources)) return resources.flatMap((each) => resourceSpans(objectOf(each)))
  if (scopesOf(record) !== undefined) return resourceSpans(record)
  return isSpan(record) ? [readSpan(record, resourceOf(record), undefined)] : null
}

/** Tempo's name for the same list. */
function batchesOf(record: JsonObject): unknown {
  const batches = listOf(record['batches'])
  return batches.some((each) => scopesOf(objectOf(each)) !== undefined) ? batches : undefined
}

const scopesOf = (record: JsonObject): unknown =>
  record['scopeSpans'] ?? record['scope_spans'] ?? record['instrumentationLibrarySpans']

function resourceSpans(element: JsonObject): readonly Span[] {
  const resource = resourceOf(element)
  return listOf(scopesOf(element)).flatMap((each) => {
    const scope = objectOf(each)
    const library = objectOf(scope['scope'] ?? scope['instrumentationLibrary'])
    return listOf(scope['spans']).map((span) =>
      readSpan(objectOf(span), resource, textOf(library['name'])),
    )
  })
}

const resourceOf = (element: JsonObject): JsonObject =>
  readAttributes(objectOf(element['resource'])['attributes'])

function isSpan(record: JsonObject): boolean {
  const context = objectOf(record['context'])
  const id = record['traceId'] ?? record['trace_id'] ?? context['trace_id'] ?? context['traceId']
  return id !== undefined && 'name' in record && attributesOf(record) !== undefined
}

const attributesOf = (record: JsonObject): unknown =>
  record['attributes'] ?? record['span_attributes'] ?? record['SpanAttributes']

function readSpan(wire: JsonObject, resource: JsonObject, scope: string | undefined): Span {
  const context = objectOf(wire['context'] ?? wire['spanContext'])
  const status = objectOf(wire['status'])
  const stated =
    wire['startTimeUnixNano'] ??
    wire['start_time_unix_nano'] ??
    wire['start_time'] ??
    wire['startTime'] ??
    wire['timestamp']
  const start = momentOf(stated) ?? (isUnset(stated) ? undefined : statedTime(stated))
  const span = {
    traceId: firstText(wire['traceId'], wire['trace_id'], context['traceId'], context['trace_id']),
    spanId: firstText(wire['spanId'], wire['span_id'], context['spanId'], context['span_id']),
    parentId: firstText(wire['parentSpanId'], wire['parent_span_id'], wire['parent_id']),
    name: textOf(wire['name']) ?? '',
    start,
    end: endOf(wire, start),
    attributes: readAttributes(attributesOf(wire)),
    events: listOf(wire['events']).map((event) => readEvent(objectOf(event))),
    failed: /^(?:2|error|status_code_error)$/i.test(
      String(status['code'] ?? status['status_code'] ?? wire['statusCode']),
    ),
    statusMessage: firstText(status['message'], status['description'], wire['statusMessage']),
    scope,
    resource,
  }
  return span as Span
}

function endOf(wire: JsonObject, start: number | undefined): number | undefined {
  const end = momentOf(
    wire['endTimeUnixNano'] ?? wire['end_time_unix_nano'] ?? wire['end_time'] ?? wire['endTime'],
  )
  if (end !== undefined || start === undefined) return end
  // The JavaScript console exporter writes a duration in microseconds.
  const microseconds = numberOf(wire['duration'])
  return microseconds === undefined ? undefined : start + Math.round(microseconds / 1000)
}

function readEvent(wire: JsonObject): SpanEvent {
  const at = momentOf(wire['timeUnixNano'] ?? wire['time_unix_nano'] ?? wire['timestamp'])
  const event = { name: textOf(wire['name']) ?? '', attributes: readAttributes(wire['attributes']) }
  return at === undefined ? event : { ...event, at }
}

/** Nanoseconds as text, ISO text, or the JavaScript SDK's [seconds, nanoseconds]; 0 means not set. */
function momentOf(wire: unknown): number | undefined {
  if (Array.isArray(wire)) {
    const [seconds, nanoseconds] = [numberOf(wire[0]), numberOf(wire[1])]
    if (seconds === undefined) return undefined
    return seconds * 1000 + Math.round((nanoseconds ?? 0) / 1e6)
  }
  return isUnset(wire) ? undefined : timeOf(wire)
}

const isUnset = (wire: unknown): boolean => wire === 0 || wire === '0'

/** Attributes as an object of plain values, from OTLP's list of key and typed value or from a plain object. */
export function readAttributes(wire: unknown): JsonObject {
  const attributes: Record<string, Json> = Object.create(null)
  if (Array.isArray(wire)) {
    for (const each of wire) {
      const { key, value } = objectOf(each)
      if (typeof key === 'string') attributes[key] = anyValue(value)
    }
    return attributes
  }
  const object = objectOf(wire)
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (value !== undefined) attributes[name] = value
  }
  return attributes
}

/** OTLP's AnyValue: one field that names the type; 64-bit integers are text. */
function anyValue(wire: Json | undefined): Json {
  if (!isObject(wire)) return wire ?? null
  const [name = '', value] = Object.entries(wire)[0] ?? []
  switch (name.replace('_', '').toLowerCase()) {
    case 'intvalue':
    case 'doublevalue':
      return numberOf(value) ?? value ?? null
    case 'arrayvalue':
      return listOf(objectOf(value)['values']).map(anyValue)
    case 'kvlistvalue':
      return readAttributes(objectOf(value)['values'])
    default:
      return value ?? null
  }
}

/** Attributes under one of the prefixes, by the rest of their name: "metadata.plan" → plan. */
export function underPrefixes(attributes: JsonObject, prefixes: readonly string[]): JsonObject {
  const found: Record<string, Json> = Object.create(null)
  for (const name of Object.keys(attributes)) {
    const prefix = prefixes.find((each) => name.startsWith(each))
    const value = attributes[name]
    if (prefix !== undefined && value !== undefined) found[name.slice(prefix.length)] ??= value
  }
  return found
}

/** An index beyond this is no list of messages. */
const maxIndex = 100_000

/** A list of objects that was flattened into attributes: "llm.input_messages.0.message.role" → [{message: {role}}]. */
export function indexedList(attributes: JsonObject, prefix: string): readonly Json[] {
  const root: Tree = new Map()
  for (const name of Object.keys(attributes)) {
    if (!name.startsWith(prefix)) continue
    const value = attributes[name]
    if (value !== undefined) plant(root, name.slice(prefix.length).split('.'), value)
  }
  const list = unflattened(root)
  return Array.isArray(list) ? list : []
}

type Tree = Map<string, Tree | Json>

function plant(tree: Tree, path: readonly string[], value: Json): void {
  let branch = tree
  for (const step of path.slice(0, -1)) {
    const next = branch.get(step)
    if (next instanceof Map) {
      branch = next
      continue
    }
    const grown: Tree = new Map()
    branch.set(step, grown)
    branch = grown
  }
  branch.set(path[path.length - 1] ?? '', value)
}

function unflattened(tree: Tree | Json): Json {
  if (!(tree instanceof Map)) return tree
  const names = [...tree.keys()]
  if (names.length > 0 && names.every((name) => /^\d+$/.test(name) && Number(name) < maxIndex)) {
    names.sort((a, b) => Number(a) - Number(b))
    return names.map((name) => unflattened(tree.get(name) ?? null))
  }
  const object: Record<string, Json> = Object.create(null)
  for (const [name, branch] of tree) object[name] = unflattened(branch)
  return object
}
