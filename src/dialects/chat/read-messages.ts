import type { Block, Turn } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject, openObject } from '../../domain/json.ts'
import { hasOnly, openFields, sparse, takeList, takeText } from '../wire-fields.ts'
import { readContent } from './read-content.ts'

export type Conversation = { readonly system: readonly Block[]; readonly turns: readonly Turn[] }

/**
 * A chat's messages, in order. Those that lead with role system or developer are the system text; a later one is a turn
 * of its own. Where a message of several began, and that it said "developer", is in the wording of its first block.
 * Neighbouring tool messages are one turn, as they answer one turn of calls.
 */
export function readMessages(wire: readonly Json[]): Conversation {
  const system: Block[] = []
  const turns: Turn[] = []
  let followsTool = false
  for (const message of wire) {
    const turn = readMessage(message)
    const isTool = isObject(message) && message['role'] === 'tool'
    const before = turns[turns.length - 1]
    if (turn.role === 'system' && turns.length === 0)
      system.push(...leading(turn, system.length === 0))
    else if (isTool && followsTool && before !== undefined)
      turns[turns.length - 1] = { ...before, blocks: [...before.blocks, ...turn.blocks] }
    else turns.push(turn)
    followsTool = isTool
  }
  return { system, turns }
}

/** The blocks of a leading message, the first marked unless it is the one plain system message one expects. */
function leading(turn: Turn, isFirst: boolean): readonly Block[] {
  const [first = { kind: 'text', text: '' } as const, ...others] = turn.blocks
  const message =
    first.wording?.['message'] ?? (isFirst && turn.name === undefined ? null : 'system')
  const wording = sparse({ message, name: turn.name ?? null })
  return [Object.keys(wording).length === 0 ? first : { ...first, wording }, ...others]
}

function readMessage(wire: Json): Turn {
  if (!isObject(wire)) return wholeMessage(wire)
  const role = wire['role']
  if (role === 'system' || role === 'developer' || role === 'user') return readSpoken(wire, role)
  if (role === 'assistant') return readAssistant(wire)
  return role === 'tool' ? readToolMessage(wire) : wholeMessage(wire)
}

/** A message of unknown role or shape, kept as it came. */
const wholeMessage = (wire: Json): Turn => ({
  role: 'user',
  blocks: [{ kind: 'foreign', wire, wording: { as: 'message' } }],
})

function readSpoken(wire: JsonObject, role: 'system' | 'developer' | 'user'): Turn {
  const { role: _, content, ...others } = wire
  const blocks = readContent(content)
  if (blocks === null) return wholeMessage(wire)
  const fields = openFields(others)
  const name = takeText(fields, 'name')
  const [first, ...later] = [...blocks, ...unknownFields(fields)]
  const marked = first === undefined ? [] : [first, ...later]
  return {
    role: role === 'user' ? 'user' : 'system',
    blocks:
      role === 'developer' && first !== undefined
        ? [{ ...first, wording: { message: role } }, ...later]
        : marked,
    ...(name !== null && { name }),
  }
}

/** Fields of a message that nobody else knows, as a block at its end. */
function unknownFields(fields: JsonObject): readonly Block[] {
  const wire = openObject<Json>()
  for (const [name, value] of Object.entries(fields)) {
    const isEmpty = Array.isArray(value) && value.length === 0
    if (value !== null && value !== undefined && !isEmpty) wire[name] = value
  }
  if (Object.keys(wire).length === 0) return []
  return [{ kind: 'foreign', wire: { ...wire }, wording: { as: 'fields' } }]
}

function readAssistant(wire: JsonObject): Turn {
  const { role: _, content, ...others } = wire
  const said = readContent(content)
  if (said === null) return wholeMessage(wire)
  const fields = openFields(others)
  const name = takeText(fields, 'name')
  const thought = takeText(fields, 'reasoning_content')
  const thoughts: readonly Block[] = thought === null ? [] : [{ kind: 'reasoning', text: thought }]
  const calls = (takeList(fields, 'tool_calls') ?? []).map(readToolCall)
  return {
    role: 'assistant',
    blocks: [...thoughts, ...said, ...calls, ...unknownFields(fields)],
    ...(name !== null && { name }),
  }
}

/** A call of a function; what a vendor adds to it (a signature of thoughts) goes back to it with the call. */
function readToolCall(wire: Json): Block {
  const foreign: Block = { kind: 'foreign', wire, wording: { as: 'call' } }
  if (!isObject(wire)) return foreign
  const { id, type, function: called, ...added } = wire
  if (typeof id !== 'string' || (type ?? 'function') !== 'function') return foreign
  if (!isObject(called) || !hasOnly(called, 'name', 'arguments')) return foreign
  const { name, arguments: input } = called
  if (typeof name !== 'string' || typeof input !== 'string') return foreign
  const wording = sparse({ added })
  const hasMore = Object.keys(wording).length > 0
  return { kind: 'tool-call', id, name, input, ...(hasMore && { wording }) }
}

function readToolMessage(wire: JsonObject): Turn {
  const { role: _, tool_call_id: id, content, name, ...others } = wire
  const blocks = readContent(content)
  const isKnown = blocks !== null && typeof id === 'string' && unknownFields(others).length === 0
  if (!isKnown || (typeof name !== 'string' && name !== undefined && name !== null))
    return wholeMessage(wire)
  const wording = typeof name === 'string' ? { wording: { name } } : {}
  return { role: 'user', blocks: [{ kind: 'tool-result', id, blocks, ...wording }] }
}
