import { inTable } from '../domain/json.ts'

/** What logs call providers → the ids of our price book. Anything else is kept as it is, in lower case. */
const providerIds: Readonly<Record<string, string>> = {
  anthropic_messages: 'anthropic',
  claude: 'anthropic',
  azure_ai: 'azure',
  azure_openai: 'azure',
  azure_text: 'azure',
  'azure-openai': 'azure',
  'azure-ai-inference': 'azure',
  azureopenai: 'azure',
  bedrock: 'aws',
  bedrock_converse: 'aws',
  amazon: 'aws',
  amazon_bedrock: 'aws',
  'amazon-bedrock': 'aws',
  'aws-bedrock': 'aws',
  aws_bedrock: 'aws',
  'google-genai': 'google',
  google_genai: 'google',
  'google-vertex': 'google',
  google_vertexai: 'google',
  'google-ai-studio': 'google',
  vertex_ai: 'google',
  vertex_ai_beta: 'google',
  'vertex-ai': 'google',
  vertexai: 'google',
  vertex: 'google',
  gemini: 'google',
  palm: 'google',
  text_completion_openai: 'openai',
  'text-completion-openai': 'openai',
  'openai-responses': 'openai',
  'open-ai': 'openai',
  cohere_chat: 'cohere',
  fireworks_ai: 'fireworks',
  'fireworks-ai': 'fireworks',
  mistralai: 'mistral',
  'mistral-ai': 'mistral',
  together_ai: 'together',
  'together-ai': 'together',
  togetherai: 'together',
  xai: 'x-ai',
  'perplexity-ai': 'perplexity',
  moonshot: 'moonshotai',
}

/** The price book's id of the provider that a log names, e.g. "vertex_ai" → "google". */
export function providerIdOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  const word = name.trim().toLowerCase()
  return inTable(providerIds, word) ?? word
}

const families: readonly (readonly [pattern: RegExp, provider: string])[] = [
  [/^claude/, 'anthropic'],
  [/^(?:gpt|chatgpt|o\d|text-embedding|davinci|babbage|codex|ft:gpt|ft:o\d)/, 'openai'],
  [/^(?:gemini|gemma|models\/gemini)/, 'google'],
  [/^(?:us|eu|apac|global|us-gov)?\.?(?:anthropic|amazon|meta|mistral|cohere|deepseek)\./, 'aws'],
  [/^deepseek/, 'deepseek'],
  [/^grok/, 'x-ai'],
  [/^(?:mistral|codestral|ministral|magistral|devstral)/, 'mistral'],
]

/** The maker whose models have such names, where the log names no provider; undefined when unsure. */
export function providerOfModel(model: string): string | undefined {
  const name = model.toLowerCase()
  return families.find(([pattern]) => pattern.test(name))?.[1]
}

/** Prefixes under which libraries put a provider before the model: "anthropic/claude-…", "openrouter/openai/gpt-…". */
const prefixes: ReadonlySet<string> = new Set([
  'openai',
  'anthropic',
  'google',
  'azure',
  'aws',
  'openrouter',
  'groq',
  'mistral',
  'together',
  'fireworks',
  'x-ai',
  'deepseek',
  'perplexity',
  'cohere',
])

/** "anthropic/claude-haiku-4-5" → provider and bare model; a name without a known prefix keeps its slashes. */
export function splitModel(name: string): { readonly provider?: string; readonly model: string } {
  const slash = name.indexOf('/')
  const provider = slash > 0 ? providerIdOf(name.slice(0, slash)) : undefined
  if (provider !== undefined && prefixes.has(provider)) {
    return { provider, model: name.slice(slash + 1) }
  }
  const maker = slash > 0 ? undefined : providerOfModel(name)
  return maker === undefined ? { model: name } : { provider: maker, model: name }
}
