import { readAnyUsage } from '../dialects/usage.ts'
import { isObject } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Reply } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import { estimatedInputOf, sizeOfBody } from '../engine/body-bound.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { AttemptResult } from './attempt.ts'
import type { AttemptNote, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { LiveAnswer } from './live-answer.ts'
import type { Tapped } from './usage-tap.ts'

type Used = Pick<AttemptNote, 'usage' | 'isEstimated'>

/** What the provider says was used; guessed from the texts where an answer broke off before it said so. */
export function usedOf(
  { inbound }: Exchange,
  {
    answer,
    partial,
    fault,
    tapped,
  }: Pick<AttemptResult, 'answer' | 'partial' | 'fault' | 'tapped'>,
): Used {
  if (tapped !== null) return usedByTap(inbound, tapped)
  const reply = answer?.reply ?? partial
  const told = reply?.usage ?? usageInBody(inbound, answer)
  if (told !== null && fault === null) return { usage: told, isEstimated: false }
  const wasAnswered = answer !== null || (partial !== null && partial.blocks.length > 0)
  if (!wasAnswered) return { usage: told ?? noUsage, isEstimated: false }
  const outputTokens = estimateTokens(textOf(reply))
  if (told === null) return guessed(inbound, outputTokens)
  // A stream of Anthropic begins with a count of a few tokens, which its end would have replaced.
  if (2 * told.outputTokens >= outputTokens) return { usage: told, isEstimated: false }
  return { usage: { ...told, outputTokens }, isEstimated: true }
}

/** Of a stream of old completions, which tell their usage to nobody who does not ask, each event is about a token. */
function usedByTap(inbound: Inbound, { usage, events }: Tapped): Used {
  if (usage !== null) return { usage, isEstimated: false }
  return inbound.endpoint.operation === 'completion'
    ? guessed(inbound, events)
    : { usage: noUsage, isEstimated: false }
}

function guessed({ body, bytes }: Inbound, outputTokens: number): Used {
  const size = body === null ? null : sizeOfBody(body, bytes.length)
  const inputTokens =
    size === null ? estimateTokens(bytes.toString('utf8')) : estimatedInputOf(size)
  return { usage: { ...noUsage, inputTokens, outputTokens }, isEstimated: true }
}

/** Of endpoints that speak no dialect, such as embeddings. What is only looked up was paid for when it was made. */
function usageInBody({ method }: Inbound, answer: LiveAnswer | null): Usage | null {
  if (answer === null || answer.wire === null || answer.wire.dialect !== null) return null
  if (method !== 'POST') return noUsage
  try {
    const body: unknown = JSON.parse(answer.wire.bytes.toString('utf8'))
    return isObject(body) && isObject(body['usage'])
      ? (readAnyUsage(body['usage']).usage ?? noUsage)
      : noUsage
  } catch {
    return noUsage
  }
}

const textOf = (reply: Reply | null): string =>
  (reply?.blocks ?? [])
    .map((block) =>
      block.kind === 'text' || block.kind === 'reasoning'
        ? block.text
        : block.kind === 'tool-call'
          ? block.input
          : '',
    )
    .join('')

/** By the prices of `at`, when the request came, as those of logs. Null: nobody knows the price. A call that used nothing costs nothing, whatever its model. */
export function costOf(
  { prices }: GatewayState,
  at: number,
  provider: string,
  model: string,
  reply: Reply | null,
  usage: Usage,
  latencyMs: number,
): NanoUsd | null {
  if (usage === noUsage && reply?.fees === undefined) return 0 as NanoUsd
  const query = { provider, at, serviceTier: reply?.serviceTier, latencyMs }
  const priceOf = (name: string) => prices.price({ ...query, model: name }, usage, reply?.fees)
  const own = priceOf(reply?.model ?? model)
  // Some servers answer under a name of their own, which would make every call free.
  const pricing = own.kind === 'priced' ? own : priceOf(model)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
}
