import {
  inTable,
  isObject,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Part } from '../../domain/reply.ts'
import type { PartReader, StreamEvent } from '../dialect.ts'
import { readFaultEvent } from '../openai-faults.ts'
import { brokenEvent, cutOff } from '../stream-faults.ts'
import { summaryBreak } from './read-reasoning.ts'
import { readFinish, readResponseUsage } from './read-reply.ts'

type OpenCall = { readonly index: number; hasArguments: boolean }

type Reading = {
  id: string | null
  model: string | null
  isStarted: boolean
  isOver: boolean
  /** Calls by the id of their item and by its place: events name one or both. */
  readonly calls: Map<string, OpenCall>
  callCount: number
  /** Texts of which deltas came, so that their last event has nothing new. */
  readonly streamed: Set<string>
  refused: boolean
}

/** Reads the events of a streamed response. What a vendor sends whole instead of in deltas is read from its last event. */
export function openResponsesPartReader(): PartReader {
  const state: Reading = {
    id: null,
    model: null,
    isStarted: false,
    isOver: false,
    calls: new Map(),
    callCount: 0,
    streamed: new Set(),
    refused: false,
  }
  return {
    read: (event) => (state.isOver ? [] : readEvent(state, event)),
    end: () => (state.isOver ? [] : breakOff(state, cutOff)),
  }
}

function readEvent(state: Reading, event: StreamEvent): readonly Part[] {
  const text = event.data.trim()
  if (text === '' || text === '[DONE]') return []
  const data = parsedEvent(text)
  if (data === null) return breakOff(state, brokenEvent)
  const type = textOf(data['type']) ?? event.event ?? (isObject(data['error']) ? 'error' : '')
  const parts = inTable(eventReaders, type)?.(state, data) ?? []
  const needsStart = parts.length > 0 && !state.isStarted && parts[0]?.kind !== 'error'
  return needsStart && parts[0]?.kind !== 'start' ? [...begin(state, data), ...parts] : parts
}

function parsedEvent(text: string): JsonObject | null {
  try {
    const data: unknown = JSON.parse(text)
    return isObject(data) ? data : null
  } catch {
    return null
  }
}

type EventReader = (state: Reading, data: JsonObject) => readonly Part[]

/** One for each wire event that says something; all others are nothing. */
const eventReaders: Readonly<Record<string, EventReader>> = {
  'response.created': begin,
  'response.queued': begin,
  'response.in_progress': begin,
  'response.output_item.added': (state, data) => callBegins(state, data),
  'response.output_item.done': itemDone,
  'response.output_text.delta': (state, data) => textDelta(state, data, 'text'),
  'response.output_text.done': (state, data) => textDone(state, data, 'text'),
  'response.refusal.delta': (state, data) => {
    state.refused = true
    return textDelta(state, data, 'refusal')
  },
  'response.refusal.done': (state, data) => {
    state.refused = true
    return textDone(state, data, 'refusal')
  },
  'response.reasoning_summary_part.added': (_, data) =>
    (numberOf(data['summary_index']) ?? 0) > 0 ? [{ kind: 'reasoning', text: summaryBreak }] : [],
  'response.reasoning_summary_text.delta': (state, data) => textDelta(state, data, 'summary'),
  'response.reasoning_summary_text.done': (state, data) => textDone(state, data, 'summary'),
  'response.reasoning_text.delta': (state, data) => textDelta(state, data, 'thought'),
  'response.reasoning_text.done': (state, data) => textDone(state, data, 'thought'),
  'response.function_call_arguments.delta': (state, data) => callDelta(state, data, data['delta']),
  'response.function_call_arguments.done': (state, data) => callDone(state, data),
  'response.completed': finish,
  'response.incomplete': finish,
  'response.failed': failed,
  'response.cancelled': failed,
  error: (state, data) => breakOff(state, readFaultEvent(data)),
}

function begin(state: Reading, data: JsonObject): readonly Part[] {
  const response = objectOf(data['response'])
  state.id ??= textOf(response['id']) ?? textOf(data['response_id']) ?? null
  state.model ??= textOf(response['model']) ?? null
  if (state.isStarted) return []
  state.isStarted = true
  return [{ kind: 'start', id: state.id, model: state.model }]
}

type TextKind = 'text' | 'refusal' | 'summary' | 'thought'

const partOf = (kind: TextKind, text: string): Part =>
  kind === 'summary' || kind === 'thought' ? { kind: 'reasoning', text } : { kind: 'text', text }

const placeOf = (data: JsonObject, kind: TextKind): string =>
  [kind, data['item_id'], data['output_index'], data['content_index'], data['summary_index']].join()

function textDelta(state: Reading, data: JsonObject, kind: TextKind): readonly Part[] {
  const { delta } = data
  if (typeof delta !== 'string' || delta === '') return []
  state.streamed.add(placeOf(data, kind))
  return [partOf(kind, delta)]
}

