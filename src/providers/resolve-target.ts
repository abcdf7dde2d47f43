import { UserError } from '../domain/user-error.ts'
import { nameMatcher } from '../policy/name-matcher.ts'
import type { ProviderSettings } from '../policy/serving.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import { catalogue, type KnownProvider } from './catalogue.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Who is asked, and what the model is called there. */
export type ResolvedTarget = { readonly provider: KnownProvider; readonly model: string }

/**
 * The providers of a policy and the built-in ones, in the order in which a model finds its own: those that say which
 * models are theirs, the built-in ones, or who takes the place of one by its name, and whoever takes what is left.
 */
export function knownProviders(own: readonly ProviderSettings[]): readonly KnownProvider[] {
  // Some built-in ones, servers of one's own, are known by no models.
  const isKnownByModels = ({ name }: ProviderSettings) =>
    catalogue.some((each) => each.name === name && each.models?.length !== 0)
  const choosy = own.filter(({ models }) => models !== null)
  const open = own.filter(({ models }) => models === null)
  const inPlaceOf = (known: KnownProvider): KnownProvider => {
    const named = open.find(({ name }) => name === known.name)
    return named === undefined ? known : { ...named, models: known.models }
  }
  return [...choosy, ...catalogue.map(inPlaceOf), ...open.filter((each) => !isKnownByModels(each))]
}

/**
 * The provider and the wire model of a target, "provider:model" or a bare model. By name a provider of the policy
 * comes before the built-in one, by model as `knownProviders` says. Throws a UserError for a provider or a model that
 * nobody is known to serve, and for an address that is none.
 */
export function resolveTarget(
  target: string,
  own: readonly ProviderSettings[],
  env: Environment,
): ResolvedTarget {
  const providers = knownProviders(own)
  const { provider, model } = named(target, providers) ?? served(target, providers)
  if (model === '') throw new UserError(`"${target}" names no model`, { hint: exampleHint })
  return { provider: atAddress(provider, env), model }
}

/** A provider at the address that the environment gives it. Throws a UserError where it has none. */
export const atAddress = (provider: KnownProvider, env: Environment): KnownProvider => ({
  ...provider,
  baseUrl: addressOf(provider, env),
})

/** Whether a provider has an address: some are the user's own resource, which the environment names. */
export const hasAddress = ({ baseUrl, baseUrlEnv }: KnownProvider, env: Environment): boolean =>
  baseUrl !== '' || (baseUrlEnv !== undefined && (env[baseUrlEnv] ?? '').trim() !== '')

const exampleHint = 'write it as PROVIDER:MODEL, such as openai:gpt-4o-mini'

/** By the name before the first colon. Models may have colons too: "ft:gpt-4o:…", "llama3:8b". */
function named(target: string, providers: readonly KnownProvider[]): ResolvedTarget | null {
  const colon = target.indexOf(':')
  const name = target.slice(0, Math.max(0, colon))
  const provider = providers.find((each) => each.name === name)
  return provider === undefined ? null : { provider, model: target.slice(colon + 1) }
}

function served(model: string, providers: readonly KnownProvider[]): ResolvedTarget {
  const provider = providers.find(({ models }) => nameMatcher(models ?? ['*'])(model))
  if (provider !== undefined) return { provider, model }
  const [, name = '', rest = ''] = /^([^:/]*)[:/](.*)$/s.exec(model) ?? []
  if (name === '')
    throw new UserError(`no provider is known to serve "${model}"`, { hint: exampleHint })
  const near = didYouMean(
    name,
    providers.map((each) => each.name),
  )
  throw new UserError(`unknown provider "${name}" in "${model}"`, {
    hint:
      near === null
        ? `known are ${[...new Set(providers.map((each) => each.name))].join(', ')}; others go under serve.providers of the policy`
        : `did you mean "${near}:${rest}"?`,
  })
}

/** As the SDKs have it: a variable that is set takes the place of the built-in address, never of a written one. */
function addressOf(provider: KnownProvider, env: Environment): string {
  const { name, baseUrl, baseUrlEnv, baseUrlSuffix = '' } = provider
  const given = baseUrlEnv === undefined ? '' : (env[baseUrlEnv]?.trim() ?? '')
  if (given === '' && baseUrl !== '') return baseUrl
  if (given === '')
    throw new UserError(`${name} needs an address`, {
      hint: `set ${baseUrlEnv} to the address of your own resource`,
    })
  if (!isWebAddress(given))
    throw new UserError(`${baseUrlEnv} is no web address`, { hint: 'it begins with https://' })
  return withSuffix(given.replace(/\/+$/, ''), baseUrlSuffix)
}

const isWebAddress = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Some write the whole of it where the SDKs want the beginning: both are taken. */
const withSuffix = (url: string, suffix: string): string =>
  new URL(url).pathname.includes(`${suffix}/`) || url.endsWith(suffix) ? url : `${url}${suffix}`
