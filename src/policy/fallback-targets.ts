/**
 * For a model of one vendor, a model of the other in the same class of price: what `failure.fallback`
 * asks where the file names nothing. Chosen from the price list of 2026-09-23 (genai-prices 0.1.8).
 */
export const fallbackTargets: Readonly<Record<string, readonly string[]>> = {
  'openai:gpt-4o-mini': ['anthropic:claude-haiku-4-5'],
  'openai:gpt-5-mini': ['anthropic:claude-haiku-4-5'],
  'openai:gpt-5.4-mini': ['anthropic:claude-haiku-4-5'],
  'openai:gpt-6-luna': ['anthropic:claude-haiku-4-5'],
  'openai:gpt-4o': ['anthropic:claude-sonnet-5'],
  'openai:gpt-5': ['anthropic:claude-sonnet-5'],
  'openai:gpt-5.4': ['anthropic:claude-sonnet-5'],
  'openai:gpt-6-sol': ['anthropic:claude-sonnet-5'],
  'openai:gpt-5.5': ['anthropic:claude-opus-5-5'],
  'openai:gpt-6-astra': ['anthropic:claude-fable-5-1'],
  'anthropic:claude-haiku-4-5': ['openai:gpt-5.4-mini'],
  'anthropic:claude-sonnet-4-5': ['openai:gpt-6-sol'],
  'anthropic:claude-sonnet-4-6': ['openai:gpt-6-sol'],
  'anthropic:claude-sonnet-5': ['openai:gpt-6-sol'],
  'anthropic:claude-opus-4-8': ['openai:gpt-5.5'],
  'anthropic:claude-opus-5-5': ['openai:gpt-5.5'],
  'anthropic:claude-fable-5-1': ['openai:gpt-6-astra'],
}
