import type { CacheEntry, CacheTerms, ResponseCache } from '../../src/domain/world.ts'
import { lastUserText } from '../../src/engine/spoken-text.ts'
import type { LiveCache } from '../../src/worlds/live-cache.ts'

type Held = { readonly key: string; readonly space: string; entry: CacheEntry }

/** As little of a response cache as a gateway needs to have hits, with the similarities that a test wants. */
export function alikeCache(similarity: (a: string, b: string) => number) {
  const layers = { exact: new Map<string, Held>(), semantic: new Map<string, Held>() }
  const spaceOf = ({ namespace }: CacheTerms, model: string) => `${namespace}\n${model}`
  const cache: ResponseCache & Pick<LiveCache, 'lastGood'> = {
    lastGood: ({ request }, { namespace }) => {
      const key = `${namespace}\n${request.model}\n${JSON.stringify(request.prompt)}`
      return layers.exact.get(key)?.entry ?? null
    },
    findExact({ request }, terms) {
      const space = spaceOf(terms, request.model)
      return layers.exact.get(`${space}\n${JSON.stringify(request.prompt)}`)?.entry ?? null
    },
    findNearest({ request }, terms) {
      const space = spaceOf(terms, request.model)
      const text = lastUserText(request.prompt) ?? ''
      const found = [...layers.semantic.values()]
        .filter((held) => held.space === space)
        .map(({ key, entry }) => ({ entry, similarity: similarity(key, text) }))
        .filter((each) => each.similarity >= terms.threshold)
        .sort((a, b) => b.similarity - a.similarity)[0]
      return { kind: 'asked', found: found ?? null, guarded: null }
    },
    findInFlight: () => null,
    begin: () => undefined,
    remember(layer, { request }, terms, entry) {
      const space = spaceOf(terms, request.model)
      const isExact = layer === 'exact'
      const key = isExact ? JSON.stringify(request.prompt) : (lastUserText(request.prompt) ?? '')
      layers[layer].set(`${space}\n${key}`, { key, space, entry })
    },
    end: () => undefined,
  }
  const held = (layer: keyof typeof layers) => [...layers[layer].values()].map(({ entry }) => entry)
  return { cache, held }
}
