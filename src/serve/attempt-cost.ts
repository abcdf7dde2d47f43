import { readAnyUsage } from '../dialects/usage.ts'
import { maybeBilledFaults } from '../domain/fault.ts'
import { isObject, type JsonObject, listOf, objectOf, textOf as wireText } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { Reply } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import { estimatedInputOf, sizeOfBody } from '../engine/body-bound.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { jsonObjectIn } from '../providers/read-answer.ts'
import type { AttemptResult } from './attempt.ts'
import type { AttemptNote } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { LiveAnswer } from './live-answer.ts'

export type Used = Pick<AttemptNote, 'usage' | 'isEstimated' | 'isUnknown'> & {
  /** It may have come to more, as far as anybody here can tell: a hard budget counts what it may have cost at most. */
  readonly isOpenEnded: boolean
}

/** What was sent, as far as it tells what its provider may bill. */
type Sent = Pick<Inbound, 'method' | 'body' | 'bytes'> & {
  readonly endpoint: Pick<Inbound['endpoint'], 'path' | 'operation'>
}

type Ended = Omit<AttemptResult, 'isServed' | 'headers' | 'firstTokenMs' | 'latencyMs'>

const toldOf = (usage: Usage): Used => ({
  usage,
  isEstimated: false,
  isUnknown: false,
  isOpenEnded: false,
})
const nothingUsed = toldOf(noUsage)

/**
 * What the provider says was used. Where it does not say: guessed from the texts, or unknown where those tell nothing.
 * What is only looked up was paid for when it was made.
 */
export function usedOf(inbound: Sent, result: Ended): Used {
  const { answer, tapped } = result
  // A look-up that tells what a response in the background came to.
  if (answer?.wire?.dialect === null && answer.reply.usage !== null)
    return toldOf(answer.reply.usage)
  if (!mayBeBilled(inbound)) return nothingUsed
  // Of a stream of old completions each event is about a token.
  if (tapped !== null)
    return tapped.usage === null ? untold(inbound, tapped.events) : toldOf(tapped.usage)
  return usedByAnswer(inbound, result)
}

function usedByAnswer(inbound: Sent, result: Ended): Used {
  const { answer, partial, fault } = result
  const body = plainBodyOf(answer)
  const reply = answer?.reply ?? partial
  const told = reply?.usage ?? usageIn(body)
  if (told !== null && fault === null) return toldOf(told)
  if (answer === null && (partial === null || partial.blocks.length === 0))
    return told === null ? usedBy(inbound, result) : toldOf(told)
  const outputTokens = estimateTokens(body === null ? textOf(reply) : completionIn(body))
  return told === null ? untold(inbound, outputTokens) : brokenOff(told, outputTokens)
}

/** A stream of Anthropic begins with a count of a few tokens, which its end would have replaced. */
const brokenOff = (told: Usage, outputTokens: number): Used =>
  2 * told.outputTokens >= outputTokens
    ? toldOf(told)
    : { ...toldOf({ ...told, outputTokens }), isEstimated: true }

/** Nobody is billed for counting, checking and keeping; all else that is posted may be. */
const mayBeBilled = ({ method, endpoint }: Sent): boolean =>
  method === 'POST' && !free.test(endpoint.path)

const free =
  /^\/(?:messages\/count_tokens|responses\/input_tokens|moderations|files|uploads)(?=[/?]|$)/

/** There is nothing to read. Of a call that we ended the provider had begun: it bills the input, if anything. */
function usedBy(inbound: Sent, { fault, refusal, wasSent }: Ended): Used {
  // Bytes that were handed on unread.
  if (fault === null) return untold(inbound, 0)
  const isUntold = wasSent && refusal === null
  if (!isUntold || !maybeBilledFaults.has(fault.kind)) return nothingUsed
  const isOurs = fault.kind === 'cancelled' || fault.kind === 'timeout'
  return { ...(isOurs ? untold(inbound, 0) : nothingUsed), isOpenEnded: true }
}

/** Pictures, speech and the like are not billed by their text, and what goes on in the background has just begun. */
function untold(inbound: Sent, outputTokens: number): Used {
  if (inbound.endpoint.operation === 'other' || inbound.body?.['background'] === true)
    return { ...nothingUsed, isUnknown: true, isOpenEnded: true }
  return { ...toldOf(guessed(inbound, outputTokens)), isEstimated: true }
}

function guessed({ body, bytes, endpoint }: Sent, outputTokens: number): Usage {
  const size = body === null ? null : sizeOfBody(body, bytes.length)
  const inputTokens =
    size === null ? estimateTokens(bytes.toString('utf8')) : estimatedInputOf(size)
  const isEmbedding = endpoint.operation === 'embedding'
  return { ...noUsage, inputTokens, outputTokens: isEmbedding ? 0 : outputTokens }
}

/** An answer of an endpoint that speaks no dialect, such as embeddings; null for any other. */
function plainBodyOf(answer: LiveAnswer | null): JsonObject | null {
  if (answer === null || answer.wire === null || answer.wire.dialect !== null) return null
  return jsonObjectIn(answer.wire.bytes.toString('utf8')) ?? {}
}

const usageIn = (body: JsonObject | null): Usage | null =>
  isObject(body?.['usage']) ? (readAnyUsage(body['usage']).usage ?? null) : null

const completionIn = ({ choices }: JsonObject): string =>
  listOf(choices)
    .map((choice) => wireText(objectOf(choice)['text']) ?? '')
    .join('')

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

/** By the prices of when the request came, as those of logs. Null: nobody knows the price. A call that used nothing costs nothing, whatever its model. */
export function costOf(
  { prices }: Pick<GatewayState, 'prices'>,
  { at, body }: Pick<Inbound, 'at' | 'body'>,
  provider: string,
  model: string,
  reply: Reply | null,
  usage: Usage,
  latencyMs: number,
): NanoUsd | null {
  if (usage === noUsage && reply?.fees === undefined) return 0 as NanoUsd
  // What broke off does not say how it was served: as it was asked for, then.
  const query = {
    provider,
    at,
    serviceTier: reply?.serviceTier,
    speed: reply?.speed ?? wireText(body?.['speed']),
    inferenceGeo: reply?.inferenceGeo ?? wireText(body?.['inference_geo']),
    latencyMs,
  }
  const priceOf = (name: string) => prices.price({ ...query, model: name }, usage, reply?.fees)
  const own = priceOf(reply?.model ?? model)
  // Some servers answer under a name of their own, which would make every call free.
  const pricing = own.kind === 'priced' ? own : priceOf(model)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
}
