import type { Block, MediaSource } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { readUrl } from '../data-url.ts'
import { hasOnly, sparse } from '../wire-fields.ts'

/** The content of a message or output as blocks; parts that nobody else knows as they came; null for another shape. */
export function readContent(
  wire: Json | undefined,
  side: 'system' | 'user' | 'assistant',
): readonly Block[] | null {
  if (typeof wire === 'string') return [{ kind: 'text', text: wire }]
  if (!Array.isArray(wire)) return null
  const textType = side === 'assistant' ? 'output_text' : 'input_text'
  return (wire as readonly Json[]).map(
    (part) => (isObject(part) ? readPart(part, textType) : null) ?? { kind: 'foreign', wire: part },
  )
}

function readPart(part: JsonObject, textType: string): Block | null {
  if (part['type'] === textType) return readText(part)
  if (part['type'] === 'input_image') return readImage(part)
  return part['type'] === 'input_file' ? readFile(part) : null
}

/** Text with its annotations, which are remarks on an earlier answer and go back with it. */
function readText(wire: JsonObject): Block | null {
  const { type: _, text, ...part } = wire
  if (typeof text !== 'string' || !hasOnly(part, 'annotations', 'logprobs')) return null
  return { kind: 'text', text, ...(Object.keys(part).length > 0 && { wording: { part } }) }
}

function readImage(part: JsonObject): Block | null {
  const { image_url: url, file_id: id, detail, ...others } = sparse(part)
  const source = sourceOf(id, url)
  if (source === null || !hasOnly(others, 'type')) return null
  if (detail !== undefined && typeof detail !== 'string') return null
  return { kind: 'image', source, ...(detail !== undefined && { detail }) }
}

function readFile(part: JsonObject): Block | null {
  const { file_url: url, file_data: data, file_id: id, filename, ...others } = sparse(part)
  if (url !== undefined && data !== undefined) return null
  const source = sourceOf(id, url ?? data)
  if (source === null || !hasOnly(others, 'type')) return null
  if ((source.kind === 'url') !== (url !== undefined)) return null
  if (filename !== undefined && typeof filename !== 'string') return null
  return { kind: 'document', source, ...(filename !== undefined && { name: filename }) }
}

function sourceOf(id: Json | undefined, url: Json | undefined): MediaSource | null {
  if (typeof id === 'string' && url === undefined) return { kind: 'file', id }
  return typeof url === 'string' && id === undefined ? readUrl(url) : null
}
