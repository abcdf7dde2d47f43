import type { SelfHosted } from '../policy/levers.ts'

/** What a model on one's own machines costs a month, at a volume of output tokens. Dollars. */
export type SelfHostedCost = {
  readonly target: string
  readonly usdPerMonth: number
  /** At the volume that was asked about; null where there is none. */
  readonly usdPerMillion: number | null
  /** Were all of the used time filled; null where only requests a second are known. */
  readonly usdPerMillionFilled: number | null
  /** Of the time that is used, the share that the volume fills. */
  readonly filledShare: number
  /** Output tokens a month from which on it costs less than a price per million; null where it never can. */
  readonly breakEvenTokens: number | null
}

export type Volume = {
  readonly outputTokensPerMonth: number
  readonly requestsPerMonth: number
  /** What the same output costs where it is bought, dollars per million output tokens; null: nobody sells it. */
  readonly elsewhereUsdPerMillion: number | null
}

/** The mean month has 30.4375 days. */
const hoursPerMonth = 30.4375 * 24
const secondsPerHour = 3600
const nano = 1e9

/**
 * Machines are paid for by the hour, used or not: dollars a month ÷ tokens a month. It breaks even at the volume where
 * that is the price elsewhere, unless the machines cannot make so many tokens in the share of time that is used.
 */
export function selfHostedCost(hosted: SelfHosted, volume: Volume): SelfHostedCost {
  const { target, gpuHourNanoUsd, gpus, operationsNanoUsdPerMonth } = hosted
  const { outputTokensPerMonth: tokens, elsewhereUsdPerMillion: elsewhere } = volume
  const usdPerMonth = (gpuHourNanoUsd * gpus * hoursPerMonth + operationsNanoUsdPerMonth) / nano
  const capacity = capacityOf(hosted, volume)
  const breakEven = elsewhere === null || elsewhere <= 0 ? null : (usdPerMonth / elsewhere) * 1e6
  return {
    target,
    usdPerMonth,
    usdPerMillion: tokens > 0 ? (usdPerMonth / tokens) * 1e6 : null,
    usdPerMillionFilled: capacity > 0 ? (usdPerMonth / capacity) * 1e6 : null,
    filledShare: capacity > 0 ? tokens / capacity : 0,
    breakEvenTokens: breakEven !== null && breakEven <= capacity ? breakEven : null,
  }
}

/** Output tokens a month in the share of time that is used; requests count as long as those of the volume are. */
function capacityOf({ throughput, utilisationShare }: SelfHosted, volume: Volume): number {
  const seconds = hoursPerMonth * secondsPerHour * utilisationShare
  if (throughput.kind === 'tokens') return throughput.outputTokensPerSecond * seconds
  const { outputTokensPerMonth, requestsPerMonth } = volume
  const tokensPerRequest = requestsPerMonth > 0 ? outputTokensPerMonth / requestsPerMonth : 0
  return throughput.requestsPerSecond * seconds * tokensPerRequest
}
