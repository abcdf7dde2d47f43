import type { Usage } from '../domain/usage.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { namespaceOf } from '../engine/cache-terms.ts'
import { historyUsage } from '../engine/history-usage.ts'
import { openPrefixCache, type PrefixCache, type PrefixUsage } from '../engine/prefix-cache.ts'
import { type PrefixTtl, prefixTarget } from '../engine/prefix-rules.ts'
import type { Policy } from '../policy/policy.ts'
import { readTarget } from '../prices/model-name.ts'
import type { History } from './history.ts'
import { usageAt } from './model-costs.ts'
import { type PrefixPrompt, prefixPrompts } from './prefix-prompts.ts'

/** What providers' prompt caches make of a history: as it was, and under a policy. */
export type HistoryPrefix = {
  /**
   * The usage of a request that goes to a target; null is the model of the log. Asked for in time order; requests that
   * are passed over reach no provider. Token counts are those of the model in the log.
   */
  usageOf(place: number, target: string | null): Usage
  /** The model's usage of the requests asked about, in the history as it was; what it reads beside what was logged. */
  readonly modelled: PrefixTotals
  readonly logged: PrefixTotals
  /** Requests whose prompt is known in text or blocks. */
  readonly known: number
}

export type PrefixTotals = { readonly inputTokens: number; readonly readTokens: number }

export type HistoryPrefixOptions = {
  readonly policy: Pick<Policy, 'prefix' | 'cache'>
  /** Takes no request as sent with the marks that the log shows: what the policy's marks alone would do. */
  readonly withoutLoggedMarks?: boolean
}

/** Opens the prompt caches of a history, empty, once as it was and once under the policy. */
export function openHistoryPrefix(
  history: History,
  { policy, withoutLoggedMarks = false }: HistoryPrefixOptions,
): HistoryPrefix {
  return new JointPrefix(history, policy, withoutLoggedMarks)
}

class JointPrefix implements HistoryPrefix {
  readonly #history: History
  readonly #policy: Pick<Policy, 'prefix' | 'cache'>
  readonly #withoutMarks: boolean
  readonly #promptAt: (place: number) => PrefixPrompt | null
  readonly #before: PrefixCache
  readonly #after: PrefixCache
  readonly #scopeAt: (place: number) => string
  /** How long each scope's marks were last seen to be kept: a request that only reads does not say. */
  readonly #ttls = new Map<string, PrefixTtl>()
  #next = 0
  #asLogged: PrefixUsage | null = null
  readonly modelled = { inputTokens: 0, readTokens: 0 }
  readonly logged = { inputTokens: 0, readTokens: 0 }
  known = 0

  constructor(
    history: History,
    policy: Pick<Policy, 'prefix' | 'cache'>,
    withoutLoggedMarks: boolean,
  ) {
    const { idealised, mode } = policy.prefix
    this.#history = history
    this.#policy = policy
    this.#withoutMarks = withoutLoggedMarks
    this.#promptAt = prefixPrompts(history)
    // What is injected is injected into the history as it was, with the provider's own rules.
    this.#before = openPrefixCache({ idealised: idealised && mode === 'as-logged' })
    this.#after = openPrefixCache({ idealised })
    this.#scopeAt = scopeReader(history, policy)
  }

  usageOf(place: number, target: string | null): Usage {
    // Every request of the log was sent, whatever becomes of it under the policy.
    while (this.#next <= place) this.#asLogged = this.#readLogged(this.#next++)
    const logged = usageAt(this.#history.columns, place)
    const prompt = this.#promptAt(place)
    const asLogged = this.#asLogged
    if (prompt === null || asLogged === null) return target === null ? logged : withoutReads(logged)
    const underPolicy = this.#after.read({
      ...this.#requestAt(place, prompt, target),
      ...this.#marksAt(place, prompt, target),
    })
    return historyUsage({ logged, asLogged, underPolicy })
  }

