import { UserError } from '../domain/user-error.ts'
import { formatCount, plural } from '../report/numbers.ts'
import { nowMs } from './clock.ts'
import { type Check, ok, warn } from './doctor-check.ts'
import { openRunPrices } from './price-book.ts'
import { priceDataPath, storedPriceData } from './price-data.ts'
import type { Terminal } from './terminal.ts'

const dayMs = 86_400_000
/** Prices change about weekly somewhere; after a quarter several of the large models have. */
const staleDays = 90

/** The price book with its age, and the overrides that are in force without flags. */
export async function priceChecks(terminal: Terminal): Promise<readonly Check[]> {
  try {
    const { book } = await openRunPrices({}, terminal)
    const { providers } = book.context.catalog
    const models = providers.reduce((sum, { models }) => sum + models.length, 0)
    const age = Math.max(0, Math.floor((nowMs(terminal) - Date.parse(book.date)) / dayMs))
    const from = storedPriceData(terminal) === null ? '' : `, from ${priceDataPath(terminal)}`
    const value = `${book.name}, prices of ${book.date} (${plural(age, 'day')} old), ${formatCount(models)} models${from}`
    return [
      age > staleDays
        ? warn('prices', value, 'renew them: llmcost prices update --help')
        : ok('prices', value),
      overridesCheck(book.context.overrides),
    ]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const place = error.at === undefined ? '' : ` at ${error.at}`
    return [warn('prices', `${error.message}${place}`, error.hint ?? '')]
  }
}

/** Those of LLMCOST_PRICES and of the policy file in force. */
function overridesCheck(overrides: readonly { readonly path: string }[]): Check {
  if (overrides.length === 0) return ok('overrides', 'none')
  const files = [...new Set(overrides.map(({ path }) => path))]
  return ok('overrides', `${formatCount(overrides.length)} in ${files.join(' and ')}`)
}
