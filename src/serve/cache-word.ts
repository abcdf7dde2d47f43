import type { ServedFacts } from './served-facts.ts'

export type CacheWord = 'hit-exact' | 'hit-semantic' | 'miss' | 'bypass'

/** What the caches came to for a request, in one word: as its header says it too. */
export function cacheWord({ exact, semantic }: Pick<ServedFacts, 'exact' | 'semantic'>): CacheWord {
  if (exact === 'hit') return 'hit-exact'
  if (semantic === 'hit') return 'hit-semantic'
  return exact === null && semantic === null ? 'bypass' : 'miss'
}
