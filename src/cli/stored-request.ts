import type { Request } from '../domain/request.ts'
import { readCanonical } from '../ingest/formats/canonical.ts'
import { writeCanonical } from '../ingest/write-canonical.ts'
import type { Database } from '../store/database.ts'
import { storedRequests } from '../store/export-rows.ts'
import { readProfiles } from '../store/request-source.ts'

/** Reads single requests back as they were read from their log; null for one that is gone. */
export function requestReader(database: Database): (seq: number) => Request | null {
  const read = storedRequests(database, readProfiles(database))
  return (seq) => {
    const stored = read(seq)
    const request = stored === null ? null : readCanonical(writeCanonical(stored))
    return request !== null && 'model' in request ? request : null
  }
}
