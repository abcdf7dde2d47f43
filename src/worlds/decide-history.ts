import type { Receipt } from '../domain/receipt.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { decide } from '../engine/decide.ts'
import { bypassReasons, type History } from './history.ts'
import type { HistoryWorld } from './history-world.ts'
import { stickyRoutes } from './sticky-routes.ts'

export type DecideHistoryOptions = {
  /** `id` and `servedBy` are places in the history. A promise is waited for. */
  readonly onReceipt: (receipt: Receipt, place: number) => unknown
  readonly signal?: AbortSignal | undefined
}

/** Decisions between two looks at the keyboard: some tens of milliseconds. */
const decisionsAtOnce = 10_000

/** Decides every request of a history, in order, by one policy. */
export async function decideHistory(
  history: History,
  compiled: CompiledPolicy,
  world: HistoryWorld,
  { onReceipt, signal }: DecideHistoryOptions,
): Promise<void> {
  const policy = stickyRoutes(compiled)
  const { asks } = world
  for (let place = 0; place < history.count; place++) {
    // Lets a Ctrl-C in.
    if (place % decisionsAtOnce === 0) await new Promise((resume) => setImmediate(resume))
    signal?.throwIfAborted()
    const facts = world.factsAt(place)
    const asked = {
      id: place,
      at: history.at[place] as number,
      request: facts.request,
      bypass: bypassReasons[history.bypass[place] as number] ?? null,
    }
    const { receipt } = await decide(asked, { facts, asks }, policy, world)
    const written = onReceipt(receipt, place)
    if (written instanceof Promise) await written
  }
}
