import { orZero, type RequestSource } from '../domain/columns.ts'
import { flag, type Profile } from '../domain/row.ts'
import { usageColumns } from './run-sums.ts'
import type { SnapshotGroup } from './snapshot.ts'

/** A group before its distribution is known. */
export type GroupSum = Omit<SnapshotGroup, 'runs'>

export type Groups = {
  /** Ordered by provider, model and feature. */
  readonly sums: readonly GroupSum[]
  /** The number of a profile's group in `sums`. */
  readonly ofProfile: readonly number[]
}

const costColumns = {
  costInput: 'input',
  costCacheRead: 'cacheRead',
  costCacheWrite: 'cacheWrite',
  costOutput: 'output',
  costTools: 'tools',
  costOther: 'other',
} as const
const costNames = Object.keys(costColumns) as (keyof typeof costColumns)[]
const columns = ['profile', 'flags', 'cost', ...usageColumns, ...costNames] as const

/** Sums by provider, model and feature. */
export function sumGroups(source: RequestSource): Groups {
  const used = usedProfiles(source)
  const names = source.profiles.map(nameOf)
  const sorted = [...new Set(names.filter((_, profile) => used.has(profile)))].sort()
  const numbers = new Map(sorted.map((name, number) => [name, number]))
  const ofProfile = names.map((name) => numbers.get(name) ?? 0)
  const sums = sorted.map((name) => emptyGroup(JSON.parse(name) as Name))
  const failed = source.profiles.map(({ status }) => status !== 'ok')
  for (const segment of source.segments(columns)) {
    for (let row = 0; row < segment.length; row++) {
      const cell = (name: (typeof columns)[number]): number => segment[name][row] as number
      const profile = cell('profile')
      const sum = sums[ofProfile[profile] ?? 0]
      if (sum !== undefined) addTo(sum, cell, failed[profile] === true)
    }
  }
  return { sums, ofProfile }
}

type Name = readonly [provider: string | null, model: string | null, feature: string | null]

const nameOf = ({ provider, model, feature }: Profile): string =>
  JSON.stringify([provider, model, feature])

function usedProfiles(source: RequestSource): ReadonlySet<number> {
  const used = new Set<number>()
  for (const { profile } of source.segments(['profile'])) for (const each of profile) used.add(each)
  return used
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends object ? Mutable<T[Key]> : T[Key] }

const emptyGroup = ([provider, model, feature]: Name): Mutable<GroupSum> => ({
  provider,
  model,
  feature,
  requests: 0,
  retries: 0,
  retryCostNanoUsd: 0,
  unpriced: 0,
  servedFromCache: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  costNanoUsd: 0,
  costByClass: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, tools: 0, other: 0 },
})

function addTo(
  sum: Mutable<GroupSum>,
  cell: (name: (typeof columns)[number]) => number,
  hasFailed: boolean,
): void {
  const cost = orZero(cell('cost'))
  const flags = cell('flags')
  sum.requests++
  sum.costNanoUsd += cost
  if (hasFailed) {
    sum.retries++
    sum.retryCostNanoUsd += cost
  }
  if ((flags & flag.unpriced) !== 0) sum.unpriced++
  if ((flags & flag.servedFromCache) !== 0) sum.servedFromCache++
  for (const name of usageColumns) sum[name] += cell(name)
  for (const name of costNames) sum.costByClass[costColumns[name]] += orZero(cell(name))
}
