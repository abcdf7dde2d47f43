import type { Bypasses } from './cache-inputs.ts'
import type { Bypass } from './result.ts'

/** How many requests each reason kept from each layer, most frequent first. */
export function countBypasses(bypasses: Bypasses): readonly Bypass[] {
  return (['exact', 'semantic'] as const)
    .flatMap((layer) => {
      const counts = new Map<string, number>()
      for (const reason of bypasses[layer])
        if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      const all = bypasses[layer].length
      return [...counts].map(([reason, requests]) => ({
        layer,
        reason,
        requests,
        share: requests / all,
      }))
    })
    .sort((a, b) => b.requests - a.requests || (a.layer < b.layer ? -1 : 1))
}

/** How many requests a layer could be asked for. */
export const cacheableIn = (bypasses: Bypasses, layer: keyof Bypasses): number =>
  bypasses[layer].reduce((sum, reason) => sum + (reason === null ? 1 : 0), 0)
