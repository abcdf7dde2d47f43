import type { Fault } from '../../domain/fault.ts'
import { isObject, type Json, type JsonObject, objectOf, textOf } from '../../domain/json.ts'
import type { Part } from '../../domain/reply.ts'
import { laterCounts } from '../anthropic-messages.ts'
import type { PartReader, StreamEvent } from '../dialect.ts'
import { messageOf } from '../fault-message.ts'
import { cutOff } from '../stream-faults.ts'
import { readFault } from './fault.ts'
import { readFinish, readUsage } from './reply.ts'

/** What is known of a stream under way. */
type Reading = {
  usage: JsonObject
  stopReason: Json | undefined
  /** Tool calls by the number of their content block. */
  readonly calls: Map<Json | undefined, number>
}

type ReadEvent = (event: JsonObject, reading: Reading) => readonly Part[]

/** Reads one streamed message. */
export function openPartReader(): PartReader {
  const reading: Reading = { usage: {}, stopReason: undefined, calls: new Map() }
  let hasEnded = false

  function ended(fault: Fault): readonly Part[] {
    hasEnded = true
    return [{ kind: 'error', fault, usage: readUsage(reading.usage).usage }]
  }

  function read({ event: name, data }: StreamEvent): readonly Part[] {
    if (hasEnded || name === 'ping') return []
    const event = parsed(data)
    if (event === undefined) return ended(malformed(data))
    const type = textOf(event['type']) ?? name ?? ''
    if (type === 'error') return ended(readFault(200, {}, data))
    if (type === 'message_stop') hasEnded = true
    const parts = eventReaders.get(type)?.(event, reading) ?? []
    return parts.includes(broken) ? ended(malformed(data)) : parts
  }

  return { read, end: () => (hasEnded ? [] : ended(cutOff)) }
}

function parsed(data: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const malformed = (data: string): Fault => ({
  kind: 'malformed',
  message: messageOf(`a broken event: ${data}`),
  status: null,
  retryAfterMs: null,
})

/** Stands for an event that cannot be: a part of nothing. */
const broken: Part = { kind: 'text', text: '' }

const eventReaders: ReadonlyMap<string, ReadEvent> = new Map<string, ReadEvent>([
  [
    'message_start',
    ({ message: wire }, reading) => {
      if (!isObject(wire)) return [broken]
      reading.usage = laterCounts(reading.usage, objectOf(wire['usage']))
      return [
        { kind: 'start', id: textOf(wire['id']) ?? null, model: textOf(wire['model']) ?? null },
      ]
    },
  ],
  [
    'content_block_start',
    ({ index, content_block }, reading) => startBlock(index, content_block, reading),
  ],
  ['content_block_delta', ({ index, delta }, reading) => readDelta(index, delta, reading)],
  [
    'message_delta',
    ({ delta, usage }, reading) => {
      reading.stopReason = objectOf(delta)['stop_reason'] ?? reading.stopReason
      reading.usage = laterCounts(reading.usage, objectOf(usage))
      return []
    },
  ],
  [
    'message_stop',
    (_, { stopReason, usage }) => [
      { kind: 'finish', finish: readFinish(stopReason), ...readUsage(usage) },
    ],
  ],
])

/** A block begins, some servers say at once what is in it. Blocks of tools that run at the provider are no parts. */
function startBlock(
  index: Json | undefined,
  block: Json | undefined,
  { calls }: Reading,
): readonly Part[] {
  if (!isObject(block)) return [broken]
  const { id, name, input, data, signature } = block
  switch (block['type']) {
    case 'text':
      return textParts('text', block['text'])
    case 'thinking':
      return [...textParts('reasoning', block['thinking']), ...signatureParts(signature)]
    case 'redacted_thinking':
      return typeof data === 'string'
        ? [{ kind: 'reasoning', text: '', signature: data, isEncrypted: true }]
        : [broken]
    case 'tool_use': {
      if (typeof id !== 'string' || typeof name !== 'string') return [broken]
      const call = calls.size
      calls.set(index, call)
      const start: Part = { kind: 'tool-call', index: call, id, name }
      const hasInput = isObject(input) && Object.keys(input).length > 0
      return hasInput
        ? [start, { kind: 'tool-delta', index: call, json: JSON.stringify(input) }]
        : [start]
    }
    default:
      return []
  }
}

function readDelta(
  index: Json | undefined,
  delta: Json | undefined,
  { calls }: Reading,
): readonly Part[] {
  if (!isObject(delta)) return [broken]
  switch (delta['type']) {
    case 'text_delta':
      return typeof delta['text'] === 'string' ? textParts('text', delta['text']) : [broken]
    case 'thinking_delta':
      return typeof delta['thinking'] === 'string'
        ? textParts('reasoning', delta['thinking'])
        : [broken]
    case 'signature_delta':
      return signatureParts(delta['signature'])
    case 'input_json_delta': {
      const json = delta['partial_json']
      const call = calls.get(index)
      if (typeof json !== 'string') return [broken]
      return call === undefined || json === '' ? [] : [{ kind: 'tool-delta', index: call, json }]
    }
    default:
      return []
  }
}

const textParts = (kind: 'text' | 'reasoning', text: Json | undefined): readonly Part[] =>
  typeof text === 'string' && text !== '' ? [{ kind, text }] : []

const signatureParts = (signature: Json | undefined): readonly Part[] =>
  typeof signature === 'string' && signature !== ''
    ? [{ kind: 'reasoning', text: '', signature }]
    : []
