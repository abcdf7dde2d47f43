import type { DialectName } from '../../../src/domain/call.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Usage } from '../../../src/domain/usage.ts'

/**
 * Usage as each vendor tells it. With OpenAI the input count contains what was read from the prompt cache; with
 * Anthropic it is what is left besides, and so are writes.
 */
export const wireUsages: Readonly<Record<DialectName, (usage: Usage) => JsonObject>> = {
  'openai-chat': ({ inputTokens, cacheReadTokens, outputTokens, reasoningTokens }) => ({
    prompt_tokens: inputTokens + cacheReadTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + cacheReadTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens, audio_tokens: 0 },
  }),
  'openai-responses': ({ inputTokens, cacheReadTokens, outputTokens, reasoningTokens }) => ({
    input_tokens: inputTokens + cacheReadTokens,
    input_tokens_details: { cached_tokens: cacheReadTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + cacheReadTokens + outputTokens,
  }),
  'anthropic-messages': (usage) => ({
    input_tokens: usage.inputTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation_input_tokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5mTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    service_tier: 'standard',
  }),
}

/** Dollars per million tokens that the tests' policies set for every model: whole nano-dollars a token. */
export const testRates = {
  input: 1,
  cacheRead: 0.1,
  cacheWrite5m: 1.25,
  cacheWrite1h: 2,
  output: 10,
} as const

export const testPrices = ['openai:*', 'anthropic:*'].map((target) => ({
  target,
  rates: testRates,
}))

/** By the same rates, without any code of the product. */
export const nanoUsdOf = (usage: Usage): number =>
  usage.inputTokens * 1_000 +
  usage.cacheReadTokens * 100 +
  usage.cacheWrite5mTokens * 1_250 +
  usage.cacheWrite1hTokens * 2_000 +
  usage.outputTokens * 10_000
