import { flag } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { namespaceOf } from '../engine/cache-terms.ts'
import { historyUsage } from '../engine/history-usage.ts'
import { openPrefixCache, type PrefixCache, type PrefixUsage } from '../engine/prefix-cache.ts'
import { type PrefixRules, type PrefixTtl, prefixTarget } from '../engine/prefix-rules.ts'
import type { Policy } from '../policy/policy.ts'
import { readTarget } from '../prices/model-name.ts'
import type { History } from './history.ts'
import { usageAt } from './model-costs.ts'
import { type PrefixPrompt, type PromptAt, prefixPrompts } from './prefix-prompts.ts'

/** What providers' prompt caches make of a history: as it was, and under a policy. */
export type HistoryPrefix = {
  /**
   * The usage of a request that goes to a target; null is the model of the log. Asked for in time order; requests that
   * are passed over reach no provider. Token counts are those of the model in the log.
   */
  usageOf(place: number, target: string | null): Usage
  /** Reads the log up to a request, whether or not the policy has it sent. */
  see(place: number): void
  /** Of the requests of the log so far whose prompt is known: what they read by the log, and by the model of it. */
  readonly seen: PrefixSeen
}

export type PrefixSeen = {
  readonly requests: number
  readonly loggedReadTokens: number
  readonly modelledReadTokens: number
}

/**
 * Opens the prompt caches of a history, empty, once as it was and once under the policy. Several that are asked in step
 * may share their prompts.
 */
export function openHistoryPrefix(
  history: History,
  policy: Pick<Policy, 'prefix' | 'cache'>,
  promptAt: PromptAt = prefixPrompts(history),
): HistoryPrefix {
  return new JointPrefix(history, policy, promptAt)
}

class JointPrefix implements HistoryPrefix {
  readonly #history: History
  readonly #policy: Pick<Policy, 'prefix' | 'cache'>
  readonly #promptAt: PromptAt
  readonly #rulesOf = rememberRules()
  readonly #before: PrefixCache
  readonly #after: PrefixCache
  readonly #isIdealBefore: boolean
  readonly #scopeAt: (place: number) => string
  /** How long each scope's marks were last seen to be kept: a request that only reads does not say. */
  readonly #ttls = new Map<string, PrefixTtl>()
  readonly seen = { requests: 0, loggedReadTokens: 0, modelledReadTokens: 0 }
  #next = 0
  #asLogged: PrefixUsage | null = null

  constructor(history: History, policy: Pick<Policy, 'prefix' | 'cache'>, promptAt: PromptAt) {
    const { idealised, mode } = policy.prefix
    this.#history = history
    this.#policy = policy
    this.#promptAt = promptAt
    // What is injected is injected into the history as it was, under the provider's own rules.
    this.#isIdealBefore = idealised && mode === 'as-logged'
    this.#before = openPrefixCache({ idealised: this.#isIdealBefore })
    this.#after = openPrefixCache({ idealised })
    this.#scopeAt = scopeReader(history, policy)
  }

