export type Style =
  | 'bold'
  | 'dim'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'gray'

/** Puts a colour around a text, or nothing where colour is off. */
export type Paint = (style: Style, text: string) => string

export const colorPaint: Paint = (style, text) =>
  text === '' ? '' : `\x1b[${codes[style][0]}m${text}\x1b[${codes[style][1]}m`

export const plainPaint: Paint = (_style, text) => text

/** SGR parameters that begin and end a style. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  gray: [90, 39],
}
