import type { Block, BlockBody, Turn } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { writeDataUrl } from '../data-url.ts'
import { lose, loseForeign, refusalOf, type Writing } from '../openai-losses.ts'
import { sparse } from '../wire-fields.ts'

/** Blocks as the content of a message or an output: a string where that says it all, else parts. */
export function writeContent(
  writing: Writing,
  blocks: readonly Block[],
  side: Turn['role'],
  place: string,
): string | readonly Json[] {
  const [first, second] = blocks
  if (first === undefined) return ''
  if (first.kind === 'text' && second === undefined && !needsParts(writing, first))
    return first.text
  return blocks.flatMap((block, index) => writePart(writing, block, side, `${place}[${index}]`))
}

/** An answer under its id has parts, and so has text with remarks. */
function needsParts(writing: Writing, block: Block): boolean {
  const { part, item } = writing.home ? (block.wording ?? {}) : {}
  return part !== undefined || (isObject(item) && item['id'] !== undefined)
}

function writePart(
  writing: Writing,
  block: Block,
  side: Turn['role'],
  place: string,
): readonly Json[] {
  switch (block.kind) {
    case 'text': {
      const part = writing.home ? block.wording?.['part'] : undefined
      const type = side === 'assistant' ? 'output_text' : 'input_text'
      return [{ type, text: block.text, ...(isObject(part) && part) }]
    }
    case 'image':
      return writeImage(writing, block, place)
    case 'document':
      return writeFile(writing, block, place)
    case 'foreign':
      return writeForeign(writing, block, place)
    case 'tool-call':
    case 'tool-result':
    case 'reasoning':
      lose(writing, 'refused', `${place} (${block.kind})`, 'it cannot stand in this place')
      return []
  }
}

function writeForeign(
  writing: Writing,
  block: Extract<Block, { kind: 'foreign' }>,
  place: string,
): readonly Json[] {
  if (writing.home) return [block.wire]
  const refusal = refusalOf(block)
  if (refusal !== null) return [{ type: 'refusal', refusal }]
  loseForeign(writing, block.wire, place)
  return []
}

function writeImage(
  writing: Writing,
  { source, detail }: Extract<BlockBody, { kind: 'image' }>,
  place: string,
): readonly JsonObject[] {
  const from = writeSource(writing, source, 'image_url', 'image_url', `${place} (image)`)
  return from === null
    ? []
    : [{ type: 'input_image', ...from, ...sparse({ detail: detail ?? null }) }]
}

function writeFile(
  writing: Writing,
  { source, name }: Extract<BlockBody, { kind: 'document' }>,
  place: string,
): readonly JsonObject[] {
  if (source.kind === 'text') {
    lose(writing, 'warned', `${place} (document)`, 'the document goes as plain text')
    return [{ type: 'input_text', text: source.text }]
  }
  const from = writeSource(writing, source, 'file_url', 'file_data', `${place} (document)`)
  return from === null
    ? []
    : [{ type: 'input_file', ...from, ...sparse({ filename: name ?? null }) }]
}

function writeSource(
  writing: Writing,
  source: Extract<BlockBody, { kind: 'image' }>['source'],
  urlField: string,
  dataField: string,
  place: string,
): JsonObject | null {
  if (source.kind === 'url') return { [urlField]: source.url }
  if (source.kind === 'base64') return { [dataField]: writeDataUrl(source) }
  if (source.kind === 'file' && writing.call.origin !== 'anthropic-messages')
    return { file_id: source.id }
  lose(writing, 'refused', place, 'the file is at another provider')
  return null
}
