import type { CellDiff, DiffResult, Effects } from '../check/diff-result.ts'
import { type CsvValue, formatCsv } from './csv.ts'
import { effectNames } from './diff-phrases.ts'

/** A row a model and feature; its effects add up to its difference, and all rows to the whole. Names are those of the JSON. */
export const diffCsv = ({ cells }: DiffResult): string =>
  formatCsv(
    columns.map(([name]) => name),
    cells.map((cell) => columns.map(([, read]) => read(cell))),
  )

type Column = readonly [name: string, read: (cell: CellDiff) => CsvValue]

const columns: readonly Column[] = [
  ['provider', ({ provider }) => provider],
  ['model', ({ model }) => model],
  ['feature', ({ feature }) => feature],
  ['status', ({ status }) => status],
  ['fromRequests', ({ fromRequests }) => fromRequests],
  ['toRequests', ({ toRequests }) => toRequests],
  ['fromUsd', ({ fromUsd }) => fromUsd],
  ['toUsd', ({ toUsd }) => toUsd],
  ['differenceUsd', ({ differenceUsd }) => differenceUsd],
  ...(Object.keys(effectNames) as (keyof Effects)[]).map(
    (key): Column => [`effectsUsd.${key}`, ({ effects }) => effects[key]],
  ),
]
