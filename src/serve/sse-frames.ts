import type { StreamEvent } from '../dialects/dialect.ts'
import { longestEventChars, overlongEvent } from '../dialects/sse.ts'

/** One event of a stream, in its own bytes with the empty line that ends it. */
export type Frame = { readonly bytes: Buffer; readonly event: StreamEvent | null }

/** Cuts a stream of server-sent events into its frames, however its bytes are cut into chunks. */
export type FrameReader = {
  read(chunk: Buffer): readonly Frame[]
  /** What came after the last whole frame; null: nothing. */
  end(): Frame | null
}

const [lineFeed, carriageReturn] = [0x0a, 0x0d]

/**
 * Frames end at the first empty line (HTML standard, 9.2.6: lines end in LF, CR or CRLF; a stream has one of these).
 * Joined, their bytes are those that were read. Comments and empty frames have no event.
 */
export function openFrameReader(): FrameReader {
  let held: Buffer | null = null
  let isOverlong = false

  function read(chunk: Buffer): readonly Frame[] {
    const bytes = held === null ? chunk : Buffer.concat([held, chunk])
    const scanFrom = held === null ? 0 : Math.max(0, held.length - 3)
    const frames: Frame[] = []
    let start = 0
    for (let end = frameEnd(bytes, scanFrom); end > 0; end = frameEnd(bytes, start)) {
      frames.push(frameOf(bytes.subarray(start, end)))
      start = end
    }
    held = start === bytes.length ? null : bytes.subarray(start)
    if (held !== null && held.length > longestEventChars && !isOverlong) {
      isOverlong = true
      frames.push({ bytes: held, event: overlongEvent })
      held = null
    }
    return frames
  }

  return {
    read,
    end() {
      const rest = held
      held = null
      return rest === null ? null : frameOf(rest)
    },
  }
}

/** The place behind the first empty line from `from` on; 0 where there is none yet. */
function frameEnd(bytes: Buffer, from: number): number {
  if (!bytes.includes(lineFeed, from)) {
    const empty = bytes.indexOf('\r\r', from)
    return empty < 0 ? 0 : empty + 2
  }
  for (let at = bytes.indexOf(lineFeed, from); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    const next = bytes[at + 1]
    if (next === lineFeed) return at + 2
    if (next === carriageReturn && bytes[at + 2] === lineFeed) return at + 3
  }
  return 0
}

function frameOf(bytes: Buffer): Frame {
  return { bytes, event: eventOf(bytes.toString('utf8')) }
}

function eventOf(text: string): StreamEvent | null {
  // By far the most frequent frame: one line of data.
  if (text.startsWith('data: ')) {
    const end = text.indexOf('\n')
    if (end >= 0 && end >= text.trimEnd().length)
      return { event: null, data: text.slice(6, end).trimEnd() }
  }
  let event: string | null = null
  const data: string[] = []
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const [name, value] = fieldOf(line)
    if (name === 'event') event = value || null
    else if (name === 'data') data.push(value)
  }
  return data.length === 0 ? null : { event, data: data.join('\n') }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':')
  if (colon < 0) return [line, '']
  return [line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)]
}
