import type { RequestSource } from '../domain/columns.ts'
import type { Profile } from '../domain/row.ts'
import type { StoredRequest } from '../domain/stored-request.ts'
import type { Database, SqlRow } from './database.ts'
import { openRequestLookup } from './request-lookup.ts'

const selectRequest = `SELECT seq, id, responseId, at, profile, user, session, trace, inputTokens, cacheReadTokens,
  cacheWrite5mTokens, cacheWrite1hTokens, outputTokens, reasoningTokens, latencyMs, firstTokenMs, loggedCost, flags, extra
  FROM requests WHERE seq = ?`

/** The selected requests in full, one at a time, in the order they were read. */
export function* exportRows(database: Database, source: RequestSource): Generator<StoredRequest> {
  const read = storedRequests(database, source.profiles)
  for (const { seq, length } of source.segments(['seq'])) {
    const numbers = seq.slice(0, length)
    for (const number of numbers) {
      const request = read(number)
      if (request !== null) yield request
    }
  }
}

/** Reads single requests in full, by their number; null for one that is gone. */
export function storedRequests(
  database: Database,
  profiles: readonly Profile[],
): (seq: number) => StoredRequest | null {
  const select = database.prepare(selectRequest)
  const lookup = openRequestLookup(database)
  return (seq) => {
    const row = select.get(seq)
    const profile = profiles[Number(row?.['profile'])]
    if (row === undefined || profile === undefined) return null
    return {
      ...readRow(row, profile),
      prompt: lookup.messagesOf(seq),
      answer: lookup.answerOf(seq),
    }
  }
}

function readRow(row: SqlRow, profile: Profile): Omit<StoredRequest, 'prompt' | 'answer'> {
  const text = (name: string) => row[name] as string | null
  const number = (name: string) => row[name] as number | null
  const count = (name: string) => Number(row[name])
  return {
    seq: count('seq'),
    id: text('id'),
    responseId: text('responseId'),
    at: number('at'),
    profile,
    user: text('user'),
    session: text('session'),
    trace: text('trace'),
    usage: {
      inputTokens: count('inputTokens'),
      cacheReadTokens: count('cacheReadTokens'),
      cacheWrite5mTokens: count('cacheWrite5mTokens'),
      cacheWrite1hTokens: count('cacheWrite1hTokens'),
      outputTokens: count('outputTokens'),
      reasoningTokens: count('reasoningTokens'),
    },
    latencyMs: number('latencyMs'),
    firstTokenMs: number('firstTokenMs'),
    loggedCostNanoUsd: number('loggedCost'),
    flags: count('flags'),
    extra:
      row['extra'] === null ? {} : (JSON.parse(String(row['extra'])) as StoredRequest['extra']),
  }
}
