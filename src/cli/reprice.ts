import type { NanoUsd } from '../domain/money.ts'
import { estimateTokens, loadTokenCounter } from '../prices/count-tokens.ts'
import { learnEstimates, needsEstimates } from '../store/estimates.ts'
import { finalize } from '../store/finalize.ts'
import {
  needsReprice,
  repriceStore,
  type StoredPricer,
  setPricesFingerprint,
} from '../store/reprice.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import type { Store } from '../store/store.ts'
import type { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'

/** Prices what is stored anew where another book, other overrides or another mode had priced it. */
export function repriceIfNeeded({ database }: Store, prices: RunPrices, narrator: Narrator): void {
  if (needsReprice(database, prices.fingerprint)) {
    narrator.detail('prices differ from those of the last run: pricing the stored requests anew')
    repriceStore(database, prices.fingerprint, storedPricer(prices))
  }
  setPricesFingerprint(database, prices.fingerprint)
}

const storedPricer =
  (prices: RunPrices): StoredPricer =>
  (query, usage, { loggedCostNanoUsd, servedFromCache, status }, fees) =>
    prices.price(
      query,
      usage,
      {
        loggedCostNanoUsd: (loggedCostNanoUsd ?? undefined) as NanoUsd | undefined,
        servedFromCache,
        status,
      },
      fees,
    )

/** Learns how providers count tokens, for the requests whose log does not say how many there were. */
export async function applyEstimates({ database }: Store, prices: RunPrices): Promise<void> {
  if (!needsEstimates(database)) return
  const countTokens = await loadTokenCounter().catch(() => estimateTokens)
  learnEstimates(database, openRequestLookup(database), countTokens, storedPricer(prices))
  finalize(database)
}
