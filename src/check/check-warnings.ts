import type { Warning } from '../domain/report.ts'
import { areSamples, type Compared } from './compare.ts'
import { keyedPrefix } from './scenario-sums.ts'
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
    ...(areSamples(comparison) ? [] : scenarioWarnings(comparison)),
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
    ...versionWarnings(before, after),
    ...selectionWarnings(before, after),
    ...keyWarnings(before, after),
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

function versionWarnings({ llmcost: one }: Snapshot, { llmcost: other }: Snapshot) {
  if (one === undefined || other === undefined || one === other) return []
  const message = `the baseline was made by llmcost ${one}, this run by ${other}: what is counted may differ`
  return [{ code: 'baseline-other-version', message, count: 1 }]
}

/** A part of one run against the whole of another is no comparison. */
function selectionWarnings(before: Snapshot, after: Snapshot) {
  const [one, other] = [selectionOf(before), selectionOf(after)]
  const message = `the baseline is of ${one}, the run of ${other}`
  return one === other ? [] : [{ code: 'baseline-other-requests', message, count: 1 }]
}

/** What a snapshot was narrowed to, in words. */
export const selectionOf = ({ where = [] }: Snapshot): string => where.join(', ') || 'all requests'

/** Names of questions under a key and without one never meet. */
export function haveOtherKeys(...sides: readonly [Snapshot, Snapshot]): boolean {
  const [one, other] = sides.map(
    ({ scenarios }) => new Set(scenarios.map(({ question }) => question?.startsWith(keyedPrefix))),
  )
  return [true, false].some((isKeyed) => one?.has(isKeyed) && other?.has(!isKeyed))
}

export const otherKeysWords =
  'LLMCOST_SCENARIO_KEY was set for one side only: scenarios without a name are not known again'

const keyWarnings = (before: Snapshot, after: Snapshot): readonly Warning[] =>
  haveOtherKeys(before, after)
    ? [{ code: 'baseline-other-key', message: otherKeysWords, count: 1 }]
    : []

function unpriced(name: string, snapshot: Snapshot | null): readonly Warning[] {
  const count = snapshot?.totals.unpricedRequests ?? 0
  if (count === 0) return []
  return [
    { code: `${name}-unpriced`, message: `requests of the ${name} without a price count 0`, count },
  ]
}

function scenarioWarnings({ added, gone, renamed }: Compared['comparison']) {
  const list = [
    ['scenarios-new', 'scenarios that the baseline does not have', added],
    ['scenarios-gone', 'scenarios of the baseline that this run does not have', gone],
    ['scenarios-renamed', 'scenarios with another name, known by what they ask', renamed],
  ] as const
  return list
    .filter(([, , count]) => count > 0)
    .map(([code, message, count]) => ({ code, message, count }))
}
