import type { JsonObject } from '../../domain/json.ts'
import type { Part } from '../../domain/reply.ts'
import type { PartWriter, Stamp } from '../dialect.ts'
import { writeFault } from './fault.ts'
import { openMessage, stopReasons, writeUsage } from './reply.ts'

type PartOf<Kind extends Part['kind']> = Extract<Part, { kind: Kind }>

const eventText = (type: string, fields: JsonObject = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

/**
 * Writes one streamed message: blocks one after the other. Arguments that come when their tool call's block is over are
 * still written under its number, as clients add them up by it.
 */
export function openPartWriter(stamp: Stamp): PartWriter {
  const content = openContent()
  let hasStarted = false

  function start(of: Pick<PartOf<'start'>, 'id' | 'model'>): string {
    if (hasStarted) return ''
    hasStarted = true
    return eventText('message_start', { message: openMessage(of, stamp) })
  }

  function write(part: Part): string {
    switch (part.kind) {
      case 'start':
        return start(part)
      case 'error':
        return eventText('error', { error: writeFault(part.fault).body['error'] })
      case 'finish':
        return start(unnamed) + content.close() + finishText(part)
      default:
        return start(unnamed) + content.write(part)
    }
  }

  return { write }
}

const unnamed = { id: null, model: null }

const finishText = (part: PartOf<'finish'>): string =>
  eventText('message_delta', {
    delta: { stop_reason: stopReasons[part.finish], stop_sequence: null },
    usage: writeUsage(part),
  }) + eventText('message_stop')

type ContentPart = PartOf<'text' | 'reasoning' | 'tool-call' | 'tool-delta'>

/** Content parts as events of content blocks. */
function openContent() {
  const blocks = openBlocks()
  const blockOfCall = new Map<number, number>()

  function writeText({ text }: PartOf<'text'>): string {
    if (text === '') return ''
    return blocks.goOn('text', { text: '' }) + blocks.delta('text_delta', { text })
  }

  function writeReasoning({ text, signature, isEncrypted }: PartOf<'reasoning'>): string {
    if (isEncrypted && text === '')
      return blocks.begin('redacted_thinking', { data: signature ?? '' }) + blocks.close()
    if (text === '' && signature === undefined) return ''
    const start = blocks.goOn('thinking', { thinking: '', signature: '' })
    const thought = text === '' ? '' : blocks.delta('thinking_delta', { thinking: text })
    if (signature === undefined) return start + thought
    return start + thought + blocks.delta('signature_delta', { signature }) + blocks.close()
  }

  function write(part: ContentPart): string {
    switch (part.kind) {
      case 'text':
        return writeText(part)
      case 'reasoning':
        return writeReasoning(part)
      case 'tool-call': {
        const text = blocks.begin('tool_use', { id: part.id, name: part.name, input: {} })
        blockOfCall.set(part.index, blocks.index())
        return text
      }
      case 'tool-delta': {
        const at = blockOfCall.get(part.index)
        const fields = { partial_json: part.json }
        return at === undefined ? '' : blocks.delta('input_json_delta', fields, at)
      }
    }
  }

  return { close: blocks.close, write }
}

/** Content blocks and their numbers: at most one is open. */
function openBlocks() {
  let open: string | null = null
  let index = -1

  function close(): string {
    if (open === null) return ''
    open = null
    return eventText('content_block_stop', { index })
  }

  function begin(type: string, fields: JsonObject): string {
    const end = close()
    open = type
    index++
    return end + eventText('content_block_start', { index, content_block: { type, ...fields } })
  }

  return {
    close,
    begin,
    index: () => index,
    /** Begins a block, unless one of this type is open. */
    goOn: (type: string, fields: JsonObject) => (open === type ? '' : begin(type, fields)),
    delta: (type: string, fields: JsonObject, at = index) =>
      eventText('content_block_delta', { index: at, delta: { type, ...fields } }),
  }
}
