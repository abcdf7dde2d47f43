import {
  defined,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Part } from '../../domain/reply.ts'
import type { PartReader, StreamEvent } from '../dialect.ts'
import { readFaultEvent } from '../openai-faults.ts'
import { readUsedTokens, type UsedTokens } from '../openai-usage.ts'
import { brokenEvent, cutOff } from '../stream-faults.ts'
import { addedFields, addedToMessage, withDelta } from './added-fields.ts'
import { readFinishReason } from './finish-reason.ts'
import {
  argumentsText,
  callsOf,
  madeCallId,
  spokenText,
  thoughtText,
} from './read-answer-message.ts'
import { usageOf } from './read-reply.ts'

/** A tool call under way. It is told of once its name is known; arguments that come earlier wait. */
type OpenCall = {
  readonly wireIndex: Json
  wireId: string | undefined
  name: string
  waiting: string
  isTold: boolean
}

type Reading = {
  id: string | null
  model: string | null
  isStarted: boolean
  isOver: boolean
  readonly calls: OpenCall[]
  refused: boolean
  finishReason: string | null
  used: UsedTokens
  serviceTier: string | undefined
  /** Each field as the last chunk that has it says it. */
  added: JsonObject | undefined
  addedToMessage: JsonObject | undefined
}

/**
 * Reads the chunks of a streamed chat completion. Usage may come with any chunk, also after the finish reason, so that
 * the last part waits for "[DONE]" or the end; the latest usage counts, as vendors that repeat it add it up.
 */
export function openChatPartReader(): PartReader {
  const state: Reading = {
    id: null,
    model: null,
    isStarted: false,
    isOver: false,
    calls: [],
    refused: false,
    finishReason: null,
    used: { usage: null },
    serviceTier: undefined,
    added: undefined,
    addedToMessage: undefined,
  }
  return {
    read: (event) => (state.isOver ? [] : readEvent(state, event)),
    end: () => (state.isOver ? [] : endOf(state)),
  }
}

function readEvent(state: Reading, event: StreamEvent): readonly Part[] {
  const data = event.data.trim()
  if (data === '') return []
  if (data === '[DONE]') return state.isStarted ? finishOf(state) : endOf(state)
  const chunk = parsedChunk(data)
  if (chunk === null) return breakOff(state, brokenEvent)
  if (isFault(event, chunk)) return breakOff(state, readFaultEvent(chunk))
  return readChunk(state, chunk)
}

function parsedChunk(data: string): JsonObject | null {
  try {
    const chunk: unknown = JSON.parse(data)
    return isObject(chunk) ? chunk : null
  } catch {
    return null
  }
}

const isFault = (event: StreamEvent, chunk: JsonObject): boolean =>
  event.event === 'error' ||
  chunk['object'] === 'error' ||
  (chunk['error'] !== undefined && chunk['error'] !== null)

function breakOff(
  state: Reading,
  fault: Extract<Part, { kind: 'error' }>['fault'],
): readonly Part[] {
  state.isOver = true
  return [{ kind: 'error', fault, usage: state.used.usage }]
}

/** A chunk before the first choice (Azure's check of the prompt) begins nothing yet. */
function readChunk(state: Reading, chunk: JsonObject): readonly Part[] {
  state.id ??= textOf(chunk['id']) ?? null
  state.model ??= textOf(chunk['model']) ?? null
  state.serviceTier = textOf(chunk['service_tier']) ?? state.serviceTier
  const added = addedFields(chunk)
  if (added !== undefined) state.added = { ...state.added, ...added }
  const usage = usageOf(chunk)
  if (isObject(usage)) state.used = readUsedTokens(usage)
  const choice = listOf(chunk['choices']).find((one) => (objectOf(one)['index'] ?? 0) === 0)
  if (choice === undefined) return []
  const { delta, message, finish_reason: reason } = objectOf(choice)
  const parts = [...start(state), ...readDelta(state, objectOf(delta ?? message))]
  state.finishReason = textOf(reason) ?? state.finishReason
  return parts
}

function start(state: Reading): readonly Part[] {
  if (state.isStarted) return []
  state.isStarted = true
  return [{ kind: 'start', id: state.id, model: state.model }]
}

function readDelta(state: Reading, delta: JsonObject): readonly Part[] {
  const refusal = typeof delta['refusal'] === 'string' ? delta['refusal'] : ''
  if (refusal !== '') state.refused = true
  const added = addedToMessage(delta)
  if (added !== undefined) state.addedToMessage = withDelta(state.addedToMessage, added)
  const thought = thoughtText(delta)
  const text = spokenText(delta['content']) + refusal
  return [
    ...(thought === '' ? [] : [{ kind: 'reasoning', text: thought } as const]),
    ...(text === '' ? [] : [{ kind: 'text', text } as const]),
    ...callsOf(delta).flatMap((call) => readCallDelta(state, call)),
  ]
}

function readCallDelta(state: Reading, wire: JsonObject): readonly Part[] {
  const called = objectOf(wire['function'])
  const name = textOf(called['name']) ?? ''
  const call = openCall(state, wire, name)
  const index = state.calls.indexOf(call)
  call.waiting += argumentsText(called['arguments'])
  if (call.name === '') call.name = name
  return call.name === '' ? [] : tell(state, call, index)
}

/**
 * The call that a delta belongs to. Most vendors number their calls; some give each the same number, or none, and tell
 * them apart by id alone.
 */
function openCall(state: Reading, wire: JsonObject, name: string): OpenCall {
  const wireId = textOf(wire['id'])
  const wireIndex = wire['index'] ?? null
  const known =
    wireIndex === null && wireId === undefined
      ? state.calls[state.calls.length - 1]
      : state.calls.findLast((call) =>
          wireIndex === null ? call.wireId === wireId : call.wireIndex === wireIndex,
        )
  if (known !== undefined && !isAnotherCall(known, wireIndex, wireId, name)) {
    known.wireId ??= wireId
    return known
  }
  const call = { wireIndex, wireId, name: '', waiting: '', isTold: false }
  state.calls.push(call)
  return call
}

/** Whether a delta that was taken for one of a known call begins a call of its own. */
function isAnotherCall(
  known: OpenCall,
  wireIndex: Json,
  wireId: string | undefined,
  name: string,
): boolean {
  if (name === '' || known.name === '') return false
  return wireId === undefined ? wireIndex === null : known.wireId !== wireId
}

function tell(state: Reading, call: OpenCall, index: number): readonly Part[] {
  const parts: Part[] = []
  if (!call.isTold) {
    const id = call.wireId ?? madeCallId(state.id, index)
    parts.push({ kind: 'tool-call', index, id, name: call.name })
  }
  if (call.waiting !== '') parts.push({ kind: 'tool-delta', index, json: call.waiting })
  call.isTold = true
  call.waiting = ''
  return parts
}

/** A stream may end without "[DONE]", but not without a finish reason. */
const endOf = (state: Reading): readonly Part[] =>
  state.finishReason === null ? breakOff(state, cutOff) : finishOf(state)

function finishOf(state: Reading): readonly Part[] {
  const { finishReason, calls, refused: refusal, used, serviceTier, added, addedToMessage } = state
  state.isOver = true
  const late = calls.flatMap((call, index) => (call.isTold ? [] : tell(state, call, index)))
  const finish = readFinishReason(finishReason, { calls: calls.length > 0, refusal })
  return [
    ...late,
    { kind: 'finish', finish, ...used, ...defined({ serviceTier, added, addedToMessage }) },
  ]
}
