import { compilePattern } from '../policy/pattern.ts'
import { joinParagraphs, type PromptText, paragraphsOf } from './compress-texts.ts'

/** Shorter paragraphs are headings and courtesies: saying them twice costs little and may mean something. */
const leastCharacters = 40
const codeFence = '```'

/**
 * Says paragraphs once that stand in a prompt twice: the first stays. Texts with code are left alone, and no text is left
 * empty.
 */
export function dropRepeated(texts: readonly PromptText[]): readonly string[] {
  const seen = new Set<string>()
  return texts.map(({ text }) => {
    if (text.includes(codeFence)) return text
    const kept = paragraphsOf(text).filter((paragraph) => isNew(paragraph, seen))
    return kept.length === 0 ? text : joinIfShorter(text, kept)
  })
}

function isNew(paragraph: string, seen: Set<string>): boolean {
  const said = paragraph.trim().replace(/\s+/g, ' ')
  if (said.length < leastCharacters) return true
  if (seen.has(said)) return false
  seen.add(said)
  return true
}

/** Where nothing was dropped the text stays as it was, blank lines and all. */
const joinIfShorter = (text: string, kept: readonly string[]): string =>
  kept.length === paragraphsOf(text).length ? text : joinParagraphs(kept)

/** Keeps the first examples of a prompt, whichever texts they stand in. */
export function keepExamples(
  texts: readonly PromptText[],
  { keep, pattern }: { readonly keep: number; readonly pattern: string },
): readonly string[] {
  const { source, flags } = compilePattern(pattern)
  const example = new RegExp(source, flags.includes('g') ? flags : `${flags}g`)
  let kept = 0
  return texts.map(({ text }) =>
    text.replace(example, (match) => (match === '' || kept++ < keep ? match : '')),
  )
}

/**
 * Keeps the first chunks of the question, which stand in the order of their rank, and its end, which asks; where the
 * question has no chunks, those of the system prompt.
 */
export function keepChunks(
  texts: readonly PromptText[],
  {
    keep,
    separator,
    question,
  }: {
    readonly keep: number
    readonly separator: string
    /** The number of the last user message. */
    readonly question: number
  },
): readonly string[] {
  const isIn = (message: number) =>
    texts.some((each) => each.message === message && each.text.includes(separator))
  const holder = isIn(question) ? question : -1
  return texts.map(({ text, message }) => {
    const chunks = separator === '' ? [text] : text.split(separator)
    if (message !== holder || chunks.length <= keep + 1) return text
    return [...chunks.slice(0, keep), ...chunks.slice(-1)].join(separator)
  })
}

/** Long paragraphs that an earlier text holds become references to it. */
export function referRepeats(
  texts: readonly PromptText[],
  minCharacters: number,
): readonly string[] {
  const places = new Map<string, number>()
  return texts.map(({ text, message }) => {
    let isChanged = false
    const paragraphs = paragraphsOf(text).map((paragraph) => {
      if (paragraph.length < minCharacters) return paragraph
      const first = places.get(paragraph)
      if (first === undefined) places.set(paragraph, message)
      if (first === undefined || first === message) return paragraph
      isChanged = true
      return referenceTo(first)
    })
    return isChanged ? joinParagraphs(paragraphs) : text
  })
}

const referenceTo = (message: number): string =>
  message === -1 ? '[quoted from the system prompt]' : `[quoted from message ${message + 1}]`
