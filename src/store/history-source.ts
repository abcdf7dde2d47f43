import type { HistorySource, StoredKeys } from '../domain/history.ts'
import { keyNumber } from '../domain/row.ts'
import type { Database } from './database.ts'

/** The partition is the first ten characters of an exact key: see `requestKeys`. */
const selectKeys = `SELECT seq, substr(exactKey, 1, 10), answerKey,
  CASE WHEN extra IS NULL THEN NULL ELSE json_extract(extra, '$.answerLabel') END,
  CASE WHEN extra IS NULL THEN NULL ELSE json_extract(extra, '$.choices') END FROM requests ORDER BY seq`
const selectLinks = 'SELECT key, parent FROM messages'

export const openHistorySource = (database: Database): HistorySource => ({
  *keys() {
    for (const cells of database.prepare(selectKeys).cells()) yield readKeys(cells)
  },
  chainLengths() {
    const parents = new Map<number, number>()
    for (const [key, parent] of database.prepare(selectLinks).cells())
      parents.set(Number(key), parent === '' ? 0 : keyNumber(String(parent)))
    return lengthsOf(parents)
  },
})

const readKeys = ([
  seq = null,
  partition = null,
  answerKey = null,
  answerLabel = null,
  choices = null,
]: readonly unknown[]): StoredKeys => ({
  seq: Number(seq),
  partition: partition as string | null,
  answerKey: answerKey as string | null,
  answerLabel: answerLabel === null ? null : String(answerLabel),
  choices: choices === null ? null : Number(choices),
})

/** Follows each link to its beginning, once. */
function lengthsOf(parents: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const lengths = new Map<number, number>([[0, 0]])
  const path: number[] = []
  for (const key of parents.keys()) {
    let link = key
    while (!lengths.has(link)) {
      path.push(link)
      // A link whose parent is gone begins its chain.
      link = parents.get(link) ?? 0
    }
    let length = lengths.get(link) ?? 0
    for (let next = path.pop(); next !== undefined; next = path.pop()) lengths.set(next, ++length)
  }
  return lengths
}
