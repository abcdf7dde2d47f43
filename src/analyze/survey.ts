import type { RequestSource } from '../domain/columns.ts'
import type { Profile } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import { quantiles } from '../stats/quantile.ts'
import { KeyIndex, NumberList } from './key-index.ts'
import { burstRequests } from './rules/elsewhere.ts'
import { scopeOf } from './rules/prompt-caching.ts'
import type { RuleColumns } from './rules/rule.ts'

/** What the rules must know of the whole log before they judge its requests one by one. */
export type Survey = {
  /** Mean usage of the requests to a profile's model at its provider. */
  readonly usageOf: (profile: number) => Usage
  /** Cache-read tokens by caching scope. */
  readonly readsByScope: ReadonlyMap<string, number>
  readonly isBurst: (columns: RuleColumns, row: number) => boolean
  /** Output tokens beyond which an answer is an outlier, by profile. */
  readonly outputLimits: readonly number[]
}

const tokenNames = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
] as const
const minuteMs = 60_000

export function survey(source: RequestSource): Survey {
  const models = groupNumbers(source.profiles, ({ provider, model }) => [provider, model])
  const sums = tokenNames.map(() => new NumberList())
  const reads = new NumberList()
  const requests = new NumberList()
  const ofModel = new NumberList()
  const bursts = new Bursts(source.profiles)
  for (const segment of source.segments(['profile', 'at', 'user', 'session', ...tokenNames])) {
    for (let row = 0; row < segment.length; row++) {
      const profile = segment.profile[row] as number
      const model = models[profile] as number
      requests.add(profile, 1)
      ofModel.add(model, 1)
      reads.add(profile, segment.cacheReadTokens[row] as number)
      for (let name = 0; name < tokenNames.length; name++) {
        sums[name]?.add(
          model,
          segment[tokenNames[name] as (typeof tokenNames)[number]][row] as number,
        )
      }
      bursts.add(segment, row)
    }
  }
  const mean = (name: number, profile: number) => {
    const model = models[profile] ?? 0
    return Math.round((sums[name]?.get(model) ?? 0) / Math.max(1, ofModel.get(model)))
  }
  return {
    usageOf: (profile) => ({
      inputTokens: mean(0, profile),
      cacheReadTokens: mean(1, profile),
      cacheWrite5mTokens: mean(2, profile),
      cacheWrite1hTokens: mean(3, profile),
      outputTokens: mean(4, profile),
      reasoningTokens: 0,
    }),
    readsByScope: readsByScope(source, reads),
    isBurst: (columns, row) => bursts.has(columns, row),
    outputLimits: outputLimits(source, requests),
  }
}

type BurstColumns = Pick<RuleColumns, 'profile' | 'at' | 'user' | 'session'>

/** Requests without user or session by minute, model and feature. */
class Bursts {
  readonly #kinds: readonly number[]
  readonly #minutes = new KeyIndex()
  readonly #requests = new NumberList()

  constructor(profiles: readonly Profile[]) {
    this.#kinds = groupNumbers(profiles, (profile) => [
      profile.provider,
      profile.model,
      profile.feature,
    ])
  }

  add(columns: BurstColumns, row: number): void {
    if (!Number.isNaN(columns.user[row] as number)) return
    if (!Number.isNaN(columns.session[row] as number)) return
    const key = this.#keyOf(columns, row)
    if (!Number.isNaN(key)) this.#requests.add(this.#minutes.add(key), 1)
  }

  has(columns: BurstColumns, row: number): boolean {
    if (!Number.isNaN(columns.user[row] as number)) return false
    const number = this.#minutes.find(this.#keyOf(columns, row))
    return number >= 0 && this.#requests.get(number) >= burstRequests
  }

  #keyOf({ at, profile }: BurstColumns, row: number): number {
    const kind = this.#kinds[profile[row] as number] ?? 0
    return Math.floor((at[row] as number) / minuteMs) * 65_536 + (kind % 65_536)
  }
}

/** Profiles that agree in some words share a number. */
function groupNumbers(
  profiles: readonly Profile[],
  wordsOf: (profile: Profile) => readonly (string | null)[],
): readonly number[] {
  const numbers = new Map<string, number>()
  return profiles.map((profile) => {
    const name = JSON.stringify(wordsOf(profile))
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  })
}

function readsByScope(source: RequestSource, reads: NumberList): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  source.profiles.forEach((profile, number) => {
    const scope = scopeOf(profile)
    sums.set(scope, (sums.get(scope) ?? 0) + reads.get(number))
  })
  return sums
}

/** An outlier is above the 95th percentile of its feature and model, four medians, and this many tokens. */
const leastOutlierTokens = 300
const medians = 4
/** Fewer requests have no telling percentile. */
const leastRequests = 50

function outputLimits(source: RequestSource, requests: NumberList): readonly number[] {
  const groupOf = groupNumbers(source.profiles, ({ feature, model }) => [feature, model])
  const sizes = new Uint32Array(groupOf.reduce((most, group) => Math.max(most, group + 1), 0))
  groupOf.forEach((group, profile) => {
    sizes[group] = (sizes[group] as number) + requests.get(profile)
  })
  const outputs = Array.from(sizes, (size) => ({ values: new Float64Array(size), length: 0 }))
  for (const segment of source.segments(['profile', 'outputTokens'])) {
    for (let row = 0; row < segment.length; row++) {
      const output = outputs[groupOf[segment.profile[row] as number] as number]
      if (output !== undefined) output.values[output.length++] = segment.outputTokens[row] as number
    }
  }
  const limits = outputs.map(({ values }) => {
    if (values.length < leastRequests) return Number.POSITIVE_INFINITY
    const [median = 0, high = 0] = quantiles(values, [0.5, 0.95])
    return Math.max(high, median * medians, leastOutlierTokens)
  })
  return groupOf.map((group) => limits[group] ?? Number.POSITIVE_INFINITY)
}
