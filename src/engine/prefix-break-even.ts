/** Prices of one model's input, in any one unit. */
export type PrefixPrices = {
  readonly input: number
  readonly cacheWrite: number
  readonly cacheRead: number
}

/**
 * How often what is written to a prompt cache has to be read until both together cost no more than plain input:
 * (w − 1)/(1 − r), where w and r are the prices of writes and reads in multiples of the input's. 0 where writes cost
 * nothing extra; null where no number of reads will do.
 */
export function breakEvenReads({ input, cacheWrite, cacheRead }: PrefixPrices): number | null {
  const premium = cacheWrite - input
  if (premium <= 0) return 0
  return cacheRead < input ? premium / (input - cacheRead) : null
}
