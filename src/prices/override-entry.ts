import { isObject, type JsonObject } from '../domain/json.ts'
import { type Decimal, decimalOf, multiply } from '../domain/money.ts'
import { didYouMean } from './did-you-mean.ts'
import type { OverridePrice, OverrideProblem, PriceOverride } from './overrides.ts'
import { type Band, type PieceRates, type RateClass, type Rates, rateClasses } from './rates.ts'

type Problems = OverrideProblem[]

const entryKeys = [
  'target',
  'from',
  'to',
  'serviceTier',
  'rates',
  'bands',
  'as',
  'factor',
  'hourly',
  'free',
  'fees',
  'note',
]
const priceKeys = ['rates', 'as', 'factor', 'hourly', 'free']
const hourlyKeys = ['usdPerGpuHour', 'gpus', 'atOnce']
const feeKeys = ['webSearch', 'fileSearch', 'codeSession', 'request'] as const

/**
 * Reads one entry of a prices file; what is wrong goes to `problems`, and the entry is then null.
 */
export function readOverride(row: unknown, at: string, problems: Problems): PriceOverride | null {
  if (!isObject(row)) {
    problems.push({ at, message: `should be an entry with a target, not ${shown(row)}` })
    return null
  }
  const before = problems.length
  checkKeys(row, entryKeys, at, problems)
  const target = readName(row, 'target', at, problems)
  const entry = {
    target: (target ?? '').toLowerCase(),
    from: readDay(row, 'from', at, problems),
    to: readDay(row, 'to', at, problems),
    serviceTier:
      row['serviceTier'] === undefined ? null : readName(row, 'serviceTier', at, problems),
    fees: readFees(row['fees'], `${at}.fees`, problems),
    at,
  }
  if (entry.from !== null && entry.to !== null && entry.from >= entry.to) {
    problems.push({ at: `${at}.to`, message: `should be after from, not ${shown(row['to'])}` })
  }
  const price = readPrice(row, at, problems)
  return problems.length > before || price === null ? null : { ...entry, price }
}

function readPrice(row: JsonObject, at: string, problems: Problems): OverridePrice | null {
  const given = priceKeys.filter((key) => row[key] !== undefined)
  const kind = given.join(' and ')
  if (row['bands'] !== undefined && kind !== 'rates') {
    problems.push({ at: `${at}.bands`, message: 'only goes with rates' })
  }
  switch (kind) {
    case 'rates':
      return readRatesPrice(row, at, problems)
    case 'as':
    case 'as and factor':
      return readAlias(row, at, problems)
    case 'factor': {
      const factor = readAmount(row['factor'], `${at}.factor`, problems)
      return factor && { kind: 'factor', factor }
    }
    case 'hourly':
      return readHourly(row['hourly'], `${at}.hourly`, problems)
    case 'free':
      if (row['free'] === true) return { kind: 'free' }
      problems.push({ at: `${at}.free`, message: `should be true, not ${shown(row['free'])}` })
      return null
    default: {
      const message = `should have one of rates, as, factor, hourly, free; has ${kind || 'none'}`
      problems.push({ at, message, hint: 'only as and factor go together' })
      return null
    }
  }
}

function readAlias(row: JsonObject, at: string, problems: Problems): OverridePrice | null {
  const target = readName(row, 'as', at, problems)
  const given = row['factor']
  const factor = given === undefined ? null : readAmount(given, `${at}.factor`, problems)
  return target === null ? null : { kind: 'as', target: target.toLowerCase(), factor }
}

function readRatesPrice(row: JsonObject, at: string, problems: Problems): OverridePrice | null {
  const rates = readRates(row['rates'], `${at}.rates`, problems)
  const bands: Band[] = [{ above: -1, rates }]
  const others: unknown = row['bands'] ?? []
  if (!Array.isArray(others)) {
    problems.push({ at: `${at}.bands`, message: `should be a list, not ${shown(others)}` })
    return null
  }
  for (const [index, band] of others.entries()) {
    const place = `${at}.bands[${index}]`
    const above: unknown = isObject(band) ? band['above'] : undefined
    if (!isObject(band) || typeof above !== 'number' || !Number.isSafeInteger(above) || above < 0) {
      problems.push({
        at: `${place}.above`,
        message: `should be input tokens, not ${shown(above)}`,
      })
      continue
    }
    checkKeys(band, ['above', 'rates'], place, problems)
    bands.push({ above, rates: readRates(band['rates'], `${place}.rates`, problems) })
  }
  bands.sort((a, b) => a.above - b.above)
  return { kind: 'rates', bands }
}

