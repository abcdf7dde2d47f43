import type { NanoUsd } from './money.ts'

/**
 * Disjoint token counts: each billed token is in exactly one field, so cost is a plain dot product with prices.
 * `reasoningTokens` is the part of `outputTokens` that is reasoning; it is not billed again.
 */
export type Usage = {
  readonly inputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWrite5mTokens: number
  readonly cacheWrite1hTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** Things billed by the piece beside tokens. Absent means none. */
export type Fees = {
  readonly webSearches?: number
  readonly fileSearches?: number
  readonly codeSessions?: number
  /** Tokens of other modalities, already contained in inputTokens or outputTokens. */
  readonly inputAudioTokens?: number
  readonly cacheReadAudioTokens?: number
  readonly outputAudioTokens?: number
  readonly inputImageTokens?: number
  readonly outputImageTokens?: number
  /** Other calls made for the same request: answers that were rejected, classifiers, judges. */
  readonly otherCallsNanoUsd?: NanoUsd
}

/** How input is billed: each token in one of these. */
export const inputClasses = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
] as const satisfies readonly (keyof Usage)[]

export const noUsage: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
}

/** Everything the model read: uncached, read from the prompt cache and written to it. */
export const totalInputTokens = (usage: Usage): number =>
  usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens

export const totalTokens = (usage: Usage): number => totalInputTokens(usage) + usage.outputTokens
