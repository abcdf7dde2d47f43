import type { Settled } from '../domain/journal.ts'
import type { JsonObject } from '../domain/json.ts'
import { withoutText } from '../domain/keys.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Reply } from '../domain/reply.ts'
import type { Answer, AttemptAnswer, Prompt, Request, Status } from '../domain/request.ts'
import { requestKeys } from '../engine/cache-key.ts'
import type { Decision } from '../engine/decide.ts'
import { spenderOf, spenderOfAsked } from '../worlds/spender-of.ts'
import type { AttemptNote, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { KeptText } from './kept-text.ts'
import { LiveAnswer } from './live-answer.ts'

/** A request that is done, as the journal keeps it, with no more text than may be kept. */
export function settledOf(
  { hash }: Pick<GatewayState, 'hash'>,
  exchange: Exchange,
  decision: Decision,
  served: Request,
  kept: KeptText,
): Settled {
  const { receipt } = decision
  const { inbound, asked, spentNanoUsd } = exchange
  const { id, at } = inbound
  return {
    kind: 'settled',
    id,
    at,
    costNanoUsd: receipt.costNanoUsd,
    ...(spentNanoUsd > receipt.costNanoUsd && { countedNanoUsd: spentNanoUsd as NanoUsd }),
    // The gateway's own questions are on nobody's account.
    spender: asked === null ? spenderOf(inbound.request) : spenderOfAsked(asked),
    record: recordOf(exchange, decision, served, kept),
    keys: kept.needsKeys ? withoutText(requestKeys(served, hash)) : null,
    receipt,
    policy: exchange.policy,
  }
}

/** The call whose answer was served, else the last: of calls made side by side, the accepted one need not be that. */
export const servingCall = (
  attempts: readonly AttemptNote[],
  answer: Answer | null,
): AttemptNote | undefined =>
  attempts.findLast((call) => answer !== null && call.answer === answer) ?? attempts.at(-1)

type Draft = { -readonly [Field in keyof Request]: Request[Field] }

/**
 * The request as a log would have it: which model answered, what that call used, what came of it. What an answer from a
 * cache used was not used again: it is that of the entry.
 */
export function servedRequest(
  { inbound, attempts, outlet }: Exchange,
  { receipt, answer }: Decision,
  statusCode: number,
): Request {
  const last = servingCall(attempts, answer)
  const isCached = receipt.servedBy !== null
  const reply = answer instanceof LiveAnswer ? answer.reply : (last?.partial ?? null)
  const fault = isCached ? null : (last?.fault ?? null)
  const draft: Draft = { ...inbound.request }
  draft.id = inbound.id
  draft.model = reply?.model ?? last?.model ?? draft.model
  draft.latencyMs = receipt.latencyMs
  draft.status = statusOf(receipt, fault?.kind ?? null, outlet.isGone)
  draft.statusCode = statusCode
  if (answer !== null) draft.answer = plainAnswer(answer)
  if (reply !== null) noteWay(draft, reply)
  if (fault !== null) draft.error = `${fault.kind}: ${fault.message}`
  const route = routeIn(receipt)
  if (route !== undefined) draft.route = route
  if (isCached) {
    draft.servedFromCache = true
    if (reply?.usage != null) draft.usage = reply.usage
    return draft
  }
  if (reply !== null) noteReply(draft, reply)
  if (last !== undefined) noteCall(draft, last)
  return draft
}

function noteWay(draft: Draft, { serviceTier, speed, inferenceGeo }: Reply): void {
  if (serviceTier !== undefined) draft.serviceTier = serviceTier
  if (speed !== undefined) draft.speed = speed
  if (inferenceGeo !== undefined) draft.inferenceGeo = inferenceGeo
}

function noteReply(draft: Draft, { id, fees }: Reply): void {
  if (id !== null) draft.responseId = id
  if (fees !== undefined) draft.fees = fees
}

function noteCall(draft: Draft, call: AttemptNote): void {
  draft.provider = call.provider
  draft.target = call.target
  if (!call.isUnknown) draft.usage = call.usage
  if (call.isEstimated) draft.usageEstimated = true
  if (call.firstTokenMs !== null) draft.firstTokenMs = call.firstTokenMs
}

function plainAnswer({ text, toolCalls, finishReason }: Answer): Answer {
  const plain: { text?: string; toolCalls?: Answer['toolCalls']; finishReason?: string } = {}
  if (text !== undefined) plain.text = text
  if (toolCalls !== undefined && toolCalls.length > 0) plain.toolCalls = toolCalls
  if (finishReason !== undefined) plain.finishReason = finishReason
  return plain as Answer
}

function routeIn({ steps }: Receipt): string | undefined {
  for (const step of steps) if (step.kind === 'route') return step.route || undefined
  return undefined
}

function statusOf({ outcome }: Receipt, fault: string | null, isGone: boolean): Status {
  if (isGone || fault === 'cancelled') return 'cancelled'
  if (fault === 'timeout') return 'timeout'
  return outcome === 'failed' || outcome === 'blocked' ? 'error' : 'ok'
}

/** As a canonical record (docs/formats.md). */
function recordOf(
  { attempts, lastResort }: Exchange,
  { receipt, answer: given }: Decision,
  request: Request,
  kept: KeptText,
): JsonObject {
  const { at, prompt, answer, tags, error, ...plain } = request
  const record: Record<string, unknown> = plain
  record['v'] = 1
  if (at !== undefined) record['at'] = new Date(at).toISOString()
  if (prompt !== undefined && kept.keepsPrompt) record['prompt'] = kept.shown(recordPrompt(prompt))
  if (answer !== undefined)
    record['answer'] = kept.keepsAnswer ? kept.shown(answer as JsonObject) : withoutWords(answer)
  if (error !== undefined) record['error'] = keptError(error, kept)
  if (tags !== undefined) record['tags'] = Object.fromEntries(tags)
  const rewrites = new Set(attempts.flatMap((attempt) => attempt.rewrites))
  if (rewrites.size > 0) record['rewrites'] = [...rewrites]
  if (lastResort !== null) record['fallback'] = lastResort.kind
  if (attempts.length > 1) {
    const hasAccepted = receipt.steps.some(
      (step) => step.kind === 'attempt' && step.outcome === 'accepted',
    )
    record['attempts'] = attempts.map((each) =>
      attemptOf(each, hasAccepted && each.answer === given, kept),
    )
  }
  return record as JsonObject
}

const withoutWords = ({ finishReason }: Answer) =>
  finishReason === undefined ? undefined : { finishReason }

/** A provider's words may quote the prompt, or the answer: where those are not kept, only the kind of the failure is. */
const keptError = (error: string, { keepsPrompt, keepsAnswer, shown }: KeptText) =>
  keepsPrompt && keepsAnswer ? shown({ error })['error'] : error.replace(/:.*$/s, '')

const recordPrompt = ({ system, messages, tools }: Prompt): JsonObject => ({
  ...(system !== undefined && { system }),
  messages: messages.map(({ role, content, rest }) => ({ role, content, ...rest })),
  ...(tools !== undefined && { tools }),
})

function attemptOf(
  { target, answer, fault }: AttemptNote,
  isAccepted: boolean,
  kept: KeptText,
): AttemptAnswer {
  const outcome =
    fault === null
      ? isAccepted
        ? 'accepted'
        : 'rejected'
      : fault.kind === 'timeout'
        ? 'timeout'
        : 'failed'
  if (answer === null || !kept.keepsAnswer) return { target, outcome }
  return { target, outcome, answer: kept.shown(plainAnswer(answer) as JsonObject) as Answer }
}
