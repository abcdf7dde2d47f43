import { labelBy } from '../engine/classify.ts'
import type { RequestFacts, Surroundings, TargetState } from '../engine/request-facts.ts'
import { looksAt } from '../policy/conditions-in.ts'
import type { Policy } from '../policy/policy.ts'
import type { Hint, TimeoutClassName } from '../policy/when.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { timeoutClassBy } from '../worlds/history-facts.ts'
import { type Bursts, openBursts } from './bursts.ts'
import type { Inbound } from './inbound.ts'

/** What rules may know of a request beside what it says itself. */
export type SurroundingsOf = (inbound: Inbound) => Surroundings

/** What a policy and the gateway's own watch make known of all requests. */
type Shared = {
  readonly timeoutClass: (facts: RequestFacts) => TimeoutClassName
  readonly label: Surroundings['label']
  readonly stateOf: (target: string) => TargetState | undefined
  /** Null: no rule asks. */
  readonly bursts: Bursts | null
}

/** A policy's rules made ready to look at live requests. */
export function compileSurroundings(policy: Policy, stateOf: Shared['stateOf']): SurroundingsOf {
  const shared: Shared = {
    timeoutClass: timeoutClassBy(policy),
    label: labelBy(policy.classifiers, { byModel: () => undefined }),
    stateOf,
    bursts: looksAt(policy, 'burstPerMinute') ? openBursts() : null,
  }
  return (inbound) => {
    // Counted whether or not a rule comes to ask of this one.
    shared.bursts?.of(inbound)
    return new LiveSurroundings(shared, inbound)
  }
}

/** About so many bytes of a body are a token, markup included. */
const bytesPerToken = 4

class LiveSurroundings implements Surroundings {
  readonly #shared: Shared
  readonly #inbound: Inbound
  #isInTimeoutRule = false

  constructor(shared: Shared, inbound: Inbound) {
    this.#shared = shared
    this.#inbound = inbound
  }

  get at(): number {
    return this.#inbound.at
  }

  get hint(): Hint | undefined {
    return this.#inbound.hint ?? undefined
  }

  countTokens(text: string): number {
    return estimateTokens(text)
  }

  contextTokens(): number {
    return Math.ceil(this.#inbound.bytes.length / bytesPerToken)
  }

  timeoutClass(facts: RequestFacts): TimeoutClassName | undefined {
    if (this.#inbound.timeoutClass !== null) return this.#inbound.timeoutClass
    // A rule that asks for the class while the class is being found out gets none.
    if (this.#isInTimeoutRule) return undefined
    this.#isInTimeoutRule = true
    const found = this.#shared.timeoutClass(facts)
    this.#isInTimeoutRule = false
    return found
  }

  burstPerMinute(): number | undefined {
    return this.#shared.bursts?.of(this.#inbound)
  }

  target(name: string): TargetState | undefined {
    return this.#shared.stateOf(name)
  }

  label(classifier: string, facts: RequestFacts): ReturnType<Surroundings['label']> {
    return this.#shared.label(classifier, facts)
  }
}
