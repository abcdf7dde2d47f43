import type { Block, BlockBody } from '../../domain/call.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { writeDataUrl } from '../data-url.ts'
import { lose, loseForeign, refusalOf, type Writing } from '../openai-losses.ts'
import { writeCacheMark } from '../openai-tools.ts'
import { sparse } from '../wire-fields.ts'

/** Blocks as a message's content: a string where that says it all, else parts; null for none. */
export function writeContent(
  writing: Writing,
  blocks: readonly Block[],
  place: string,
): string | readonly Json[] | null {
  const [first, second] = blocks
  if (first === undefined) return null
  const isMarked = writing.home && first.cache !== undefined
  if (first.kind === 'text' && second === undefined && !isMarked) return first.text
  const parts = blocks.flatMap((block, index) => {
    const part = writePart(writing, block, `${place}[${index}]`)
    if (part === null) return []
    const mark = writing.home && block.kind !== 'foreign' ? block.cache : undefined
    return mark === undefined
      ? [part]
      : [{ ...(part as JsonObject), cache_control: writeCacheMark(mark) }]
  })
  return parts.length === 0 ? null : parts
}

function writePart(writing: Writing, block: BlockBody, place: string): Json {
  switch (block.kind) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      return writeImage(writing, block, place)
    case 'document':
      return writeFile(writing, block, place)
    case 'foreign':
      if (writing.home) return block.wire
      if (refusalOf(block) === null) loseForeign(writing, block.wire, place)
      return null
    case 'tool-call':
    case 'tool-result':
    case 'reasoning':
      lose(
        writing,
        'refused',
        `${place} (${block.kind})`,
        'it cannot stand in this place of a chat',
      )
      return null
  }
}

function writeImage(
  writing: Writing,
  { source, detail }: Extract<BlockBody, { kind: 'image' }>,
  place: string,
): Json {
  if (source.kind === 'file' || source.kind === 'text') {
    lose(writing, 'refused', `${place} (image)`, 'chat takes images as URL or bytes alone')
    return null
  }
  const url = source.kind === 'url' ? source.url : writeDataUrl(source)
  return { type: 'image_url', image_url: sparse({ url, detail: detail ?? null }) }
}

function writeFile(
  writing: Writing,
  { source, name }: Extract<BlockBody, { kind: 'document' }>,
  place: string,
): Json {
  const filename = name ?? null
  if (source.kind === 'base64')
    return { type: 'file', file: sparse({ file_data: writeDataUrl(source), filename }) }
  if (source.kind === 'file' && writing.call.origin !== 'anthropic-messages')
    return { type: 'file', file: sparse({ file_id: source.id, filename }) }
  if (source.kind === 'text') {
    lose(writing, 'warned', `${place} (document)`, 'the document goes as plain text')
    return { type: 'text', text: source.text }
  }
  const why =
    source.kind === 'file' ? 'the file is at another provider' : 'chat takes no files by URL'
  lose(writing, 'refused', `${place} (document)`, why)
  return null
}
