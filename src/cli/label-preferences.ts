import { formatBlindPair } from '../report/blind-pair.ts'
import { formatCount } from '../report/numbers.ts'
import { type BlindPair, labelOf, type PairLabel, type PairWord } from '../score/blind-pairs.ts'
import { askOneByOne, type LabelKeys } from './label-loop.ts'
import { type Terminal, viewOf } from './terminal.ts'

const pairKeys: LabelKeys<PairWord> = {
  1: { answer: 'first', word: 'the first' },
  2: { answer: 'second', word: 'the second' },
  t: { answer: 'tie', word: 'as good' },
  s: { answer: 'unsettled', word: 'cannot tell' },
}

/** Asks a person at the terminal which of two answers is better, pair by pair; `keep` is called with each label at once. */
export async function askPreferences(
  terminal: Terminal,
  pairs: readonly BlindPair[],
  keep: (label: PairLabel, pair: BlindPair, word: PairWord) => void,
): Promise<void> {
  if (pairs.length === 0) return
  const view = viewOf(terminal.stdout, terminal.env)
  const pairAt = (index: number) => pairs[index] as BlindPair
  await askOneByOne(terminal, {
    count: pairs.length,
    keys: pairKeys,
    show(index) {
      const progress = `${formatCount(index + 1)} of ${formatCount(pairs.length)}`
      return formatBlindPair(pairAt(index), progress, view)
    },
    answer: (index, word) => keep(labelOf(pairAt(index), word), pairAt(index), word),
  })
}
