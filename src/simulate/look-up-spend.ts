import type { CacheInputs, CacheOutcome } from './cache-run.ts'
import type { SimulateOptions } from './options.ts'
import { served } from './served.ts'

/** Requests that were looked up in the semantic layer: each has its text embedded, whoever asked the same before. */
export function lookUps(
  { semanticSlot }: Pick<CacheInputs, 'semanticSlot'>,
  run: Pick<CacheOutcome, 'by'>,
): number {
  let count = 0
  for (let place = 0; place < semanticSlot.length; place++)
    if (isLookUp(semanticSlot, run, place)) count++
  return count
}

/** An exact hit, or a request that waits for an identical one, is served before. */
export const isLookUp = (
  semanticSlot: Int32Array,
  { by }: Pick<CacheOutcome, 'by'>,
  place: number,
): boolean =>
  semanticSlot[place] !== -1 && by[place] !== served.exact && by[place] !== served.coalesced

/** What embedding those texts costs, nano-dollars, at the log's mean tokens a text; null: nobody knows the price. */
export function lookUpSpend(
  { found, embedCostOf }: Pick<SimulateOptions, 'found' | 'embedCostOf'>,
  count: number,
): bigint | null {
  if (found === null || found.texts === 0 || count === 0) return 0n
  const cost = embedCostOf(Math.round((found.textTokens / found.texts) * count))
  return cost === null ? null : BigInt(Math.round(cost))
}
