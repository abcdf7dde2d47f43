import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import type { Call } from '../domain/call.ts'
import { isObject } from '../domain/json.ts'
import type { ProviderAnswer } from '../domain/provider.ts'
import { UserError } from '../domain/user-error.ts'

/** How calls are told apart. Both are one-way: a cassette shows no prompt. */
export type CassetteKeys = {
  /** Equal for calls that are the same question. */
  keyOf(call: Call): string
  hashOf(text: string): string
}

export type CassettePlace = {
  /** "provider:model". */
  readonly target: string
  readonly key: string
  readonly turn: number
}

/** A line of a cassette. */
export type Recording = CassettePlace & {
  /** Of the very call: tells apart what only the key holds for equal. */
  readonly callHash: string
  readonly answer: ProviderAnswer
  readonly call?: Call
}

/** Only its owner reads a cassette: it holds answers. */
const privateMode = 0o600

/**
 * Appends to a cassette, which it makes where there is none. Each recording is one write, so that of a run that is
 * killed at most the last line is torn.
 */
export function openCassetteWriter(file: string): {
  append(recording: Recording): void
  close(): void
} {
  const descriptor = opened(file, 'a+', 'be written')
  if (endsTorn(descriptor)) writeSync(descriptor, '\n')
  return {
    append: (recording) => void writeSync(descriptor, `${JSON.stringify(recording)}\n`),
    close: () => closeSync(descriptor),
  }
}

function endsTorn(descriptor: number): boolean {
  const { size } = fstatSync(descriptor)
  const last = Buffer.alloc(1)
  return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== newline
}

const newline = 10

function opened(file: string, flags: string, purpose: string): number {
  try {
    return openSync(file, flags, privateMode)
  } catch (error) {
    const { code } = error as { code?: string }
    throw new UserError(`the cassette ${file} cannot ${purpose} (${code})`, {
      hint: code === 'ENOENT' ? 'record one first' : 'look at the permissions of file and folder',
    })
  }
}

type Span = { readonly start: number; readonly length: number }

/**
 * Opens a cassette to find answers in it. Holds only where each is; the later of two at one place counts. A line that is
 * torn is none. Throws a UserError where no line is a recording.
 */
export function openCassetteReader(file: string): {
  find(place: CassettePlace): ProviderAnswer | null
  close(): void
} {
  const descriptor = opened(file, 'r', 'be read')
  const spans = new Map<string, Span>()
  let lines = 0
  for (const { text, span } of linesOf(descriptor)) {
    lines++
    const recording = recordingIn(text)
    if (recording !== null) spans.set(nameOf(recording), span)
  }
  if (lines > 1 && spans.size === 0) {
    closeSync(descriptor)
    throw new UserError(`${file} is no cassette`, { hint: 'record one first' })
  }
  return {
    find(place) {
      const span = spans.get(nameOf(place))
      if (span === undefined) return null
      const bytes = Buffer.alloc(span.length)
      readSync(descriptor, bytes, 0, span.length, span.start)
      return recordingIn(bytes.toString())?.answer ?? null
    },
    close: () => closeSync(descriptor),
  }
}

const nameOf = ({ target, key, turn }: CassettePlace): string => JSON.stringify([target, key, turn])

function recordingIn(line: string): Recording | null {
  try {
    const value: unknown = JSON.parse(line)
    if (!isObject(value) || typeof value['key'] !== 'string') return null
    const kind = isObject(value['answer']) ? value['answer']['kind'] : null
    return kind === 'answered' || kind === 'failed' ? (value as unknown as Recording) : null
  } catch {
    return null
  }
}

const chunkBytes = 1 << 20

/** The lines of a file with the places of their bytes, the last one also without its line end. */
function* linesOf(descriptor: number): Generator<{ readonly text: string; readonly span: Span }> {
  const chunk = Buffer.alloc(chunkBytes)
  let rest: readonly Buffer[] = []
  let start = 0
  for (;;) {
    const size = readSync(descriptor, chunk, 0, chunkBytes, null)
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0 && at < size; at = chunk.indexOf(newline, from)) {
      const bytes = Buffer.concat([...rest, chunk.subarray(from, at)])
      rest = []
      yield { text: bytes.toString(), span: { start, length: bytes.length } }
      start += bytes.length + 1
      from = at + 1
    }
    rest = [...rest, Buffer.from(chunk.subarray(from, size))]
    if (size > 0) continue
    const bytes = Buffer.concat(rest)
    if (bytes.length > 0) yield { text: bytes.toString(), span: { start, length: bytes.length } }
    return
  }
}
