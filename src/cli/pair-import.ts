import { type BlindPair, labelOf, type PairLabel, type PairWord } from '../score/blind-pairs.ts'
import { cellText, type FilledRow, type RowProblem, readFilledCsv } from './filled-csv.ts'

export type ReadPairLabels = {
  readonly labels: readonly PairLabel[]
  /** Rows without a verdict. */
  readonly unlabelled: number
  readonly problems: readonly RowProblem[]
}

/**
 * What a person said of blind pairs, from a file that `pairCsv` wrote for the same pairs and key. A row about other
 * answers, with another word or about a pair that an earlier row labels is a problem and no label. Throws a UserError
 * for a file that is none; `writer` is the command that wrote it, for the hint.
 */
export async function readPairLabels(
  path: string,
  pairs: readonly BlindPair[],
  writer: string,
): Promise<ReadPairLabels> {
  const byMark = new Map(pairs.map((pair) => [pair.mark, pair]))
  const labels = new Map<string, PairLabel>()
  const problems: RowProblem[] = []
  let unlabelled = 0
  for (const row of await readFilledCsv(path, ['pair', 'verdict'], writer)) {
    if (cellText(row, 'verdict') === '') {
      unlabelled++
      continue
    }
    const mark = cellText(row, 'pair')
    const read = labels.has(mark) ? 'an earlier row labels the same pair' : labelIn(row, byMark)
    if (typeof read === 'string') problems.push({ line: row.line, problem: read })
    else labels.set(mark, read)
  }
  return { labels: [...labels.values()], unlabelled, problems }
}

/** A sentence where it cannot be read. */
function labelIn(row: FilledRow, pairs: ReadonlyMap<string, BlindPair>): PairLabel | string {
  const verdict = cellText(row, 'verdict')
  const word = pairWords.get(verdict.toLowerCase())
  if (word === undefined) return `"${verdict}" is none of first, second and tie`
  const pair = pairs.get(cellText(row, 'pair'))
  return pair === undefined
    ? `"${cellText(row, 'pair')}" names no pair, or other answers than when the file was written`
    : labelOf(pair, word)
}

const pairWords = new Map<string, PairWord>([
  ...['first', '1', 'a'].map((word) => [word, 'first'] as const),
  ...['second', '2', 'b'].map((word) => [word, 'second'] as const),
  ...['tie', 't', 'same', 'equal', '0'].map((word) => [word, 'tie'] as const),
  ...['unsettled', 's', 'skip', '?'].map((word) => [word, 'unsettled'] as const),
])
