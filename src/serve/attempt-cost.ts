import { readAnyUsage } from '../dialects/usage.ts'
import type { Fault } from '../domain/fault.ts'
import { isObject } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Reply } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { AttemptNote, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { LiveAnswer } from './live-answer.ts'

type Used = Pick<AttemptNote, 'usage' | 'isEstimated'>

/** What the provider says was used; guessed from the texts where an answer broke off before it said so. */
export function usedOf(
  { inbound }: Exchange,
  answer: LiveAnswer | null,
  partial: Reply | null,
  fault: Fault | null,
): Used {
  const reply = answer?.reply ?? partial
  const told = reply?.usage ?? usageInBody(answer)
  if (told !== null && (fault === null || told.outputTokens > 0)) {
    return { usage: told, isEstimated: false }
  }
  const wasAnswered = answer !== null || (partial !== null && partial.blocks.length > 0)
  if (!wasAnswered) return { usage: told ?? noUsage, isEstimated: false }
  const outputTokens = estimateTokens(textOf(reply))
  if (told !== null) return { usage: { ...told, outputTokens }, isEstimated: true }
  const inputTokens = estimateTokens(inbound.bytes.toString('utf8'))
  return { usage: { ...noUsage, inputTokens, outputTokens }, isEstimated: true }
}

/** Of endpoints that speak no dialect, such as embeddings. */
function usageInBody(answer: LiveAnswer | null): Usage | null {
  if (answer === null || answer.wire === null || answer.wire.dialect !== null) return null
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
  const query = {
    provider,
    model: reply?.model ?? model,
    at,
    serviceTier: reply?.serviceTier,
    latencyMs,
  }
  const pricing = prices.price(query, usage, reply?.fees)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
}
