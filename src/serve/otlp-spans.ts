import { createHash } from 'node:crypto'
import { usdOf } from '../domain/money.ts'
import type { Step } from '../domain/receipt.ts'
import type { Message, Request } from '../domain/request.ts'
import type { Served } from '../domain/served.ts'
import { totalInputTokens, type Usage } from '../domain/usage.ts'
import { spokenText } from '../engine/spoken-text.ts'
import { readTarget } from '../prices/model-name.ts'
import { cacheWord } from './cache-word.ts'
import { errorType, operationNames } from './gen-ai-metrics.ts'
import { type AttemptStep, isAnswered, pathOf, type ServedFacts } from './served-facts.ts'

/** A span as OTLP/HTTP has it in JSON: ids in hexadecimal, 64-bit numbers as text. */
export type OtlpSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  readonly status: { readonly code?: number; readonly message?: string }
}

type OtlpAttribute = { readonly key: string; readonly value: OtlpValue }
type OtlpValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly boolValue: boolean }
  | { readonly arrayValue: { readonly values: readonly { readonly stringValue: string }[] } }

type Plain = string | number | boolean | readonly string[] | null | undefined

const kinds = { internal: 1, server: 2, client: 3 } as const
const errorCode = 2

/** Characters of a prompt or an answer that a span holds at most. */
const longestContent = 32_768

/**
 * A request as spans: one of the gateway as a server, under it one for each call to a model, each classifier and each
 * validation. Only spans of calls carry GenAI usage, so that no backend counts tokens twice. Ids come from the
 * request's id, and from its trace where it names one.
 */
export function otlpSpans(
  served: Served,
  facts: ServedFacts,
  hasContent: boolean,
): readonly OtlpSpan[] {
  const { receipt, request } = served
  const traceId = traceIdOf(request.trace, String(receipt.id))
  const rootId = spanIdOf(`${receipt.id}`)
  const endMs = receipt.at + receipt.latencyMs
  const spans: OtlpSpan[] = [
    {
      traceId,
      spanId: rootId,
      name: nameOf(served),
      kind: kinds.server,
      ...times(receipt.at, endMs),
      attributes: attributesOf(requestAttributes(served, facts)),
      status: isAnswered(served) ? {} : { code: errorCode, message: receipt.outcome },
    },
  ]
  let atMs = receipt.at
  for (const [index, step] of receipt.steps.entries()) {
    if (!isSpan(step)) continue
    const from = atMs
    // Rungs that were asked at once stand one after the other here; none goes beyond the request.
    atMs = Math.min(endMs, atMs + step.latencyMs)
    spans.push({
      traceId,
      spanId: spanIdOf(`${receipt.id}/${index}`),
      parentSpanId: rootId,
      ...times(from, atMs),
      ...stepSpan(step, request, hasContent && step === facts.attempts.at(-1)),
    })
  }
  return spans
}

/** How many spans a request makes. */
export const spanCount = ({ receipt }: Served): number => 1 + receipt.steps.filter(isSpan).length

type SpanStep = Extract<Step, { kind: 'attempt' | 'classify' | 'validate' }>

const isSpan = (step: Step): step is SpanStep =>
  step.kind === 'attempt' || step.kind === 'classify' || step.kind === 'validate'

type StepSpan = Pick<OtlpSpan, 'name' | 'kind' | 'attributes' | 'status'>

function stepSpan(step: SpanStep, request: Request, hasContent: boolean): StepSpan {
  if (step.kind === 'attempt') return callSpan(step, request, hasContent)
  const said =
    step.kind === 'classify'
      ? { 'llmcost.classifier': step.classifier, 'llmcost.label': step.label }
      : { 'llmcost.verdict': step.verdict }
  return {
    name: step.kind,
    kind: kinds.internal,
    attributes: attributesOf({ ...said, 'llmcost.cost_usd': usdOf(step.costNanoUsd) }),
    status: {},
  }
}

function callSpan(step: AttemptStep, request: Request, hasContent: boolean): StepSpan {
  const { target, outcome, reason, usage, costNanoUsd } = step
  const { provider = request.provider ?? 'unknown', model } = readTarget(target)
  const operation = operationNames[request.operation]
  const isFailure = outcome === 'failed' || outcome === 'timeout'
  return {
    name: `${operation} ${model}`,
    kind: kinds.client,
    attributes: attributesOf({
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': model,
      'gen_ai.conversation.id': request.session,
      ...(isFailure
        ? { 'error.type': errorType(reason) }
        : { ...usageAttributes(usage), ...answerAttributes(request, outcome) }),
      'llmcost.attempt.outcome': outcome,
      'llmcost.cost_usd': costNanoUsd === null ? null : usdOf(costNanoUsd),
      ...(hasContent && contentAttributes(request)),
    }),
    status: isFailure ? { code: errorCode, message: errorType(reason) } : {},
  }
}

