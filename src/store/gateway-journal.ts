import { existsSync, statSync } from 'node:fs'
import { type Database, openDatabase } from './database.ts'
import { gatewayPath, ledgerId } from './gateway-store.ts'
import { type JournalTurn, turnsAfter } from './journal.ts'
import { knownFiles } from './known-files.ts'
import { storeError } from './store.ts'

/** The journal of a store's gateway as others than the gateway read it, while one may be running. */
export type GatewayJournal = {
  readonly path: string
  /** Another one begins to count its turns anew. */
  readonly ledger: string
  /** The last turn; 0 where none was written. */
  readonly newestTurn: number
  turnsAfter(turn: number, onDamage: (turn: number) => void): Iterable<JournalTurn>
  /** About how much there is to read after a turn. */
  bytesAfter(turn: number): number
  close(): void
}

/** The last turn of a ledger that the store has taken in; 0 where it knows nothing of it. */
export function takenTurn(
  database: Database,
  { path, ledger }: Pick<GatewayJournal, 'path' | 'ledger'>,
): number {
  const known = knownFiles(database).find((file) => file.path === path)
  return known?.headHash === ledger ? known.byteOffset : 0
}

const selectEnds = 'SELECT min(turn) AS oldest, max(turn) AS newest FROM journal'
const selectTable = "SELECT 1 AS one FROM sqlite_master WHERE name = 'journal'"

/** Null where the store has no gateway, or one that is only just starting. */
export async function openGatewayJournal(
  storePath: string,
  driver: string | undefined,
): Promise<GatewayJournal | null> {
  const path = gatewayPath(storePath)
  if (!existsSync(path)) return null
  let database: Database | null = null
  try {
    database = await openDatabase(path, { driver, readOnly: true })
    const journal = journalIn(database, path)
    if (journal === null) database.close()
    return journal
  } catch (error) {
    database?.close()
    throw storeError(error, path)
  }
}

function journalIn(database: Database, path: string): GatewayJournal | null {
  if (database.prepare(selectTable).get() === undefined) return null
  const ledger = ledgerId(database)
  if (ledger === null) return null
  const ends = database.prepare(selectEnds).get() ?? {}
  const [oldest, newestTurn] = [Number(ends['oldest'] ?? 0), Number(ends['newest'] ?? 0)]
  return {
    path,
    ledger,
    newestTurn,
    turnsAfter: (turn, onDamage) => turnsAfter(database, turn, onDamage),
    bytesAfter(turn) {
      const share = (newestTurn - Math.max(turn, oldest - 1)) / (newestTurn - oldest + 1)
      return Math.round(statSync(path).size * Math.max(0, share))
    },
    close: () => database.close(),
  }
}
