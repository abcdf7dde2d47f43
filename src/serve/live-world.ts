import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Step } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type {
  Asked,
  AskedLabel,
  Attempted,
  AttemptTerms,
  BudgetWord,
  MaybePromise,
  World,
} from '../domain/world.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import { retryDelayMs } from '../engine/retry-delay.ts'
import type { Asks } from '../engine/validators.ts'
import type { TimeoutClass } from '../policy/governance.ts'
import { ofTarget } from '../prices/same-model.ts'
import { askClassifier, openValidatorAsks } from '../score/ask-validators.ts'
import { plainCall } from '../score/plain-call.ts'
import type { TextAnswer, TextQuestion } from '../score/text-question.ts'
import { askNeighbours } from '../worlds/neighbour-classifier.ts'
import { askTarget } from './ask-target.ts'
import type { LiveSend } from './attempt.ts'
import { budgetFault } from './budget-fault.ts'
import { callLimits } from './call-limits.ts'
import type { CallBound, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import { askInner } from './inner-ask.ts'
import { LiveAnswer } from './live-answer.ts'
import { liveSendOf } from './live-send.ts'
import type { Outgoing } from './outgoing.ts'
import { holdBack } from './refuse-call.ts'
import { type RequestTrial, watchedCache } from './request-trial.ts'
import type { Rewrites } from './rewrites.ts'
import { sendAnswer } from './send-answer.ts'
import { sharing } from './share-flight.ts'

const unanswered: TextAnswer = { text: null, costNanoUsd: zeroNanoUsd, latencyMs: 0 }

/** What budgets say; the caller is told why one of them says no. */
function admitted(state: GatewayState, exchange: Exchange, asked: Asked): BudgetWord | null {
  const word = state.ledger.admit(asked)
  if (word?.action === 'block')
    exchange.refusal = budgetFault(state.ledger.refusalOf(asked, word.budget), asked.at)
  return word
}

/** A caller waits for what validators and classifiers ask. */
const innerLimits = { firstTokenMs: null, idleMs: null, totalMs: 10_000 }

/** Live traffic as the engine meets it: one world a request, over what the gateway keeps for all of them. */
export class LiveWorld implements World {
  readonly cache: World['cache']
  readonly ledger: World['ledger']
  readonly #state: GatewayState
  readonly #exchange: Exchange
  readonly #facts: RequestFacts
  #rewrites: Promise<Rewrites> | Rewrites | null = null

  constructor(
    state: GatewayState,
    exchange: Exchange,
    facts: RequestFacts,
    trial: RequestTrial | null,
  ) {
    const cache = sharing(state, exchange, () => this.#patienceMs())
    const { insert } = state.compiled.policy.cache.semantic
    this.cache = trial === null ? cache : watchedCache(cache, trial, insert)
    this.ledger = {
      admit: (asked) => admitted(state, exchange, asked),
      // Of a request that ends in an error of ours not all calls are in the receipt.
      settle: (asked, costNanoUsd) =>
        state.ledger.settle(asked, Math.max(costNanoUsd, exchange.spentNanoUsd) as NanoUsd),
    }
    this.#state = state
    this.#exchange = exchange
    this.#facts = facts
  }

  async ask(target: string | null, asked: Asked, terms: AttemptTerms): Promise<Attempted> {
    this.#rewrites ??= this.#state.rewritesOf(this.#exchange.inbound, this.#facts)
    const rewrites = await this.#rewrites
    const timeout = this.#timeout()
    const { compiled, replay, chance } = this.#state
    const { retries } = compiled.policy.failure
    return askTarget(this.#state, this.#exchange, asked, {
      target,
      terms,
      rewrites,
      timeout,
      isGuarded: target !== null || this.#isHomeGuarded(),
      // The retries of a log are requests of their own.
      retryDelayMs: (made, fault) =>
        timeout.retries && replay === null ? retryDelayMs(retries, made, fault, chance) : null,
      live: (outgoing) => this.#live(outgoing, terms.steps),
    })
  }

  accept(_: Asked, answer: Answer, steps: readonly Step[]): void {
    const isPlain = this.#exchange.inbound.endpoint.answers === 'dialect'
    if (isPlain && answer instanceof LiveAnswer && !this.#exchange.isSettled)
      this.#exchange.servedStatus = sendAnswer(this.#exchange, answer, { stepsSoFar: steps })
  }

  #live(outgoing: Outgoing, steps: readonly Step[]): LiveSend | null {
    if (this.#exchange.outlet.isGone) return null
    return liveSendOf(this.#state, this.#exchange, outgoing, steps)
  }

  /** Until the first of an answer must be here, milliseconds; null: there is no such limit. */
  #patienceMs(): number | null {
    if (this.#state.replay !== null) return null
    const { request, wishes } = this.#exchange.inbound
    const streamed = request.streamed === true
    const { limits } = callLimits(this.#timeout(), streamed, true, null, wishes)
    return limits.firstTokenMs ?? limits.totalMs
  }

  #timeout(): TimeoutClass {
    const { timeouts } = this.#state.compiled.policy
    return timeouts.classes[this.#facts.timeoutClass ?? 'passthrough']
  }

  fallbacksOf(): readonly string[] {
    const { on, targets } = this.#state.compiled.policy.failure.fallback
    const { home } = this.#exchange.inbound
    // A log shows what came of it, and not what others would have said.
    const others = on && this.#state.replay === null ? (ofTarget(targets, home.target) ?? []) : []
    // Who has no key of ours would only say that it wants one.
    return others.filter((target) => {
      const { upstream } = this.#state.upstreams.find(target)
      return upstream === home.upstream || upstream.key !== null
    })
  }

  isUp(target: string | null): boolean {
    if (this.#exchange.isSettled) return false
    if (target !== null) return this.#state.targets.isUp(this.#state.upstreams.find(target).target)
    return !this.#isHomeGuarded() || this.#state.targets.isUp(this.#exchange.inbound.home.target)
  }

  /**
   * Whether a breaker may keep the model that was asked for by name from being asked: where the policy has something in
   * its place, and the key is the gateway's. What goes wrong with a caller's own key is no matter of others.
   */
  #isHomeGuarded(): boolean {
    const { stale, staticAnswer } = this.#state.compiled.policy.failure.fallback
    if (this.#state.replay !== null || this.#exchange.inbound.credential !== null) return false
    return stale || staticAnswer !== null || this.fallbacksOf().length > 0
  }

  classify(name: string): MaybePromise<AskedLabel> {
    const { compiled, neighbours } = this.#state
    const question = this.#facts.text ?? ''
    const near = neighbours.get(name)
    return near === undefined
      ? askClassifier(this.#askText, compiled.policy.classifiers, name, question)
      : askNeighbours(near, question)
  }

  /** What validators want to know of an answer. */
  readonly asks: Asks = (test, judged) =>
    openValidatorAsks({
      askText: this.#askText,
      similarity: this.#state.similarity,
      passes: this.#state.passes,
      nowMs: this.#state.now,
    })(test, judged)

  readonly #askText = async (question: TextQuestion): Promise<TextAnswer> => {
    const { target, system, user, maxOutputTokens } = question
    const [state, exchange] = [this.#state, this.#exchange]
    const { asked } = exchange
    if (asked === null) return unanswered
    const call = plainCall(target, system, user, maxOutputTokens)
    const bound: CallBound = (mode) => state.reserving.ofQuestion(target, call, asked.at, mode)
    // Without room for it in a budget it is as if nobody had answered.
    if (holdBack(state, exchange, asked, bound, 'question') !== null) return unanswered
    try {
      const intent = state.ledger.begin(asked, target, ++exchange.begun)
      const answered = await askInner(state, { target, call, limits: innerLimits, intent })
      const { answer, costNanoUsd, countedNanoUsd, latencyMs } = answered
      exchange.waitedMs += latencyMs
      exchange.spentNanoUsd += countedNanoUsd
      return { text: answer?.text ?? null, costNanoUsd, latencyMs }
    } finally {
      exchange.bounds.delete(bound)
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#exchange.outlet.onGone(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
