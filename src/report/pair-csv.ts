import type { BlindPair, PairWord } from '../score/blind-pairs.ts'
import { formatCsv } from './csv.ts'

/** Columns of a sample of pairs; `verdict` is empty, to be filled with first, second or tie. */
export const pairColumns = ['pair', 'question', 'first', 'second', 'verdict'] as const

/** Pairs to be compared, as CSV; `words` has what was said of some of them, by mark. */
export const pairCsv = (
  pairs: readonly BlindPair[],
  words: ReadonlyMap<string, PairWord> = new Map(),
): string =>
  formatCsv(
    pairColumns,
    pairs.map(({ mark, question, first, second }) => [
      mark,
      question,
      first,
      second,
      words.get(mark) ?? null,
    ]),
  )
