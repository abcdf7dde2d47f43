import type { Block, BlockBody, CacheMark, MediaSource } from '../../domain/call.ts'
import { inTable, isObject, type Json, type JsonObject } from '../../domain/json.ts'

/** The key under which text that is no JSON object travels where the wire wants an object, as Anthropic advises. */
export const invalidJsonKey = 'INVALID_JSON'

/** Content of a message, a tool result or the system prompt: text, or a list of blocks. */
export function readBlocks(content: Json | undefined): readonly Block[] {
  if (content === undefined || content === null || content === '') return []
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  return Array.isArray(content) ? content.map(readBlock) : [{ kind: 'foreign', wire: content }]
}

/** A content block; one that says anything which the domain cannot is kept as it came. */
export function readBlock(wire: Json): Block {
  if (!isObject(wire)) return { kind: 'foreign', wire }
  const { cache_control: mark, ...fields } = wire
  const body = inTable(blockReaders, String(fields['type']))?.(fields)
  const cache = readCacheMark(mark)
  if (body === undefined || cache === null) return { kind: 'foreign', wire }
  return cache === undefined ? body : { ...body, cache }
}

/** Undefined: no mark; null: one that is not understood. */
export function readCacheMark(wire: Json | undefined): CacheMark | undefined | null {
  if (wire === undefined || wire === null) return undefined
  if (!isObject(wire) || wire['type'] !== 'ephemeral' || !hasOnly(wire, 'ttl')) return null
  const ttl = wire['ttl'] ?? '5m'
  return ttl === '5m' || ttl === '1h' ? ttl : null
}

/** Whether an object says nothing beside its type and these fields. */
export const hasOnly = (wire: JsonObject, ...names: readonly string[]): boolean =>
  Object.entries(wire).every(
    ([name, value]) =>
      value === undefined || value === null || name === 'type' || names.includes(name),
  )

type ReadFields = (fields: JsonObject) => BlockBody | undefined

const blockReaders: Readonly<Record<string, ReadFields>> = {
  text({ text, citations, ...rest }) {
    const isCited = Array.isArray(citations) ? citations.length > 0 : isObject(citations)
    if (typeof text !== 'string' || isCited || !hasOnly(rest)) return undefined
    return { kind: 'text', text }
  },
  image(fields) {
    const source = readSource(fields['source'])
    return source && hasOnly(fields, 'source') ? { kind: 'image', source } : undefined
  },
  document(fields) {
    const { title: name } = fields
    const source = readSource(fields['source'])
    if (!source || !hasOnly(fields, 'source', 'title')) return undefined
    return { kind: 'document', source, ...(typeof name === 'string' && { name }) }
  },
  tool_use({ id, name, input, caller, ...rest }) {
    if (typeof id !== 'string' || typeof name !== 'string' || !hasOnly(rest)) return undefined
    if (!isDirect(caller)) return undefined
    return { kind: 'tool-call', id, name, input: readInput(input) }
  },
  tool_result(fields) {
    const { tool_use_id: id, content, is_error: isError } = fields
    if (typeof id !== 'string' || !hasOnly(fields, 'tool_use_id', 'content', 'is_error'))
      return undefined
    const blocks = readBlocks(content)
    return { kind: 'tool-result', id, blocks, ...(typeof isError === 'boolean' && { isError }) }
  },
  thinking(fields) {
    const { thinking: text, signature } = fields
    if (typeof text !== 'string' || !hasOnly(fields, 'thinking', 'signature')) return undefined
    const isSigned = typeof signature === 'string' && signature !== ''
    return { kind: 'reasoning', text, ...(isSigned && { signature }) }
  },
  redacted_thinking(fields) {
    const { data } = fields
    if (typeof data !== 'string' || !hasOnly(fields, 'data')) return undefined
    return { kind: 'reasoning', text: '', signature: data, isEncrypted: true }
  },
}

/** The model itself called the tool, which is the default; the alternative is code that it runs. */
const isDirect = (caller: Json | undefined): boolean =>
  caller === undefined || caller === null || (isObject(caller) && caller['type'] === 'direct')

function readInput(input: Json | undefined): string {
  if (isObject(input) && hasOnly(input, invalidJsonKey)) {
    const text = input[invalidJsonKey]
    if (typeof text === 'string' && Object.keys(input).length === 1) return text
  }
  return JSON.stringify(input ?? {})
}

function readSource(wire: Json | undefined): MediaSource | undefined {
  if (!isObject(wire)) return undefined
  const { type, url, data, file_id: id, media_type: mediaType } = wire
  if (type === 'url' && typeof url === 'string' && hasOnly(wire, 'url')) return { kind: 'url', url }
  if (type === 'file' && typeof id === 'string' && hasOnly(wire, 'file_id'))
    return { kind: 'file', id }
  if (typeof data !== 'string' || !hasOnly(wire, 'data', 'media_type')) return undefined
  if (type === 'base64' && typeof mediaType === 'string')
    return { kind: 'base64', mediaType, base64: data }
  const isPlain = type === 'text' && (mediaType ?? 'text/plain') === 'text/plain'
  return isPlain ? { kind: 'text', text: data } : undefined
}
