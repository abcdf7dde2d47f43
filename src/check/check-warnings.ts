import type { Warning } from '../domain/report.ts'
import type { Compared } from './compare.ts'
import type { Snapshot } from './snapshot.ts'

/** What makes the two sides less alike than they should be. */
export function comparisonWarnings(
  before: Snapshot | null,
  after: Snapshot,
  { comparison }: Compared,
): readonly Warning[] {
  return [
    ...(before === null
      ? []
      : [...fingerprintWarnings(before, after), ...olderVersion(before, after)]),
    ...unpriced('baseline', before),
    ...unpriced('run', after),
    ...scenarioWarnings(comparison),
  ]
}

const names = {
  prices:
    'another price book: part of the change may be the prices, not the requests; --reprice takes one for both',
  embedder: 'another embedder: hit rates are not comparable',
  policy: 'another policy',
} as const

function fingerprintWarnings(before: Snapshot, after: Snapshot): readonly Warning[] {
  const differing = (['prices', 'embedder', 'policy'] as const).filter(
    (name) => before.fingerprints[name] !== after.fingerprints[name],
  )
  const kinds = [before, after].map(({ source }) =>
    source.kind === 'store' ? 'analyze' : source.kind,
  )
  return [
    ...differing.map((name) => ({
      code: `baseline-other-${name}`,
      message: `the baseline was made with ${names[name]} (${before.fingerprints[name] ?? 'none'}, now ${after.fingerprints[name] ?? 'none'})`,
      count: 1,
    })),
    ...(kinds[0] === kinds[1]
      ? []
      : [
          {
            code: 'baseline-other-report',
            message: `the baseline is of ${kinds[0]}, the run of ${kinds[1]}`,
            count: 1,
          },
        ]),
  ]
}

function olderVersion(...sides: readonly Snapshot[]): readonly Warning[] {
  return sides.some(({ version }) => version === 1)
    ? [
        {
          code: 'older-snapshot',
          message:
            'a snapshot of version 1 does not tell what failed attempts and cached answers took: save it anew to see all causes',
          count: 1,
        },
      ]
    : []
}

function unpriced(name: string, snapshot: Snapshot | null): readonly Warning[] {
  const count = snapshot?.totals.unpricedRequests ?? 0
  if (count === 0) return []
  return [
    { code: `${name}-unpriced`, message: `requests of the ${name} without a price count 0`, count },
  ]
}

function scenarioWarnings({ mode, added, gone, renamed, pairs }: Compared['comparison']) {
  const list = [
    ['scenarios-new', 'scenarios that the baseline does not have', added],
    ['scenarios-gone', 'scenarios of the baseline that this run does not have', gone],
    ['scenarios-renamed', 'scenarios with another name, known by what they ask', renamed],
  ] as const
  const isBySample = mode === 'unpaired' && pairs === 0
  return list
    .filter(([, , count]) => count > 0 && !isBySample)
    .map(([code, message, count]) => ({ code, message, count }))
}
