import type { Json, JsonObject } from '../domain/json.ts'

/** A field of a JSON object's text and what is to stand there: undefined takes it out. */
export type BodyEdit = { readonly name: string; readonly value: Json | undefined }

/**
 * Changes fields of a JSON object in its text, and nothing else: numbers keep their digits, keys their order. `body` is
 * the same text parsed. A field that is not there is put first.
 */
export function editBody(bytes: Buffer, body: JsonObject, edits: readonly BodyEdit[]): Buffer {
  const wanted = edits.filter(({ name, value }) => value !== undefined || name in body)
  if (wanted.length === 0) return bytes
  const known = wanted.filter(({ name }) => name in body)
  const pieces: Buffer[] = []
  let from = 0
  const fields = known.length === 0 ? [] : fieldsIn(bytes)
  for (const field of fields) {
    const edit = known.find(({ name }) => name === field.name)
    if (edit === undefined) continue
    const isGone = edit.value === undefined
    pieces.push(bytes.subarray(from, isGone ? field.start : field.valueStart))
    if (!isGone) pieces.push(Buffer.from(JSON.stringify(edit.value)))
    from = isGone ? field.next : field.end
  }
  pieces.push(bytes.subarray(from))
  const edited = Buffer.concat(pieces)
  const added = wanted.filter(({ name }) => !(name in body))
  return added.length === 0 ? edited : withFirst(edited, added)
}

function withFirst(bytes: Buffer, added: readonly BodyEdit[]): Buffer {
  const open = bytes.indexOf(braceOpen) + 1
  const rest = bytes.subarray(open)
  const isLast = rest[skipSpace(rest, 0)] === braceClose
  const text = added.map(({ name, value }) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const inserted = Buffer.from(`${text.join(',')}${isLast ? '' : ','}`)
  return Buffer.concat([bytes.subarray(0, open), inserted, rest])
}

/** Where a field of the outermost object stands: `start` to `next` is all of it with one comma. */
type Field = {
  readonly name: string
  readonly start: number
  readonly valueStart: number
  readonly end: number
  readonly next: number
}

const [quote, backslash, braceOpen, braceClose, bracketOpen, bracketClose, comma] = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c,
]

/** The fields of an object whose text is known to be JSON. */
function fieldsIn(bytes: Buffer): readonly Field[] {
  const fields: Field[] = []
  let at = skipSpace(bytes, bytes.indexOf(braceOpen) + 1)
  let before = -1
  while (bytes[at] === quote) {
    const nameEnd = stringEnd(bytes, at)
    const name = JSON.parse(bytes.toString('utf8', at, nameEnd)) as string
    const valueStart = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1)
    const end = valueEnd(bytes, valueStart)
    const after = skipSpace(bytes, end)
    const isLast = bytes[after] !== comma
    const next = isLast ? end : skipSpace(bytes, after + 1)
    // The last field takes the comma before it along.
    fields.push({ name, start: isLast && before >= 0 ? before : at, valueStart, end, next })
    before = end
    at = isLast ? bytes.length : next
  }
  return fields
}

function valueEnd(bytes: Buffer, start: number): number {
  const first = bytes[start]
  if (first === quote) return stringEnd(bytes, start)
  if (first !== braceOpen && first !== bracketOpen) return literalEnd(bytes, start)
  let depth = 0
  for (let at = start; ; at++) {
    const byte = bytes[at]
    if (byte === quote) at = stringEnd(bytes, at) - 1
    else if (byte === braceOpen || byte === bracketOpen) depth++
    else if ((byte === braceClose || byte === bracketClose) && --depth === 0) return at + 1
  }
}

function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start + 1; ; at++) {
    if (bytes[at] === backslash) at++
    else if (bytes[at] === quote) return at + 1
  }
}

function literalEnd(bytes: Buffer, start: number): number {
  let at = start
  while (/[-+.0-9A-Za-z]/.test(String.fromCharCode(bytes[at] ?? 0))) at++
  return at
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++
  return at
}
