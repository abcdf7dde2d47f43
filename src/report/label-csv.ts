import { formatCsv } from './csv.ts'
import type { ShownPair } from './label-pair.ts'

/** A pair as a row that a person fills in. */
export type LabelRow = ShownPair & {
  readonly exploratory: boolean
  /** Tells on the way back whether the numbers still mean the same two answers. */
  readonly pair: string
}

/** Columns of the sample; `verdict` is empty, to be filled with right or wrong. */
export const labelColumns = [
  'request',
  'servedBy',
  'similarity',
  'question',
  'servedQuestion',
  'ownAnswer',
  'servedAnswer',
  'verdict',
  'sample',
  'pair',
] as const

/** Why a pair is in the sample; only drawn ones can certify. */
export const sampleNames = { drawn: 'drawn', exploratory: 'exploratory' } as const

/** Pairs to be labelled as CSV. */
export const labelCsv = (rows: readonly LabelRow[]): string =>
  formatCsv(
    labelColumns,
    rows.map((row) => [
      row.request,
      row.servedBy,
      row.similarity,
      row.question,
      row.servedQuestion,
      row.ownAnswer,
      row.servedAnswer,
      null,
      row.exploratory ? sampleNames.exploratory : sampleNames.drawn,
      row.pair,
    ]),
  )
