import type { CacheRule } from './caching.ts'

/**
 * Requests that no cache may answer unless somebody says so: they stand before the rules of the
 * file. A rule of the file with the name of one takes its place; `cache.defaultRules: false` drops
 * both.
 */
export const defaultRules: readonly CacheRule[] = [
  {
    name: 'user-data',
    when: {
      patterns: [
        '\\bmy (?:own |last |latest |next |current |new |recent )?(?:account|order|invoice|bill|balance|payment|subscription|transaction|booking|reservation|appointment|delivery|shipment|package|parcel|refund|claim|ticket|statement|profile|purchase|salary|prescription)s?\\b',
        "\\b(?:what(?:'s| is| are)|where(?:'s| is| are)|who am i|tell me|show me) my\\b",
      ],
    },
    exact: false,
    semantic: false,
  },
  {
    name: 'live',
    when: {
      patterns: [
        '\\b(?:latest|today|tonight|tomorrow|yesterday|now|currently|at the moment|at present)\\b',
        '\\bthis (?:morning|afternoon|evening|week|weekend|month)\\b',
        '\\blive (?:score|price|result|traffic|status|stream)s?\\b',
      ],
    },
    exact: false,
    semantic: false,
  },
]
