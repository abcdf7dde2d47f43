import { jsonMarks } from './json-marks.ts'
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

/** The same for the beginning of a document: its records, the last of them as far as it goes. */
export function* firstValues(head: Buffer): Generator<ValueSlice> {
  const scanner = new Scanner(wrapsRecords(head.toString('utf8')))
  yield* scanner.push(head)
  yield* scanner.end()
}

/** Whether a document's outermost object holds its records in an envelope, judged by its first bytes. */
export function wrapsRecords(head: string): boolean {
  /** The key before each bracket that is open. */
  const path: string[] = []
  let key = ''
  for (const { char, index, end } of jsonMarks(head)) {
    if (char === '"') key = head.slice(index + 1, Math.min(end - 1, index + 64))
    else if (char === ']' || char === '}') {
      path.pop()
      if (path.length === 0) return false
    } else if (char !== ':') {
      if (char === '[' && path.length <= 2 && isEnvelope(path, key)) return true
      if (char !== ',') path.push(key)
      if (path[0] === undefined || (char === '[' && path.length === 1)) return false
      key = ''
    }
  }
  // promptfoo lists all prompts before the results: the sample may end there.
  return path[1] === 'results'
}

/** True for a list directly in the document under such a name, or in an object of such a name. */
const isEnvelope = (path: readonly string[], key: string): boolean =>
  path.length > 0 && envelopes.has(key) && (path.length === 1 || envelopes.has(path[1] ?? ''))

/** A byte-wise state machine: strings, nesting, and the place of the record being collected. */
class Scanner {
  readonly #envelope: boolean
  /** The lists and objects that are looked into. */
  readonly #wrappers: ('object' | 'list')[] = []
  /** How many brackets are open inside of a record, or of what stands beside an envelope's list. */
  #nested = 0
  #inString = false
  #escaped = false
  #key = ''
  #lastString: number[] = []
  #line = 1
  #offset = 0
  #record: Buffer[] | null = null
  #recordBytes = 0
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
      } else if (byte === ascii.colon && this.#nested === 0) {
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
    else if (this.#nested === 0 && this.#lastString.length < 64) this.#lastString.push(byte)
  }

  /** True when this bracket starts a record. */
  #open(byte: number, index: number): boolean {
    if (this.#nested > 0) {
      this.#nested++
      return false
    }
    const kind = byte === ascii.open ? 'object' : 'list'
    const part = this.#partOf(kind)
    this.#key = ''
    if (part === 'wrapper') {
      this.#wrappers.push(kind)
      return false
    }
    this.#nested = 1
    if (part === 'aside') return false
    this.#record = []
    this.#recordBytes = 0
    this.#recordOffset = this.#offset + index
    this.#recordLine = this.#line
    return true
  }

  /** What opens here: something to look into, a record, or what an envelope says beside its records. */
  #partOf(kind: 'object' | 'list'): 'wrapper' | 'record' | 'aside' {
    const parent = this.#wrappers[this.#wrappers.length - 1]
    if (parent === undefined) return kind === 'list' || this.#envelope ? 'wrapper' : 'record'
    if (parent === 'list') return 'record'
    const wraps = envelopes.has(this.#key) && (kind === 'list' || this.#wrappers.length === 1)
    return wraps ? 'wrapper' : 'aside'
  }

  #close(chunk: Buffer, recordFrom: number, index: number): ValueSlice | null {
    if (this.#nested === 0) this.#wrappers.pop()
    else this.#nested--
    if (this.#record === null || this.#nested > 0) return null
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
