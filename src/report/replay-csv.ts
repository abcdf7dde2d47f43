import type { GroupDelta, ReplayResult } from '../replay/result.ts'
import { type CsvValue, formatCsv } from './csv.ts'
import { safeText } from './escape.ts'
import { strataByWeight } from './replay-tables.ts'

/** One row per stratum, then one per length and kind of change; `table` tells them apart. Names are the paths of the JSON. */
export function replayCsv(result: ReplayResult): string {
  const partRow = (table: string, group: GroupDelta) => [
    table,
    safeText(group.name),
    null,
    null,
    null,
    ...groupCells(group),
  ]
  return formatCsv(
    ['table', 'name', 'affected', 'sampled', 'weight', ...Object.keys(groupColumns)],
    [
      ...strataByWeight(result).map(({ name, affected, sampled, weight, group }) => [
        'strata',
        safeText(name),
        affected,
        sampled,
        weight,
        ...groupCells(group),
      ]),
      ...result.byLength.map((group) => partRow('byLength', group)),
      ...result.byChange.map((group) => partRow('byChange', group)),
    ],
  )
}

const groupCells = (group: GroupDelta | null): readonly CsvValue[] =>
  Object.values(groupColumns).map((column) => (group === null ? null : column(group)))

const groupColumns: Readonly<Record<string, (group: GroupDelta) => CsvValue>> = {
  pairs: ({ pairs }) => pairs,
  better: ({ better }) => better,
  worse: ({ worse }) => worse,
  quality: ({ quality }) => quality,
  'interval.low': ({ interval }) => interval?.low ?? null,
  'interval.high': ({ interval }) => interval?.high ?? null,
}
