import type { Call, DialectName } from '../domain/call.ts'
import { type JsonObject, textOf } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { PricedWay } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import type { Usage } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import {
  type BodySize,
  estimateOfBody,
  outputLimitOf,
  sizeOfBody,
  upperBoundOfBody,
} from '../engine/body-bound.ts'
import { type CostOfUsage, outputCapOf } from '../engine/upper-bound.ts'
import type { Budget } from '../policy/governance.ts'
import { ladderTargets } from '../policy/ladders.ts'
import type { Policy } from '../policy/policy.ts'
import type { Exchange } from './exchange.ts'
import type { Inbound } from './inbound.ts'

export type ReserveOptions = {
  readonly policy: Policy
  readonly exchanges: ReadonlyMap<string, Exchange>
  /** Null: no price is known. `target` is "provider:model", or as the policy spells it. */
  readonly costOf: (target: string, usage: Usage, at: number, way?: PricedWay) => NanoUsd | null
  /** Output tokens of a target's answers of late; null: none came. */
  readonly usualOutputTokensOf: (target: string) => number | null
}

/** What requests and calls may cost, or probably will: what budgets hold back for them. Null: nobody can tell. */
export type Reserving = {
  /** Of a whole request, whichever way the policy sends it. */
  readonly ofRequest: (asked: Asked, mode: Budget['mode']) => number | null
  /** Of one call. */
  readonly ofCall: (inbound: Inbound, target: string, mode: Budget['mode']) => number | null
  /** Of a question of the gateway's own. `at`: milliseconds since 1970 UTC. */
  readonly ofQuestion: (
    target: string,
    call: Call,
    at: number,
    mode: Budget['mode'],
  ) => number | null
  /** Whether a largest output must be asked for where a request names none: what has no end has no price. */
  readonly capsOutput: boolean
}

/** Answers of models that were not asked before are taken to be so long. */
const usualOutputTokens = 500

type Known = {
  readonly size: BodySize | null
  /** By target. */
  readonly costs: Readonly<Record<Budget['mode'], Map<string, number | null>>>
}

export function openReserving(options: ReserveOptions): Reserving {
  const { policy, exchanges, costOf } = options
  const ladders = ladderTargets(policy.routes)
  const ofCall = openCallBounds(options)
  return {
    ofCall,
    ofQuestion: openQuestionBounds(costOf),
    ofRequest(asked, mode) {
      const inbound = exchanges.get(String(asked.id))?.inbound
      if (inbound === undefined) return boundOfOwn(options, asked, mode)
      const own = ofCall(inbound, inbound.home.target, mode)
      // An estimate is of the call that is probably made; a bound is of whatever may be.
      if (mode === 'soft') return own
      const routed = ladders.map((ladder) => sum(ladder.map((each) => ofCall(inbound, each, mode))))
      return [own, ...routed].reduce(largest)
    },
    capsOutput: policy.budgets.some(({ mode }) => mode === 'hard'),
  }
}

/** Each budget asks anew, and a call after the request: what was found is kept as long as the request. */
function openCallBounds(options: ReserveOptions): Reserving['ofCall'] {
  const known = new WeakMap<Inbound, Known>()
  const knownOf = (inbound: Inbound): Known => {
    const before = known.get(inbound)
    if (before !== undefined) return before
    const size = inbound.body === null ? null : sizeOfBody(inbound.body, inbound.bytes.length)
    const made = { size, costs: { hard: new Map(), soft: new Map() } }
    known.set(inbound, made)
    return made
  }
  return (inbound, target, mode) => {
    // What only asks for facts (a list of models, a file) costs nothing.
    if (inbound.method !== 'POST') return 0
    const { size, costs } = knownOf(inbound)
    const { body, endpoint, at } = inbound
    if (size === null || body === null) return null
    const before = costs[mode].get(target)
    if (before !== undefined) return before
    const cost = openCost(options.costOf, target, at, wayIn(body))
    const dialect = endpoint.dialect ?? 'openai-chat'
    const { operation } = endpoint
    const bound = boundOf(options, { target, size, body, dialect, operation, cost }, mode)
    costs[mode].set(target, bound)
    return bound
  }
}

/** Of a request of the gateway's own, as it says it. */
function boundOfOwn(
  options: ReserveOptions,
  { request, at }: Asked,
  mode: Budget['mode'],
): number | null {
  const { model: target, prompt, params, operation } = request
  if (prompt === undefined) return null
  const body = { messages: prompt.messages, ...params } as unknown as JsonObject
  const size = sizeOfBody(body, Buffer.byteLength(JSON.stringify(body)))
  if (size === null) return null
  const cost = (usage: Usage) => options.costOf(target, usage, at)
  const dialect = 'openai-chat'
  return boundOf(options, { target, size, body, dialect, operation, cost }, mode)
}

type Billed = {
  readonly target: string
  readonly size: BodySize
  readonly body: JsonObject
  readonly dialect: DialectName
  readonly operation: Request['operation']
  readonly cost: CostOfUsage
}

function boundOf(
  { usualOutputTokensOf }: ReserveOptions,
  { target, size, body, dialect, operation, cost }: Billed,
  mode: Budget['mode'],
): number | null {
  const isEmbedding = operation === 'embedding'
  return mode === 'soft'
    ? estimateOfBody(
        size,
        isEmbedding ? 0 : (usualOutputTokensOf(target) ?? usualOutputTokens),
        cost,
      )
    : upperBoundOfBody(size, isEmbedding ? 0 : outputLimitOf(dialect, body).tokens, cost)
}

/** Of calls that hold texts alone. */
function openQuestionBounds(costOf: ReserveOptions['costOf']): Reserving['ofQuestion'] {
  return (target, call, at, mode) => {
    const textBytes = Buffer.byteLength(JSON.stringify(call))
    const size = { textBytes, images: 0, hasTools: false, choices: 1 }
    const output = call.maxOutputTokens ?? outputCapOf(target)
    const cost = (usage: Usage) => costOf(target, usage, at)
    return mode === 'soft'
      ? estimateOfBody(size, output, cost)
      : upperBoundOfBody(size, output, cost)
  }
}

/** What usage costs in the way that is asked for; a provider may serve it in the usual one all the same. */
function openCost(
  costOf: ReserveOptions['costOf'],
  target: string,
  at: number,
  way: PricedWay | null,
): CostOfUsage {
  if (way === null) return (usage) => costOf(target, usage, at)
  return (usage) => largest(costOf(target, usage, at), costOf(target, usage, at, way))
}

/** The way in which a request wants to be served; null: the usual one. */
function wayIn(body: JsonObject): PricedWay | null {
  const serviceTier = textOf(body['service_tier'])
  const speed = textOf(body['speed'])
  return serviceTier === undefined && speed === undefined ? null : { serviceTier, speed }
}

const sum = (amounts: readonly (number | null)[]): number | null =>
  amounts.reduce<number | null>((a, b) => (a === null || b === null ? null : a + b), 0)

const largest = <Amount extends number>(a: Amount | null, b: Amount | null): Amount | null =>
  a === null || b === null ? null : a > b ? a : b
