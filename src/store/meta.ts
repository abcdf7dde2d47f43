import type { Database, SqlValue } from './database.ts'

export const readMeta = (database: Database, name: string): SqlValue | undefined =>
  database.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value']

export function writeMeta(database: Database, name: string, value: SqlValue): void {
  database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(name, value)
}
