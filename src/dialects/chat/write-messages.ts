import type { Block, Turn } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { lose, loseForeign, refusalOf, type Writing } from '../openai-losses.ts'
import { sparse } from '../wire-fields.ts'
import { writeContent } from './write-content.ts'

/**
 * A call as chat messages. Text of a later system turn stays in its place, as a system message; a user's turn with tool
 * results becomes one tool message for each, with what stands before and after them in messages of the user.
 */
export function writeMessages(writing: Writing): readonly Json[] {
  const { system, turns } = writing.call
  return [
    ...splitSystem(writing, system).map((turn) => writeSpoken(writing, turn, 'system')),
    ...turns.flatMap((turn, index) => writeTurn(writing, turn, `turns[${index}]`)),
  ]
}

/** The system text as the messages it came in; one message when it is from elsewhere. */
function splitSystem(writing: Writing, system: readonly Block[]): readonly Turn[] {
  const messages: { role: 'system'; blocks: Block[]; name?: string }[] = []
  for (const block of system) {
    const { message, name } = writing.home ? (block.wording ?? {}) : {}
    const last = messages[messages.length - 1]
    if (last !== undefined && message === undefined) last.blocks.push(block)
    else
      messages.push({
        role: 'system',
        blocks: [block],
        ...(typeof name === 'string' && { name }),
      })
  }
  return messages
}

function writeTurn(writing: Writing, turn: Turn, place: string): readonly Json[] {
  if (turn.role === 'assistant') return writeAssistant(writing, turn, place)
  if (turn.role === 'system') return [writeSpoken(writing, turn, place)]
  return runsOf(turn.blocks).flatMap((run) => {
    const first = run[0]
    if (first?.kind === 'tool-result') return [writeToolResult(writing, first, place)]
    if (isWhole(first)) return wholeMessages(writing, run, place)
    return [writeSpoken(writing, { ...turn, blocks: run }, place)]
  })
}

/** Blocks that go into one message: each tool result and each message kept whole is one of its own. */
function runsOf(blocks: readonly Block[]): readonly (readonly Block[])[] {
  const runs: Block[][] = []
  let isOpen = false
  for (const block of blocks) {
    const isAlone = block.kind === 'tool-result' || isWhole(block)
    if (isOpen && !isAlone) runs[runs.length - 1]?.push(block)
    else runs.push([block])
    isOpen = !isAlone
  }
  return runs.length === 0 ? [[]] : runs
}

const wordOf = (block: Block | undefined): Json | undefined => block?.wording?.['as']
const isWhole = (block: Block | undefined): boolean =>
  block?.kind === 'foreign' && (wordOf(block) === 'message' || wordOf(block) === 'item')

function wholeMessages(writing: Writing, blocks: readonly Block[], place: string): readonly Json[] {
  return blocks.flatMap((block) => {
    if (block.kind !== 'foreign') return []
    if (writing.home) return [block.wire]
    loseForeign(writing, block.wire, place)
    return []
  })
}

/** A message of the user or the system: its content, and the fields that only this format knows. */
function writeSpoken(writing: Writing, turn: Turn, place: string): JsonObject {
  const word = writing.home ? turn.blocks[0]?.wording?.['message'] : undefined
  const role = turn.role === 'system' && word === 'developer' ? 'developer' : turn.role
  const content = turn.blocks.filter((block) => !isFields(block))
  return {
    role,
    content: writeContent(writing, content, place) ?? [],
    ...(turn.name !== undefined && { name: turn.name }),
    ...fieldsOf(writing, turn.blocks, place),
  }
}

const isFields = (block: Block): boolean => block.kind === 'foreign' && wordOf(block) === 'fields'

function fieldsOf(writing: Writing, blocks: readonly Block[], place: string): JsonObject {
  const fields = blocks
    .filter(isFields)
    .map((block) => (block.kind === 'foreign' ? block.wire : {}))
  if (writing.home) return Object.assign({}, ...fields.filter(isObject))
  for (const wire of fields) loseForeign(writing, wire, place)
  return {}
}

function writeToolResult(
  writing: Writing,
  block: Extract<Block, { kind: 'tool-result' }>,
  place: string,
): JsonObject {
  if (block.isError === true)
    lose(writing, 'warned', `${place} (is_error)`, 'the message alone says that the tool failed')
  if (
    !writing.home &&
    block.blocks.some((inner) => inner.kind !== 'text' && inner.kind !== 'foreign')
  )
    lose(writing, 'refused', `${place} (tool_result)`, 'chat tool messages hold text alone')
  const name = writing.home ? block.wording?.['name'] : undefined
  return {
    role: 'tool',
    tool_call_id: block.id,
    content: writeContent(writing, block.blocks, place) ?? '',
    ...(name !== undefined && { name }),
  }
}

function writeAssistant(writing: Writing, turn: Turn, place: string): readonly Json[] {
  const whole = turn.blocks.filter(isWhole)
  const blocks = turn.blocks.filter((block) => !isWhole(block))
  const messages = wholeMessages(writing, whole, place)
  if (blocks.length === 0 && whole.length > 0) return messages
  const calls = blocks.flatMap((block) => writeToolCall(writing, block, place))
  const firstCall = blocks.findIndex((block) => block.kind === 'tool-call')
  const said = blocks.filter((block) => isSaid(block))
  if (firstCall >= 0 && blocks.slice(firstCall).some((block) => block.kind === 'text'))
    lose(writing, 'warned', `${place} (order)`, 'text after a tool call is put before it')
  const message = {
    role: 'assistant',
    content: writeContent(writing, said, place),
    ...sparse({
      name: turn.name ?? null,
      reasoning_content: writeThoughts(writing, blocks, place),
      tool_calls: calls.length === 0 ? null : calls,
      refusal: writing.home ? null : refusalIn(blocks),
    }),
    ...fieldsOf(writing, blocks, place),
  }
  return [...messages, message]
}

/** What belongs into the content; a refusal from the other OpenAI format has a field of its own. */
const isSaid = (block: Block): boolean =>
  block.kind !== 'tool-call' &&
  block.kind !== 'reasoning' &&
  !isFields(block) &&
  wordOf(block) !== 'call'

const refusalIn = (blocks: readonly Block[]): string | null =>
  blocks.map(refusalOf).find((text) => text !== null) ?? null

function writeToolCall(writing: Writing, block: Block, place: string): readonly Json[] {
  if (block.kind === 'foreign' && wordOf(block) === 'call') {
    if (writing.home) return [block.wire]
    loseForeign(writing, block.wire, place)
  }
  if (block.kind !== 'tool-call') return []
  const added = writing.home ? block.wording?.['added'] : undefined
  const { id, name, input } = block
  const call = { id, type: 'function', function: { name, arguments: input } }
  return [isObject(added) ? { ...call, ...added } : call]
}

/** Plain thoughts go back to the servers that gave them; signed or foreign ones mean nothing here. */
function writeThoughts(writing: Writing, blocks: readonly Block[], place: string): string | null {
  const thoughts = blocks.filter((block) => block.kind === 'reasoning')
  if (thoughts.length === 0) return null
  if (writing.home && thoughts.every((thought) => thought.signature === undefined))
    return thoughts.map((thought) => thought.text).join('')
  lose(writing, 'warned', `${place} (reasoning)`, 'earlier thoughts are left out')
  return null
}
