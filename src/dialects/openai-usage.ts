import type { JsonObject } from '../domain/json.ts'
import type { Reply } from '../domain/reply.ts'
import { type Fees, totalInputTokens, totalTokens, type Usage } from '../domain/usage.ts'
import { readOpenAiUsage } from './usage.ts'

/** The part of a reply that tells what it used; a count that cannot be trusted is a remark and no usage. */
export type UsedTokens = Pick<Reply, 'usage' | 'fees' | 'warnings'>

export function readUsedTokens(wire: unknown): UsedTokens {
  const { usage, fees, warnings, rejected } = readOpenAiUsage(wire)
  const remarks = rejected === undefined ? warnings : [...(warnings ?? []), rejected]
  return {
    usage: usage ?? null,
    ...(fees !== undefined && { fees }),
    ...(remarks !== undefined && { warnings: remarks }),
  }
}

/**
 * Usage as OpenAI chat writes it: cached and cache-write tokens inside the input count. The wire has one class of cache
 * writes, so that those of an hour are read back as those of five minutes.
 */
export const writeChatUsage = (usage: Usage, fees?: Fees): JsonObject => ({
  prompt_tokens: totalInputTokens(usage),
  completion_tokens: usage.outputTokens,
  total_tokens: totalTokens(usage),
  prompt_tokens_details: inputDetails(usage, fees),
  completion_tokens_details: outputDetails(usage, fees),
})

/** The same under the names of OpenAI Responses. */
export const writeResponsesUsage = (usage: Usage, fees?: Fees): JsonObject => ({
  input_tokens: totalInputTokens(usage),
  input_tokens_details: inputDetails(usage, fees),
  output_tokens: usage.outputTokens,
  output_tokens_details: outputDetails(usage, fees),
  total_tokens: totalTokens(usage),
})

function inputDetails(usage: Usage, fees?: Fees): JsonObject {
  const written = usage.cacheWrite5mTokens + usage.cacheWrite1hTokens
  return {
    cached_tokens: usage.cacheReadTokens,
    ...(written > 0 && { cache_write_tokens: written }),
    ...(fees?.inputAudioTokens !== undefined && { audio_tokens: fees.inputAudioTokens }),
    ...(fees?.inputImageTokens !== undefined && { image_tokens: fees.inputImageTokens }),
  }
}

const outputDetails = (usage: Usage, fees?: Fees): JsonObject => ({
  reasoning_tokens: usage.reasoningTokens,
  ...(fees?.outputAudioTokens !== undefined && { audio_tokens: fees.outputAudioTokens }),
})
