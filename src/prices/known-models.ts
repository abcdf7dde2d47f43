import type { Catalog } from './catalog.ts'

/** Every name a user may write: "gpt-4o" and "openai:gpt-4o" alike. */
export function knownNames(catalog: Catalog): readonly string[] {
  return catalog.providers.flatMap((provider) =>
    provider.models.flatMap((model) => [model.id, `${provider.id}:${model.id}`]),
  )
}
