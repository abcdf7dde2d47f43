import type { BlindPair } from '../score/blind-pairs.ts'
import { formatCsv } from './csv.ts'

/** Columns of a sample of pairs; `verdict` is empty, to be filled with first, second or tie. */
export const pairColumns = ['pair', 'question', 'first', 'second', 'verdict'] as const

/** Pairs to be compared, as CSV. */
export const pairCsv = (pairs: readonly BlindPair[]): string =>
  formatCsv(
    pairColumns,
    pairs.map(({ mark, question, first, second }) => [mark, question, first, second, null]),
  )