function textDone(state: Reading, data: JsonObject, kind: TextKind): readonly Part[] {
  const text = textOf(data['text'] ?? data['refusal'])
  if (text === undefined || state.streamed.has(placeOf(data, kind))) return []
  state.streamed.add(placeOf(data, kind))
  return [partOf(kind, text)]
}

/** The names under which events tell of an item. */
const keysOf = (data: JsonObject): readonly string[] => [
  ...[data['item_id'], objectOf(data['item'])['id']].flatMap((id) => textOf(id) ?? []),
  ...(numberOf(data['output_index']) === undefined ? [] : [`#${data['output_index']}`]),
]

const knownCall = (state: Reading, data: JsonObject): OpenCall | undefined =>
  keysOf(data)
    .map((key) => state.calls.get(key))
    .find((call) => call !== undefined)

function callBegins(state: Reading, data: JsonObject): readonly Part[] {
  const item = objectOf(data['item'])
  if (item['type'] !== 'function_call' || knownCall(state, data) !== undefined) return []
  const call = { index: state.callCount, hasArguments: false }
  state.callCount += 1
  for (const key of keysOf(data)) state.calls.set(key, call)
  const id = textOf(item['call_id']) ?? textOf(item['id']) ?? `call_${call.index}`
  return [{ kind: 'tool-call', index: call.index, id, name: textOf(item['name']) ?? '' }]
}

function callDelta(state: Reading, data: JsonObject, json: unknown): readonly Part[] {
  const call = knownCall(state, data)
  if (call === undefined || typeof json !== 'string' || json === '') return []
  call.hasArguments = true
  return [{ kind: 'tool-delta', index: call.index, json }]
}

const callDone = (state: Reading, data: JsonObject): readonly Part[] =>
  knownCall(state, data)?.hasArguments === false ? callDelta(state, data, data['arguments']) : []

/** What an item says at its end and had not said before: a call, its arguments, what proves the thoughts. */
function itemDone(state: Reading, data: JsonObject): readonly Part[] {
  const item = objectOf(data['item'])
  const signature = textOf(item['encrypted_content'])
  if (item['type'] === 'reasoning' && signature !== undefined) {
    state.streamed.add('signature')
    return [{ kind: 'reasoning', text: '', signature }]
  }
  const begun = callBegins(state, data)
  if (item['type'] !== 'function_call') return begun
  return [...begun, ...callDone(state, { ...data, arguments: item['arguments'] })]
}

/** A vendor may send the output with the last event alone. */
function finish(state: Reading, data: JsonObject): readonly Part[] {
  const response = objectOf(data['response'])
  const saidNothing = state.streamed.size === 0 && state.callCount === 0
  const late = saidNothing ? lateOutput(state, response) : []
  state.isOver = true
  const serviceTier = textOf(response['service_tier'])
  return [
    ...begin(state, data),
    ...late,
    {
      kind: 'finish',
      finish: readFinish(statusOf(response, data), {
        calls: state.callCount > 0,
        refusal: state.refused,
      }),
      ...readResponseUsage(response),
      ...(serviceTier !== undefined && { serviceTier }),
    },
  ]
}

/** A response's status; where it has none, the event is named after it. */
function statusOf(response: JsonObject, data: JsonObject): JsonObject {
  if (response['status'] !== undefined) return response
  return {
    ...response,
    status: data['type'] === 'response.incomplete' ? 'incomplete' : 'completed',
  }
}

function lateOutput(state: Reading, response: JsonObject): readonly Part[] {
  return listOf(response['output']).flatMap((wire, at) => {
    const item = objectOf(wire)
    const kind = item['type'] === 'reasoning' ? 'summary' : 'text'
    const texts = listOf(item[kind === 'summary' ? 'summary' : 'content']).map(objectOf)
    if (texts.some((text) => text['type'] === 'refusal')) state.refused = true
    return [
      ...texts.flatMap((text) => {
        const said = textOf(text['text'] ?? text['refusal'])
        return said === undefined ? [] : [partOf(kind, said)]
      }),
      ...itemDone(state, { item, output_index: at }),
    ]
  })
}

function failed(state: Reading, data: JsonObject): readonly Part[] {
  const response = objectOf(data['response'])
  const { error, status } = response
  const isCancelled = status === 'cancelled' || data['type'] === 'response.cancelled'
  const told = isCancelled
    ? { code: 'request_cancelled', message: 'the response was cancelled' }
    : {}
  const known = isObject(error) ? error : told
  return breakOff(state, readFaultEvent({ error: known }), response)
}

function breakOff(
  state: Reading,
  fault: Extract<Part, { kind: 'error' }>['fault'],
  response: JsonObject = {},
): readonly Part[] {
  state.isOver = true
  return [{ kind: 'error', fault, usage: readResponseUsage(response).usage }]
}
