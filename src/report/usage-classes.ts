import type { CostByClassUsd } from '../analyze/result.ts'
import type { Style } from './paint.ts'

/** One usage class of a bill: its name and how it is drawn. */
export type UsageClass = {
  readonly key: keyof CostByClassUsd
  readonly name: string
  readonly style: Style
  /** Told apart without colour: block shades, and letters where there is only ASCII. */
  readonly sign: string
  readonly asciiSign: string
}

/** In the order of the bill: what the model read, what it wrote, what came on top. */
export const usageClasses: readonly UsageClass[] = [
  { key: 'input', name: 'input', style: 'blue', sign: '▓', asciiSign: '=' },
  { key: 'cacheRead', name: 'cache read', style: 'cyan', sign: '░', asciiSign: ':' },
  { key: 'cacheWrite', name: 'cache write', style: 'green', sign: '▒', asciiSign: '+' },
  { key: 'output', name: 'output', style: 'magenta', sign: '█', asciiSign: '#' },
  { key: 'tools', name: 'tools', style: 'yellow', sign: '▚', asciiSign: '%' },
  { key: 'other', name: 'other', style: 'gray', sign: '▞', asciiSign: '.' },
]
