import type { NanoUsd } from '../domain/money.ts'
import type { When } from './when.ts'

/** One way to shorten prompts; the steps whose condition holds are taken in order. */
export type CompressStep = {
  readonly name: string
  readonly when: When
  readonly with: Compression
}

export type Compression =
  /** Instructions that stand in a prompt twice are said once. */
  | { readonly kind: 'drop-repeated' }
  /** Keeps the first examples; `pattern` matches one example. */
  | { readonly kind: 'few-shot'; readonly keep: number; readonly pattern: string }
  /** Keeps the first chunks of retrieved context, as ranked; `separator` stands between them. */
  | { readonly kind: 'top-chunks'; readonly keep: number; readonly separator: string }
  /** Cuts parts to fit, the last named first. */
  | {
      readonly kind: 'token-budget'
      readonly tokens: number
      readonly priorities: readonly PromptPart[]
    }
  /** Long quoted passages that an earlier message holds become references to it. */
  | { readonly kind: 'references'; readonly minCharacters: number }
  /** Text in, text out, by an external command. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly timeoutMs: number }

export const promptParts = ['system', 'question', 'history', 'documents', 'examples'] as const
export type PromptPart = (typeof promptParts)[number]

/** Requests that may wait for a provider's batch service. */
export type BatchRule = {
  readonly name: string
  readonly when: When
  readonly maxWaitSeconds: number
}

/** The largest output asked for; the first that holds decides, a smaller one of the client's stays. */
export type OutputCap = {
  readonly name: string
  readonly when: When
  readonly maxTokens: number
}

/** What a model on one's own machines costs: the hours, whether they are used or not. */
export type SelfHosted = {
  readonly target: string
  readonly gpuHourNanoUsd: NanoUsd
  readonly gpus: number
  readonly throughput: Throughput
  /** Share of the time that is used, 0 to 1. */
  readonly utilisationShare: number
  readonly operationsNanoUsdPerMonth: NanoUsd
}

/** Of all GPUs together, at the batch that was measured. */
export type Throughput =
  | { readonly kind: 'tokens'; readonly outputTokensPerSecond: number }
  | { readonly kind: 'requests'; readonly requestsPerSecond: number }
