import { providerName } from './provider-name.ts'

/** A model's name taken apart: what stood before and after it. */
export type ModelName = {
  /** The name without its path, in lower case. */
  readonly model: string
  /** The name as it was, in lower case. */
  readonly full: string
  /** The provider its path names, as the book spells it. */
  readonly provider?: string
  /** A region its path names: "eu" in "azure/eu/gpt-4o", "us-east-1" in an ARN. */
  readonly region?: string
}

/** Path segments that name a provider: LiteLLM's prefixes and OpenRouter's vendors. */
const prefixes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    openai: 'openai',
    'text-completion-openai': 'openai',
    azure: 'azure',
    azure_ai: 'azure',
    bedrock: 'aws',
    bedrock_converse: 'aws',
    vertex_ai: 'google',
    'vertex_ai-language-models': 'google',
    gemini: 'google',
    google: 'google',
    anthropic: 'anthropic',
    openrouter: 'openrouter',
    mistral: 'mistral',
    mistralai: 'mistral',
    groq: 'groq',
    deepseek: 'deepseek',
    'deepseek-ai': 'deepseek',
    xai: 'x-ai',
    'x-ai': 'x-ai',
    together_ai: 'together',
    fireworks_ai: 'fireworks',
    perplexity: 'perplexity',
    cohere: 'cohere',
    cohere_chat: 'cohere',
    minimax: 'minimax',
    moonshot: 'moonshotai',
    moonshotai: 'moonshotai',
    cerebras: 'cerebras',
    novita: 'novita',
    voyage: 'voyageai',
    github_copilot: 'github-copilot',
    'github-copilot': 'github-copilot',
  }),
)

/**
 * Takes a logged model name apart. A name it does not know comes back whole: nothing is guessed.
 */
export function readModelName(logged: string): ModelName {
  const full = logged.trim().toLowerCase()
  const arn = readArn(full.replace(/^bedrock\/(converse\/|invoke\/)?/, ''))
  if (arn !== null) return { full, ...arn }
  if (full.startsWith('models/')) return { full, model: full.slice(7), provider: 'google' }
  const vertex = /^(?:projects\/[^/]+\/locations\/([^/]+)\/)?publishers\/[^/]+\/models\/(.+)$/.exec(
    full,
  )
  if (vertex !== null) return vertexName(full, vertex)
  if (full.startsWith('accounts/fireworks/')) return { full, model: full, provider: 'fireworks' }
  return readPath(full)
}

function vertexName(full: string, [, region, model = '']: readonly (string | undefined)[]) {
  return { full, model, provider: 'google', ...(region === undefined ? {} : { region }) }
}

/**
 * Foundation models and system-defined inference profiles carry the model's name in their ARN. An
 * application inference profile has a random id: it stays whole, for an alias to name.
 */
function readArn(name: string): Omit<ModelName, 'full'> | null {
  const match = /^arn:aws[a-z-]*:bedrock:([a-z0-9-]*):\d*:([a-z-]+)\/(.+)$/.exec(name)
  if (match === null) return null
  const [, region = '', kind, id = name] = match
  const isNamed = kind === 'foundation-model' || kind === 'inference-profile'
  return { model: isNamed ? id : name, provider: 'aws', ...(region === '' ? {} : { region }) }
}

function readPath(full: string): ModelName {
  const slash = full.indexOf('/')
  const provider = slash > 0 ? prefixes.get(full.slice(0, slash)) : undefined
  if (provider === undefined) return { full, model: full }
  const rest = full.slice(slash + 1)
  const place = placeIn(rest, provider)
  if (place !== null) return { full, provider, ...place }
  // "vertex_ai/claude-…", "together_ai/meta-llama/…": the remainder is the provider's own name for
  // the model.
  return { full, model: rest, provider }
}

/** LiteLLM writes places and routes between the provider and the model. */
function placeIn(rest: string, provider: string): { model: string; region?: string } | null {
  if (provider === 'aws') {
    const match = /^(?:converse\/|invoke\/)?(?:([a-z]{2}(?:-gov)?-[a-z]+-\d)\/)?(.+)$/.exec(rest)
    const [, region, model = rest] = match ?? []
    return { model, ...(region === undefined ? {} : { region }) }
  }
  if (provider !== 'azure') return null
  const match = /^(eu|us|global|global-standard)\/(.+)$/.exec(rest)
  if (match === null) return null
  const [, region = '', model = rest] = match
  return { model, region: region.startsWith('global') ? 'global' : region }
}

/** OpenRouter's endings that choose an upstream or add a plugin but not another model. */
const routing = /:(online|nitro|floor|beta|exacto|extended)\b/g

export const isOpenRouterSlug = (name: string): boolean =>
  /^~?[^/]+\/[^/]+:(online|nitro|floor|free|beta|exacto|extended|thinking|batch)$/.test(name)
export const hasRouting = (name: string): boolean =>
  /:(online|nitro|floor|free|beta|exacto|extended)$/.test(name)
export const withoutRouting = (name: string): string => name.replace(routing, '')
export const isOnline = (name: string): boolean => /:online\b/.test(name)
export const isFree = (name: string): boolean => /:free\b/.test(name)

/**
 * The spellings under which a book may list one name, best first: as it is; its date written as
 * OpenAI writes it; without the date of a snapshot; without "-latest"; and each with dots for
 * dashes between digits and the reverse. A fine-tune is only looked for as it is: what it costs
 * depends on its base, which an alias must name.
 */
export function spellingsOf(name: string): readonly string[] {
  if (name.startsWith('ft:')) return [...new Set([name, withDashedDate(name)])]
  const undated = name.replace(/[-@](20\d{2}-?[01]\d-?[0-3]\d)$/, '')
  const bases = [name, withDashedDate(name), undated, undated.replace(/-latest$/, '')]
  const regionless = bases.map((base) => base.replace(regionPrefix, ''))
  const all = [...bases, ...regionless]
  return [...new Set([...all, ...all.map(dotted), ...all.map(dashed)])]
}

/** Bedrock's cross-region profiles: "us.anthropic.claude-…" runs the model "anthropic.claude-…". */
const regionPrefix = /^(us|eu|apac|global|au|jp|in|ca|sa|us-gov)\.(?=[a-z0-9]+\.)/

const withDashedDate = (name: string): string =>
  name.replace(/-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, '-$1-$2-$3')

const dotted = (name: string): string => name.replace(/(?<!\d)(\d)-(\d)(?!\d)/g, '$1.$2')
const dashed = (name: string): string => name.replace(/(?<!\d)(\d)\.(\d)(?!\d)/g, '$1-$2')

/**
 * A target of an override or a policy, "provider:model" or a model alone, taken apart at the first
 * colon.
 */
export function readTarget(target: string): { readonly provider?: string; readonly model: string } {
  const colon = target.indexOf(':')
  const head = target.slice(0, colon)
  const isProvider = colon > 0 && !/[/.]/.test(head) && head !== 'ft' && head !== 'arn'
  if (!isProvider || providerName(head) === undefined) return { model: target }
  return { provider: head, model: target.slice(colon + 1) }
}
