import type { ModelPrice } from '@pydantic/genai-prices'
import { type Decimal, decimalOf } from '../domain/money.ts'

/**
 * Exact dollars per million tokens of each class; a class the price list does not name is
 * undefined.
 */
export type Rates = { readonly [C in RateClass]?: Decimal | undefined }
export type RateClass =
  | 'input'
  | 'cacheRead'
  | 'cacheWrite5m'
  | 'cacheWrite1h'
  | 'output'
  | 'reasoning'
  | 'inputAudio'
  | 'cacheReadAudio'
  | 'outputAudio'
  | 'inputImage'
  | 'cacheReadImage'
  | 'outputImage'

/** Exact dollars for a thousand pieces. */
export type PieceRates = {
  readonly webSearch?: Decimal | undefined
  readonly fileSearch?: Decimal | undefined
  readonly codeSession?: Decimal | undefined
  /** Charged with every request, whatever it used. */
  readonly request?: Decimal | undefined
}

/** The rates of requests whose total input is above `above` tokens, up to the next band. */
export type Band = { readonly above: number; readonly rates: Rates }

/** genai-prices' key for each class. */
const rateKeys: readonly (readonly [RateClass, string])[] = [
  ['input', 'input_mtok'],
  ['cacheRead', 'cache_read_mtok'],
  ['cacheWrite5m', 'cache_write_mtok'],
  ['cacheWrite1h', 'cache_write_1h_mtok'],
  ['output', 'output_mtok'],
  ['reasoning', 'output_reasoning_mtok'],
  ['inputAudio', 'input_audio_mtok'],
  ['cacheReadAudio', 'cache_audio_read_mtok'],
  ['outputAudio', 'output_audio_mtok'],
  ['inputImage', 'input_image_mtok'],
  ['cacheReadImage', 'cache_image_read_mtok'],
  ['outputImage', 'output_image_mtok'],
]

/** Every class of token rate, in the order of reports. */
export const rateClasses: readonly RateClass[] = rateKeys.map(([name]) => name)

/**
 * The bands of a listed price, lowest first; the first is above -1, so every request is in one.
 * Null where the list prices this model by something else than tokens (hours of audio, pages). An
 * empty price is free, not unknown.
 */
export function readBands(price: ModelPrice): readonly Band[] | null {
  const isEmpty = Object.keys(price).length === 0
  const hasTokens = price['input_mtok'] !== undefined || price['output_mtok'] !== undefined
  if (!isEmpty && !hasTokens) return null
  const starts = new Set([-1])
  for (const [, key] of rateKeys) {
    const value = price[key]
    if (typeof value === 'object') for (const tier of value.tiers) starts.add(tier.start)
  }
  return [...starts].sort((a, b) => a - b).map((above) => ({ above, rates: ratesIn(price, above) }))
}

function ratesIn(price: ModelPrice, above: number): Rates {
  const rates: { [C in RateClass]?: Decimal } = {}
  for (const [name, key] of rateKeys) {
    const rate = rateIn(price[key], above)
    if (rate !== undefined) rates[name] = rate
  }
  return rates
}

function rateIn(value: ModelPrice[string], above: number): Decimal | undefined {
  if (typeof value !== 'object') return decimal(value)
  let inForce = value.base
  for (const tier of [...value.tiers].sort((a, b) => a.start - b.start)) {
    if (above >= tier.start) inForce = tier.price
  }
  return decimal(inForce)
}

/** The listed fees by the piece. */
export const readPieceRates = (price: ModelPrice): PieceRates => ({
  webSearch: flat(price['web_searches_kcount']),
  fileSearch: flat(price['storage_searches_kcount']),
  request: flat(price['requests_kcount']),
})

const flat = (value: ModelPrice[string]): Decimal | undefined =>
  typeof value === 'number' ? decimal(value) : undefined

const decimal = (value: number | undefined): Decimal | undefined =>
  value === undefined ? undefined : (decimalOf(value) ?? undefined)

/** An exact decimal as text without needless zeros: "0.003625", "2.5", "10". */
export function formatDecimal({ digits, exponent }: Decimal): string {
  if (exponent >= 0) return (digits * 10n ** BigInt(exponent)).toString()
  const text = (digits < 0n ? -digits : digits).toString().padStart(1 - exponent, '0')
  const fraction = text.slice(exponent).replace(/0+$/, '')
  const whole = text.slice(0, exponent)
  return `${digits < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
