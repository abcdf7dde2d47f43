import type { Provider } from '@pydantic/genai-prices'
import { isObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'

/**
 * Checks a genai-prices data file (version 2: an array of providers) given by the user. The package
 * would take a wrong key for a price of zero; here every key and value that a price depends on is
 * looked at before it is used.
 */
export function readCatalogFile(file: unknown): readonly Provider[] {
  if (!Array.isArray(file)) throw wrong('the file', 'an array of providers')
  if (file.length === 0) throw wrong('the file', 'at least one provider')
  for (const [index, provider] of file.entries()) checkProvider(provider, `[${index}]`)
  return file as readonly Provider[]
}

function checkProvider(provider: unknown, at: string): void {
  if (!isObject(provider)) throw wrong(at, 'a provider object')
  if (typeof provider['id'] !== 'string') throw wrong(`${at}.id`, 'a string')
  if (provider['provider_match'] !== undefined) {
    checkMatch(provider['provider_match'], `${at}.provider_match`)
  }
  if (provider['model_match'] !== undefined)
    checkMatch(provider['model_match'], `${at}.model_match`)
  const models: unknown = provider['models']
  if (!Array.isArray(models)) throw wrong(`${at}.models`, 'an array')
  for (const [index, model] of models.entries()) checkModel(model, `${at}.models[${index}]`)
}

function checkModel(model: unknown, at: string): void {
  if (!isObject(model)) throw wrong(at, 'a model object')
  if (typeof model['id'] !== 'string') throw wrong(`${at}.id`, 'a string')
  checkMatch(model['match'], `${at}.match`)
  const prices: unknown = model['prices']
  if (!Array.isArray(prices)) {
    checkPrice(prices, `${at}.prices`)
    return
  }
  if (prices.length === 0) throw wrong(`${at}.prices`, 'at least one price')
  for (const [index, row] of prices.entries()) checkRow(row, `${at}.prices[${index}]`)
}

function checkRow(row: unknown, at: string): void {
  if (!isObject(row)) throw wrong(at, 'a dated price')
  checkPrice(row['prices'], `${at}.prices`)
  const constraint: unknown = row['constraint']
  if (constraint === undefined) return
  if (!isObject(constraint)) throw wrong(`${at}.constraint`, 'an object')
  const isDated = isDay(constraint['start_date'])
  const isHourly = isTime(constraint['start_time']) && isTime(constraint['end_time'])
  if (isDated === isHourly) {
    throw wrong(`${at}.constraint`, 'a start_date, or a start_time and an end_time')
  }
}

function checkPrice(price: unknown, at: string): void {
  if (!isObject(price)) throw wrong(at, 'an object of prices')
  for (const [key, value] of Object.entries(price)) {
    if (!/_(mtok|kcount|hours|kpages|mchars|gpixels)$/.test(key)) {
      throw wrong(`${at}.${key}`, 'a price key of genai-prices, e.g. "input_mtok"')
    }
    if (isObject(value)) checkTiers(value['base'], value['tiers'], `${at}.${key}`)
    else if (!isAmount(value)) throw wrong(`${at}.${key}`, 'a number of dollars, zero or more')
  }
}

function checkTiers(base: unknown, tiers: unknown, at: string): void {
  if (!isAmount(base)) throw wrong(`${at}.base`, 'a number of dollars, zero or more')
  if (!Array.isArray(tiers)) throw wrong(`${at}.tiers`, 'an array')
  for (const tier of tiers) {
    const isWhole = isObject(tier) && Number.isSafeInteger(tier['start']) && isAmount(tier['price'])
    if (!isWhole) throw wrong(`${at}.tiers`, 'rows of { start: tokens, price: dollars }')
  }
}

function checkMatch(logic: unknown, at: string): void {
  if (!isObject(logic)) throw wrong(at, 'a match rule')
  const [[key, value] = []] = Object.entries(logic)
  if (key === 'or' || key === 'and') {
    if (!Array.isArray(value)) throw wrong(`${at}.${key}`, 'an array of match rules')
    for (const part of value) checkMatch(part, `${at}.${key}`)
    return
  }
  const isText = typeof value === 'string'
  if (!isText || key === undefined || !textRules.has(key)) throw wrong(at, 'a match rule')
  if (key === 'regex' && !isRegex(value)) throw wrong(`${at}.regex`, 'a regular expression')
}

const textRules = new Set(['equals', 'starts_with', 'ends_with', 'contains', 'regex'])

function isRegex(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp
  } catch {
    return false
  }
}

const isAmount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

const isDay = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))

const isTime = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value)

const wrong = (at: string, expected: string): UserError =>
  new UserError(
    `the price file is not in the format of genai-prices: ${at} should be ${expected}`,
    {
      at,
      hint: 'download prices/new_data/v2/data.json of github.com/pydantic/genai-prices',
    },
  )
