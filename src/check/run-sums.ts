import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import { profileValue, tagValue } from '../domain/profile-value.ts'
import { flag } from '../domain/row.ts'

/** What one run came to: a trace, the requests of a named scenario that have no trace, or a single request. */
export type RunSum = {
  /** The tag "scenario" of its first request that has one. */
  name: string | null
  /** Of its first request. */
  readonly feature: string | null
  readonly seq: number
  readonly question: number
  /** Decides which runs a sample keeps; equal for equal traces. */
  readonly identity: number
  requests: number
  calls: number
  errors: number
  cost: number
  unpriced: number
  inputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  outputTokens: number
  /** What it cost in each group: number of the group, cost, number, cost; few runs ask more than one or two. */
  readonly byGroup: number[]
}

export const usageColumns = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
] as const

const columns = [
  'seq',
  'profile',
  'flags',
  'trace',
  'questionKey',
  'cost',
  'latencyMs',
  ...usageColumns,
] as const

const scenarioField = 'tag:scenario'

/** One of the requests that stand for all. */
export type SampledRequest = {
  readonly run: RunSum
  readonly cost: number
  /** Milliseconds; NaN where the log does not say. */
  readonly latencyMs: number
}

export type RunSums = {
  /** In the order of their first requests. */
  readonly runs: readonly RunSum[]
  /** About as many as were wished, or all. */
  readonly requests: readonly SampledRequest[]
}

/** Sums of every run, and a sample of requests. `groupOf` numbers the groups of profiles. */
export function sumRuns(
  source: RequestSource,
  lookup: RequestLookup,
  groupOf: readonly number[],
  mostRequests: number,
): RunSums {
  const runs = new Runs()
  const requests: SampledRequest[] = []
  const isSampled = samplerOf(mostRequests / source.count)
  const failed = source.profiles.map(({ status }) => status !== 'ok')
  const names = source.profiles.map((profile) => profileValue(profile, scenarioField))
  const ownName = (seq: number) => tagValue(lookup.extraOf(seq)['tags'], scenarioField)
  for (const segment of source.segments(columns)) {
    for (let row = 0; row < segment.length; row++) {
      const cell: Cell = (name) => segment[name][row] as number
      const profile = cell('profile')
      const isOwn = (cell('flags') & flag.ownTags) !== 0
      const name = isOwn ? ownName(cell('seq')) : (names[profile] ?? null)
      const run = runs.at(cell, name, source.profiles[profile]?.feature ?? null)
      addTo(run, cell, groupOf[profile] ?? 0)
      if (failed[profile] === true) run.errors++
      if (isSampled(cell('seq')))
        requests.push({ run, cost: orZero(cell('cost')), latencyMs: cell('latencyMs') })
    }
  }
  return { runs: runs.all, requests }
}

/** Says of a number whether it is of the share: by its bits well mixed, so that no rhythm of a log is met. */
const samplerOf = (share: number) => (seq: number) => {
  const mixed = Math.imul(seq ^ (seq >>> 16), 0x45d9f3b)
  const again = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b)
  return (again ^ (again >>> 16)) >>> 0 < share * 2 ** 32
}

type Cell = (name: (typeof columns)[number]) => number

/** The runs by what holds their requests together. */
class Runs {
  readonly all: RunSum[] = []
  readonly #byKey = new Map<number | string, RunSum>()

  /** The run of a request: its trace, else its scenario, else one of its own. */
  at(cell: Cell, name: string | null, feature: string | null): RunSum {
    const trace = cell('trace')
    const key = Number.isNaN(trace) ? name : trace
    const known = key === null ? undefined : this.#byKey.get(key)
    if (known !== undefined) {
      known.name ??= name
      return known
    }
    const seq = cell('seq')
    const run: RunSum = {
      ...emptySums(),
      name,
      feature,
      seq,
      question: cell('questionKey'),
      identity: Number.isNaN(trace) ? seq : trace,
      byGroup: [],
    }
    this.all.push(run)
    if (key !== null) this.#byKey.set(key, run)
    return run
  }
}

const emptySums = () => ({
  requests: 0,
  calls: 0,
  errors: 0,
  cost: 0,
  unpriced: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
})

function addTo(run: RunSum, cell: (name: (typeof columns)[number]) => number, group: number): void {
  const cost = orZero(cell('cost'))
  const flags = cell('flags')
  run.requests++
  if ((flags & flag.servedFromCache) === 0) run.calls++
  if ((flags & flag.unpriced) !== 0) run.unpriced++
  run.cost += cost
  run.inputTokens += cell('inputTokens')
  run.cacheReadTokens += cell('cacheReadTokens')
  run.cacheWriteTokens += cell('cacheWrite5mTokens') + cell('cacheWrite1hTokens')
  run.outputTokens += cell('outputTokens')
  const at = placeOf(run, group)
  if (at < run.byGroup.length) run.byGroup[at + 1] = (run.byGroup[at + 1] as number) + cost
  else run.byGroup.push(group, cost)
}

/** Where a group stands in `byGroup`; its end where it does not. */
function placeOf({ byGroup }: RunSum, group: number): number {
  let at = 0
  while (at < byGroup.length && byGroup[at] !== group) at += 2
  return at
}
