import { type JsonMark, jsonMarks } from './json-marks.ts'

/**
 * The value that a JSON text cut off in the middle begins, as far as it goes: open strings, lists and objects are
 * closed. Undefined where there is nothing to close, or what is there is no JSON.
 */
export function parseCutOff(text: string): unknown {
  const scan = new Scan()
  for (const mark of jsonMarks(text)) scan.take(mark)
  if (scan.inString === 'value') {
    const whole = parsed(`${withoutEscape(text)}"${scan.closers()}`)
    if (whole !== undefined) return whole
  }
  if (scan.cut === null) return parsed(text)
  return parsed(text) ?? parsed(text.slice(0, scan.cut.end) + scan.closers(scan.cut.depth))
}

/** What is open in a text, and the last place where it could end. */
class Scan {
  inString: 'key' | 'value' | null = null
  cut: { readonly end: number; readonly depth: number } | null = null
  readonly #open: ('}' | ']')[] = []
  #awaitsKey = false

  closers(depth = this.#open.length): string {
    return this.#open.slice(0, depth).reverse().join('')
  }

  take({ char, index, end, closed }: JsonMark): void {
    switch (char) {
      case '"':
        if (!closed) this.inString = this.#awaitsKey ? 'key' : 'value'
        return
      case '{':
      case '[':
        this.#open.push(char === '{' ? '}' : ']')
        this.#awaitsKey = char === '{'
        break
      case '}':
      case ']':
        this.#open.pop()
        this.#awaitsKey = false
        break
      case ',':
        this.#awaitsKey = this.#open[this.#open.length - 1] === '}'
        break
      case ':':
        this.#awaitsKey = false
        return
    }
    this.cut = { end: char === ',' ? index : end, depth: this.#open.length }
  }
}

/** Without an escape sequence that was cut in two. */
const withoutEscape = (text: string): string =>
  text.replace(/(^|[^\\])((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$/, '$1$2')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
