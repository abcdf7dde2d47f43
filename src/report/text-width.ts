/** Columns a text takes on a terminal: 2 for wide characters and emoji, 0 for marks; colour is free. */
export function textWidth(text: string): number {
  if (plainAscii.test(text)) return text.length
  const bare = text.replace(colorCode, '')
  if (plainAscii.test(bare)) return bare.length
  if (!emoji.test(bare)) return signsWidth(bare)
  let width = 0
  for (const cluster of clustersOf(bare)) width += clusterWidth(cluster)
  return width
}

/** The text cut to at most `width` columns; what is cut off shows as an ellipsis. No colour codes. */
export function truncateText(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  if (width <= 0) return ''
  let kept = ''
  let used = 0
  for (const segment of unitsOf(text)) {
    const next = clusterWidth(segment)
    if (used + next > width - 1) break
    kept += segment
    used += next
  }
  return `${kept.trimEnd()}…`
}

/** The text filled up with spaces to `width` columns; never cut. */
export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, width - textWidth(text)))
  return align === 'left' ? text + gap : gap + text
}

/** The text in lines of at most `width` columns, broken at spaces, and inside words that are longer. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((each) => splitWord(each, width))) {
    const joined = line === '' ? word : `${line} ${word}`
    if (textWidth(joined) <= width) {
      line = joined
      continue
    }
    lines.push(line)
    line = word
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}

/** Pieces in lines, joined by `gap`; one is broken only when it is too wide alone and uncoloured. */
export function flowPieces(
  pieces: readonly string[],
  width: number,
  gap = '   ',
): readonly string[] {
  const lines: string[] = []
  for (const piece of pieces.flatMap((each) => fittingPieces(each, width))) {
    const last = lines.at(-1)
    const joined = `${last}${gap}${piece}`
    if (last !== undefined && textWidth(joined) <= width) lines[lines.length - 1] = joined
    else lines.push(piece)
  }
  return lines
}

const fittingPieces = (piece: string, width: number): readonly string[] =>
  piece.includes('\x1b') || textWidth(piece) <= width ? [piece] : wrapText(piece, width)

/** The same text in ASCII and in as many columns, for terminals that show nothing else. */
export function toAscii(text: string): string {
  if (plainAscii.test(text)) return text
  const bare = text.split(colorCode)
  const codes = text.match(colorCode) ?? []
  return bare.map((part, index) => asciiOf(part) + (codes[index] ?? '')).join('')
}

function asciiOf(text: string): string {
  let result = ''
  for (const segment of clustersOf(text)) {
    const known = asciiForms[segment]
    if (known !== undefined) result += known
    else result += plainAscii.test(segment) ? segment : '?'.repeat(clusterWidth(segment))
  }
  return result
}

function splitWord(word: string, width: number): readonly string[] {
  if (textWidth(word) <= width) return [word]
  const pieces: string[] = []
  let piece = ''
  for (const segment of unitsOf(word)) {
    if (piece !== '' && textWidth(piece) + clusterWidth(segment) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...pieces, piece]
}

/** What a line may be broken between: characters as read, or their parts when one is overlong. */
function* unitsOf(text: string): Generator<string> {
  for (const cluster of clustersOf(text)) {
    if (clusterWidth(cluster) <= 2) yield cluster
    else yield* cluster
  }
}

/**
 * Characters as they are read. The segmenter takes time in the square of a text's length (measured
 * on Node 20), so it sees a slice at a time; the last cluster of a slice may go on in the next.
 */
function* clustersOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const slice = text.slice(start, start + sliceLength).replace(/[\ud800-\udbff]$/, '')
    const isLast = start + slice.length >= text.length
    graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
    for (const { segment, index } of graphemes.segment(slice)) {
      if (!isLast && index > 0 && index + segment.length === slice.length) break
      yield segment
      start += segment.length
    }
  }
}

const clusterWidth = (cluster: string): number => (emoji.test(cluster) ? 2 : signsWidth(cluster))

function signsWidth(text: string): number {
  let width = 0
  for (const sign of text) {
    if (marks.test(sign)) continue
    width += wide.test(sign) ? 2 : 1
  }
  return width
}

/** Longer than any character that is meant to be one. */
const sliceLength = 128

/** Made when it is first needed: that takes longer than all that plain text asks of this file. */
let graphemes: Intl.Segmenter | null = null

const plainAscii = /^[\x20-\x7e]*$/

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character.
const colorCode = /\x1b\[[0-9;]*m/g

/** Drawn as a picture: by itself, by variation selector 16, as a flag or a keycap. */
const emoji = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u

/** Non-spacing marks, format characters, and the Hangul vowels and finals that join the initial. */
const marks = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]/u

/** East Asian Wide and Fullwidth by block (unicode.org/Public/UCD/latest/ucd/EastAsianWidth.txt). */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f2ff}\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

const asciiForms: Readonly<Record<string, string>> = {
  '–': '-',
  '—': '-',
  '−': '-',
  '…': '~',
  '·': '|',
  '•': '*',
  '×': 'x',
  '→': '>',
  '≥': '>',
  '≤': '<',
  '≈': '~',
  '±': '~',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '─': '-',
  κ: 'k',
  λ: 'l',
  '▲': '!',
  '✖': 'X',
}
