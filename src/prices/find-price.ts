import type { PriceQuery } from '../domain/price.ts'
import {
  type Catalog,
  type CatalogModel,
  findModel,
  findProvider,
  findProviderOfModel,
} from './catalog.ts'
import {
  hasRouting,
  isFree,
  isOnline,
  isOpenRouterSlug,
  type ModelName,
  readModelName,
  spellingsOf,
  withoutRouting,
} from './model-name.ts'
import { providerName, providerOfName } from './provider-name.ts'

/** What the book lists for a logged provider and model. */
export type Found = CatalogModel & {
  readonly kind: 'found'
  /** Where the name says it ran, if it does. */
  readonly region: string | undefined
  /** OpenRouter's web plugin runs with every request. */
  readonly online: boolean
  /** OpenRouter's free variant of a model. */
  readonly free: boolean
}
export type NotFound = { readonly kind: 'unknown-model' | 'unknown-provider' }

type Attempt = { readonly provider: string; readonly model: string }

/**
 * Looks a logged name up in the book under every spelling it may have there; never by a part of it.
 */
export function findPrice(
  catalog: Catalog,
  query: Pick<PriceQuery, 'provider' | 'model'>,
): Found | NotFound {
  const name = readModelName(query.model)
  const logged = providerName(query.provider)
  for (const attempt of attemptsFor(catalog, logged, name)) {
    const found = findSpelling(catalog, attempt)
    if (found === undefined) continue
    const isRouted = found.provider.id === 'openrouter'
    return {
      kind: 'found',
      ...found,
      region: name.region,
      online: isRouted && isOnline(name.full),
      free: isRouted && isFree(name.full),
    }
  }
  return { kind: isKnownProvider(catalog, logged) ? 'unknown-model' : 'unknown-provider' }
}

const isKnownProvider = (catalog: Catalog, logged: string | null | undefined): boolean =>
  logged === undefined || (logged !== null && findProvider(catalog, logged) !== undefined)

function attemptsFor(
  catalog: Catalog,
  logged: string | null | undefined,
  name: ModelName,
): readonly Attempt[] {
  const { full, model, provider } = name
  const named = provider === undefined ? [] : [{ provider, model }]
  if (logged === null) return []
  if (logged === 'openrouter') return [{ provider: logged, model: full }]
  if (provider === 'openrouter') return named
  if (logged !== undefined) {
    const own = [{ provider: logged, model: full }, { provider: logged, model }, ...named]
    return hasRouting(full) ? [...own, slugOf(logged, full)] : own
  }
  const slug = full.includes('/') ? [{ provider: 'openrouter', model: full }] : []
  if (isOpenRouterSlug(full)) return [...slug, ...named]
  const inferred = provider === undefined ? inferredProviders(catalog, model) : []
  return [...named, ...inferred.map((id) => ({ provider: id, model })), ...slug]
}

/** "openai" and "gpt-4o:nitro", where a reader took OpenRouter's vendor for the provider. */
const slugOf = (vendor: string, model: string): Attempt => ({
  provider: 'openrouter',
  model: model.includes('/') ? model : `${vendor}/${model}`,
})

const inferredProviders = (catalog: Catalog, model: string): readonly string[] =>
  [providerOfName(model), findProviderOfModel(catalog, model)?.id].filter((id) => id !== undefined)

function findSpelling(catalog: Catalog, attempt: Attempt): CatalogModel | undefined {
  const provider = findProvider(catalog, attempt.provider)
  if (provider === undefined) return undefined
  for (const spelling of spellingsAt(provider.id, attempt.model)) {
    const found = findModel(catalog, provider, spelling)
    if (found !== undefined) return found
  }
  return undefined
}

function spellingsAt(provider: string, model: string): readonly string[] {
  if (provider !== 'openrouter') return spellingsOf(model)
  const base = withoutRouting(model)
  // The paid model stands for its free and thinking variants where the book does not list them
  // apart.
  const plain = base.replace(/:(free|thinking)$/, '')
  return [...new Set([model, base, ...spellingsOf(base), ...spellingsOf(plain)])]
}
