import type { UsageCost } from '../analyze/explanation.ts'
import { decimalOf, multiply, roundHalfEven, usdOf } from '../domain/money.ts'
import type { CostByClass, PriceSource } from '../domain/price.ts'
import type { Fees, Usage } from '../domain/usage.ts'

type Rate = keyof PriceSource['usdPerMillion']

export type Charged = {
  readonly usage: Usage
  readonly cost: CostByClass | null
  readonly price: PriceSource | null
  readonly fees: Fees
}

/** The lines of the sum: each usage class that was used, or that cost something. They add up to the cost. */
export function usageCosts(charged: Charged): readonly UsageCost[] {
  const { usage, cost, fees } = charged
  const writes = cacheWriteCosts(charged)
  const input = mediaName('input', fees.inputAudioTokens, fees.inputImageTokens)
  const output = mediaName('output', fees.outputAudioTokens, fees.outputImageTokens)
  const lines = [
    line(charged, input, 'input', usage.inputTokens, cost?.input),
    line(charged, 'cache read', 'cacheRead', usage.cacheReadTokens, cost?.cacheRead),
    line(charged, 'cache write 5m', 'cacheWrite5m', usage.cacheWrite5mTokens, writes?.fiveMinutes),
    line(charged, 'cache write 1h', 'cacheWrite1h', usage.cacheWrite1hTokens, writes?.hour),
    line(charged, output, 'output', usage.outputTokens, cost?.output),
    piece(toolsName(fees), cost?.tools),
    piece(otherName(charged), cost?.other),
  ]
  return lines.filter(
    ({ name, tokens, costUsd }) =>
      (tokens ?? 0) > 0 || (costUsd ?? 0) !== 0 || name === input || name === output,
  )
}

const mediaName = (name: string, audio = 0, image = 0): string =>
  audio + image === 0
    ? name
    : `${name} (${[...(audio > 0 ? [`${audio} audio`] : []), ...(image > 0 ? [`${image} image`] : [])].join(', ')} at their own rate)`

function line(
  charged: Charged,
  name: string,
  rate: Rate,
  tokens: number,
  nano: number | undefined,
): UsageCost {
  const usdPerMillion = hasRates(charged) ? (charged.price?.usdPerMillion[rate] ?? null) : null
  const costUsd = nano === undefined || (usdPerMillion === null && nano === 0) ? null : usdOf(nano)
  return { name, tokens, usdPerMillion, costUsd }
}

/** Neither a cost out of the log nor one by the hour has prices by tokens: zeroes stand in their place. */
function hasRates({ price, cost }: Charged): boolean {
  if (price === null) return false
  if (['logged', 'served from cache', 'failed unused'].includes(price.source)) return false
  return (
    (cost?.other ?? 0) === 0 || Object.values(price.usdPerMillion).some((usd) => Number(usd) !== 0)
  )
}

const piece = (name: string, nano: number | undefined): UsageCost => ({
  name,
  tokens: null,
  usdPerMillion: null,
  costUsd: nano === undefined ? null : usdOf(nano),
})

/** Both kinds of write are rounded as one sum; the hour's takes what is left of it. */
function cacheWriteCosts({ usage, cost, price }: Charged) {
  if (cost === null) return undefined
  const { cacheWrite5mTokens, cacheWrite1hTokens } = usage
  if (cacheWrite1hTokens === 0) return { fiveMinutes: cost.cacheWrite, hour: 0 }
  if (cacheWrite5mTokens === 0) return { fiveMinutes: 0, hour: cost.cacheWrite }
  const rate = decimalOf(price?.usdPerMillion.cacheWrite5m ?? '0')
  if (rate === null) return { fiveMinutes: 0, hour: cost.cacheWrite }
  // Dollars a million are thousands of nano-dollars a token.
  const exact = multiply(rate, { digits: BigInt(cacheWrite5mTokens), exponent: 3 })
  const fiveMinutes = Math.min(cost.cacheWrite, Number(roundHalfEven(exact)))
  return { fiveMinutes, hour: cost.cacheWrite - fiveMinutes }
}

function toolsName({ webSearches = 0, fileSearches = 0, codeSessions = 0 }: Fees): string {
  const parts = [
    ...(webSearches > 0 ? [`${webSearches} web searches`] : []),
    ...(fileSearches > 0 ? [`${fileSearches} file searches`] : []),
    ...(codeSessions > 0 ? [`${codeSessions} code sessions`] : []),
  ]
  return parts.length === 0 ? 'fee' : parts.join(', ')
}

function otherName(charged: Charged): string {
  if (charged.price?.source === 'logged') return 'as logged'
  if (charged.fees.otherCallsNanoUsd !== undefined) return 'other calls'
  return hasRates(charged) ? 'other' : 'by the hour'
}
