import type { Settled } from '../domain/journal.ts'
import { defined, type JsonObject } from '../domain/json.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Reply } from '../domain/reply.ts'
import type { Answer, Prompt, Request, Status } from '../domain/request.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import type { Decision } from '../engine/decide.ts'
import type { AttemptNote, Exchange } from './exchange.ts'
import { LiveAnswer } from './live-answer.ts'
import { spenderOf } from './spender.ts'

/** A request that is done, as the journal keeps it. */
export function settledOf(
  exchange: Exchange,
  decision: Decision,
  served: Request,
  policy: string,
): Settled {
  const { id, at, request } = exchange.inbound
  const { receipt } = decision
  return {
    kind: 'settled',
    id,
    at,
    costNanoUsd: receipt.costNanoUsd,
    spender: spenderOf(request),
    record: recordOf(served, receipt),
    keys: null,
    receipt,
    policy,
  }
}

/**
 * The request as a log would have it: which model answered, what was used by all calls together, what came of it. The
 * usage of an answer from a cache is that of the entry, as it was not paid for again.
 */
export function servedRequest(exchange: Exchange, decision: Decision, statusCode: number): Request {
  const { inbound, last, outlet } = exchange
  const { receipt, answer } = decision
  const { request } = inbound
  const isCached = receipt.servedBy !== null
  const reply = answer instanceof LiveAnswer ? answer.reply : (last?.partial ?? null)
  const fault = isCached ? null : (last?.fault ?? null)
  return {
    ...request,
    ...defined({
      id: inbound.id,
      provider: last?.provider,
      target: last?.target,
      route: routeIn(receipt),
      answer: answer === null ? undefined : plainAnswer(answer),
      usageEstimated: exchange.attempts.some(({ isEstimated }) => isEstimated) || undefined,
      firstTokenMs: last?.firstTokenMs ?? undefined,
      error: fault === null ? undefined : `${fault.kind}: ${fault.message}`,
      ...(isCached ? ofEntry(reply) : ofCalls(exchange, reply)),
    }),
    model: reply?.model ?? last?.model ?? request.model,
    latencyMs: receipt.latencyMs,
    status: statusOf(receipt, fault?.kind ?? null, outlet.isGone),
    statusCode,
  }
}

const ofEntry = (reply: Reply | null) => ({
  servedFromCache: true,
  usage: reply?.usage ?? undefined,
  serviceTier: reply?.serviceTier,
})

const ofCalls = ({ attempts }: Exchange, reply: Reply | null) => ({
  responseId: reply?.id ?? undefined,
  usage: usageIn(attempts),
  fees: reply?.fees,
  serviceTier: reply?.serviceTier,
})

const plainAnswer = ({ text, toolCalls, finishReason }: Answer): Answer =>
  defined({
    text,
    toolCalls: toolCalls === undefined || toolCalls.length === 0 ? undefined : toolCalls,
    finishReason,
  })

/** Of all calls together: all of them are paid for. */
function usageIn(attempts: readonly AttemptNote[]): Usage | undefined {
  const [first, ...rest] = attempts.map(({ usage }) => usage)
  return first === undefined ? undefined : rest.reduce(sum, first)
}

function sum(a: Usage, b: Usage): Usage {
  const names = Object.keys(noUsage) as (keyof Usage)[]
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Usage
}

function routeIn({ steps }: Receipt): string | undefined {
  const step = steps.find(({ kind }) => kind === 'route')
  return step?.kind === 'route' && step.route !== '' ? step.route : undefined
}

function statusOf({ outcome }: Receipt, fault: string | null, isGone: boolean): Status {
  if (isGone || fault === 'cancelled') return 'cancelled'
  if (fault === 'timeout') return 'timeout'
  return outcome === 'failed' || outcome === 'blocked' ? 'error' : 'ok'
}

/** As a canonical record (docs/formats.md). */
function recordOf(request: Request, receipt: Receipt): JsonObject {
  const { at, prompt, tags, aggregateOf: _, ...plain } = request
  return {
    v: 1,
    ...plain,
    at: at === undefined ? null : new Date(at).toISOString(),
    ...(prompt !== undefined && { prompt: recordPrompt(prompt) }),
    ...(tags !== undefined && { tags: Object.fromEntries(tags) }),
    costUsd: receipt.costNanoUsd / 1e9,
  } as unknown as JsonObject
}

const recordPrompt = ({ system, messages, tools }: Prompt): JsonObject => ({
  ...(system !== undefined && { system }),
  messages: messages.map(({ role, content, rest }) => ({ role, content, ...rest })),
  ...(tools !== undefined && { tools }),
})