const usageAttributes = (usage: Usage): Readonly<Record<string, Plain>> => ({
  'gen_ai.usage.input_tokens': totalInputTokens(usage),
  'gen_ai.usage.output_tokens': usage.outputTokens,
  'gen_ai.usage.cache_read.input_tokens': usage.cacheReadTokens,
  'gen_ai.usage.cache_creation.input_tokens': usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
})

/** What the record says of the answer holds for the one that the caller got. */
function answerAttributes(request: Request, outcome: string): Readonly<Record<string, Plain>> {
  if (outcome !== 'accepted') return {}
  const { finishReason } = request.answer ?? {}
  return {
    'gen_ai.response.model': request.model,
    'gen_ai.response.id': request.responseId,
    'gen_ai.response.finish_reasons': finishReason === undefined ? null : [finishReason],
  }
}

/** As the conventions have messages: parts of text, as much as fits; images and tools are left out. */
function contentAttributes({ prompt, answer }: Request): Readonly<Record<string, Plain>> {
  const said = answer?.text === undefined ? [] : [{ role: 'assistant', content: answer.text }]
  return {
    'gen_ai.system_instructions':
      prompt?.system === undefined ? null : JSON.stringify([textPart(spokenText(prompt.system))]),
    'gen_ai.input.messages': messagesText(prompt?.messages ?? []),
    'gen_ai.output.messages': messagesText(said),
  }
}

/** The last messages that fit; null without any. */
function messagesText(messages: readonly Pick<Message, 'role' | 'content'>[]): string | null {
  let room = longestContent
  const kept: { readonly role: string; readonly parts: readonly unknown[] }[] = []
  for (const { role, content } of messages.toReversed()) {
    const text = spokenText(content)
    room -= text.length
    if (room < 0 && kept.length > 0) break
    kept.unshift({ role, parts: [textPart(text)] })
  }
  return kept.length === 0 ? null : JSON.stringify(kept)
}

const textPart = (text: string) => ({ type: 'text', content: text.slice(0, longestContent) })

function requestAttributes(served: Served, facts: ServedFacts): Readonly<Record<string, Plain>> {
  const { request, receipt, statusCode, overheadMs } = served
  const { savedNanoUsd } = facts
  return {
    'http.request.method': 'POST',
    'http.response.status_code': statusCode,
    'error.type': isAnswered(served) ? null : String(statusCode),
    'llmcost.request.id': String(receipt.id),
    'llmcost.request.model': request.requestedModel ?? request.model,
    'llmcost.outcome': receipt.outcome,
    'llmcost.cache': cacheWord(facts),
    'llmcost.route': facts.route,
    'llmcost.attempts': facts.attempts.length,
    'llmcost.refused_by': facts.refusedBy,
    'llmcost.cost_usd': usdOf(receipt.costNanoUsd),
    'llmcost.saved_usd': savedNanoUsd === null ? null : usdOf(savedNanoUsd),
    'llmcost.overhead_ms': overheadMs,
    'llmcost.feature': request.feature,
    'llmcost.streamed': request.streamed,
  }
}

/** Paths of providers that are passed through may hold ids: they would make as many names. */
const nameOf = (served: Served): string =>
  served.dialect === null ? 'POST pass-through' : `POST ${pathOf(served)}`

/** A trace that is named as W3C's trace context has it keeps its id. */
function traceIdOf(trace: string | undefined, id: string): string {
  if (trace !== undefined && /^(?!0{32})[0-9a-f]{32}$/.test(trace)) return trace
  return digest(trace === undefined ? `request ${id}` : `trace ${trace}`, 32)
}

const spanIdOf = (of: string): string => digest(`span ${of}`, 16)

const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits)

const times = (fromMs: number, toMs: number) => ({
  startTimeUnixNano: nanoText(fromMs),
  endTimeUnixNano: nanoText(toMs),
})

/** Milliseconds to the microsecond, as text of nanoseconds: they are beyond what a number holds. */
const nanoText = (ms: number): string => `${Math.round(ms * 1000)}000`

const attributesOf = (plain: Readonly<Record<string, Plain>>): readonly OtlpAttribute[] =>
  Object.entries(plain).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [{ key, value: otlpValue(value) }],
  )

function otlpValue(value: NonNullable<Plain>): OtlpValue {
  if (typeof value === 'string') return { stringValue: value.toWellFormed() }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value !== 'number')
    return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
