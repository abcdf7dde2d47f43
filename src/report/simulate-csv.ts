import type { SimulateGroup, SimulateResult, SweepPoint } from '../simulate/result.ts'
import { type CsvValue, formatCsv } from './csv.ts'
import { safeText } from './escape.ts'

/** One row per threshold, then one per group; `table` tells them apart. Names are the paths of the JSON. */
export function simulateCsv({ sweep, groups }: SimulateResult): string {
  const names = ['table', 'hits', ...Object.keys(sweepColumns), ...Object.keys(groupColumns)]
  const sweepBlanks = Object.keys(sweepColumns).map(() => null)
  const groupBlanks = Object.keys(groupColumns).map(() => null)
  return formatCsv(names, [
    ...sweep.map((point) => ['sweep', point.hits, ...read(point, sweepColumns), ...groupBlanks]),
    ...groups.map((group) => ['groups', group.hits, ...sweepBlanks, ...read(group, groupColumns)]),
  ])
}

type Columns<Row> = Readonly<Record<string, (row: Row) => CsvValue>>

const read = <Row>(row: Row, columns: Columns<Row>): readonly CsvValue[] =>
  Object.values(columns).map((column) => column(row))

const sweepColumns: Columns<SweepPoint> = {
  threshold: ({ threshold }) => threshold,
  hitRate: ({ hitRate }) => hitRate,
  'wrongHits.low': ({ wrongHits }) => wrongHits?.low ?? null,
  'wrongHits.high': ({ wrongHits }) => wrongHits?.high ?? null,
  'wrongPerHit.low': ({ wrongPerHit }) => wrongPerHit?.low ?? null,
  'wrongPerHit.high': ({ wrongPerHit }) => wrongPerHit?.high ?? null,
  'interval.low': ({ interval }) => interval?.low ?? null,
  'interval.high': ({ interval }) => interval?.high ?? null,
  savingsUsd: ({ savingsUsd }) => savingsUsd,
}

const groupColumns: Columns<SimulateGroup> = {
  by: ({ by }) => by,
  value: ({ value }) => (value === null ? null : safeText(value)),
  requests: ({ requests }) => requests,
  baselineUsd: ({ baselineUsd }) => baselineUsd,
  policyUsd: ({ policyUsd }) => policyUsd,
}
