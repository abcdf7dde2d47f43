import type { Intent, JournalEntry, Settled, Spender } from '../domain/journal.ts'
import { UserError } from '../domain/user-error.ts'
import type { Database, SqlRow } from './database.ts'
import { entriesOf } from './journal.ts'
import { loadSqliteVec } from './vector-index.ts'

/** Whose requests are to be erased from a gateway's ledger, and up to which moment; both null: all of them. */
export type ErasureScope = {
  readonly user: string | null
  /** Milliseconds since 1970 UTC. */
  readonly before: number | null
}

/** What a gateway that is running has been asked to erase from what it keeps of answers. */
export type Erasure = ErasureScope & { readonly id: number }

const selectPage = 'SELECT turn, entries FROM journal WHERE turn > ? ORDER BY turn LIMIT ?'
const updateTurn = 'UPDATE journal SET entries = ? WHERE turn = ?'
const insertErasure = 'INSERT INTO erasures (user, before) VALUES (?, ?)'
const selectErasures = 'SELECT id, user, before FROM erasures ORDER BY id'
const deleteErasure = 'DELETE FROM erasures WHERE id = ?'
const listTables = 'PRAGMA table_list'

/** Turns rewritten in one transaction: the gateway waits no longer than that takes. */
const turnsAtOnce = 64

/**
 * Takes everything out of the entries of a scope but when they were, what they cost and what budgets know them by, and
 * out of turns that nobody can read. Returns how many requests that concerned.
 */
export function eraseEntries(database: Database, scope: ErasureScope, dryRun: boolean): number {
  database.exec('PRAGMA secure_delete = ON')
  const page = database.prepare(selectPage)
  const update = database.prepare(updateTurn)
  let erased = 0
  for (let last = -1; ; ) {
    const rows = page.all(last, turnsAtOnce)
    const newest = rows.at(-1)
    if (newest === undefined) return erased
    last = Number(newest['turn'])
    const rewritten = rows.flatMap((row) => rewrite(row, scope))
    erased += rewritten.reduce((sum, { requests }) => sum + requests, 0)
    if (dryRun || rewritten.length === 0) continue
    database.transaction(() => {
      for (const { turn, text } of rewritten) update.run(text, turn)
    })
  }
}

type Rewritten = { readonly turn: number; readonly text: string; readonly requests: number }

/** Nothing where the turn has nothing to erase. */
function rewrite(row: SqlRow, scope: ErasureScope): readonly Rewritten[] {
  const turn = Number(row['turn'])
  const text = String(row['entries'])
  const entries = entriesOf(text)
  if (entries === null) return [{ turn, text: '[]', requests: 0 }]
  if (scope.user !== null && !text.includes(JSON.stringify(scope.user))) return []
  const meant = entries.filter((entry) => !isBare(entry) && isMeant(entry, scope))
  if (meant.length === 0) return []
  const left = entries.map((entry) => (meant.includes(entry) ? bare(entry) : entry))
  const requests = meant.filter(({ kind }) => kind === 'settled').length
  return [{ turn, text: JSON.stringify(left), requests }]
}

function isMeant(entry: JournalEntry, { user, before }: ErasureScope): boolean {
  if (before !== null && entry.at >= before) return false
  if (user === null || entry.spender.user === user) return true
  return entry.kind === 'settled' && entry.record['user'] === user
}

const isBare = (entry: JournalEntry): boolean =>
  entry.kind === 'settled'
    ? Object.keys(entry.record).length === 0
    : personal.every((name) => entry.spender[name] === undefined)

const bare = (entry: JournalEntry): JournalEntry =>
  entry.kind === 'begun' ? bareIntent(entry) : bareSettled(entry)

const bareIntent = (intent: Intent): Intent => ({ ...intent, spender: impersonal(intent.spender) })

const bareSettled = (settled: Settled): Settled => ({
  ...settled,
  spender: impersonal(settled.spender),
  record: {},
  keys: null,
  receipt: { ...settled.receipt, steps: [] },
})

const personal = ['user', 'session', 'trace'] as const

/** Without what tells a person apart. What they spent is not that of those who name no user. */
function impersonal({ user, session: _, trace: __, ...rest }: Spender): Spender {
  return user === undefined ? rest : { ...rest, isNobodys: true }
}

/** Asks the gateway that is running to erase the same from what it keeps of answers. */
export function orderErasure(database: Database, { user, before }: ErasureScope): void {
  database.prepare(insertErasure).run(user, before)
}

/** What a gateway has still to erase from what it keeps of answers, before it serves any of them again. */
export const pendingErasures = (database: Database): readonly Erasure[] =>
  database
    .prepare(selectErasures)
    .all()
    .map((row) => ({
      id: Number(row['id']),
      user: row['user'] as string | null,
      before: row['before'] as number | null,
    }))

export const erasureDone = (database: Database, id: number): void => {
  database.prepare(deleteErasure).run(id)
}

/** What stays when kept answers go. */
const ledgerTables: ReadonlySet<string> = new Set([
  'meta',
  'migrations',
  'journal',
  'checkpoints',
  'erasures',
])
/** What stays when everything goes: the next gateway begins another ledger. */
const schemaTables: ReadonlySet<string> = new Set(['migrations'])

/**
 * Empties whatever else a gateway keeps, as answers and their vectors, while none is running; with `isAll` its ledger as
 * well. Every table but those that stay, so that one added later is not forgotten here.
 */
export function eraseKept(database: Database, isAll: boolean): void {
  const staying = isAll ? schemaTables : ledgerTables
  const tables = database
    .prepare(listTables)
    .all()
    .map(({ schema, name, type }) => ({ schema, name: String(name), type }))
    .filter(({ schema, name }) => schema === 'main' && !staying.has(name))
    .filter(({ name, type }) => type !== 'shadow' && !name.startsWith('sqlite_'))
  const needsVectors = tables.some(({ type }) => type === 'virtual')
  const reason = needsVectors ? loadSqliteVec(database) : null
  if (reason !== null) {
    throw new UserError(`${database.path} keeps vectors that cannot be erased: ${reason}`, {
      hint: 'remove the file: what budgets have counted so far goes with it',
    })
  }
  database.transaction(() => {
    for (const { name } of tables) database.exec(`DELETE FROM "${name}"`)
  })
}
