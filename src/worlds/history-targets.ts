import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { flag } from '../domain/row.ts'
import { inputClasses, noUsage, totalInputTokens, type Usage } from '../domain/usage.ts'
import { softMargin } from '../engine/body-bound.ts'
import { isSameModel } from '../prices/same-model.ts'
import type { EvidenceAt, KnownAnswer } from './evidence-answers.ts'
import type { History } from './history.ts'
import type { Reservation } from './history-ledger.ts'
import { type HistoryPrefix, withoutReads } from './history-prefix.ts'
import {
  type CostOf,
  type RatioOf,
  ratioWords,
  type TokenRatio,
  usageAt,
  usageElsewhere,
} from './model-costs.ts'
import { TargetLatencies } from './target-latencies.ts'
import { type CostAt, openWayCosts } from './way-costs.ts'

/** What one call takes: as it was logged, or modelled. */
export type Prediction = {
  readonly usage: Usage
  /** Null: unpriced. */
  readonly costNanoUsd: NanoUsd | null
  readonly latencyMs: number
}

export type TargetsOptions = {
  readonly history: History
  readonly costOf: CostOf
  readonly ratioOf: RatioOf
  /** Without it, prompt caches read what the log says they read, and nothing at other models. */
  readonly prefix: HistoryPrefix | null
  readonly known: EvidenceAt | null
}

/** What the requests of a history cost and take at their own model and at others. */
export class HistoryTargets {
  /** What another usage or another model costs, in the way that each request was served. */
  readonly costAt: CostAt
  readonly #options: TargetsOptions
  readonly #latencies: TargetLatencies
  /** By target, then by profile: 1 same, 2 another. */
  readonly #sameness = new Map<string, Uint8Array>()
  readonly #assumptions = new Set<string>()

  constructor(options: TargetsOptions) {
    this.#options = options
    this.costAt = openWayCosts(options.history, options.costOf)
    this.#latencies = new TargetLatencies(options.history)
  }

  /** Whether a target is the model that answered; where a cache had answered already, nobody is asked elsewhere. */
  isLogged(place: number, target: string): boolean {
    const { profiles, columns } = this.#options.history
    if (((columns.flags[place] as number) & flag.servedFromCache) !== 0) return true
    const number = columns.profile[place] as number
    const known = this.#sameness.get(target) ?? new Uint8Array(profiles.length)
    this.#sameness.set(target, known)
    if (known[number] === 0) {
      const profile = profiles[number]
      const isSame = isSameModel(target, profile?.provider ?? null, profile?.model ?? '')
      known[number] = isSame ? 1 : 2
    }
    return known[number] === 1
  }

  /** A call to the model of the log, as it was but for what the policy changes in prompt caches. */
  asLogged(place: number): Prediction {
    const { history, prefix } = this.#options
    const logged = usageAt(history.columns, place)
    const usage = prefix === null ? logged : prefix.usageOf(place, null)
    return {
      usage,
      costNanoUsd: this.#costAsLogged(place, logged, usage),
      latencyMs: history.latencyMs[place] as number,
    }
  }