  /** Null where the model knows nothing of a request: no prompt, or no time. */
  #readLogged(place: number): PrefixUsage | null {
    if (Number.isNaN(this.#history.at[place])) return null
    const prompt = this.#promptAt(place)
    if (prompt === null) return null
    const usage = this.#before.read({
      ...this.#requestAt(place, prompt, null),
      ...this.#loggedMarks(place, prompt),
    })
    this.known++
    this.modelled.inputTokens += prompt.totalInputTokens
    this.modelled.readTokens += usage.cacheReadTokens
    this.logged.inputTokens += prompt.totalInputTokens
    this.logged.readTokens += this.#history.columns.cacheReadTokens[place] as number
    return usage
  }

  #requestAt(place: number, prompt: PrefixPrompt, target: string | null) {
    const { blocks, tokensPerBlock, totalInputTokens, contentEnds } = prompt
    return {
      ...this.#modelAt(place, target),
      at: this.#history.at[place] as number,
      scope: this.#scopeAt(place),
      blocks,
      tokensPerBlock,
      totalInputTokens,
      contentEnds,
    }
  }

  #modelAt(place: number, target: string | null) {
    if (target !== null) return readTarget(target)
    const profile = this.#history.profiles[this.#history.columns.profile[place] as number]
    return { provider: profile?.provider ?? undefined, model: profile?.model ?? '' }
  }

  #marksAt(place: number, prompt: PrefixPrompt, target: string | null): Marks {
    const { mode, breakpoints, ttl } = this.#policy.prefix
    const logged = this.#loggedMarks(place, prompt)
    // A client that sets marks of its own keeps them.
    if (mode === 'as-logged' || (logged.breakpoints.length > 0 && !this.#withoutMarks))
      return logged
    const { provider, model } = this.#modelAt(place, target)
    const isMarked = prefixTarget(provider, model).rules?.kind === 'marked'
    const isIdealised = this.#policy.prefix.idealised
    return isMarked || isIdealised ? { breakpoints: prompt.breakpoints(breakpoints), ttl } : logged
  }

  /**
   * The marks that a request was sent with, as its usage tells them: where what was read ended, and where what was
   * written ended.
   */
  #loggedMarks(place: number, { blocks, tokensPerBlock, totalInputTokens }: PrefixPrompt): Marks {
    const { cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usageAt(
      this.#history.columns,
      place,
    )
    const kept = cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens
    const { provider, model } = this.#modelAt(place, null)
    const rules = prefixTarget(provider, model).rules
    if (kept === 0 || rules?.kind !== 'marked') return noMarks
    const blockOf = (tokens: number) =>
      tokens >= totalInputTokens
        ? blocks.length
        : Math.min(blocks.length, Math.floor(tokens / Math.max(1, tokensPerBlock)))
    const breakpoints = [...new Set([blockOf(cacheReadTokens), blockOf(kept)])]
    return { breakpoints: breakpoints.filter((mark) => mark > 0), ttl: this.#loggedTtl(place) }
  }

  #loggedTtl(place: number): PrefixTtl {
    const { columns } = this.#history
    const scope = this.#scopeAt(place)
    const [short, long] = [columns.cacheWrite5mTokens[place], columns.cacheWrite1hTokens[place]]
    if ((long as number) > 0) this.#ttls.set(scope, '1h')
    else if ((short as number) > 0) this.#ttls.set(scope, '5m')
    return this.#ttls.get(scope) ?? '5m'
  }
}

type Marks = { readonly breakpoints: readonly number[]; readonly ttl: PrefixTtl | undefined }
const noMarks: Marks = { breakpoints: [], ttl: undefined }

/** The same input, none of it from a prompt cache: what another model makes of a prompt that nobody knows. */
export const withoutReads = (usage: Usage): Usage => ({
  ...usage,
  inputTokens: totalInputTokens(usage),
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
})

/** Who shares a provider's cache with a request. */
function scopeReader(
  history: History,
  { prefix, cache }: Pick<Policy, 'prefix' | 'cache'>,
): (place: number) => string {
  const { profiles, columns } = history
  const profileAt = (place: number) => profiles[columns.profile[place] as number]
  switch (prefix.scope) {
    case 'key':
      return (place) => profileAt(place)?.key ?? ''
    case 'tenant':
      return (place) => profileAt(place)?.namespace ?? ''
    case 'session':
      return (place) => String(columns.session[place])
    case 'namespace':
      return (place) => namespaceOf(cache.namespace, history.requestAt(place))
  }
}
