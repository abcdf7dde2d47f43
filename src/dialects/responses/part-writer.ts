import type { JsonObject } from '../../domain/json.ts'
import type { Part } from '../../domain/reply.ts'
import type { PartWriter, Stamp } from '../dialect.ts'
import { writeOpenAiFault } from '../openai-faults.ts'
import { writeResponsesUsage } from '../openai-usage.ts'
import { callItem, emptyResponse, messageItem, statusOf } from './write-reply.ts'

type OpenItem = {
  readonly kind: 'message' | 'reasoning' | 'call'
  readonly id: string
  readonly at: number
  readonly callId: string
  readonly name: string
  text: string
  signature: string | null
  isOpen: boolean
}

type Writing = {
  response: JsonObject
  /** In the order of the output; calls stay open until the end, as their arguments may come in turns. */
  readonly items: OpenItem[]
  readonly stamp: Stamp
  count: number
}

/** Writes the events of a streamed response, each item with its beginning and end, numbered. */
export function openResponsesPartWriter(stamp: Stamp): PartWriter {
  const state: Writing = { response: emptyResponse(stamp), items: [], stamp, count: 0 }
  return { write: (part) => writePart(state, part) }
}

function writePart(state: Writing, part: Part): string {
  switch (part.kind) {
    case 'start': {
      const { id, model, createdAt } = state.stamp
      state.response = emptyResponse({ id: part.id ?? id, model: part.model ?? model, createdAt })
      const { response } = state
      return (
        event(state, 'response.created', { response }) +
        event(state, 'response.in_progress', { response })
      )
    }
    case 'text':
      return writeText(state, 'message', part.text)
    case 'reasoning':
      return writeThought(state, part)
    case 'tool-call':
      return closeText(state) + open(state, 'call', part.id, part.name)
    case 'tool-delta':
      return writeArguments(state, part.index, part.json)
    case 'finish':
      return finish(state, part)
    case 'error':
      return fail(state, part)
  }
}

function event(state: Writing, type: string, fields: JsonObject): string {
  const data = { type, sequence_number: state.count, ...fields }
  state.count += 1
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

const prefixes = { message: 'msg', reasoning: 'rs', call: 'fc' }

function open(state: Writing, kind: OpenItem['kind'], callId = '', name = ''): string {
  const at = state.items.length
  const id = `${prefixes[kind]}_${state.stamp.id}_${at}`
  const item = { kind, id, at, callId, name, text: '', signature: null, isOpen: true }
  state.items.push(item)
  const begun = { ...itemOf(item), ...(kind !== 'reasoning' && { status: 'in_progress' }) }
  return event(state, 'response.output_item.added', { output_index: at, item: begun })
}

/** An item with what has been said of it. */
function itemOf({ kind, id, callId, name, text, signature }: OpenItem): JsonObject {
  if (kind === 'call') return callItem(id, callId, name, text)
  if (kind === 'message') return messageItem(id, text === '' ? [] : [text])
  return {
    type: 'reasoning',
    id,
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    ...(signature !== null && { encrypted_content: signature }),
  }
}

/** How the events of a text and of a summary are named. */
const textEvents = {
  message: {
    part: 'response.content_part',
    text: 'response.output_text',
    partOf: (text: string) => ({ type: 'output_text', text, annotations: [] }),
    place: { content_index: 0 },
    more: { logprobs: [] },
  },
  reasoning: {
    part: 'response.reasoning_summary_part',
    text: 'response.reasoning_summary_text',
    partOf: (text: string) => ({ type: 'summary_text', text }),
    place: { summary_index: 0 },
    more: {},
  },
}

type TextKind = keyof typeof textEvents

/** The text or thoughts under way: at most one item, and the latest that is no call. */
const openText = (state: Writing): OpenItem | undefined =>
  state.items.findLast((item) => item.isOpen && item.kind !== 'call')

function writeText(state: Writing, kind: TextKind, text: string): string {
  const { part, text: name, partOf, place, more } = textEvents[kind]
  let begun = ''
  if (openText(state)?.kind !== kind) begun = closeText(state) + open(state, kind)
  const item = openText(state)
  if (item === undefined || text === '') return begun
  const where = { item_id: item.id, output_index: item.at, ...place }
  if (item.text === '') begun += event(state, `${part}.added`, { ...where, part: partOf('') })
  item.text += text
  return begun + event(state, `${name}.delta`, { ...where, delta: text, ...more })
}

/** A signature ends its item: what is thought after it is another one. */
function writeThought(state: Writing, part: Extract<Part, { kind: 'reasoning' }>): string {
  const written = writeText(state, 'reasoning', part.text)
  const item = openText(state)
  if (part.signature === undefined || item === undefined) return written
  item.signature = part.signature
  return written + closeText(state)
}

function closeText(state: Writing): string {
  const item = openText(state)
  if (item === undefined || item.kind === 'call') return ''
  const { part, text: name, partOf, place, more } = textEvents[item.kind]
  const where = { item_id: item.id, output_index: item.at, ...place }
  const { text } = item
  if (text === '') return close(state, item)
  return (
    event(state, `${name}.done`, { ...where, text, ...more }) +
    event(state, `${part}.done`, { ...where, part: partOf(text) }) +
    close(state, item)
  )
}

function close(state: Writing, item: OpenItem): string {
  item.isOpen = false
  return event(state, 'response.output_item.done', { output_index: item.at, item: itemOf(item) })
}

const callsOf = (state: Writing): readonly OpenItem[] =>
  state.items.filter((item) => item.kind === 'call')

function writeArguments(state: Writing, index: number, json: string): string {
  const item = callsOf(state)[index]
  if (item === undefined) return ''
  item.text += json
  const where = { item_id: item.id, output_index: item.at }
  return event(state, 'response.function_call_arguments.delta', { ...where, delta: json })
}

function closeCalls(state: Writing): string {
  const ends = callsOf(state).map((item) => {
    const { id, at, name, text } = item
    const told = { item_id: id, output_index: at, name, arguments: text }
    return event(state, 'response.function_call_arguments.done', told) + close(state, item)
  })
  return ends.join('')
}

function finish(state: Writing, part: Extract<Part, { kind: 'finish' }>): string {
  const closed = closeText(state) + closeCalls(state)
  const { usage, fees, serviceTier } = part
  const response: JsonObject = {
    ...state.response,
    ...statusOf(part.finish),
    output: state.items.map(itemOf),
    ...(usage !== null && { usage: writeResponsesUsage(usage, fees) }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  }
  return closed + event(state, `response.${response['status']}`, { response })
}

/**
 * Told in each way that clients look for: in the response, with its usage; as an event of its own; and under `error` in
 * that, which is where OpenAI's SDK looks for what it throws.
 */
function fail(state: Writing, part: Extract<Part, { kind: 'error' }>): string {
  const { error = null } = writeOpenAiFault(part.fault).body
  const { code, message } = error as JsonObject
  const response = {
    ...state.response,
    status: 'failed',
    error: { code, message },
    output: state.items.filter((item) => !item.isOpen).map(itemOf),
    ...(part.usage !== null && { usage: writeResponsesUsage(part.usage) }),
  }
  return (
    event(state, 'response.failed', { response }) +
    event(state, 'error', { code, message, param: null, error })
  )
}
