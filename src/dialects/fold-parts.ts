import type { Block, ReasoningBlock, ToolCallBlock } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { Part, Reply } from '../domain/reply.ts'
import { cutOff } from './stream-faults.ts'

/** What a stream came to: an answer, or a fault with what had come before it (null: nothing). */
export type FoldedParts = { readonly reply: Reply | null; readonly fault: Fault | null }

export type PartFolder = {
  add(part: Part): void
  /** What has come by now; a stream without its last part is "cut-off". */
  folded(): FoldedParts
}

/** A streamed answer as the whole one. */
export function foldParts(parts: readonly Part[]): FoldedParts {
  const folder = openPartFolder()
  for (const part of parts) folder.add(part)
  return folder.folded()
}

type Open<T> = { -readonly [Name in keyof T]: T[Name] }
type OpenBlock = Open<ReasoningBlock> | Open<ToolCallBlock> | { kind: 'text'; text: string }
type ContentPart = Extract<Part, { kind: 'text' | 'reasoning' | 'tool-call' | 'tool-delta' }>
type LastPart = Extract<Part, { kind: 'finish' | 'error' }>

/** Folds parts as they come; what comes after the last part is none. Time is linear in the text. */
export function openPartFolder(): PartFolder {
  const content = openContent()
  let id: string | null = null
  let model: string | null = null
  let last: LastPart | null = null

  function add(part: Part): void {
    if (last !== null) return
    if (part.kind === 'start') {
      id = part.id
      model = part.model
    } else if (part.kind === 'finish' || part.kind === 'error') last = part
    else content.add(part)
  }

  function folded(): FoldedParts {
    const blocks = content.blocks()
    const fault = last === null ? cutOff : last.kind === 'error' ? last.fault : null
    const usage = last?.usage ?? null
    if (fault !== null && blocks.length === 0 && usage === null) return { reply: null, fault }
    if (last?.kind !== 'finish')
      return { reply: { id, model, blocks, finish: 'other', usage }, fault }
    const { kind, ...finish } = last
    return { reply: { id, model, blocks, ...finish }, fault }
  }

  return { add, folded }
}

/** The blocks under way: text and thoughts go on in the last one, arguments in the one of their tool call. */
function openContent() {
  const blocks: OpenBlock[] = []
  const calls = new Map<number, Open<ToolCallBlock>>()

  function addReasoning({ kind, ...part }: Extract<Part, { kind: 'reasoning' }>): void {
    const open = blocks.at(-1)
    const isOpen = open?.kind === 'reasoning' && open.signature === undefined
    if (isOpen && part.isEncrypted !== true)
      Object.assign(open, { ...part, text: open.text + part.text })
    else if (part.text !== '' || part.signature !== undefined) blocks.push({ kind, ...part })
  }

  function add(part: ContentPart): void {
    const open = blocks.at(-1)
    switch (part.kind) {
      case 'text':
        if (open?.kind === 'text') open.text += part.text
        else if (part.text !== '') blocks.push({ ...part })
        return
      case 'reasoning':
        addReasoning(part)
        return
      case 'tool-call': {
        const { index, ...call } = part
        const block = { ...call, input: '' }
        calls.set(index, block)
        blocks.push(block)
        return
      }
      case 'tool-delta': {
        const call = calls.get(part.index)
        if (call !== undefined) call.input += part.json
      }
    }
  }

  return { add, blocks: (): readonly Block[] => blocks.map((block) => ({ ...block })) }
}

/**
 * A whole answer as the parts of a streamed one. Blocks that no stream carries (images, what a dialect alone knows) are
 * left out, and so are cache marks and ids of reasoning.
 */
export function partsOfReply(reply: Reply): readonly Part[] {
  const { id, model, blocks, ...finish } = reply
  const parts: Part[] = [{ kind: 'start', id, model }]
  let calls = 0
  for (const block of blocks) {
    if (block.kind === 'text') parts.push({ kind: 'text', text: block.text })
    if (block.kind === 'reasoning') parts.push(reasoningPart(block))
    if (block.kind !== 'tool-call') continue
    const index = calls++
    parts.push({ kind: 'tool-call', index, id: block.id, name: block.name })
    if (block.input !== '') parts.push({ kind: 'tool-delta', index, json: block.input })
  }
  parts.push({ kind: 'finish', ...finish })
  return parts
}

const reasoningPart = ({ kind, text, signature, isEncrypted }: ReasoningBlock): Part => ({
  kind,
  text,
  ...(signature !== undefined && { signature }),
  ...(isEncrypted !== undefined && { isEncrypted }),
})
