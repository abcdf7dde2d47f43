import { UserError } from '../domain/user-error.ts'
import type { Database } from '../store/database.ts'
import { needsReprice } from '../store/reprice.ts'
import { openRunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

const sentence =
  'costs are as the last report or load priced them, not by the price book in force without flags; llmcost analyze prices the store anew, by the flags it is given'

/**
 * What a command has to say that shows stored costs as they are: null where the book, LLMCOST_PRICES and the policy in
 * force would price them the same. Prices that cannot be read are for the commands to complain of that need them.
 */
export async function priceNote(
  database: Database,
  terminal: Pick<Terminal, 'env'>,
): Promise<string | null> {
  try {
    const { fingerprint } = await openRunPrices({}, terminal)
    return needsReprice(database, fingerprint) ? sentence : null
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}
