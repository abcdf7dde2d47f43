import type { Intent, Settled } from '../../src/domain/journal.ts'
import type { GatewayPlace, GatewayProgram } from './gateway-program.ts'

/** What a gateway's journal comes to. */
export type LedgerSums = {
  readonly settled: LedgerSum
  /** What was begun and is not settled: maybe billed, at most at what was held back. */
  readonly begun: LedgerSum
  /** Requests that are settled more than once. */
  readonly doubled: number
  /** Of all entries. */
  readonly sessions: ReadonlySet<string>
}

export type LedgerSum = { readonly calls: number; readonly costNanoUsd: number }

/** Reads a whole journal. Throws where it is damaged. */
export async function readLedgerSums(
  program: GatewayProgram,
  place: GatewayPlace,
): Promise<LedgerSums> {
  const intents = new Map<string, Intent[]>()
  const settled = new Map<string, Settled>()
  const sessions = new Set<string>()
  let doubled = 0
  await program.readJournal(place, (entry) => {
    sessions.add(entry.spender.session ?? '')
    if (entry.kind === 'begun') intents.set(entry.id, [...(intents.get(entry.id) ?? []), entry])
    else if (settled.has(entry.id)) doubled++
    else settled.set(entry.id, entry)
  })
  const open = [...intents].filter(([id]) => !settled.has(id)).map(([, begun]) => begun)
  return {
    settled: sumOf(
      [...settled.values()].map(({ receipt, costNanoUsd }) => ({
        calls: receipt.steps.filter(({ kind }) => kind === 'attempt').length,
        costNanoUsd,
      })),
    ),
    begun: sumOf(
      open.map((begun) => ({
        calls: begun.length,
        // Held back for the whole request, told with each of its calls.
        costNanoUsd: Math.max(...begun.map(({ reservedNanoUsd }) => reservedNanoUsd ?? 0)),
      })),
    ),
    doubled,
    sessions,
  }
}

const sumOf = (parts: readonly LedgerSum[]): LedgerSum => ({
  calls: parts.reduce((sum, { calls }) => sum + calls, 0),
  costNanoUsd: parts.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
})
