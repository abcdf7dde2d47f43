/** A word longer than this many code points is one unknown piece. */
const longestWord = 100
/** Only so many pieces of a text count. */
export const mostPieces = 512
/** Words whose pieces are remembered; then forgotten all at once. */
const mostRemembered = 50_000
/** Longer texts are read in stretches of about this many characters, until they have given enough pieces. */
const stretchLength = 4096

export type WordPieces = {
  /** The numbers of a text's pieces, at most 512. */
  piecesOf(text: string): readonly number[]
}

/**
 * BERT's uncased tokenisation over the given vocabulary: text is cleaned, stripped of accents and lower-cased, split at
 * spaces and punctuation, and each word cut greedily into the longest known pieces. No special tokens are added.
 */
export function openWordPieces(vocabulary: readonly string[]): WordPieces {
  // Made when the first text comes: what was found of all texts before needs none of it.
  let cutter: WordCutter | null = null
  return {
    piecesOf(text) {
      cutter ??= new WordCutter(vocabulary)
      const words = cutter
      const ids: number[] = []
      for (let start = 0; start < text.length && ids.length < mostPieces; ) {
        const end = stretchEnd(text, start)
        const stretch = start === 0 && end === text.length ? text : text.slice(start, end)
        if (plainAscii.test(stretch)) splitAscii(stretch.toLowerCase(), words, ids)
        else splitAny(normalise(stretch), words, ids)
        start = end
      }
      if (ids.length > mostPieces) ids.length = mostPieces
      return ids
    },
  }
}

/** A space begins a new word whatever stands around it, so that stretches can be read apart. */
function stretchEnd(text: string, start: number): number {
  if (text.length - start <= 2 * stretchLength) return text.length
  const space = text.indexOf(' ', start + stretchLength)
  return space === -1 ? text.length : space
}

const plainAscii = /^[\t\n\r\x20-\x7e]*$/

/** What each ASCII character is, once letters are small. */
const inWord = 0
const isSpace = 1
const isPunctuation = 2
const asciiKind = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= 32) return isSpace
  return /[a-z0-9]/.test(String.fromCharCode(code)) ? inWord : isPunctuation
})

function splitAscii(text: string, words: WordCutter, ids: number[]): void {
  let start = -1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const kind = asciiKind[code]
    if (kind === inWord) {
      if (start === -1) start = at
      continue
    }
    if (start !== -1) words.cut(text.slice(start, at), ids)
    start = -1
    if (kind === isPunctuation) words.cut(asciiText[code] as string, ids)
    if (ids.length >= mostPieces) return
  }
  if (start !== -1) words.cut(text.slice(start), ids)
}

const asciiText = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))

const whiteSpace = /\p{White_Space}/gu
/** NUL and U+FFFD, and what is control, format, surrogate, private or unassigned. */
const dropped = /[\p{C}\uFFFD]/gu
/** The blocks that BERT takes for ideographs: CJK, its extensions A to E, and both compatibility blocks. */
const ideograph =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu
const accent = /\p{Mn}/gu
const punctuation = /[!-/:-@[-`{-~\p{P}]/gu

function normalise(text: string): string {
  const plain = text
    .replace(whiteSpace, ' ')
    .replace(dropped, '')
    .replace(ideograph, ' $& ')
    .normalize('NFD')
    .replace(accent, '')
  return lowerCased(plain).replace(punctuation, ' $& ')
}

/** Each code point by itself: a sigma that ends a word is a sigma. */
function lowerCased(text: string): string {
  let lower = ''
  for (const character of text) lower += character.toLowerCase()
  return lower
}

function splitAny(text: string, words: WordCutter, ids: number[]): void {
  for (const word of text.split(' ')) {
    if (word !== '') words.cut(word, ids)
    if (ids.length >= mostPieces) return
  }
}

/** Cuts words into pieces, and remembers how. */
class WordCutter {
  readonly #starts = new Map<string, number>()
  readonly #continuations = new Map<string, number>()
  readonly #unknown: readonly number[]
  readonly #longestPiece: number
  readonly #known = new Map<string, readonly number[]>()

  constructor(vocabulary: readonly string[]) {
    let longest = 0
    for (const [id, piece] of vocabulary.entries()) {
      if (piece.startsWith('##')) this.#continuations.set(piece.slice(2), id)
      else this.#starts.set(piece, id)
      longest = Math.max(longest, piece.length)
    }
    this.#longestPiece = longest
    this.#unknown = [this.#starts.get('[UNK]') ?? 0]
  }

  cut(word: string, ids: number[]): void {
    let pieces = this.#known.get(word)
    if (pieces === undefined) {
      pieces = this.#piecesOf(word)
      if (this.#known.size >= mostRemembered) this.#known.clear()
      if (word.length <= longestWord) this.#known.set(word, pieces)
    }
    for (const id of pieces) ids.push(id)
  }

  #piecesOf(word: string): readonly number[] {
    if (word.length > longestWord && [...word].length > longestWord) return this.#unknown
    const pieces: number[] = []
    for (let start = 0; start < word.length; ) {
      const known = start === 0 ? this.#starts : this.#continuations
      let end = Math.min(word.length, start + this.#longestPiece)
      while (end > start && !known.has(word.slice(start, end))) end -= 1
      if (end === start) return this.#unknown
      pieces.push(known.get(word.slice(start, end)) as number)
      start = end
    }
    return pieces
  }
}
