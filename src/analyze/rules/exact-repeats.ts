import { objectOf } from '../../domain/json.ts'
import type { Profile } from '../../domain/row.ts'
import { flag } from '../../domain/row.ts'
import { KeyIndex, NumberList } from '../key-index.ts'
import { commandWith, costOf, count, percent, type Rule } from './rule.ts'

const dayMs = 86_400_000
/** Keys remembered at once; the oldest are forgotten together, which can only miss repeats. */
const rememberedKeys = 500_000

/** A cache of answers by exact key: insertion on a miss when the answer is complete, 24 hours to live. */
class ExactCache {
  #index = new KeyIndex()
  #born = new NumberList(Number.NaN)
  hits = 0

  /** True when an answer was there, or on its way (the request would have waited for it). */
  ask(key: number, at: number, latencyMs: number, insertable: boolean): boolean {
    if (this.#index.size > rememberedKeys) {
      this.#index = new KeyIndex()
      this.#born = new NumberList(Number.NaN)
    }
    const number = this.#index.add(key)
    const born = this.#born.get(number)
    if (!Number.isNaN(born) && at - born <= dayMs) {
      this.hits++
      return true
    }
    if (insertable) this.#born.set(number, at + latencyMs)
    return false
  }
}

/**
 * Requests whose canonical key was answered within the day before (docs/methods.md, "Exact repeats"). Keys are equal
 * within a namespace; the title counts those, the evidence also what ignoring namespaces would add.
 */
export function exactRepeats(profiles: readonly Profile[]): Rule {
  const namespaces = numbersOf(profiles, (profile) => profile.namespace)
  const cacheable = profiles.map(
    ({ status, finishReason, params }) =>
      status === 'ok' && !/tool|function/.test(finishReason ?? '') && !asksForChoices(params),
  )
  const apart = new ExactCache()
  const together = namespaces.some((namespace) => namespace > 0) ? new ExactCache() : apart
  return {
    kind: 'exact-repeats',
    saving(columns, row) {
      const key = columns.exactKey[row] as number
      const time = columns.at[row] as number
      const profile = columns.profile[row] as number
      const flags = columns.flags[row] as number
      if (Number.isNaN(key) || Number.isNaN(time) || (flags & flag.servedFromCache) !== 0) return 0
      if (cacheable[profile] !== true) return 0
      const latency = columns.latencyMs[row] as number
      const insertable = (flags & flag.truncated) === 0
      const wait = Number.isNaN(latency) ? 0 : latency
      if (together !== apart) together.ask(key, time, wait, insertable)
      const namespace = namespaces[profile] ?? 0
      return apart.ask(namespace === 0 ? key : mix(key, namespace), time, wait, insertable)
        ? costOf(columns, row)
        : 0
    },
    describe({ requests }, { requests: all }) {
      const { hits } = apart
      const more = together.hits - hits
      const unpaid = hits - requests
      return {
        title: `${count(hits)} of ${count(all)} requests (${percent(hits / all)}) ${hits === 1 ? 'repeats' : 'repeat'} an earlier one exactly`,
        evidence: `same model, system prompt, parameters and conversation within 24 h and one namespace${more > 0 ? `; ${count(more)} more across namespaces` : ''}${unpaid > 0 ? `; ${count(unpaid)} of them without a cost` : ''}`,
        caveat:
          'an exact cache returns the earlier answer: fine unless answers must vary or be fresher than a day',
        command: commandWith(
          'sql',
          '"select questionKey, count(*) n, sum(costUsd) usd from v_requests where exactKey is not null group by exactKey having n > 1 order by usd desc limit 20"',
        ),
      }
    },
  }
}

/** More than one answer was asked for (`n`): no cache serves that. */
const asksForChoices = (params: string | null): boolean =>
  params !== null && Number(objectOf(params)['n'] ?? 1) > 1

/** Distinct values numbered from 1; 0 is none. */
export function numbersOf(
  profiles: readonly Profile[],
  wordOf: (profile: Profile) => string | null,
): readonly number[] {
  const numbers = new Map<string, number>()
  return profiles.map((profile) => {
    const value = wordOf(profile)
    if (value === null) return 0
    const number = numbers.get(value) ?? numbers.size + 1
    numbers.set(value, number)
    return number
  })
}

/** A key apart for each number, still within 53 bits. */
export const mix = (key: number, number: number): number =>
  (key + number * 9_007_199_254_773) % 9_007_199_254_740_881
