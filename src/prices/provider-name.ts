/**
 * How logs spell providers, where the book's own patterns do not say it or say something else
 * ("azure_openai" contains "openai"). The first row that fits wins; null is a server of unknown
 * make, priced only by an override.
 */
const spellings: readonly (readonly [RegExp, string | null])[] = [
  [
    /compatible|openai_like|custom|vllm|ollama|lm.?studio|llama.?cpp|sglang|\btgi\b|self.?hosted/,
    null,
  ],
  [/azure/, 'azure'],
  [/^az\./, 'azure'],
  [/^open.?router/, 'openrouter'],
  [/^fireworks/, 'fireworks'],
  [/^together/, 'together'],
  [/^(x[-_.]?ai|grok)\b/, 'x-ai'],
  [/^deepseek/, 'deepseek'],
  [/^groq/, 'groq'],
  [/^cerebras/, 'cerebras'],
  [/^perplexity/, 'perplexity'],
  [/^novita/, 'novita'],
  [/^minimax/, 'minimax'],
  [/^zhipu|^bigmodel/, 'zhipuai'],
  [/^z[-_.]?ai\b/, 'zai'],
  [/^aws\b|^bedrock/, 'aws'],
]

/** Names that say nothing about who ran the model: gateways, and "unknown". */
const silent = /^(litellm|litellm_proxy|helicone|portkey|langfuse|unknown|none|null|other|-)?$/

/**
 * A log's provider as the book spells it; undefined where the log does not say, null where it
 * cannot be known.
 */
export function providerName(logged: string | undefined): string | null | undefined {
  const name = logged?.trim().toLowerCase() ?? ''
  if (silent.test(name)) return undefined
  const spelling = spellings.find(([pattern]) => pattern.test(name))
  return spelling === undefined ? name : spelling[1]
}

/** The provider of a model whose name has no provider with it; beyond the book's own patterns. */
export function providerOfName(model: string): string | undefined {
  return modelFamilies.find(([pattern]) => pattern.test(model))?.[1]
}

const modelFamilies: readonly (readonly [RegExp, string])[] = [
  [/^gpt-35-/, 'azure'],
  [/^claude.*@\d{8}$/, 'google'],
  [/^claude/, 'anthropic'],
  [/^(us|eu|apac|global|au|jp|in|ca|sa|us-gov)\.[a-z0-9]+\./, 'aws'],
  [/^(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen)\.[a-z]/, 'aws'],
  [/^(openai|google|nvidia|stability|writer|minimax|moonshot|zai)\.[a-z]/, 'aws'],
  [
    /^(ft:)?(gpt-|chatgpt-|o\d|text-embedding-|davinci|babbage|codex-|computer-use|whisper|tts-)/,
    'openai',
  ],
  [/^(gemini|gemma|text-embedding-00|text-multilingual)/, 'google'],
  [/^(command|embed-|rerank-)/, 'cohere'],
  [/^(sonar|r1-1776)/, 'perplexity'],
  [/^deepseek-/, 'deepseek'],
  [/^grok-/, 'x-ai'],
]
