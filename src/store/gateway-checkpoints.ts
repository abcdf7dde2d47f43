import { isObject, type JsonObject, parsedOf } from '../domain/json.ts'
import type { Database } from './database.ts'

const insertCheckpoint = 'INSERT OR REPLACE INTO checkpoints (turn, state) VALUES (?, ?)'
const selectCheckpoints = 'SELECT turn, state FROM checkpoints ORDER BY turn DESC'
const deleteOlder = `DELETE FROM checkpoints WHERE turn NOT IN
  (SELECT turn FROM checkpoints ORDER BY turn DESC LIMIT ?)`

/** Where the newest is damaged, the one before it and the turns since do as well. */
const keptCheckpoints = 2

/** Keeps a checkpoint, and the one before it. */
export function saveCheckpoint(database: Database, turn: number, state: JsonObject): void {
  database.prepare(insertCheckpoint).run(turn, JSON.stringify(state))
  database.prepare(deleteOlder).run(keptCheckpoints)
}

/** The newest checkpoint that can be read. */
export function newestCheckpoint(
  database: Database,
): { readonly turn: number; readonly state: JsonObject } | null {
  for (const row of database.prepare(selectCheckpoints).all()) {
    const state = parsedOf(row['state'])
    if (isObject(state)) return { turn: Number(row['turn']), state }
  }
  return null
}
