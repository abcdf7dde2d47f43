/** SQLite's primary result codes that something is done about (sqlite.org/rescode.html). */
const primaryCodes: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
}

/**
 * What SQLite, or the file system, calls an error, whichever driver it comes from: better-sqlite3 has the name of the
 * extended code, `node:sqlite` one name for all and its number. "undefined" where an error has none.
 */
export function sqliteCode(error: unknown): string {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  // The low byte of an extended code is the primary one.
  if (typeof errcode === 'number') return primaryCodes[errcode & 0xff] ?? String(code)
  const [primary] = /^SQLITE_[A-Z]+/.exec(String(code)) ?? []
  return primary ?? String(code)
}
