import type { ProviderSettings } from '../policy/serving.ts'

/** A provider as it is asked: what a policy file can say, and what only some need. */
export type KnownProvider = ProviderSettings & {
  /** Takes the place of `baseUrl` where it is set. */
  readonly baseUrlEnv?: string
  /** What follows that address, up to the version. */
  readonly baseUrlSuffix?: string
  /** Answers without a key too, as servers on one's own machine do. */
  readonly isKeyOptional?: true
}

type Row = readonly [name: string, baseUrl: string, apiKeyEnv: string, ...models: string[]]

/** Vendors that speak OpenAI chat completions. Models are named where a bare name can be of no other vendor. */
const openAiCompatible: readonly Row[] = [
  ['openrouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
  ['together', 'https://api.together.xyz/v1', 'TOGETHER_API_KEY'],
  ['groq', 'https://api.groq.com/openai/v1', 'GROQ_API_KEY'],
  ['deepseek', 'https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY', 'deepseek-*'],
  [
    'mistral',
    'https://api.mistral.ai/v1',
    'MISTRAL_API_KEY',
    ...['mistral-*', 'ministral-*', 'magistral-*', 'codestral-*', 'devstral-*', 'pixtral-*'],
  ],
  ['xai', 'https://api.x.ai/v1', 'XAI_API_KEY', 'grok-*'],
  ['fireworks', 'https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY'],
  ['cerebras', 'https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY'],
  ['perplexity', 'https://api.perplexity.ai', 'PERPLEXITY_API_KEY', 'sonar*'],
  [
    'google',
    'https://generativelanguage.googleapis.com/v1beta/openai',
    'GEMINI_API_KEY',
    'gemini-*',
  ],
]

/** Servers of one's own, at the ports they choose by default. */
const local: readonly Row[] = [
  ['ollama', 'http://127.0.0.1:11434/v1', 'OLLAMA_API_KEY'],
  ['vllm', 'http://127.0.0.1:8000/v1', 'VLLM_API_KEY'],
  ['lmstudio', 'http://127.0.0.1:1234/v1', 'LMSTUDIO_API_KEY'],
  ['litellm', 'http://127.0.0.1:4000/v1', 'LITELLM_API_KEY'],
]

const rowOf = ([name, baseUrl, apiKeyEnv, ...models]: Row): KnownProvider => ({
  name,
  dialect: 'openai-chat',
  baseUrl,
  apiKeyEnv,
  models,
})

/** Providers that need no settings: `openai:gpt-4o`, `groq:llama-3.3-70b-versatile`. Those of a policy come before. */
export const catalogue: readonly KnownProvider[] = [
  {
    name: 'openai',
    dialect: 'openai-chat',
    baseUrl: 'https://api.openai.com/v1',
    baseUrlEnv: 'OPENAI_BASE_URL',
    apiKeyEnv: 'OPENAI_API_KEY',
    models: ['gpt-*', 'chatgpt-*', 'codex-*', 'o1', 'o1-*', 'o3', 'o3-*', 'o4-*', 'ft:gpt-*'],
  },
  {
    name: 'anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    baseUrlEnv: 'ANTHROPIC_BASE_URL',
    baseUrlSuffix: '/v1',
    apiKeyEnv: 'ANTHROPIC_API_KEY',
    models: ['claude-*'],
  },
  // Its address is the user's own resource: nothing is asked before the variable says which.
  {
    name: 'azure',
    dialect: 'openai-chat',
    baseUrl: '',
    baseUrlEnv: 'AZURE_OPENAI_ENDPOINT',
    baseUrlSuffix: '/openai',
    apiKeyEnv: 'AZURE_OPENAI_API_KEY',
    models: [],
  },
  ...openAiCompatible.map(rowOf),
  ...local.map((row): KnownProvider => ({ ...rowOf(row), isKeyOptional: true })),
]
