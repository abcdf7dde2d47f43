import { statSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import { plural } from '../report/numbers.ts'
import { spoolHoldsTurns } from '../serve/spool.ts'
import { openGatewayJournal } from '../store/gateway-journal.ts'
import { gatewayPath, hasGateway, isGatewayRunning } from '../store/gateway-store.ts'
import { type Check, ok, warn } from './doctor-check.ts'
import type { Terminal } from './terminal.ts'

/** The ledger of the store's gateway; nothing where none has ever run. It is opened for reading only. */
export async function ledgerChecks(
  storePath: string,
  { env }: Pick<Terminal, 'env'>,
): Promise<readonly Check[]> {
  if (!hasGateway(storePath)) return []
  const driver = env['LLMCOST_SQLITE']
  const path = gatewayPath(storePath)
  try {
    const journal = await openGatewayJournal(storePath, driver)
    journal?.close()
    const isRunning = await isGatewayRunning(storePath, driver)
    const size = `${(statSync(path).size / 1e6).toFixed(1)} MB`
    const facts = [
      path,
      size,
      plural(journal?.newestTurn ?? 0, 'turn'),
      isRunning ? 'a gateway is running' : 'no gateway is running',
    ]
    return [ok('ledger', facts.join(', ')), ...spoolCheck(path, isRunning)]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [warn('ledger', error.message, error.hint ?? '')]
  }
}

function spoolCheck(path: string, isRunning: boolean): readonly Check[] {
  if (!spoolHoldsTurns(path)) return []
  const advice = isRunning
    ? 'free space on its disk: the gateway brings it in by itself'
    : 'the next command brings it in, e.g. llmcost analyze'
  return [warn('spool', 'holds what the ledger could not take', advice)]
}
