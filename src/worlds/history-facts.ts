import type { Request } from '../domain/request.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { compileWhen, type Matcher } from '../engine/match-rule.ts'
import { RequestFacts, type Surroundings, type TargetState } from '../engine/request-facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { Hint, TimeoutClassName } from '../policy/when.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { History } from './history.ts'
import { usageAt } from './model-costs.ts'

/** The facts of the request at a place, made anew each time: a classifier's label is written into them. */
export type FactsAt = (place: number) => RequestFacts

export type FactsOptions = {
  readonly label: Surroundings['label']
  /** Undefined: nobody knows a target's state. */
  readonly target?: (name: string, place: number) => TargetState | undefined
}

/** Requests of a history as rules see them. */
export function historyFacts(
  history: History,
  policy: Pick<Policy, 'timeouts' | 'routes'>,
  options: FactsOptions,
): FactsAt {
  const shared: Shared = {
    history,
    options,
    bursts: lazily(() => burstsOf(history)),
    timeoutClass: timeoutClassBy(policy),
  }
  return (place) => new RequestFacts(history.requestAt(place), new PlaceSurroundings(shared, place))
}

type Shared = {
  readonly history: History
  readonly options: FactsOptions
  readonly bursts: () => Uint32Array
  readonly timeoutClass: (facts: RequestFacts) => TimeoutClassName
}

/** Found out when a rule asks for it: most decisions need little. */
class PlaceSurroundings implements Surroundings {
  readonly #shared: Shared
  readonly #place: number
  #isInTimeoutRule = false

  constructor(shared: Shared, place: number) {
    this.#shared = shared
    this.#place = place
  }

  get at(): number | undefined {
    const { hasTimes, at } = this.#shared.history
    const moment = at[this.#place] as number
    return hasTimes && !Number.isNaN(moment) ? moment : undefined
  }

  get hint(): Hint | undefined {
    return hintOf(this.#shared.history.requestAt(this.#place))
  }

  countTokens(text: string): number {
    return estimateTokens(text)
  }

  /** What the provider counted, or what was estimated where it did not. */
  contextTokens(): number | undefined {
    const tokens = totalInputTokens(usageAt(this.#shared.history.columns, this.#place))
    return tokens === 0 ? undefined : tokens
  }

  timeoutClass(facts: RequestFacts): TimeoutClassName | undefined {
    // A rule that asks for the class while the class is being found out gets none.
    if (this.#isInTimeoutRule) return undefined
    this.#isInTimeoutRule = true
    const found = this.#shared.timeoutClass(facts)
    this.#isInTimeoutRule = false
    return found
  }

  burstPerMinute(): number | undefined {
    if (this.at === undefined) return undefined
    return this.#shared.bursts()[this.#place]
  }

  target(name: string): TargetState | undefined {
    return this.#shared.options.target?.(name, this.#place)
  }

  label(classifier: string, facts: RequestFacts): ReturnType<Surroundings['label']> {
    return this.#shared.options.label(classifier, facts)
  }
}

/** Where callers leave their word: the gateway's header among the parameters, or a tag. */
const hintNames = ['x-llmcost-hint', 'hint'] as const

function hintOf({ tags, params }: Request): Hint | undefined {
  for (const name of hintNames) {
    const word = tags?.get(name) ?? params?.[name]
    if (word === 'simple' || word === 'medium' || word === 'hard') return word
  }
  return undefined
}

/** The class by the policy's rules, else its default. */
export function timeoutClassBy({
  timeouts,
  routes,
}: Pick<Policy, 'timeouts' | 'routes'>): (facts: RequestFacts) => TimeoutClassName {
  const rules: readonly { readonly matches: Matcher; readonly name: TimeoutClassName }[] =
    timeouts.rules.map((rule) => ({ matches: compileWhen(rule.when), name: rule.class }))
  // A log's requests all name their model: without routes they are passed through.
  const auto = routes.length === 0 ? 'passthrough' : 'interactive'
  const otherwise = timeouts.default === 'auto' ? auto : timeouts.default
  return (facts) => rules.find(({ matches }) => matches(facts))?.name ?? otherwise
}

const minuteMs = 60_000

/** Of each request, how many of its feature and system prompt came in the minute up to it, itself included. */
function burstsOf({ count, at, columns, profiles }: History): Uint32Array {
  const bursts = new Uint32Array(count)
  const groups = new Map<string, { readonly places: number[]; from: number }>()
  for (let place = 0; place < count; place++) {
    const feature = profiles[columns.profile[place] as number]?.feature ?? ''
    const key = `${columns.systemKey[place]}\n${feature}`
    const group = groups.get(key) ?? { places: [], from: 0 }
    groups.set(key, group)
    group.places.push(place)
    const since = (at[place] as number) - minuteMs
    while ((at[group.places[group.from] as number] as number) <= since) group.from++
    bursts[place] = group.places.length - group.from
  }
  return bursts
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
