import type { JsonObject } from '../domain/json.ts'
import type { GatewayStore } from '../store/gateway-store.ts'
import type { LiveAlerts } from '../worlds/live-alerts.ts'
import type { LiveLedger } from '../worlds/live-ledger.ts'
import type { BackgroundBook } from './background-book.ts'
import type { Trials } from './trials.ts'
import type { TurnWriter } from './turn-writer.ts'

export type CheckpointOptions = {
  readonly writer: TurnWriter
  readonly store: GatewayStore
  readonly ledger: LiveLedger
  readonly trials: Trials
  readonly alerts: LiveAlerts
  /** What else is to be written with them. */
  readonly beside: () => void
  readonly backgrounds: BackgroundBook
}

/** A restart reads what was written since the last one: some seconds' worth. */
const everyMs = 10_000

/** Keeps what the ledger and all comparisons add up to, now and then and at the end, so that a restart need not read all of it. */
export function openCheckpoints({
  writer,
  store,
  ledger,
  trials,
  alerts,
  backgrounds,
  beside,
}: CheckpointOptions): {
  /** Keeps what they have come to now, where no entry of the journal tells of it. */
  now(): void
  close(): void
} {
  let last = store.newestTurn()
  const checkpoint = (isNeeded = false) => {
    writer.write((turn) => {
      if (turn === last && !isNeeded) return
      last = turn
      const state = {
        ledger: ledger.state(),
        trials: trials.state(),
        alerts: alerts.state(),
        backgrounds: backgrounds.state(),
      }
      store.checkpoint(turn, state as unknown as JsonObject)
      beside()
    })
  }
  const timer = setInterval(() => checkpoint(), everyMs)
  timer.unref()
  return {
    now: () => checkpoint(true),
    close() {
      clearInterval(timer)
      checkpoint()
    },
  }
}
