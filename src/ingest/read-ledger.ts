import type { Batch, FileCounts } from '../domain/batch.ts'
import type { JournalEntry, Settled } from '../domain/journal.ts'
import type { JsonObject } from '../domain/json.ts'
import { FileWork, type ReadJob } from './file-work.ts'
import { gatewayReader } from './gateway-reader.ts'
import type { IngestPorts } from './ports.ts'
import type { Place } from './request-identity.ts'
import { defaultSettings } from './settings.ts'

/** Where a gateway's ledger was left: `byteOffset` is its last turn that was read, `line` how many requests there were. */
export type LedgerPlan = {
  readonly path: string
  /** Tells this ledger from others. */
  readonly ledger: string
  readonly start: Place
  readonly counts: FileCounts
  /** The turns after a given one; those that cannot be read are told to `onDamage`. */
  readonly turnsAfter: (
    turn: number,
    onDamage: (turn: number) => void,
  ) => Iterable<{ readonly turn: number; readonly entries: readonly JournalEntry[] }>
}

/** Reads what a gateway has settled since, into batches that end with a turn. Privacy was seen to when it was written. */
export async function* readLedger(plan: LedgerPlan, ports: IngestPorts): AsyncGenerator<Batch> {
  const work = new FileWork(jobOf(plan), ports)
  let { line } = plan.start
  const turns = plan.turnsAfter(plan.start.byteOffset, (turn) =>
    work.reject('damaged-turn', { line, byteOffset: turn }, ''),
  )
  for (const { turn, entries } of turns) {
    for (const entry of entries.filter(isSettled)) {
      work.place = { line: ++line, byteOffset: turn }
      if (work.record(entry as unknown as JsonObject)) await work.loadTokens()
    }
    work.place = { line, byteOffset: turn }
    if (work.isFull()) yield work.batch()
  }
  await work.finish()
  yield work.batch()
}

const isSettled = (entry: JournalEntry): entry is Settled => entry.kind === 'settled'

const jobOf = ({ path, ledger, start, counts }: LedgerPlan): ReadJob => ({
  path,
  container: 'sqlite',
  reader: gatewayReader,
  readers: [gatewayReader],
  start,
  counts,
  prepare: { format: gatewayReader.name, fileKey: ledger, ...defaultSettings },
  trustTimes: true,
})
