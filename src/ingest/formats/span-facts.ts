import { disjointUsage, type TokenCounts, type UsageReading } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstText,
  inTable,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  textOf,
} from '../../domain/json.ts'
import type { Request, Status } from '../../domain/request.ts'
import type { Fees } from '../../domain/usage.ts'
import { type Context, readContext, restAsTags } from '../identity.ts'
import { providerIdOf } from '../provider.ts'
import { statusOf } from './canonical.ts'
import { type Span, underPrefixes } from './otlp.ts'

/** What every span says about its call, whatever its conventions. */
export type SpanFacts = Pick<
  Request,
  'id' | 'responseId' | 'at' | 'latencyMs' | 'statusCode' | 'error'
> & {
  readonly status: Status
}

/** Identity, times and outcome of a call. Its key is the provider's response id, else trace and span. */
export function spanFacts(span: Span, responseId: string | undefined): SpanFacts {
  const { traceId, spanId, start, end, attributes } = span
  const place = traceId !== undefined && spanId !== undefined ? `${traceId}:${spanId}` : undefined
  const kind = textOf(attributes['error.type'])
  const failed = span.failed || kind !== undefined
  const code = numberOf(kind) ?? numberOf(attributes['http.response.status_code'])
  return {
    ...defined({
      id: responseId ?? place,
      responseId,
      at: start,
      latencyMs: start !== undefined && end !== undefined ? Math.max(0, end - start) : undefined,
      statusCode: code,
      error: failed ? (firstText(span.statusMessage, exceptionOf(span)) ?? kind) : undefined,
    }),
    status: failed ? failureOf(code ?? kind) : 'ok',
  }
}

function failureOf(kind: string | number | undefined): Status {
  const status = kind === undefined ? 'error' : statusOf(kind)
  return status === 'ok' ? 'error' : status
}

const exceptionOf = (span: Span): string | undefined =>
  textOf(span.events.find((event) => event.name === 'exception')?.attributes['exception.message'])

/** Prefixes under which instrumentations put what the application said about a call. */
const metadataPrefixes = [
  'llmcost.',
  'metadata.',
  'tags.',
  'ai.telemetry.metadata.',
  'ai.settings.runtimeContext.',
  'ai.settings.context.',
  'traceloop.association.properties.',
  'langfuse.trace.metadata.',
  'langfuse.metadata.',
]

/** Who asked and for what, from the span's attributes and then from its program's. */
export function spanContext(span: Span, known: JsonObject, metadata?: Json): Context {
  const { attributes, resource } = span
  const named = underPrefixes(attributes, metadataPrefixes)
  const standard: JsonObject = {
    user: textOf(attributes['user.id'] ?? attributes['enduser.id']),
    session: textOf(attributes['gen_ai.conversation.id'] ?? attributes['session.id']),
    promptVersion: textOf(attributes['gen_ai.prompt.version']),
    trace: span.traceId,
  }
  const service = resource['service.name']
  const environment = resource['deployment.environment.name'] ?? resource['deployment.environment']
  return readContext(
    [known, standard, named, metadata, attributes],
    [restAsTags(named), restAsTags(metadata), defined({ service, environment }) as JsonObject],
  )
}

/** OpenTelemetry's and the Vercel AI SDK's names of providers that the price book calls otherwise. */
const providerNames: Readonly<Record<string, string>> = {
  'azure.ai.openai': 'azure',
  'azure.ai.inference': 'azure',
  'az.ai.openai': 'azure',
  'az.ai.inference': 'azure',
  'aws.bedrock': 'aws',
  'gcp.vertex_ai': 'google',
  'gcp.gemini': 'google',
  'gcp.gen_ai': 'google',
  'google.vertex': 'google',
  'google.generative-ai': 'google',
  'vertex.anthropic': 'google',
  mistral_ai: 'mistral',
  x_ai: 'x-ai',
}

const apiSuffix = /\.(?:chat|responses|messages|completions?|embeddings?|generative-ai)$/

/** "openai.chat" → openai, "gcp.vertex_ai" → google. */
export function spanProvider(name: string | undefined): string | undefined {
  const word = name?.trim().toLowerCase()
  if (word === undefined || word === '') return undefined
  const short = inTable(providerNames, word) === undefined ? word.replace(apiSuffix, '') : word
  return inTable(providerNames, short) ?? providerIdOf(short)
}

/**
 * Disjoint usage of a span. The conventions want all input tokens in the input count, but instrumentations of
 * Anthropic's API and of Bedrock often pass its uncached count on: there the numbers decide.
 */
export function spanUsage(
  counts: TokenCounts,
  provider: string | undefined,
  model: string,
  inclusive: boolean,
): UsageReading {
  const doubtful =
    provider === undefined ||
    provider === 'anthropic' ||
    provider === 'aws' ||
    model.includes('claude')
  return disjointUsage(counts, inclusive || !doubtful ? 'included' : 'unknown')
}

/** Tokens of other modalities; undefined when there are none. */
export function modalityFees(fees: { readonly [Name in keyof Fees]: unknown }): Fees | undefined {
  const found: Record<string, number> = {}
  for (const [name, wire] of Object.entries(fees)) {
    const count = countOf(wire)
    if (count !== undefined && count !== 0) found[name] = count
  }
  return Object.keys(found).length === 0 ? undefined : (found as Fees)
}

const finishWords: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  max_output_tokens: 'length',
  tool_use: 'tool',
  tool_call: 'tool',
  tool_calls: 'tool',
  'tool-calls': 'tool',
  function_call: 'tool',
  refusal: 'filtered',
  content_filter: 'filtered',
  'content-filter': 'filtered',
  safety: 'filtered',
}

/** A finish reason in our words: stop, length, tool, filtered; others as they are. First of a list, also as text. */
export function finishReasonOf(wire: unknown): string | undefined {
  const word = textOf(listOf(wire)[0] ?? wire)?.toLowerCase()
  return word === undefined ? undefined : (inTable(finishWords, word) ?? word)
}
