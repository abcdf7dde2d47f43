import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLogs } from '../../src/cli/logs.ts'
import { openRunPrices } from '../../src/cli/price-book.ts'
import { targetCosts } from '../../src/cli/target-costs.ts'
import type { PriceBook } from '../../src/domain/price.ts'
import { openHistorySource } from '../../src/store/history-source.ts'
import { openRequestLookup } from '../../src/store/request-lookup.ts'
import { openRequestSource } from '../../src/store/request-source.ts'
import { type History, loadHistory } from '../../src/worlds/history.ts'
import type { CostOf } from '../../src/worlds/model-costs.ts'
import { fakeTerminal } from './terminal.ts'

/** Canonical records as a store's history, and the prices they were stored with. */
export type StoredHistory = {
  readonly history: History
  readonly book: PriceBook
  readonly costOf: CostOf
  /** The store's secret, by which its keys are hashed. */
  readonly secret: string
  close(): void
}

/** Writes records to a log, reads it into a store of its own and loads it back. `prices` is a file of overrides. */
export async function storedHistory(
  records: readonly object[],
  prices?: string,
): Promise<StoredHistory> {
  const terminal = fakeTerminal({})
  const log = join(terminal.folder, 'log.jsonl')
  writeFileSync(log, records.map((record) => JSON.stringify({ v: 1, ...record })).join('\n'))
  const overrides = join(terminal.folder, 'prices.yaml')
  if (prices !== undefined) writeFileSync(overrides, prices)
  const flags = prices === undefined ? {} : { prices: [overrides] }
  const run = await openRunPrices(flags, terminal)
  const { store } = await openLogs([log], flags, terminal, run)
  const source = openRequestSource(store.database, { files: null, where: [] })
  const lookup = openRequestLookup(store.database)
  const history = loadHistory(source, openHistorySource(store.database), lookup)
  return {
    history,
    book: run.book,
    costOf: targetCosts(run.book),
    secret: store.secret,
    close() {
      store.close()
      terminal.remove()
    },
  }
}
