import type { Label } from '../policy/when.ts'

/**
 * Says how hard a request is, or null where it has no opinion and another classifier, or "medium",
 * must do.
 */
export type Classifier = (input: ClassifierInput) => Decision | null

/** What a classifier may look at: known before any model is asked. */
export type ClassifierInput = {
  /** The last user message's text; '' when there is none. */
  readonly text: string
  /** Input tokens of the whole request: system prompt, history and documents too. */
  readonly contextTokens?: number | undefined
  readonly hasTools: boolean
  readonly hasImages: boolean
  readonly hasCode: boolean
  /** The caller's own hint. */
  readonly requiresReasoning?: boolean | undefined
  /** The caller's name for the kind of work, e.g. "classify". */
  readonly task?: string | undefined
}

/** A label with the rule that gave it, as "preset.rule". */
export type Decision = { readonly label: Label; readonly by: string }

/**
 * True when a text has fewer than `limit` words. Stops at the limit, so a long text costs no more
 * than a short one.
 */
export const hasFewerWords = (text: string, limit: number): boolean =>
  countWords(text, limit) < limit

/** Stretches between white space, and each character of scripts without spaces; up to `limit`. */
export function countWords(text: string, limit = Number.POSITIVE_INFINITY): number {
  let words = 0
  let inWord = false
  for (let i = 0; i < text.length && words < limit; i++) {
    const code = text.charCodeAt(i)
    const alone = isUnspaced(code)
    if (alone || (!inWord && !isSpace(code))) words++
    inWord = !alone && !isSpace(code)
  }
  return words
}

const isSpace = (code: number): boolean =>
  code <= 0x20 ||
  code === 0xa0 ||
  (code >= 0x2000 && code <= 0x200a) ||
  code === 0x2028 ||
  code === 0x2029 ||
  code === 0x3000

/** Kana and Han characters, written without spaces: each counts as a word. */
const isUnspaced = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff)
