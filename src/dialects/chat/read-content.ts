import type { Block, BlockBody, CacheMark } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { readUrl } from '../data-url.ts'
import { readCacheMark } from '../openai-tools.ts'
import { hasOnly } from '../wire-fields.ts'

/** A message's content as blocks: none for null, parts that nobody else knows as they came; null for another shape. */
export function readContent(wire: Json | undefined): readonly Block[] | null {
  if (wire === undefined || wire === null) return []
  if (typeof wire === 'string') return [{ kind: 'text', text: wire }]
  return Array.isArray(wire) ? (wire as readonly Json[]).map(readPart) : null
}

function readPart(wire: Json): Block {
  const foreign: Block = { kind: 'foreign', wire }
  if (!isObject(wire)) return foreign
  const { cache_control: mark, ...part } = wire
  const body = readBody(part)
  if (body === null || mark === undefined) return body ?? foreign
  const cache: CacheMark | undefined = readCacheMark(mark)
  return cache === undefined ? foreign : { ...body, cache }
}

function readBody(part: JsonObject): BlockBody | null {
  const type = part['type']
  if (type === 'text') return readText(part)
  if (type === 'image_url') return readImage(part)
  return type === 'file' ? readFile(part) : null
}

function readText(part: JsonObject): BlockBody | null {
  const text = part['text']
  return typeof text === 'string' && hasOnly(part, 'type', 'text') ? { kind: 'text', text } : null
}

function readImage(part: JsonObject): BlockBody | null {
  const image = part['image_url']
  if (!isObject(image) || !hasOnly(part, 'type', 'image_url')) return null
  const { url, detail } = image
  if (typeof url !== 'string' || !hasOnly(image, 'url', 'detail')) return null
  if (detail !== undefined && detail !== null && typeof detail !== 'string') return null
  return {
    kind: 'image',
    source: readUrl(url),
    ...(typeof detail === 'string' && { detail }),
  }
}

function readFile(part: JsonObject): BlockBody | null {
  const file = part['file']
  if (!isObject(file) || !hasOnly(part, 'type', 'file')) return null
  const { file_id: id, file_data: data, filename } = file
  if (!hasOnly(file, 'file_id', 'file_data', 'filename')) return null
  const name = typeof filename === 'string' ? { name: filename } : {}
  if (typeof id === 'string' && data === undefined)
    return { kind: 'document', source: { kind: 'file', id }, ...name }
  if (typeof data !== 'string' || id !== undefined) return null
  const source = readUrl(data)
  return source.kind === 'base64' ? { kind: 'document', source, ...name } : null
}
