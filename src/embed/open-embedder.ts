import type { Embedder, LoggedVectors } from '../domain/embedder.ts'
import type { NanoUsd } from '../domain/money.ts'
import { costTotal, type PriceBook } from '../domain/price.ts'
import { noUsage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { embeddersAlone, embeddersOfModels } from '../policy/embedders.ts'
import { didYouMean } from '../prices/did-you-mean.ts'

/** An OpenAI-compatible API that can be named in front of a model: "NAME:MODEL". */
export type EmbeddingProvider = {
  readonly name: string
  /** `/embeddings` is added to it. */
  readonly baseUrl: string
  /** The environment variable that holds the key. */
  readonly apiKeyEnv: string
  /** False for servers that are used without a key. */
  readonly needsKey: boolean
}

export type EmbedderOptions = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where folders of `local:` models are looked for. */
  readonly workingFolder: string
  /** Besides `openai`. */
  readonly providers?: readonly EmbeddingProvider[] | undefined
  /** Prices what an endpoint bills; without it nothing there has a price. */
  readonly prices?: PriceBook | undefined
  /** For `logged`; null where the log has no vectors. */
  readonly logged?: LoggedVectors | null | undefined
}

const openAiUrl = 'https://api.openai.com/v1'

/**
 * Opens what a policy calls an embedder: "static", "lexical", "logged", "openai:MODEL", "local:MODEL", or "NAME:MODEL"
 * of a configured provider. Reads and asks nothing that is not needed for the one named. Throws a UserError for a name
 * it does not know, and where the one named cannot be used.
 */
export async function openEmbedder(spec: string, options: EmbedderOptions): Promise<Embedder> {
  const { kind, model } = readSpec(spec, options)
  switch (kind) {
    case 'static':
      return (await import('./static-embedder.ts')).openStaticEmbedder()
    case 'lexical':
      return (await import('./lexical-embedder.ts')).openLexicalEmbedder()
    case 'logged':
      return (await import('./logged-embedder.ts')).openLoggedEmbedder(loggedIn(options))
    case 'local': {
      const { openLocalEmbedder } = await import('./local-embedder.ts')
      return await openLocalEmbedder({ model, workingFolder: options.workingFolder })
    }
    default:
      return await openEndpoint(providerOf(kind, options), model, options)
  }
}

type Spec = { readonly kind: string; readonly model: string }

/** A model's name may hold colons of its own. */
function readSpec(spec: string, options: EmbedderOptions): Spec {
  const colon = spec.indexOf(':')
  const kind = colon === -1 ? spec : spec.slice(0, colon)
  const model = colon === -1 ? '' : spec.slice(colon + 1)
  const withModel = [...embeddersOfModels, ...(options.providers ?? []).map(({ name }) => name)]
  const known = embeddersAlone.includes(kind) || withModel.includes(kind)
  if (!known) throw unknownEmbedder(spec, kind, withModel)
  if (embeddersAlone.includes(kind) && model !== '')
    throw new UserError(`the embedder ${kind} takes no model`, { hint: `write "${kind}"` })
  if (withModel.includes(kind) && model === '')
    throw new UserError(`the embedder "${spec}" needs a model`, { hint: `write ${kind}:MODEL` })
  return { kind, model }
}

function unknownEmbedder(spec: string, kind: string, withModel: readonly string[]): UserError {
  const near = didYouMean(kind, [...embeddersAlone, ...withModel])
  const all = `embedders: ${embeddersAlone.join(', ')}, ${withModel.map((name) => `${name}:MODEL`).join(', ')}`
  return new UserError(`unknown embedder "${spec}"`, {
    hint: near === null ? all : `did you mean "${near}"? ${all}`,
  })
}

function loggedIn({ logged }: EmbedderOptions): LoggedVectors {
  if (logged !== null && logged !== undefined) return logged
  throw new UserError('the log holds no vectors', {
    hint: 'a field `embedding` with a list of numbers is read as one (--map embedding=FIELD names another); use "static" for vectors of its texts',
  })
}

function providerOf(name: string, { providers = [], env }: EmbedderOptions): EmbeddingProvider {
  const configured = providers.find((provider) => provider.name === name)
  if (configured !== undefined) return configured
  const baseUrl = env['OPENAI_BASE_URL'] || openAiUrl
  // Servers that speak OpenAI's language often want no key; OpenAI does.
  return { name, baseUrl, apiKeyEnv: 'OPENAI_API_KEY', needsKey: baseUrl === openAiUrl }
}

async function openEndpoint(
  { name, baseUrl, apiKeyEnv, needsKey }: EmbeddingProvider,
  model: string,
  { env, prices }: EmbedderOptions,
): Promise<Embedder> {
  const url = endpointUrl(baseUrl, name)
  const key = env[apiKeyEnv]?.trim() || null
  if (key === null && needsKey) {
    throw new UserError(`${apiKeyEnv} is not set, and ${name}:${model} needs it`, {
      hint: 'set it in the environment, or use the built-in embedder "static", which asks nobody',
    })
  }
  if (key !== null && !plainKey.test(key)) {
    throw new UserError(`${apiKeyEnv} holds characters that no key has`, {
      hint: 'set it again, without quotes and line breaks',
    })
  }
  refuseProxy(url, env)
  const { openOpenAiEmbedder } = await import('./openai-embedder.ts')
  return openOpenAiEmbedder({
    name: `${name}:${model}`,
    model,
    endpoint: { url, key, keyName: apiKeyEnv },
    costOf: (tokens) => costOf(prices, name, model, tokens),
  })
}

/** What an HTTP header can carry. */
const plainKey = /^[!-~]+$/

function endpointUrl(baseUrl: string, name: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url === null || !isHttp || url.username !== '' || url.password !== '') {
    throw new UserError(`the address of ${name} is no plain http or https address`, {
      hint: `write it as ${openAiUrl}; a key belongs into the environment`,
    })
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/embeddings`
  return url
}

/** Node's fetch goes around proxies, which fails at best and breaks a rule of the house at worst. */
function refuseProxy(url: URL, env: EmbedderOptions['env']): void {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = env[name] || env[name.toLowerCase()]
  const isLocal = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  if (!proxy || isLocal || isExempt(url.hostname, env['NO_PROXY'] || env['no_proxy'] || '')) return
  throw new UserError(`${name} is set, and llmcost does not go through a proxy`, {
    hint: `add ${url.hostname} to NO_PROXY where it can be reached directly, or use the embedder "static"`,
  })
}

const isExempt = (host: string, noProxy: string): boolean =>
  noProxy
    .split(',')
    .map((name) => name.trim().replace(/^\*?\./, ''))
    .some((name) => name === '*' || (name !== '' && `.${host}`.endsWith(`.${name}`)))

function costOf(
  prices: PriceBook | undefined,
  provider: string,
  model: string,
  tokens: number,
): NanoUsd | null {
  const pricing = prices?.price({ provider, model }, { ...noUsage, inputTokens: tokens })
  return pricing?.kind === 'priced' ? costTotal(pricing.cost) : null
}
