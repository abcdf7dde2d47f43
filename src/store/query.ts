import { UserError } from '../domain/user-error.ts'
import { nearestWords } from '../prices/did-you-mean.ts'
import type { Database, SqlValue } from './database.ts'
import { sqliteCode } from './sqlite-code.ts'
import { documentedViews } from './view-columns.ts'

export type Query = {
  readonly columns: readonly string[]
  /** Read lazily. Whole numbers are numbers where they are exact as such, else bigints; fractions have 15 digits. */
  readonly rows: () => Iterable<readonly SqlValue[]>
}

/**
 * Prepares one statement that only reads, on a connection that is read-only too. Throws a UserError for anything else,
 * and for what SQLite cannot make sense of.
 */
export function openQuery(database: Database, sql: string): Query {
  checkReads(sql)
  return explained(sql, () => {
    const statement = database.prepare(sql)
    const columns = statement.columns()
    if (columns.length === 0) throw onlyReads(sql)
    return { columns, rows: () => cellsOf(sql, statement) }
  })
}

function* cellsOf(
  sql: string,
  statement: { cells(): Iterable<readonly SqlValue[]> },
): Generator<readonly SqlValue[]> {
  const rows = explained(sql, () => statement.cells()[Symbol.iterator]())
  try {
    for (let next = rows.next(); next.done !== true; next = explained(sql, () => rows.next())) {
      yield next.value.map(shown)
    }
  } catch (error) {
    throw queryError(error, sql)
  } finally {
    rows.return?.()
  }
}

/** Sums of dollars carry float noise past the 15th digit; infinity has no form in JSON or CSV but text. */
function shown(value: SqlValue): SqlValue {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? Number(value.toPrecision(15)) : String(value)
  }
  const isExact =
    typeof value === 'bigint' &&
    value >= Number.MIN_SAFE_INTEGER &&
    value <= Number.MAX_SAFE_INTEGER
  return isExact ? Number(value) : value
}

const readingWords = new Set(['SELECT', 'WITH', 'VALUES', 'EXPLAIN'])

function checkReads(sql: string): void {
  const bare = withoutStrings(sql).trim()
  const [word = ''] = /^[A-Za-z]+/.exec(bare) ?? []
  if (bare.replace(/;+\s*$/, '').includes(';')) {
    throw new UserError('one statement at a time', {
      hint: 'leave out everything after the first ;',
    })
  }
  if (!readingWords.has(word.toUpperCase())) throw onlyReads(sql)
}

const onlyReads = (sql: string): UserError =>
  new UserError(`llmcost sql only reads: "${shortened(sql)}" does not`, {
    hint: 'write a SELECT, WITH, VALUES or EXPLAIN; llmcost purge deletes, llmcost ingest adds',
  })

const shortened = (sql: string): string => {
  const line = sql.trim().replace(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

/** The statement with comments gone and quoted text emptied, so that what is left can be looked through. */
function withoutStrings(sql: string): string {
  return sql.replace(
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/g,
    (quoted) => (/^(?:--|\/\*)/.test(quoted) ? ' ' : "''"),
  )
}

function explained<T>(sql: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw queryError(error, sql)
  }
}

/** SQLite's complaint about the statement as the user's mistake; trouble with the file is passed on. */
function queryError(error: unknown, sql: string): unknown {
  if (error instanceof UserError) return error
  const code = sqliteCode(error)
  const text = error instanceof Error ? error.message : String(error)
  if (/READONLY|readonly/.test(`${code} ${text}`)) return onlyReads(sql)
  if (error instanceof RangeError && /more than one statement/.test(text)) {
    return new UserError('one statement at a time')
  }
  if (code !== 'SQLITE_ERROR') return error
  return new UserError(text, { hint: hintFor(text, sql) })
}

const viewsHint = 'llmcost sql --views lists views and columns'

function hintFor(text: string, sql: string): string {
  const [, kind, name = ''] = /no such (table|column): (?:\w+\.)?(\w+)/.exec(text) ?? []
  if (kind === undefined) return viewsHint
  if (kind === 'table') {
    const views = documentedViews.map((view) => view.name)
    return nearOr(name, views, `views: ${views.join(', ')}`)
  }
  const used = documentedViews.filter((view) => new RegExp(`\\b${view.name}\\b`, 'i').test(sql))
  const columns = (used.length > 0 ? used : documentedViews).flatMap((view) =>
    view.columns.map(([column]) => column),
  )
  return nearOr(name, columns, `columns: ${[...new Set(columns)].join(', ')}`)
}

function nearOr(name: string, known: readonly string[], all: string): string {
  const near = nearestWords(name, known, 3)
  const part = known.filter((word) => word.toLowerCase().includes(name.toLowerCase()))
  const suggested = [...new Set([...near, ...part])].slice(0, 4)
  if (suggested.length === 0) return `${all}; ${viewsHint}`
  return `did you mean ${suggested.join(', ')}? ${viewsHint}`
}
