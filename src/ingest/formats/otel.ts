import type { JsonObject } from '../../domain/json.ts'
import type { Request } from '../../domain/request.ts'
import type { Reader, Reading, RecordReader } from '../reader.ts'
import { isGenAi, readGenAiSpan } from './gen-ai.ts'
import { isOpenInference, readOpenInferenceSpan } from './openinference.ts'
import { type Span, spansOf } from './otlp.ts'
import { isVercel, readVercelSpan } from './vercel.ts'

/**
 * OpenTelemetry traces as OTLP JSON, or as single spans: the GenAI semantic conventions in new and old names,
 * OpenInference, and the Vercel AI SDK. Which conventions a span follows is told span by span: exports mix them.
 */
export const otel: Reader = {
  name: 'otel',
  title: 'OpenTelemetry spans (GenAI, OpenInference, Vercel AI SDK)',
  recognise(records) {
    const spans = records.map(spansOf)
    const traces = spans.filter((each) => each !== null).length / records.length
    const asksModels = spans.some((each) => each?.some(asksModel) ?? false)
    return traces * (asksModels ? 1 : 0.6)
  },
  start: () => startReading(),
}

const asksModel = (span: Span): boolean => isGenAi(span) || isVercel(span) || isOpenInference(span)

/** Parents remembered to recognise wrappers of calls already read. */
const parentLimit = 20_000

function startReading(): RecordReader {
  const parents = new Parents()
  return {
    read(record: JsonObject): Reading {
      const spans = spansOf(record)
      if (spans === null) {
        const signal = 'resourceLogs' in record || 'resourceMetrics' in record
        return signal ? { ignored: 'other-signal' } : { rejected: 'not-a-span' }
      }
      return readSpans(spans, parents)
    },
  }
}

/** All calls among the spans; a record with none gives the first reason why. */
function readSpans(spans: readonly Span[], parents: Parents): Reading {
  const agents = agentNames(spans)
  const readings = spans.map((span) => readSpan(span, agents.get(span)))
  readings.forEach((reading, index) => {
    if ('model' in reading) parents.add(spans[index], reading)
  })
  const requests: Request[] = []
  let rejected: string | undefined
  let ignored: string | undefined
  for (const [index, reading] of readings.entries()) {
    if ('rejected' in reading) rejected ??= reading.rejected
    else if ('ignored' in reading) ignored ??= reading.ignored
    else if (parents.repeats(spans[index], reading)) ignored ??= 'parent-span'
    else requests.push(reading)
  }
  if (requests.length === 0) {
    return rejected === undefined ? { ignored: ignored ?? 'no-spans' } : { rejected }
  }
  return rejected === undefined ? single(requests) : withWarning(requests, rejected)
}

const single = (requests: readonly Request[]): Reading =>
  requests.length === 1 && requests[0] !== undefined ? requests[0] : requests

/** A record has one reading: spans that are broken among good ones are told by a warning on the first of these. */
function withWarning(requests: readonly Request[], rejected: string): readonly Request[] {
  return requests.map((request, index) =>
    index === 0
      ? { ...request, warnings: [...(request.warnings ?? []), `span-rejected-${rejected}`] }
      : request,
  )
}

function readSpan(span: Span, agent: string | undefined) {
  const { attributes } = span
  // The Vercel AI SDK writes old GenAI names beside its own, and some instrumentations write both conventions.
  if (isVercel(span)) return readVercelSpan(span) as SpanReading
  const genAiUsage = 'gen_ai.usage.input_tokens' in attributes
  if (isOpenInference(span) && !genAiUsage) return readOpenInferenceSpan(span) as SpanReading
  if (isGenAi(span)) return readGenAiSpan(span, agent) as SpanReading
  return { ignored: 'other-span' } as SpanReading
}

type SpanReading = Exclude<Reading, readonly Request[]>

/** The agent that each span works for: the nearest one above it in the same record. */
function agentNames(spans: readonly Span[]): ReadonlyMap<Span, string> {
  const byId = new Map<string, Span>()
  for (const span of spans) if (span.spanId !== undefined) byId.set(span.spanId, span)
  const names = new Map<Span, string>()
  for (const span of spans) {
    let above = byId.get(span.parentId ?? '')
    for (let depth = 0; above !== undefined && depth < maxDepth; depth++) {
      const name = above.attributes['gen_ai.agent.name']
      if (typeof name === 'string' && name !== '') {
        names.set(span, name)
        break
      }
      above = byId.get(above.parentId ?? '')
    }
  }
  return names
}

const maxDepth = 64

/**
 * A call span above another one is a wrapper that repeats its tokens (embedMany, a second instrumentation), unless
 * both name responses of their own. Children end first, so they are mostly read first.
 */
class Parents {
  readonly #responses = new Map<string, string | undefined>()

  add(child: Span | undefined, call: Request): void {
    if (child?.parentId === undefined) return
    if (this.#responses.size >= parentLimit) {
      const oldest = this.#responses.keys().next().value
      if (oldest !== undefined) this.#responses.delete(oldest)
    }
    this.#responses.set(keyOf(child.traceId, child.parentId), call.responseId)
  }

  repeats(span: Span | undefined, call: Request): boolean {
    if (span?.spanId === undefined) return false
    const key = keyOf(span.traceId, span.spanId)
    if (!this.#responses.has(key)) return false
    const child = this.#responses.get(key)
    return call.responseId === undefined || child === undefined || child === call.responseId
  }
}

const keyOf = (traceId: string | undefined, spanId: string): string => `${traceId}:${spanId}`
