import type { Block, Turn } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { hasOnly, sparse } from '../wire-fields.ts'
import { readContent } from './read-content.ts'
import { readReasoning } from './read-reasoning.ts'

export type Conversation = { readonly system: readonly Block[]; readonly turns: readonly Turn[] }

/** An item of the input as a turn of its own. `joins`: it may be one turn with its neighbours of the same side. */
type ItemTurn = Turn & { readonly joins: 'calls' | 'results' | 'said' | 'alone' }

/**
 * The items of an input, in order. What the model thought, said and called goes into one turn, and so do the outputs
 * that follow; two messages in a row stay two turns. Messages of the system that lead are the system text, each named
 * in the wording of its first block; a later one is a turn of its own.
 */
export function readItems(wire: readonly Json[]): Conversation {
  const system: Block[] = []
  const turns: Turn[] = []
  let before: ItemTurn['joins'] = 'alone'
  for (const item of wire) {
    const { joins, ...turn } = readItem(item)
    const last = turns[turns.length - 1]
    if (turn.role === 'system' && turns.length === 0) system.push(...leading(turn.blocks))
    else if (last !== undefined && isOneTurn(before, joins))
      turns[turns.length - 1] = { ...last, blocks: [...last.blocks, ...turn.blocks] }
    else turns.push(turn)
    before = joins
  }
  return { system, turns }
}

/** A leading message, which would be the instructions if it did not say that it is one. */
const leading = ([first, ...others]: readonly Block[]): readonly Block[] =>
  first === undefined
    ? []
    : [{ ...first, wording: { message: 'system', ...first.wording } }, ...others]

function isOneTurn(before: ItemTurn['joins'], joins: ItemTurn['joins']): boolean {
  if (joins === 'results') return before === 'results'
  if (joins === 'said') return before === 'calls'
  return joins === 'calls' && (before === 'calls' || before === 'said')
}

function readItem(wire: Json): ItemTurn {
  if (!isObject(wire)) return wholeItem(wire)
  switch (wire['type'] ?? 'message') {
    case 'message':
      return readMessage(wire)
    case 'reasoning':
      return { role: 'assistant', blocks: [readReasoning(wire)], joins: 'calls' }
    case 'function_call':
      return readFunctionCall(wire)
    case 'function_call_output':
      return readOutput(wire)
    default:
      return wholeItem(wire)
  }
}

/** An item of another kind, kept as it came: outputs are the user's side, other items the model's. */
function wholeItem(wire: Json): ItemTurn {
  const blocks: readonly Block[] = [{ kind: 'foreign', wire, wording: { as: 'item' } }]
  const type = isObject(wire) ? String(wire['type'] ?? 'message') : 'message'
  if (type === 'message') return { role: 'user', blocks, joins: 'alone' }
  return type.endsWith('_output')
    ? { role: 'user', blocks, joins: 'results' }
    : { role: 'assistant', blocks, joins: 'calls' }
}

function readMessage(wire: JsonObject): ItemTurn {
  const { role, content, ...item } = wire
  const side = role === 'developer' ? 'system' : role
  if (side !== 'system' && side !== 'user' && side !== 'assistant') return wholeItem(wire)
  const [first, ...others] = readContent(content, side) ?? []
  if (first === undefined || !hasOnly(item, 'type', 'id', 'status', 'phase')) return wholeItem(wire)
  const message = role === 'developer' ? role : null
  const wording = { ...first.wording, ...sparse({ message, item: sparse(item) }) }
  return {
    role: side,
    blocks: [Object.keys(wording).length === 0 ? first : { ...first, wording }, ...others],
    joins: side === 'assistant' ? 'said' : 'alone',
  }
}

/** The id and status of an item, which say nothing of what is asked. */
function itemWording(item: JsonObject) {
  const kept = sparse(item)
  return Object.keys(kept).length === 0 ? {} : { wording: { item: kept } }
}

function readFunctionCall(wire: JsonObject): ItemTurn {
  const { type: _, call_id: id, name, arguments: input, ...item } = wire
  if (typeof id !== 'string' || typeof name !== 'string' || typeof input !== 'string')
    return wholeItem(wire)
  if (!hasOnly(item, 'id', 'status')) return wholeItem(wire)
  const block: Block = { kind: 'tool-call', id, name, input, ...itemWording(item) }
  return { role: 'assistant', blocks: [block], joins: 'calls' }
}

function readOutput(wire: JsonObject): ItemTurn {
  const { type: _, call_id: id, output, ...item } = wire
  const blocks = readContent(output, 'user')
  if (typeof id !== 'string' || blocks === null || !hasOnly(item, 'id', 'status'))
    return wholeItem(wire)
  const block: Block = { kind: 'tool-result', id, blocks, ...itemWording(item) }
  return { role: 'user', blocks: [block], joins: 'results' }
}
