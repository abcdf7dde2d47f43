import { UserError } from '../domain/user-error.ts'
import { formatCsv } from '../report/csv.ts'
import type { TableValue } from '../report/table.ts'
import { openDatabase } from '../store/database.ts'
import { openQuery, type Query } from '../store/query.ts'
import { storeError } from '../store/store.ts'
import { documentedViews } from '../store/view-columns.ts'
import type { StoreFlags } from './common-options.ts'
import { withExistingStore } from './existing-store.ts'
import { Narrator } from './narrator.ts'
import { priceNote } from './price-note.ts'
import { printTable, type TableFormat } from './print-table.ts'
import type { Terminal } from './terminal.ts'
import { writeOut } from './write-out.ts'

export type SqlFlags = StoreFlags & {
  readonly format?: TableFormat
  readonly views?: boolean
}

/** `llmcost sql`: one statement that reads, on the views of docs/sql.md. */
export async function runSql(
  query: string | undefined,
  flags: SqlFlags,
  terminal: Terminal,
): Promise<number> {
  if (flags.views === true) return printViews(flags, terminal)
  const sql = query === '-' ? await readAll(terminal.stdin) : query
  if (sql === undefined || sql.trim() === '') {
    throw new UserError('no query given', {
      hint: 'write llmcost sql "select …", or llmcost sql --views for what there is',
    })
  }
  const path = await withExistingStore(
    flags,
    terminal,
    'files',
    'read',
    async (store, narrator) => {
      const note = await priceNote(store.database, terminal)
      if (note !== null) narrator.say(note)
      return store.path
    },
  )
  const driver = terminal.env['LLMCOST_SQLITE']
  const database = await openDatabase(path, { driver, readOnly: true, bigIntegers: true })
  try {
    await printQuery(openQuery(database, sql), flags, terminal)
    return 0
  } catch (error) {
    throw storeError(error, path)
  } finally {
    database.close()
  }
}

function printViews({ format }: SqlFlags, terminal: Terminal): number {
  const rows = documentedViews.flatMap(({ name, columns }) =>
    columns.map(([column, meaning]) => [name, column, meaning]),
  )
  printTable(terminal, [{ name: 'view' }, { name: 'column' }, { name: 'meaning' }], rows, format)
  return 0
}

async function printQuery(query: Query, flags: SqlFlags, terminal: Terminal): Promise<void> {
  const { format = 'table' } = flags
  if (format === 'csv') return printCsv(query, terminal)
  const limit = format === 'table' ? tableRowLimit : Number.POSITIVE_INFINITY
  const rows: (readonly TableValue[])[] = []
  let isCut = false
  for (const row of query.rows()) {
    isCut = rows.length === limit
    if (isCut) break
    rows.push(row)
  }
  const columns = query.columns.map((name) => ({ name }))
  printTable(terminal, columns, rows, format)
  if (!isCut) return
  const narrator = new Narrator(terminal, flags)
  narrator.say(`the first ${tableRowLimit} rows; add a limit, or --format csv for all of them`)
}

/** More rows than anyone reads in a terminal. */
const tableRowLimit = 1000
/** Rows per write. */
const csvRows = 500

async function printCsv({ columns, rows }: Query, { stdout }: Terminal): Promise<void> {
  const head = formatCsv(columns, [])
  await writeOut(stdout, head)
  let block: (readonly (string | number | bigint | null)[])[] = []
  const flush = async () => {
    await writeOut(stdout, formatCsv(columns, block).slice(head.length))
    block = []
  }
  for (const row of rows()) {
    block.push(row.map((value) => (value instanceof Uint8Array ? hex(value) : value)))
    if (block.length === csvRows) await flush()
  }
  if (block.length > 0) await flush()
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
