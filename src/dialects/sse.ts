import type { StreamEvent } from './dialect.ts'

/** Turns the bytes of a server-sent event stream into its events, however the bytes are cut into chunks. */
export type EventReader = {
  read(chunk: Uint8Array): readonly StreamEvent[]
  /** The stream has ended: an event whose lines are whole is given though the empty line after it is missing. */
  end(): readonly StreamEvent[]
}

/**
 * The longest event, in UTF-16 units: far above any answer in one event (an image as base64), and what keeps a stream
 * without line ends from filling the memory.
 */
export const longestEventChars = 16 * 2 ** 20

/** Comes in place of an event that is too long, and nothing after it. It is no JSON: every dialect reads a broken event. */
export const overlongEvent: StreamEvent = {
  event: 'error',
  data: `an event of more than ${longestEventChars} characters`,
}

/**
 * Events by the rules of the HTML standard (section 9.2.6): lines end in CR, LF or CRLF, a leading byte order mark and
 * comments are skipped, several `data` lines are joined by LF. `id` and `retry` are for clients that reconnect, which
 * no answer of a model allows. Time is linear in the bytes.
 */
export function openEventReader(longest: number = longestEventChars): EventReader {
  const decoder = new TextDecoder('utf-8')
  const events = openEventBuilder()
  let line = ''
  let afterReturn = false
  let isOverlong = false

  function take(text: string): readonly StreamEvent[] {
    const found: StreamEvent[] = []
    let start = 0
    for (const { 0: mark, index } of text.matchAll(/\r\n|\r|\n/g)) {
      // The second half of a CRLF that the chunks cut in two ends no line.
      const isSecondHalf = afterReturn && index === 0 && mark === '\n'
      if (!isSecondHalf) events.line(line + text.slice(start, index), found)
      line = ''
      start = index + mark.length
    }
    if (text !== '') afterReturn = text.endsWith('\r')
    line += text.slice(start)
    isOverlong = line.length + events.length() > longest
    if (isOverlong) found.push(overlongEvent)
    return found
  }

  return {
    read: (chunk) => (isOverlong ? [] : take(decoder.decode(chunk, { stream: true }))),
    end() {
      const found: StreamEvent[] = []
      if (!isOverlong && line === '') events.line('', found)
      isOverlong = true
      return found
    },
  }
}

/** The fields of the event under way; an empty line gives it out. */
function openEventBuilder() {
  let name = ''
  let data: string[] = []
  let chars = 0

  function dispatch(found: StreamEvent[]): void {
    if (data.length > 0) found.push({ event: name || null, data: data.join('\n') })
    name = ''
    data = []
    chars = 0
  }

  return {
    length: () => chars,
    line(line: string, found: StreamEvent[]): void {
      if (line === '') {
        dispatch(found)
        return
      }
      const [field, value] = fieldOf(line)
      if (field === 'event') name = value
      if (field !== 'data') return
      data.push(value)
      chars += value.length + 1
    },
  }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':')
  if (colon < 0) return [line, '']
  return [line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)]
}