  see(place: number): void {
    while (this.#next <= place) this.#asLogged = this.#readLogged(this.#next++)
  }

  usageOf(place: number, target: string | null): Usage {
    this.see(place)
    const logged = usageAt(this.#history.columns, place)
    const asLogged = this.#asLogged
    const underPolicy = asLogged === null ? null : this.#readUnderPolicy(place, target)
    if (asLogged === null || underPolicy === null)
      return target === null ? logged : withoutReads(logged)
    return historyUsage({ logged, asLogged, underPolicy })
  }

  /** Null where the model knows nothing of a request: no prompt, no time, or a response cache that answered it. */
  #readLogged(place: number): PrefixUsage | null {
    if (((this.#history.columns.flags[place] as number) & flag.servedFromCache) !== 0) return null
    const usage = this.#read(this.#before, place, null, this.#isIdealBefore, (prompt) =>
      this.#loggedMarks(place, prompt),
    )
    if (usage === null) return null
    this.seen.requests++
    this.seen.loggedReadTokens += this.#history.columns.cacheReadTokens[place] as number
    this.seen.modelledReadTokens += usage.cacheReadTokens
    return usage
  }

  #readUnderPolicy(place: number, target: string | null): PrefixUsage | null {
    const { idealised } = this.#policy.prefix
    return this.#read(this.#after, place, target, idealised, (prompt) =>
      this.#marksAt(place, prompt, target),
    )
  }

  #read(
    cache: PrefixCache,
    place: number,
    target: string | null,
    isIdealised: boolean,
    marksOf: (prompt: PrefixPrompt) => Marks,
  ): PrefixUsage | null {
    const at = this.#history.at[place] as number
    if (Number.isNaN(at)) return null
    const model = this.#modelAt(place, target)
    if (!isIdealised && this.#isTooShort(place, model))
      return withoutReads(usageAt(this.#history.columns, place))
    const prompt = this.#promptAt(place)
    if (prompt === null) return null
    return cache.read({ ...prompt, ...model, at, scope: this.#scopeAt(place), ...marksOf(prompt) })
  }

  /** Nothing is kept or read of it, whatever it says: its text is not looked up. */
  #isTooShort(place: number, model: NamedModel): boolean {
    const rules = this.#rulesOf(model)
    const tokens = totalInputTokens(usageAt(this.#history.columns, place))
    return rules === null || tokens < rules.minTokens
  }

  #modelAt(place: number, target: string | null): NamedModel {
    if (target !== null) return readTarget(target)
    const profile = this.#history.profiles[this.#history.columns.profile[place] as number]
    return { provider: profile?.provider ?? undefined, model: profile?.model ?? '' }
  }

  #marksAt(place: number, prompt: PrefixPrompt, target: string | null): Marks {
    const { mode, breakpoints, ttl } = this.#policy.prefix
    const logged = this.#loggedMarks(place, prompt)
    // A client that sets marks of its own keeps them.
    const isKept = mode === 'as-logged' || logged.breakpoints.length > 0
    const rules = isKept ? null : this.#rulesOf(this.#modelAt(place, target))
    const takesMarks = rules?.kind === 'marked' || this.#policy.prefix.idealised
    return isKept || !takesMarks ? logged : { breakpoints: prompt.breakpoints(breakpoints), ttl }
  }

  /**
   * The marks that a request was sent with, as its usage tells them: where what was read ended, and where what was
   * written ended.
   */
  #loggedMarks(place: number, { blocks, tokensPerBlock, totalInputTokens }: PrefixPrompt): Marks {
    const { columns } = this.#history
    const readTokens = columns.cacheReadTokens[place] as number
    const { cacheWrite5mTokens, cacheWrite1hTokens } = usageAt(columns, place)
    const kept = readTokens + cacheWrite5mTokens + cacheWrite1hTokens
    if (kept === 0 || this.#rulesOf(this.#modelAt(place, null))?.kind !== 'marked') return noMarks
    const blockOf = (tokens: number) =>
      tokens >= totalInputTokens
        ? blocks.length
        : Math.min(blocks.length, Math.floor(tokens / Math.max(1, tokensPerBlock)))
    const breakpoints = [...new Set([blockOf(readTokens), blockOf(kept)])]
    const ttl = this.#loggedTtl(place, cacheWrite5mTokens, cacheWrite1hTokens)
    return { breakpoints: breakpoints.filter((mark) => mark > 0), ttl }
  }

  #loggedTtl(place: number, write5mTokens: number, write1hTokens: number): PrefixTtl {
    const scope = this.#scopeAt(place)
    if (write1hTokens > 0) this.#ttls.set(scope, '1h')
    else if (write5mTokens > 0) this.#ttls.set(scope, '5m')
    return this.#ttls.get(scope) ?? '5m'
  }
}

type NamedModel = { readonly provider?: string | undefined; readonly model: string }

/** Logs and policies name few models many times. */
function rememberRules(): (model: NamedModel) => PrefixRules | null {
  const known = new Map<string, PrefixRules | null>()
  return ({ provider, model }) => {
    const name = `${provider}\n${model}`
    const found = known.get(name)
    if (found !== undefined) return found
    const { rules } = prefixTarget(provider, model)
    known.set(name, rules)
    return rules
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
