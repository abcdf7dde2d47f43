import type { JournalEntry } from '../../src/domain/journal.ts'
import { openGatewayStore } from '../../src/store/gateway-store.ts'
import type { FakeTerminal } from './terminal.ts'

/** Writes turns as a gateway does that ends afterwards; each list is one turn. */
export async function writeLedger(
  { database }: Pick<FakeTerminal, 'database'>,
  ...turns: readonly (readonly JournalEntry[])[]
): Promise<void> {
  const store = await openGatewayStore({ path: database, durability: 'process' })
  try {
    for (const entries of turns) store.append(store.newestTurn() + 1, JSON.stringify(entries))
  } finally {
    store.close()
  }
}
