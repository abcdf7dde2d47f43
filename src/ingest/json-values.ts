import { maxLineBytes } from './lines.ts'

/** One JSON value cut out of a document, as text with its place. */
export type ValueSlice = {
  readonly text: string
  readonly byteOffset: number
  readonly line: number
}

/** Keys under which exports wrap their list of records, e.g. {"data":[…]}. */
const envelopes = new Set([
  'data',
  'results',
  'result',
  'records',
  'rows',
  'items',
  'logs',
  'runs',
  'observations',
  'requests',
  'resourceSpans',
  'resourceLogs',
])

const ascii = {
  quote: 34,
  backslash: 92,
  open: 123,
  close: 125,
  openList: 91,
  closeList: 93,
  newline: 10,
  comma: 44,
  colon: 58,
} as const

/**
 * Cuts JSON that is not one value a line (a pretty-printed array, {"data":[…]}, several documents in a row) into its
 * records while it streams: elements of the outermost list, or of a list in an envelope (also one level deeper, as in
 * {"results":{"results":[…]}}), or whole top-level objects where there is no list.
 */
export async function* jsonValues(
  chunks: AsyncIterable<Buffer>,
  head: string,
): AsyncGenerator<ValueSlice> {
  const scanner = new Scanner(wrapsRecords(head))
  for await (const chunk of chunks) yield* scanner.push(chunk)
  yield* scanner.end()
}

const envelopeStart = new RegExp(
  `"(?:${[...envelopes].join('|')})"\\s*:\\s*(?:\\{\\s*"(?:[^"\\\\]|\\\\.)*"[^[{]*)?\\[`,
)

/** Whether a document's outermost object holds its records in an envelope, judged by its first bytes. */
export function wrapsRecords(head: string): boolean {
  const found = envelopeStart.exec(head)
  if (found === null) return false
  return depthAt(head, found.index) === 1
}

/** How many brackets are open before a position, strings passed over. */
function depthAt(text: string, end: number): number {
  let depth = 0
  for (let index = 0; index < end; index++) {
    const char = text[index]
    if (char === '"') {
      for (index++; index < end && text[index] !== '"'; index++) if (text[index] === '\\') index++
    } else if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
  }
  return depth
}

type Container = { readonly kind: 'object' | 'list'; readonly transparent: boolean }

/** A byte-wise state machine: strings, nesting, and the place of the record being collected. */
class Scanner {
  readonly #envelope: boolean
  #stack: Container[] = []
  #inString = false
  #escaped = false
  #key = ''
  #lastString: number[] = []
  #line = 1
  #offset = 0
  #record: Buffer[] | null = null
  #recordBytes = 0
  #recordDepth = 0
  #recordOffset = 0
  #recordLine = 0

  constructor(envelope: boolean) {
    this.#envelope = envelope
  }

  *push(chunk: Buffer): Generator<ValueSlice> {
    let recordFrom = 0
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number
      if (byte === ascii.newline) this.#line++
      if (this.#inString) {
        this.#inStringByte(byte)
        continue
      }
      if (byte === ascii.quote) {
        this.#inString = true
        this.#lastString = []
      } else if (byte === ascii.colon && this.#record === null) {
        this.#key = Buffer.from(this.#lastString).toString('utf8')
      } else if (byte === ascii.open || byte === ascii.openList) {
        if (this.#open(byte, index)) recordFrom = index
      } else if (byte === ascii.close || byte === ascii.closeList) {
        const ended = this.#close(chunk, recordFrom, index)
        if (ended !== null) yield ended
      }
    }
    if (this.#record !== null) this.#keep(Buffer.from(chunk.subarray(recordFrom)))
    this.#offset += chunk.length
  }

  /** A document cut off in the middle: its last record comes as the broken text it is. */
  *end(): Generator<ValueSlice> {
    if (this.#record !== null) yield this.#slice()
  }

  #inStringByte(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === ascii.backslash) this.#escaped = true
    else if (byte === ascii.quote) this.#inString = false
    else if (this.#record === null && this.#lastString.length < 64) this.#lastString.push(byte)
  }

  /** True when this bracket starts a record. */
  #open(byte: number, index: number): boolean {
    const kind = byte === ascii.open ? 'object' : 'list'
    const transparent = this.#record === null && this.#isWrapper(kind)
    this.#stack.push({ kind, transparent })
    this.#key = ''
    if (this.#record !== null || transparent) return false
    this.#record = []
    this.#recordBytes = 0
    this.#recordDepth = this.#stack.length
    this.#recordOffset = this.#offset + index
    this.#recordLine = this.#line
    return true
  }

  /** Lists at the top or in an envelope are looked into; so are a document's own braces and an envelope's object. */
  #isWrapper(kind: Container['kind']): boolean {
    const parent = this.#stack[this.#stack.length - 1]
    if (parent === undefined) return kind === 'list' || this.#envelope
    if (parent.kind === 'list') return false
    return envelopes.has(this.#key) && (kind === 'list' || this.#stack.length === 1)
  }

  #close(chunk: Buffer, recordFrom: number, index: number): ValueSlice | null {
    const depth = this.#stack.length
    this.#stack.pop()
    if (this.#record === null || depth !== this.#recordDepth) return null
    this.#keep(Buffer.from(chunk.subarray(recordFrom, index + 1)))
    const slice = this.#slice()
    this.#record = null
    return slice
  }

  #keep(piece: Buffer): void {
    this.#recordBytes += piece.length
    if (this.#recordBytes <= maxLineBytes) this.#record?.push(piece)
  }

  #slice(): ValueSlice {
    const text = Buffer.concat(this.#record ?? []).toString('utf8')
    return { text, byteOffset: this.#recordOffset, line: this.#recordLine }
  }
}
