import type { PriceQuery } from '../domain/price.ts'
import type { PriceOverride, PriceOverrides } from './overrides.ts'

/** An override with the file it came from. */
export type SourcedOverride = PriceOverride & { readonly path: string }

/** Every entry in order of precedence: files as they were given, entries as they stand. */
export const inOrder = (overrides: readonly PriceOverrides[]): readonly SourcedOverride[] =>
  overrides.flatMap(({ path, entries }) => entries.map((entry) => ({ ...entry, path })))

/**
 * The entries for a logged model: written with the log's own names, or as the book's
 * "provider:model", in which case every snapshot and spelling of that model is meant.
 */
export function overridesFor(
  overrides: readonly SourcedOverride[],
  query: Pick<PriceQuery, 'provider' | 'model'>,
  listed: { readonly provider: string; readonly model: string } | null,
): readonly SourcedOverride[] {
  const model = query.model.trim().toLowerCase()
  const names = new Set([model])
  if (query.provider !== undefined) names.add(`${query.provider.trim().toLowerCase()}:${model}`)
  if (listed !== null) {
    const id = listed.model.toLowerCase()
    for (const name of [model, id]) names.add(`${listed.provider}:${name}`)
    names.add(id)
  }
  return overrides.filter((entry) => [...names].some((name) => fits(entry.target, name)))
}

const fits = (target: string, name: string): boolean =>
  target.endsWith('*') ? name.startsWith(target.slice(0, -1)) : name === target

/** The first of them in force at a moment for a service tier. */
export const overrideAt = (
  entries: readonly SourcedOverride[],
  at: number,
  serviceTier: string | undefined,
): SourcedOverride | undefined =>
  entries.find(
    (entry) =>
      (entry.from === null || at >= entry.from) &&
      (entry.to === null || at < entry.to) &&
      (entry.serviceTier === null || entry.serviceTier === serviceTier?.toLowerCase()),
  )
