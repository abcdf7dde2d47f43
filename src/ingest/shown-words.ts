import type { Json } from '../domain/json.ts'
import { type Cell, profileFields } from '../domain/row.ts'
import type { ContentMode } from './ports.ts'
import { redact, redactKeys } from './redact.ts'

export type ShownOptions = { readonly content: ContentMode; readonly redact: boolean }

/** Fields of a profile that hold names an application gave. */
const named: ReadonlySet<string> = new Set([
  'feature',
  'plan',
  'team',
  'namespace',
  'route',
  'target',
  'key',
  'task',
  'agentRole',
  'promptVersion',
  'documentVersion',
])
/** A parameter that is a word or a number tells nothing of what was asked. */
const plainWord = /^[\w.:-]{0,40}$/

/** What of a log's words may be stored, beside prompts and answers. */
export class ShownWords {
  readonly #options: ShownOptions
  readonly #pseudonym: (text: string) => string

  constructor(options: ShownOptions, pseudonym: (text: string) => string) {
    this.#options = options
    this.#pseudonym = pseudonym
  }

  /** A user, a session, an id: where it has to be redacted, one stays told apart from another. */
  name(text: string | undefined): string | null {
    if (text === undefined) return null
    if (!this.#options.redact) return text
    const plain = redact(text)
    return plain === text ? text : `${plain}#${this.#pseudonym(text)}`
  }

  /** An id, which only looks like a phone number now and then. */
  id(text: string | undefined): string | null {
    return text !== undefined && this.#options.redact && text.includes('@')
      ? this.name(text)
      : (text ?? null)
  }

  /** A text that is no prompt and no answer: an error, a rejected line. */
  text(text: string): string {
    return this.#options.redact ? redact(text) : redactKeys(text)
  }

  /** The cells of a profile, in the order of `profileFields`. */
  profile(cells: readonly Cell[]): readonly Cell[] {
    return cells.map((cell, index) => {
      if (typeof cell !== 'string') return cell
      const field = profileFields[index] as string
      if (field === 'tags' || field === 'params') return this.json(field, cell)
      return named.has(field) ? this.name(cell) : cell
    })
  }

  /** Tags and parameters, which are kept as JSON. */
  json(field: 'tags' | 'params', text: string): string {
    const value = JSON.parse(text) as Json
    if (field === 'params' && this.#options.content !== 'full') {
      return JSON.stringify(value, (name, each) => (name === '' ? each : withheld(each)))
    }
    return JSON.stringify(value, (_, each) =>
      typeof each !== 'string'
        ? each
        : field === 'tags' && this.#options.redact
          ? this.name(each)
          : this.text(each),
    )
  }
}

const withheld = (value: unknown): unknown =>
  (typeof value === 'string' && !plainWord.test(value)) || typeof value === 'object'
    ? 'withheld'
    : typeof value === 'string'
      ? redactKeys(value)
      : value
