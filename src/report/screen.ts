import { colorPaint, type Paint, plainPaint } from './paint.ts'
import { flowPieces, padText, toAscii, wrapText } from './text-width.ts'

/** What the place of output can show. */
export type View = { readonly width: number; readonly color: boolean; readonly unicode: boolean }

/** A view within the limits of the design, with its paint. */
export type Screen = View & { readonly paint: Paint }

/** Lines of one block; blocks are set apart by an empty line, and an empty block is left out. */
export type Block = readonly string[]

export const screenOf = ({ width, color, unicode }: View): Screen => ({
  width: Math.min(maxWidth, Math.max(minWidth, Math.floor(width))),
  color,
  unicode,
  paint: color ? colorPaint : plainPaint,
})

/** What fills a part of a bar: a block where colour tells parts apart, else a shade of its own. */
export const fillSign = (
  { color, unicode }: Screen,
  shade: { readonly sign: string; readonly asciiSign: string },
): string => (unicode ? (color ? '█' : shade.sign) : shade.asciiSign)

/** The blocks as one text that ends with a newline. */
export function joinBlocks(blocks: readonly Block[], { unicode }: Screen): string {
  const text = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'))
  const joined = `${text.join('\n\n')}\n`.replace(/ +$/gm, '')
  return unicode ? joined : joined.split('\n').map(toAscii).join('\n')
}

/** A heading: bold, with a remark after it, on the next lines where it does not fit. */
export function heading({ width, paint }: Screen, title: string, remark = ''): Block {
  if (remark === '') return [paint('bold', title)]
  if (title.length + 2 + remark.length <= width) {
    return [`${paint('bold', title)}  ${paint('dim', remark)}`]
  }
  return [
    paint('bold', title),
    ...wrapText(remark, width - 2).map((line) => `  ${paint('dim', line)}`),
  ]
}

/** Wrapped text behind a first-line label; the following lines are indented as far. */
export function hanging(
  label: string,
  text: string,
  options: {
    readonly width: number
    readonly indent: number
    readonly paint?: (line: string) => string
  },
): Block {
  const { width, indent, paint = (line) => line } = options
  const lines = wrapText(text, width - indent)
  return lines.map((line, index) => (index === 0 ? label : ' '.repeat(indent)) + paint(line))
}

/** A dim label, then pieces over as many lines as they need. */
export function labelled(
  label: string,
  pieces: readonly string[],
  { width, paint }: Screen,
): Block {
  if (pieces.length === 0) return []
  return flowPieces(pieces, width - labelWidth, '   ').map(
    (line, index) => paint('dim', padText(index === 0 ? `  ${label}` : '', labelWidth)) + line,
  )
}

/** Columns of the dim label that opens a line of figures. */
export const labelWidth = 15

/** Lines longer than this are hard to read back, shorter ones leave no room for a table. */
const maxWidth = 120
const minWidth = 40
