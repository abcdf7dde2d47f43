import type { Operation } from '../domain/request.ts'
import type { Served } from '../domain/served.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { Histogram } from './instruments.ts'
import { type AttemptStep, faultIn, isAnswered, type ServedFacts } from './served-facts.ts'
import type { MetricFamily } from './write-metrics.ts'

/** Provider and model as labels. */
export type ModelLabels = readonly [provider: string, model: string]

/** Bounds that OpenTelemetry's conventions for GenAI metrics recommend; tokens, and seconds. */
const tokenBounds = Array.from({ length: 14 }, (_, index) => 4 ** index)
const durationBounds = Array.from({ length: 14 }, (_, index) => 2 ** index / 100)
const firstTokenBounds = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
const perTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]

const model = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const

/**
 * The metrics of OpenTelemetry's conventions, as Prometheus spells them: those of a client for each call to a model,
 * those of a server for each request to the gateway.
 */
export class GenAiMetrics {
  readonly #tokens = new Histogram(
    tokenBounds,
    'gen_ai_client_token_usage',
    'Tokens of each call to a model.',
    ...model,
    'gen_ai_token_type',
  )
  readonly #callSeconds = new Histogram(
    durationBounds,
    'gen_ai_client_operation_duration_seconds',
    'Duration of each call to a model.',
    ...model,
    'error_type',
  )
  readonly #requestSeconds = new Histogram(
    durationBounds,
    'gen_ai_server_request_duration_seconds',
    'Duration of each request to the gateway, to its last byte.',
    ...model,
    'error_type',
  )
  readonly #firstTokenSeconds = new Histogram(
    firstTokenBounds,
    'gen_ai_server_time_to_first_token_seconds',
    'Time to the first token of streamed answers.',
    ...model,
  )
  readonly #perTokenSeconds = new Histogram(
    perTokenBounds,
    'gen_ai_server_time_per_output_token_seconds',
    'Time for each output token after the first, of streamed answers.',
    ...model,
  )

  /** `asked` is the model that the caller named, `called` those of the attempts. */
  add(
    served: Served,
    facts: ServedFacts,
    asked: ModelLabels,
    called: readonly ModelLabels[],
  ): void {
    const operation = operationNames[served.request.operation]
    for (const [index, attempt] of facts.attempts.entries())
      this.#addCall(operation, attempt, called[index] ?? asked)
    this.#addRequest(operation, served, asked)
  }

  families(): readonly MetricFamily[] {
    return [
      this.#tokens.family(),
      this.#callSeconds.family(),
      this.#requestSeconds.family(),
      this.#firstTokenSeconds.family(),
      this.#perTokenSeconds.family(),
    ]
  }

  #addCall(operation: string, attempt: AttemptStep, labels: ModelLabels): void {
    const { outcome, reason, usage, latencyMs } = attempt
    const isFailure = outcome === 'failed' || outcome === 'timeout'
    const error = isFailure ? errorType(reason) : ''
    this.#callSeconds.observe(latencyMs / 1000, operation, ...labels, error)
    if (isFailure) return
    this.#tokens.observe(totalInputTokens(usage), operation, ...labels, 'input')
    this.#tokens.observe(usage.outputTokens, operation, ...labels, 'output')
  }

  #addRequest(operation: string, served: Served, labels: ModelLabels): void {
    const { request, receipt, statusCode } = served
    const error = isAnswered(served) ? '' : String(statusCode)
    this.#requestSeconds.observe(receipt.latencyMs / 1000, operation, ...labels, error)
    const { firstTokenMs, usage } = request
    if (firstTokenMs === undefined) return
    this.#firstTokenSeconds.observe(firstTokenMs / 1000, operation, ...labels)
    const moreTokens = (usage?.outputTokens ?? 0) - 1
    if (moreTokens < 1 || receipt.outcome !== 'answered') return
    const perTokenMs = Math.max(0, receipt.latencyMs - firstTokenMs) / moreTokens
    this.#perTokenSeconds.observe(perTokenMs / 1000, operation, ...labels)
  }
}

/** As the conventions spell operations. */
export const operationNames: Readonly<Record<Operation, string>> = {
  chat: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  other: 'other',
}

/** As the conventions have errors that are none of a few words. */
export const errorType = (reason: string | null): string => faultIn(reason) ?? '_OTHER'
