import type { Block, Turn } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { lose, loseForeign, type Writing } from '../openai-losses.ts'
import { writeReasoning } from './read-reasoning.ts'
import { writeContent } from './write-content.ts'

/**
 * The prompt: one plain system text is the instructions, any other system text the first messages of the input. A later
 * system turn stays in its place.
 */
export function writePrompt(writing: Writing): JsonObject {
  const { system, turns, wording } = writing.call
  const messages = splitSystem(writing, system)
  const instructions = plainText(writing, messages[0] ?? [])
  const items = [
    ...(instructions === null ? messages : messages.slice(1)).flatMap((blocks) =>
      writeMessage(writing, 'system', blocks, 'system'),
    ),
    ...turns.flatMap((turn, index) => writeTurn(writing, turn, `turns[${index}]`)),
  ]
  const only = items.length === 1 && isObject(items[0]) ? items[0]['content'] : undefined
  const isPlain = writing.home && wording?.['input'] === 'text' && typeof only === 'string'
  return {
    ...(instructions !== null && { instructions }),
    ...(items.length > 0 && { input: isPlain ? only : items }),
  }
}

/** The text of a message that says nothing else, nor that it was a message. */
function plainText(writing: Writing, blocks: readonly Block[]): string | null {
  const [first, second] = blocks
  if (first?.kind !== 'text' || second !== undefined) return null
  return hasMessage(writing, first) ? null : first.text
}

const hasMessage = (writing: Writing, block: Block): boolean =>
  writing.home && block.wording?.['message'] !== undefined

function splitSystem(writing: Writing, system: readonly Block[]): readonly (readonly Block[])[] {
  const messages: Block[][] = []
  for (const block of system) {
    const last = messages[messages.length - 1]
    if (last !== undefined && !hasMessage(writing, block)) last.push(block)
    else messages.push([block])
  }
  return messages
}

function writeTurn(writing: Writing, turn: Turn, place: string): readonly Json[] {
  if (turn.name !== undefined)
    lose(writing, 'warned', `${place} (name)`, 'messages have no names in Responses')
  return runsOf(turn.blocks).flatMap((run) => {
    const [first] = run
    if (first === undefined) return []
    return isSaid(first)
      ? writeMessage(writing, turn.role, run, place)
      : writeItem(writing, first, place)
  })
}

/** Whether a block is part of a message; every other one is an item. */
const isSaid = (block: Block): boolean => {
  if (block.kind === 'foreign') {
    const kept = block.wording?.['as']
    return kept !== 'item' && kept !== 'message' && kept !== 'call'
  }
  return block.kind === 'text' || block.kind === 'image' || block.kind === 'document'
}

/** Blocks that go into one message are one run, unless the wire had begun another message. */
function runsOf(blocks: readonly Block[]): readonly (readonly Block[])[] {
  const runs: Block[][] = []
  let isOpen = false
  for (const block of blocks) {
    const isNew = !isOpen || !isSaid(block) || block.wording?.['item'] !== undefined
    if (isNew) runs.push([block])
    else runs[runs.length - 1]?.push(block)
    isOpen = isSaid(block)
  }
  return runs
}

function writeMessage(
  writing: Writing,
  side: Turn['role'],
  blocks: readonly Block[],
  place: string,
): readonly JsonObject[] {
  const { message, item } = writing.home ? (blocks[0]?.wording ?? {}) : {}
  const role = message === 'developer' ? message : side
  const content = writeContent(writing, blocks, side, place)
  if (typeof content !== 'string' && content.length === 0) return []
  return [{ role, content, ...(isObject(item) && item) }]
}

function writeItem(writing: Writing, block: Block, place: string): readonly Json[] {
  const item = writing.home ? block.wording?.['item'] : undefined
  const kept = isObject(item) ? item : {}
  switch (block.kind) {
    case 'tool-call': {
      const { id, name, input } = block
      return [{ type: 'function_call', call_id: id, name, arguments: input, ...kept }]
    }
    case 'tool-result':
      return [{ ...writeOutput(writing, block, place), ...kept }]
    case 'reasoning':
      if (writing.home) return [{ ...writeReasoning(block), ...kept }]
      lose(writing, 'warned', `${place} (reasoning)`, 'earlier thoughts are left out')
      return []
    case 'foreign':
      if (writing.home) return [block.wire]
      loseForeign(writing, block.wire, place)
      return []
    case 'text':
    case 'image':
    case 'document':
      return []
  }
}

function writeOutput(
  writing: Writing,
  block: Extract<Block, { kind: 'tool-result' }>,
  place: string,
): JsonObject {
  if (block.isError === true)
    lose(writing, 'warned', `${place} (is_error)`, 'the output alone says that the tool failed')
  return {
    type: 'function_call_output',
    call_id: block.id,
    output: writeContent(writing, block.blocks, 'user', place),
  }
}
