import { divideColumns } from './charts.ts'
import { formatPart } from './numbers.ts'
import type { Style } from './paint.ts'
import { type Block, fillSign, type Screen } from './screen.ts'
import { flowPieces } from './text-width.ts'

export type MixPart = {
  readonly name: string
  readonly size: number
  readonly style: Style
  /** Fills its part of the bar where colours do not tell parts apart. */
  readonly shade: { readonly sign: string; readonly asciiSign: string }
}

/** From the lightest to the darkest. */
export const shades = [
  { sign: '░', asciiSign: '.' },
  { sign: '▒', asciiSign: '+' },
  { sign: '█', asciiSign: '#' },
] as const

/** Parts of a whole as one bar, with a legend below. */
export function mixLines(parts: readonly MixPart[], whole: number, screen: Screen): Block {
  const { width, paint } = screen
  const columns = divideColumns(
    parts.map(({ size }) => size),
    width - 4,
  )
  const bar = parts.map(({ style, shade }, index) =>
    paint(style, fillSign(screen, shade).repeat(columns[index] ?? 0)),
  )
  const legend = parts.map(
    ({ name, size, style, shade }) =>
      `${paint(style, fillSign(screen, shade))} ${name} ${formatPart(size, whole)}`,
  )
  return [`  ${bar.join('')}`, ...flowPieces(legend, width - 4).map((each) => `  ${each}`)]
}
