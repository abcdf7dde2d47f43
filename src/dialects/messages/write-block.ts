import type { Block, BlockBody, CacheMark, MediaSource } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject, parsedOf } from '../../domain/json.ts'
import { loseForeign } from '../openai-losses.ts'
import type { Losses } from './losses.ts'
import { invalidJsonKey } from './read-block.ts'

/** Blocks as content; `at` is their place at the origin. A single plain text is written as a string. */
export function writeContent(blocks: readonly Block[], at: string, losses: Losses): Json {
  const [first] = blocks
  if (blocks.length === 1 && first?.kind === 'text' && first.cache === undefined && first.text)
    return first.text
  return blocks.flatMap((block, index) => writeBlock(block, `${at}[${index}]`, losses))
}

export const writeCacheMark = (mark: CacheMark | undefined): JsonObject =>
  mark === undefined
    ? {}
    : { cache_control: mark === '5m' ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: mark } }

/** One block, or none where it is lost. */
function writeBlock(block: Block, at: string, losses: Losses): readonly Json[] {
  if (block.kind === 'foreign') {
    if (losses.isHome) return [block.wire]
    loseForeign(losses.writing, block.wire, at)
    return []
  }
  const wire = writeBody(block, at, losses)
  if (wire === undefined) return []
  if (block.kind !== 'reasoning') return [{ ...wire, ...writeCacheMark(block.cache) }]
  if (block.cache) losses.warn(`${at}.cache_control`, 'Anthropic takes no cache mark on thinking')
  return [wire]
}

type Writable = Exclude<BlockBody, { kind: 'foreign' }>

function writeBody(block: Writable, at: string, losses: Losses): JsonObject | undefined {
  switch (block.kind) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      if (block.detail !== undefined && block.detail !== 'auto')
        losses.warn(`${at}.detail`, 'Anthropic chooses the resolution itself')
      return writeMedia('image', block.source, at, losses)
    case 'document': {
      const wire = writeMedia('document', block.source, at, losses)
      return wire && { ...wire, ...(block.name !== undefined && { title: block.name }) }
    }
    case 'tool-call': {
      const { name } = block
      const id = writeId(block.id, at, losses)
      return { type: 'tool_use', id, name, input: writeInput(block.input, at, losses) }
    }
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: writeId(block.id, at, losses),
        ...(block.blocks.length > 0 && {
          content: writeContent(block.blocks, `${at}.content`, losses),
        }),
        ...(block.isError !== undefined && { is_error: block.isError }),
      }
    case 'reasoning':
      if (losses.isHome) return writeThinking(block)
      losses.warn(at, 'Anthropic takes no thoughts but those that it has signed')
      return undefined
  }
}

/** A thought; an encrypted one has no text. */
export const writeThinking = (block: Extract<BlockBody, { kind: 'reasoning' }>): JsonObject =>
  block.isEncrypted && block.text === ''
    ? { type: 'redacted_thinking', data: block.signature ?? '' }
    : { type: 'thinking', thinking: block.text, signature: block.signature ?? '' }

/** Ids are of letters, digits, "_" and "-" on this wire. */
function writeId(id: string, at: string, losses: Losses): string {
  const written = id.replace(/[^\w-]/g, '_')
  if (written !== id) losses.warn(`${at}.id`, 'Anthropic wants ids of letters, digits, "_" and "-"')
  return written
}

function writeInput(input: string, at: string, losses: Losses): JsonObject {
  const wire = inputOf(input)
  if (!losses.isHome && invalidJsonKey in wire)
    losses.warn(`${at}.arguments`, 'no JSON object: carried as text')
  return wire
}

/** Arguments are an object on this wire: what a model wrote that is none travels as text under one key. */
export function inputOf(input: string): JsonObject {
  const parsed = input.trim() === '' ? {} : parsedOf(input)
  return isObject(parsed) ? parsed : { [invalidJsonKey]: input }
}

function writeMedia(
  type: 'image' | 'document',
  source: MediaSource,
  at: string,
  losses: Losses,
): JsonObject | undefined {
  if (losses.isHome) return { type, source: writeSource(source) }
  const why = unfit(type, source)
  if (why === undefined) return { type, source: writeSource(source) }
  losses.refuse(at, why)
  return undefined
}

/** Why Anthropic cannot take a picture or document that was written for another provider. */
function unfit(type: 'image' | 'document', source: MediaSource): string | undefined {
  if (source.kind === 'file') return 'the file lies at another provider'
  if (type === 'image') return source.kind === 'text' ? 'text is no image' : undefined
  if (source.kind === 'base64' && source.mediaType !== 'application/pdf')
    return 'Anthropic takes documents as PDF or plain text'
  return undefined
}

function writeSource(source: MediaSource): JsonObject {
  switch (source.kind) {
    case 'url':
      return { type: 'url', url: source.url }
    case 'file':
      return { type: 'file', file_id: source.id }
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.base64 }
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
  }
}