  /** The logged cost as the price book scales it: a discount or surcharge of the log counts for the change as well. */
  #costAsLogged(place: number, logged: Usage, usage: Usage): NanoUsd | null {
    const { history } = this.#options
    const { cost: costs, costTools } = history.columns
    const cost = costs[place] as number
    if (Number.isNaN(cost)) return null
    if (isSameInput(logged, usage)) return cost as NanoUsd
    const name = loggedTarget(history, place)
    const [before, after] = [this.costAt(place, name, logged), this.costAt(place, name, usage)]
    if (before === null || after === null || before === 0) return cost as NanoUsd
    const fees = (costTools[place] as number) || 0
    const byTokens = cost - fees
    const scaled = byTokens === before ? after : Math.round((byTokens / before) * after)
    return (fees + scaled) as NanoUsd
  }

  /** A call to another model: tokens by ratio or evidence, fees by the piece as they were. */
  elsewhere(place: number, target: string): Prediction {
    const { history, prefix, known } = this.#options
    const { columns } = history
    const found = known?.(place, target) ?? null
    const base = prefix?.usageOf(place, target) ?? withoutReads(usageAt(columns, place))
    const usage = usageElsewhere(base, this.#ratioAt(place, target, base, found))
    const cost = this.costAt(place, target, usage) ?? found?.costNanoUsd ?? null
    const fees = columns.costTools[place] as number
    return {
      usage,
      costNanoUsd: cost === null ? null : ((cost + (Number.isNaN(fees) ? 0 : fees)) as NanoUsd),
      latencyMs: this.latencyElsewhere(place, target) ?? (history.latencyMs[place] as number),
    }
  }

  /** How long another model takes, milliseconds, by evidence or its own answers in the log; null: nobody knows. */
  latencyElsewhere(place: number, target: string): number | null {
    const { history, known } = this.#options
    const found = known?.(place, target) ?? null
    if (found !== null && found.latencyMs !== null) return found.latencyMs
    const base = usageAt(history.columns, place)
    const { output } = this.#ratioAt(place, target, base, found)
    return this.#latencies.latencyOf(target, Math.round(base.outputTokens * output))
  }

  #ratioAt(place: number, target: string, base: Usage, found: KnownAnswer | null): TokenRatio {
    const total = totalInputTokens(base)
    const isMeasured =
      found !== null && found.inputTokens !== null && found.outputTokens !== null && total > 0
    if (isMeasured && base.outputTokens > 0) {
      const input = (found.inputTokens as number) / total
      const output = (found.outputTokens as number) / base.outputTokens
      return { input, output, source: 'evidence', questions: 1 }
    }
    const from = loggedTarget(this.#options.history, place)
    const ratio = this.#options.ratioOf(from, target)
    if (ratio.source !== 'same') this.#assumptions.add(ratioWords(from, target, ratio))
    return ratio
  }

  /** What one call may cost at most, whichever of these ladders it takes, and what it probably will. */
  reservationOf(place: number, ladders: readonly (readonly string[])[]): Reservation {
    const { history } = this.#options
    const cost = history.columns.cost[place] as number
    const logged = Number.isNaN(cost) ? 0 : cost
    const own = Math.max(logged, this.#mostAt(place, loggedTarget(history, place)))
    const routed = ladders.map((targets) =>
      targets.reduce((sum, target) => sum + this.#mostAt(place, target), 0),
    )
    return { hard: Math.max(own, ...routed), soft: Math.ceil(logged * softMargin) }
  }

  /** All input at the dearest of its prices, and the longest output that was asked for. */
  #mostAt(place: number, target: string): number {
    const { history, costOf, ratioOf } = this.#options
    const logged = usageAt(history.columns, place)
    const ratio = ratioOf(loggedTarget(history, place), target)
    const input = Math.ceil(totalInputTokens(logged) * ratio.input)
    const output = Math.ceil(
      Math.max(logged.outputTokens, longestOutput(history, place)) * ratio.output,
    )
    const costs = inputClasses.map((name) => {
      const usage = { ...noUsage, outputTokens: output, [name]: input }
      const usual = costOf(target, usage, history.at[place] as number) ?? zeroNanoUsd
      return Math.max(usual, this.costAt(place, target, usage) ?? zeroNanoUsd)
    })
    return Math.max(...costs)
  }

  p95Of(target: string, place: number): number | null {
    return this.#latencies.p95Of(target, place)
  }

  medianLatencyOf(target: string): number | null {
    return this.#latencies.medianOf(target)
  }

  /** What was taken for granted so far, in words. */
  assumptions(): readonly string[] {
    return [...this.#assumptions].sort()
  }
}

const isSameInput = (a: Usage, b: Usage): boolean =>
  inputClasses.every((name) => a[name] === b[name])

/** "provider:model" as the log has them. */
export function loggedTarget({ profiles, columns }: History, place: number): string {
  const profile = profiles[columns.profile[place] as number]
  const model = profile?.model ?? ''
  return profile?.provider == null ? model : `${profile.provider}:${model}`
}

/** As the wire formats call the largest output that a caller wants. */
const outputLimits = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const

function longestOutput(history: History, place: number): number {
  const { params } = history.requestAt(place)
  const limits = outputLimits.map((name) => params?.[name])
  return Math.max(0, ...limits.filter((limit) => typeof limit === 'number'))
}
