import type { JournalEntry } from '../domain/journal.ts'
import { isObject, parsedOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import type { Database, SqlRow } from './database.ts'
import { sqliteCode } from './sqlite-code.ts'

/** The entries of one turn of the gateway's event loop, which were committed together. */
export type JournalTurn = { readonly turn: number; readonly entries: readonly JournalEntry[] }

const selectPage = 'SELECT turn, entries FROM journal WHERE turn > ? ORDER BY turn LIMIT ?'
const selectNext = 'SELECT min(turn) AS turn FROM journal WHERE turn > ?'

/** Rows read at once: no statement stays open between them, as a connection can do nothing else meanwhile. */
const pageRows = 64

/**
 * The turns after the given one, in order, read as they are asked for. A turn that is damaged is left out and told to
 * `onDamage`.
 */
export function* turnsAfter(
  database: Database,
  after: number,
  onDamage: (turn: number) => void,
): Generator<JournalTurn> {
  const page = database.prepare(selectPage)
  let last = after
  for (let limit = pageRows; ; ) {
    const rows = readable(() => page.all(last, limit))
    if (rows === null && limit > 1) {
      limit = 1
      continue
    }
    if (rows === null) {
      last = numberAfter(database, last)
      onDamage(last)
      limit = pageRows
      continue
    }
    if (rows.length === 0) return
    for (const row of rows) {
      last = Number(row['turn'])
      const entries = entriesOf(row['entries'])
      if (entries === null) onDamage(last)
      else yield { turn: last, entries }
    }
  }
}

/** Where not even the number of the next turn can be read, there is nothing to step over to: a UserError says so. */
function numberAfter(database: Database, turn: number): number {
  try {
    return Number(database.prepare(selectNext).get(turn)?.['turn'])
  } catch (error) {
    if (!isDamage(error)) throw error
    throw new UserError(`${database.path} is damaged behind turn ${turn}`, {
      hint: 'move it away to start a ledger anew; what was taken into the store stays there',
    })
  }
}

/** Null where SQLite says that pages of the file are damaged. */
function readable(read: () => readonly SqlRow[]): readonly SqlRow[] | null {
  try {
    return read()
  } catch (error) {
    if (isDamage(error)) return null
    throw error
  }
}

const isDamage = (error: unknown): boolean =>
  /malformed|SQLITE_CORRUPT/.test(`${sqliteCode(error)} ${error}`)

/** The entries of a row; null where its text is not what a gateway writes. */
export function entriesOf(text: unknown): readonly JournalEntry[] | null {
  const entries = parsedOf(text)
  if (!Array.isArray(entries) || !entries.every(isEntry)) return null
  return entries
}

function isEntry(entry: unknown): entry is JournalEntry {
  if (!isObject(entry) || typeof entry['id'] !== 'string' || typeof entry['at'] !== 'number')
    return false
  if (entry['kind'] === 'begun') return isObject(entry['spender'])
  return (
    entry['kind'] === 'settled' &&
    Number.isSafeInteger(entry['costNanoUsd']) &&
    isObject(entry['spender']) &&
    isObject(entry['record']) &&
    isObject(entry['receipt']) &&
    Array.isArray(entry['receipt']['steps'])
  )
}
