import { type Decimal, divideHalfEven, type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { CostByClass, Pricing } from '../domain/price.ts'
import type { Fees, Usage } from '../domain/usage.ts'
import type { Compiled, CompiledBand } from './compile-price.ts'
import type { Hourly } from './price-plan.ts'
import {
  costOf,
  nanoPerPiece,
  nanoPerToken,
  type PriceVector,
  sumOf,
  zero,
} from './price-vector.ts'
import type { PieceRates, RateClass, Rates } from './rates.ts'

/** The band of a request by everything it read, cache included; it reprices the whole request. */
export function bandFor(
  bands: readonly CompiledBand[],
  totalInputTokens: number,
): CompiledBand | undefined {
  let band = bands[0]
  for (let i = 1; i < bands.length; i++) {
    const next = bands[i]
    if (next !== undefined && totalInputTokens > next.above) band = next
  }
  return band
}

/**
 * The hot path: tokens times integer prices. A count that is missing or no number throws: it must
 * not become a price of zero.
 */
export function costOfUsage(vector: PriceVector, usage: Usage): CostByClass {
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage
  const { outputTokens, reasoningTokens } = usage
  const reasoning = Math.min(reasoningTokens, outputTokens)
  return {
    input: costOf(vector.input, inputTokens, 0),
    cacheRead: costOf(vector.cacheRead, cacheReadTokens, 0),
    cacheWrite: costOf(vector.cacheWrite, cacheWrite5mTokens, cacheWrite1hTokens),
    output: costOf(vector.output, outputTokens - reasoning, reasoning),
    tools: zeroNanoUsd,
    other: zeroNanoUsd,
  }
}

/** A request that used more than text: fees by the piece, audio, images. */
export function costWithFees(
  price: Extract<Compiled, { kind: 'bands' }>,
  band: CompiledBand,
  usage: Usage,
  fees: Fees,
): Pricing {
  const tools = toolCost(price.fees, fees)
  const media = mediaCost(band, usage, fees)
  const warnings = [...band.warnings, ...tools.warnings, ...media.warnings]
  return {
    kind: 'priced',
    cost: { ...costOfUsage(band.vector, usage), ...media.cost, tools: tools.cost },
    price: band.price,
    warnings,
  }
}

function toolCost(rates: PieceRates, fees: Fees): { cost: NanoUsd; warnings: readonly string[] } {
  const counted = [
    [fees.webSearches ?? 0, rates.webSearch],
    [fees.fileSearches ?? 0, rates.fileSearch],
    [fees.codeSessions ?? 0, rates.codeSession],
    [1, rates.request ?? zero],
  ] as const
  const priced = counted.map(([count, rate]) => [count, nanoPerPiece(rate ?? zero)] as const)
  const isMissing = counted.some(([count, rate]) => count > 0 && rate === undefined)
  return { cost: sumOf(priced), warnings: isMissing ? ['tool-fee-unpriced'] : [] }
}

type Medium = {
  readonly tokens: number
  readonly rate: RateClass
  /**
   * Images are read at the price of text unless a model lists another; sound and drawn images never
   * are.
   */
  readonly warning: 'audio-rate-missing' | 'image-rate-missing' | null
}

type Media = { readonly cost: Partial<CostByClass>; readonly warnings: readonly string[] }

function mediaCost({ rates }: CompiledBand, usage: Usage, fees: Fees): Media {
  const audio = 'audio-rate-missing'
  const image = 'image-rate-missing'
  const input = partCost(rates, usage.inputTokens, rates.input, [
    { tokens: fees.inputAudioTokens ?? 0, rate: 'inputAudio', warning: audio },
    { tokens: fees.inputImageTokens ?? 0, rate: 'inputImage', warning: null },
  ])
  const cacheRead = partCost(rates, usage.cacheReadTokens, rates.cacheRead ?? rates.input, [
    { tokens: fees.cacheReadAudioTokens ?? 0, rate: 'cacheReadAudio', warning: audio },
  ])
  const output = partCost(rates, usage.outputTokens, rates.output, [
    { tokens: fees.outputAudioTokens ?? 0, rate: 'outputAudio', warning: audio },
    { tokens: fees.outputImageTokens ?? 0, rate: 'outputImage', warning: image },
  ])
  return {
    cost: {
      ...(input && { input: input.cost }),
      ...(cacheRead && { cacheRead: cacheRead.cost }),
      ...(output && { output: output.cost }),
    },
    warnings: [...new Set([input, cacheRead, output].flatMap((part) => part?.warnings ?? []))],
  }
}

/** One component with tokens of several media, rounded once; null when it is all text. */
function partCost(
  rates: Rates,
  total: number,
  textRate: Decimal | undefined,
  media: readonly Medium[],
): { readonly cost: NanoUsd; readonly warnings: readonly string[] } | null {
  const used = media.filter(({ tokens }) => tokens > 0)
  if (used.length === 0) return null
  const text = Math.max(0, total - used.reduce((sum, { tokens }) => sum + tokens, 0))
  const others = used.map(({ tokens, rate }) => [tokens, rates[rate] ?? textRate ?? zero] as const)
  const pieces = [[text, textRate ?? zero] as const, ...others]
  return {
    cost: sumOf(pieces.map(([tokens, rate]) => [tokens, nanoPerToken(rate)])),
    warnings: used.flatMap(({ rate, warning }) =>
      warning !== null && rates[rate] === undefined ? [warning] : [],
    ),
  }
}

/**
 * Self-hosted: dollars an hour × the time it took / requests sharing that time. Without a time
 * there is no price.
 */
export function costByHour(price: Hourly, latencyMs: number | undefined): Pricing {
  if (latencyMs === undefined) {
    return { kind: 'unpriced', reason: 'no-rate', warnings: ['latency-missing'] }
  }
  const { digits, exponent } = price.usdPerHour
  // Whole microseconds, so that a fractional latency is still exact; 10^9 nano-dollars, 3.6 × 10^9
  // µs an hour.
  const amount =
    digits * BigInt(Math.round(latencyMs * 1000)) * 10n ** BigInt(9 + Math.max(0, exponent))
  const shares = 3_600_000_000n * BigInt(price.atOnce) * 10n ** BigInt(Math.max(0, -exponent))
  return {
    kind: 'priced',
    cost: { ...noCost, other: Number(divideHalfEven(amount, shares)) as NanoUsd },
    price: price.price,
    warnings: [],
  }
}

/** Nothing in every class. */
export const noCost: CostByClass = {
  input: zeroNanoUsd,
  cacheRead: zeroNanoUsd,
  cacheWrite: zeroNanoUsd,
  output: zeroNanoUsd,
  tools: zeroNanoUsd,
  other: zeroNanoUsd,
}
