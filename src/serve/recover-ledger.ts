import { setImmediate } from 'node:timers/promises'
import type { JournalEntry, Settled } from '../domain/journal.ts'
import { isObject, type JsonObject } from '../domain/json.ts'
import type { GatewayStore } from '../store/gateway-store.ts'
import type { LedgerState, Recount } from '../worlds/ledger-state.ts'
import type { AlertsState, LiveAlerts } from '../worlds/live-alerts.ts'
import type { LiveLedger } from '../worlds/live-ledger.ts'
import type { BackgroundBook } from './background-book.ts'
import type { Trials } from './trials.ts'
import type { TrialsState } from './trials-state.ts'

/** What a restart found. */
export type RecoveredLedger = {
  /** Entries that were read. */
  readonly entries: number
  /** Whether what was spent earlier on this day is known. */
  readonly knowsToday: boolean
  /** Turns that cannot be read. */
  readonly damagedTurns: readonly number[]
}

/** What is made of a journal. */
type Folds = {
  readonly ledger: LiveLedger
  readonly trials: Trials
  readonly alerts: LiveAlerts
  readonly backgrounds: BackgroundBook
}

/** Brings them to where an earlier run left them: its last checkpoint, and what was written after. */
export function recoverLedger(
  store: GatewayStore,
  { ledger, trials, alerts, backgrounds }: Folds,
  now: number,
): RecoveredLedger {
  const { checkpoint, entries, damaged } = store.recover()
  const state = stateIn(checkpoint?.state)
  const recounts = ledger.restore(state, now)
  const tried = checkpoint?.state['trials']
  if (isObject(tried) && tried['v'] === 1) trials.restore(tried as unknown as TrialsState)
  backgrounds.restore(checkpoint?.state['backgrounds'])
  const settled: Paid[] = []
  let count = 0
  for (const entry of entries) {
    ledger.replay(entry)
    count++
    if (entry.kind !== 'settled') continue
    trials.replay(entry)
    backgrounds.replay(entry)
    settled.push({ at: entry.at, costNanoUsd: entry.costNanoUsd, spender: entry.spender })
  }
  const watched = alertsIn(checkpoint?.state)
  // Of days that an earlier version counted nothing is known.
  const knowsToday = watched !== null || (checkpoint === null && count > 0)
  if (knowsToday) alerts.restore(watched ?? noDays, now, settled)
  count += recount(store, ledger, recounts, checkpoint?.turn ?? 0)
  return { entries: count, knowsToday, damagedTurns: damaged }
}

const stateIn = (kept: JsonObject | undefined): LedgerState => {
  const state = kept?.['ledger']
  return isObject(state) && state['v'] === 1 ? (state as unknown as LedgerState) : nothing
}

type Paid = Pick<Settled, 'at' | 'costNanoUsd' | 'spender'>

function alertsIn(kept: JsonObject | undefined): AlertsState | null {
  const state = kept?.['alerts']
  return isObject(state) && state['v'] === 1 ? (state as unknown as AlertsState) : null
}

const noDays: AlertsState = { v: 1, days: [], month: '', users: [] }

const nothing: LedgerState = { v: 1, budgets: [], traces: [], open: [] }

/** Budgets that the checkpoint does not know are counted from what was written before it. */
function recount(
  store: GatewayStore,
  ledger: LiveLedger,
  recounts: readonly Recount[],
  before: number,
): number {
  if (recounts.length === 0 || before === 0) return 0
  let count = 0
  for (const entries of entriesUpTo(store, before)) {
    recountEntries(ledger, entries, recounts)
    count += entries.length
  }
  return count
}

/** Of each turn up to the given one. */
function* entriesUpTo(store: GatewayStore, last: number): Generator<readonly JournalEntry[]> {
  for (const { turn, entries } of store.journalAfter(0, () => undefined)) {
    if (turn > last) return
    yield entries
  }
}

function recountEntries(
  ledger: LiveLedger,
  entries: readonly JournalEntry[],
  recounts: readonly Recount[],
): void {
  for (const entry of entries) {
    if (entry.kind !== 'settled') continue
    const meant = recounts.filter(({ since }) => since === null || entry.at >= since)
    if (meant.length > 0) ledger.recount(entry, new Set(meant.map(({ budget }) => budget)))
  }
}

export type LaterRecounts = {
  /** Counts these budgets from all that was written up to now. Those still being counted from an earlier call begin anew. */
  recount(recounts: readonly Recount[]): Promise<void>
  close(): void
}

/** Turns read before requests get their turn: some milliseconds. */
const turnsAtOnce = 64

/** Counts budgets that a policy brings while the gateway runs: requests go on meanwhile. */
export function openLaterRecounts(store: GatewayStore, ledger: LiveLedger): LaterRecounts {
  const running = new Set<Map<string, Recount>>()
  return {
    async recount(recounts) {
      const own = new Map(recounts.map((each) => [each.budget, each]))
      for (const others of running) for (const name of own.keys()) others.delete(name)
      running.add(own)
      let turns = 0
      for (const entries of entriesUpTo(store, store.newestTurn())) {
        recountEntries(ledger, entries, [...own.values()])
        if (++turns % turnsAtOnce === 0) await setImmediate()
        if (own.size === 0) break
      }
      running.delete(own)
    },
    close() {
      for (const each of running) each.clear()
    },
  }
}
