import { statfsSync } from 'node:fs'
import type { Health } from './data-server.ts'
import type { LedgerHealth } from './turn-writer.ts'

/** Something that may be in trouble: what is wrong with it, in words; empty where nothing is. */
export type Problems = () => readonly string[]

/** All is well where nothing is in trouble. */
export const healthOf =
  (sources: readonly Problems[]): Health =>
  () => {
    const why = sources.flatMap((problems) => problems())
    return { status: why.length === 0 ? 'ok' : 'degraded', why }
  }

/** What the ledger's state means for whoever relies on it. */
export function ledgerProblems(health: LedgerHealth): readonly string[] {
  const { state, reason, spooledTurns, spooledBytes } = health
  const { lostEntries, droppedWrites, damagedLines } = health
  const problems: string[] = []
  if (state === 'spooling')
    problems.push(
      `ledger: the database cannot be written (${reason}); ${spooledTurns} turns (${spooledBytes} bytes) wait in the spool beside it`,
    )
  if (state === 'losing')
    problems.push(
      `ledger: neither the database nor the spool can be written (${reason}); what happens now is written down nowhere`,
    )
  if (lostEntries > 0)
    problems.push(
      `ledger: ${lostEntries} entries were lost since the start: budgets and reports lack them`,
    )
  if (droppedWrites > 0)
    problems.push(
      `ledger: ${droppedWrites} other writes (answers kept, checkpoints) were dropped since the start: a restart begins with less`,
    )
  if (damagedLines > 0)
    problems.push(`ledger: ${damagedLines} damaged lines of the spool could not be read`)
  return problems
}

/** Rows of the kept cache that could not be read: they are left out, and asked for again. */
export const cacheProblems = (droppedRows: number): readonly string[] =>
  droppedRows === 0
    ? []
    : [`cache: ${droppedRows} damaged entries were dropped: their answers are asked for anew`]

/** As much as the spool, and the database's own log, may take in a bad hour. */
const leastFreeBytes = 256 * 2 ** 20
/** Between two looks at the disk: whoever asks for health may ask often. */
const diskLookMs = 10_000

/** Little room on the disk that a folder is on. */
export function openDiskProblems(
  folder: string,
  now: () => number,
  freeBytes: (folder: string) => number = freeBytesOf,
): Problems {
  let lookedAt = Number.NEGATIVE_INFINITY
  let problems: readonly string[] = []
  return () => {
    if (now() - lookedAt < diskLookMs) return problems
    lookedAt = now()
    const free = freeBytes(folder)
    problems =
      free >= leastFreeBytes
        ? []
        : [`disk: ${Math.floor(free / 2 ** 20)} MiB are free where the ledger is (${folder})`]
    return problems
  }
}

/** Infinite where the system does not say. */
function freeBytesOf(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
