/** What stands where a value is unknown: never 0, never blank. */
export const unknownMark = '–'

/** Dollars as a fact: $0.000012, $0.036, $12.34, $14,812. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return unknownMark
  const size = Math.abs(usd)
  if (size === 0) return '$0'
  if (size >= 999.995) return signed(usd, grouped(Math.round(size)))
  if (size >= 0.995) return signed(usd, size.toFixed(2))
  return signed(usd, significant(size, size >= 0.01 ? 3 : 2))
}

/** Dollars to the cent, to hold against an invoice: $14,812.40. Below a dollar as `formatUsd`. */
export function formatUsdCents(usd: number | null): string {
  if (usd === null || Math.abs(usd) < 0.995) return formatUsd(usd)
  const [whole = '0', cents = '00'] = Math.abs(usd).toFixed(2).split('.')
  return signed(usd, `${grouped(Number(whole))}.${cents}`)
}

/** Dollars as an estimate, to three significant digits: $14,800, $412, $4.71. */
export function formatUsdRough(usd: number | null): string {
  if (usd === null) return unknownMark
  const size = Math.abs(usd)
  if (size < 9.995) return formatUsd(usd)
  const step = 10 ** Math.max(0, Math.floor(Math.log10(size)) - 2)
  return signed(usd, grouped(Math.round(size / step) * step))
}

/** Dollars to the last of nine decimals, with at least `decimals` of them: $0.0128, $0.000003412. */
export function formatUsdExact(usd: number | null, decimals = 2): string {
  if (usd === null) return unknownMark
  const [whole = '0', fraction = ''] = Math.abs(usd).toFixed(9).split('.')
  const kept = fraction.replace(/0+$/, '').padEnd(decimals, '0')
  return signed(usd, `${grouped(Number(whole))}.${kept}`)
}

/** A whole number with thousands separated: 412,906. Fractions keep one digit. */
export function formatCount(count: number | null): string {
  if (count === null) return unknownMark
  const size = Math.abs(count)
  const sign = count < 0 ? '-' : ''
  if (Number.isInteger(count)) return sign + grouped(size)
  const [whole = '0', tenth = '0'] = size.toFixed(1).split('.')
  return `${sign}${grouped(Number(whole))}${tenth === '0' ? '' : `.${tenth}`}`
}

/** Tokens in three digits at most and a unit: 980, 41.2k, 1.2M, 3.1B. */
export function formatTokens(tokens: number | null): string {
  if (tokens === null) return unknownMark
  const units = ['', 'k', 'M', 'B', 'T']
  let size = Math.abs(tokens)
  let unit = 0
  while (size >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  const digits =
    unit === 0 ? String(Math.round(size)) : size < 99.95 ? trim(size, 1) : trim(size, 0)
  return `${tokens < 0 ? '-' : ''}${digits}${units[unit]}`
}

/** A duration: 0.4 ms, 312 ms, 1.2 s, 1 min 12 s. */
export function formatMs(ms: number | null): string {
  if (ms === null) return unknownMark
  if (ms < 10) return `${trim(ms, 1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  return rest === 0 ? `${formatCount(minutes)} min` : `${formatCount(minutes)} min ${rest} s`
}

/** A share 0–1 in percent. What is neither nothing nor all never reads 0% or 100%. */
export function formatShare(share: number | null): string {
  if (share === null) return unknownMark
  const percent = share * 100
  const size = Math.abs(percent)
  const sign = percent < 0 ? '-' : ''
  if (size === 0) return '0%'
  if (size < 0.05) return `${sign}<0.1%`
  if (size > 99.95 && size < 100) return `${sign}>99.9%`
  return `${sign}${size < 9.95 || (size > 99 && size < 100) ? size.toFixed(1) : grouped(Math.round(size))}%`
}

/** A part of a whole in percent; unknown without a whole. */
export const formatPart = (part: number, whole: number): string =>
  formatShare(whole === 0 ? null : part / whole)

/** The calendar day of an ISO time: 2026-10-31. */
export const formatDay = (iso: string | null): string => iso?.slice(0, 10) ?? unknownMark

/** "1 request", "2 requests". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

const signed = (value: number, size: string): string => `${value < 0 ? '-' : ''}$${size}`

const grouped = (whole: number): string =>
  BigInt(Math.round(whole))
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')

const trim = (value: number, decimals: number): string =>
  value.toFixed(decimals).replace(/\.0+$/, '')

/** Plain decimals, never an exponent; 20 decimals are the most that toFixed is asked for. */
function significant(value: number, digits: number): string {
  const decimals = Math.min(20, Math.max(2, digits - 1 - Math.floor(Math.log10(value))))
  const text = value.toFixed(decimals)
  return text.replace(/(\.\d\d\d*?)0+$/, '$1')
}
