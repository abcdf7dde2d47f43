import type { Database } from './database.ts'

const selectAttempts = `SELECT seq FROM requests WHERE extra LIKE '%"attempts":%'
  AND json_extract(extra, '$.attempts') IS NOT NULL ORDER BY seq`

/** Numbers of the requests of which it is stored what each of several models said. */
export const requestsWithAttempts = (database: Database): readonly number[] =>
  database
    .prepare(selectAttempts)
    .all()
    .map((row) => Number(row['seq']))