function readRates(value: unknown, at: string, problems: Problems): Rates {
  if (!isObject(value)) {
    const hint = 'e.g. { input: 2.50, output: 10.00 } in US dollars per million tokens'
    problems.push({ at, message: `should be rates, not ${shown(value)}`, hint })
    return {}
  }
  checkKeys(value, rateClasses, at, problems)
  const rates: { [C in RateClass]?: Decimal } = {}
  for (const name of rateClasses) {
    const amount = value[name]
    const rate = amount === undefined ? null : readAmount(amount, `${at}.${name}`, problems)
    if (rate !== null) rates[name] = rate
  }
  if (value['input'] === undefined) problems.push({ at: `${at}.input`, message: 'is missing' })
  return rates
}

function readHourly(value: unknown, at: string, problems: Problems): OverridePrice | null {
  if (!isObject(value)) {
    const hint = 'e.g. { usdPerGpuHour: 2.50, gpus: 4, atOnce: 8 }'
    problems.push({ at, message: `should be a price by the hour, not ${shown(value)}`, hint })
    return null
  }
  checkKeys(value, hourlyKeys, at, problems)
  const usd = readAmount(value['usdPerGpuHour'], `${at}.usdPerGpuHour`, problems)
  const gpus = readCount(value['gpus'], `${at}.gpus`, problems)
  const atOnce = readCount(value['atOnce'], `${at}.atOnce`, problems)
  if (usd === null) return null
  const usdPerHour = multiply(usd, { digits: BigInt(gpus), exponent: 0 })
  return { kind: 'hourly', usdPerHour, atOnce }
}

function readCount(value: unknown, at: string, problems: Problems): number {
  if (value === undefined) return 1
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  problems.push({ at, message: `should be a whole number above zero, not ${shown(value)}` })
  return 1
}

function readFees(value: unknown, at: string, problems: Problems): PieceRates {
  if (value === undefined) return {}
  if (!isObject(value)) {
    problems.push({ at, message: `should be fees, not ${shown(value)}`, hint: '{ webSearch: 10 }' })
    return {}
  }
  checkKeys(value, feeKeys, at, problems)
  const fees: { -readonly [K in keyof PieceRates]: Decimal } = {}
  for (const key of feeKeys) {
    const fee = value[key] === undefined ? null : readAmount(value[key], `${at}.${key}`, problems)
    if (fee !== null) fees[key] = fee
  }
  return fees
}

function readName(row: JsonObject, key: string, at: string, problems: Problems): string | null {
  const value = row[key]
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  const hint = key === 'target' ? 'provider:model, or a model alone' : undefined
  problems.push({ at: `${at}.${key}`, message: `should be a name, not ${shown(value)}`, hint })
  return null
}

function readAmount(value: unknown, at: string, problems: Problems): Decimal | null {
  const isAmount = typeof value === 'number' || typeof value === 'string'
  const amount = isAmount ? decimalOf(value) : null
  if (amount !== null && amount.digits >= 0n) return amount
  problems.push({ at, message: `should be a number, zero or more, not ${shown(value)}` })
  return null
}

/** A day as YAML gives it: text, or a Date in parsers of YAML 1.1. */
function readDay(row: JsonObject, key: string, at: string, problems: Problems): number | null {
  const value: unknown = row[key]
  if (value === undefined) return null
  const text = value instanceof Date ? value.toISOString().slice(0, 10) : value
  const isDay = typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text)
  const day = isDay ? Date.parse(text) : Number.NaN
  // Date.parse takes the 31st of any month.
  if (!Number.isNaN(day) && new Date(day).toISOString().startsWith(String(text))) return day
  const message = `should be a day like 2026-01-31, not ${shown(value)}`
  problems.push({ at: `${at}.${key}`, message })
  return null
}

function checkKeys(
  row: JsonObject,
  known: readonly string[],
  at: string,
  problems: Problems,
): void {
  for (const key of Object.keys(row)) {
    if (known.includes(key)) continue
    const near = didYouMean(key, known) ?? synonyms[key]
    const hint = near === undefined ? `one of ${known.join(', ')}` : `did you mean "${near}"?`
    problems.push({ at: `${at}.${key}`, message: 'unknown key', hint })
  }
}

/** Other words people know these by. */
const synonyms: { readonly [key: string]: string | undefined } = {
  model: 'target',
  name: 'target',
  alias: 'as',
  discount: 'factor',
  prompt: 'input',
  completion: 'output',
  cached: 'cacheRead',
  cachedInput: 'cacheRead',
  cacheWrite: 'cacheWrite5m',
  usdPerHour: 'usdPerGpuHour',
  concurrency: 'atOnce',
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  return JSON.stringify(value) ?? String(value)
}
