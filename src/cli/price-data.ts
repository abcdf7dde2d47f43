import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../domain/user-error.ts'
import type { Terminal } from './terminal.ts'

/** A price file that `llmcost prices update` put in place of the bundled one. */
export type StoredPriceData = {
  readonly data: unknown
  readonly date: string
  readonly path: string
}

/** LLMCOST_PRICE_DATA, else the user's own data folder. */
export function priceDataPath({ env }: Pick<Terminal, 'env'>): string {
  const named = env['LLMCOST_PRICE_DATA']
  if (named !== undefined && named !== '') return named
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'llmcost', 'prices.json')
}

export function storedPriceData(terminal: Pick<Terminal, 'env'>): StoredPriceData | null {
  const path = priceDataPath(terminal)
  if (!existsSync(path)) return null
  try {
    const { date, data } = JSON.parse(readFileSync(path, 'utf8')) as { date: string; data: unknown }
    return { date, data, path }
  } catch {
    throw new UserError(`${path} is damaged`, {
      hint: 'run `llmcost prices update` again, or remove the file',
    })
  }
}
