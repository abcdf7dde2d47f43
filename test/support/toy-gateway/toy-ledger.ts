import { firstNumber } from '../../../src/domain/json.ts'
import type { Usage } from '../../../src/domain/usage.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import type { LedgerRecord } from '../gateways/harness.ts'
import { nanoUsdOf } from '../gateways/wire-usage.ts'
import type { HasDefect } from './defects.ts'
import type { ToyRequest } from './toy-request.ts'

/** What is held back for a request; null: the budget has no room for it. */
export type Reservation = { readonly nanoUsd: number }

export type ToyLedger = {
  reserve(request: ToyRequest): Reservation | null
  settle(reservation: Reservation, record: Omit<LedgerRecord, 'id' | 'costNanoUsd'>): void
  records(): readonly LedgerRecord[]
  close(): void
}

/** Budgets over all and for ever; every model has the prices of the tests where the policy has any. */
export function openToyLedger({ budgets, prices }: Policy, has: HasDefect): ToyLedger {
  const written: LedgerRecord[] = []
  const queue: LedgerRecord[] = []
  const [budget] = budgets
  const isHard = budget?.mode === 'hard'
  let spent = 0
  let reserved = 0

  /** Writes what has gathered, once that is enough. */
  const flush = (isEnd: boolean) => {
    if (isEnd ? has('drops its queue at the end') : queue.length < queueLength) return
    const batch = queue.splice(0)
    written.push(...(has('writes a hundred records at a time') ? batch.slice(0, 100) : batch))
  }
  const isQueued = has('writes a hundred records at a time') || has('drops its queue at the end')
  const queueLength = isQueued ? 110 : 1
  const costOf = (usage: Usage | null): number | null => {
    if (prices.length === 0) return has('takes an unknown price for zero') ? 0 : null
    return usage === null ? null : nanoUsdOf(usage)
  }

  return {
    reserve(request) {
      if (budget === undefined || request.method === 'GET') return { nanoUsd: 0 }
      if (has('passes other paths by the budgets') && request.dialect === null)
        return { nanoUsd: 0 }
      const nanoUsd = isHard ? upperBound(request) : 1
      const held = has('spends before it counts') ? 0 : reserved
      if (spent + held + nanoUsd > budget.limitNanoUsd) return null
      reserved += nanoUsd
      return { nanoUsd }
    },
    settle({ nanoUsd }, { status, model, usage }) {
      reserved -= nanoUsd
      const costNanoUsd = costOf(usage)
      spent += costNanoUsd ?? 0
      const id = `req_${written.length + queue.length}_${Math.random()}`
      queue.push({ id, status, model, usage, costNanoUsd })
      flush(false)
    },
    records: () => written,
    close: () => flush(true),
  }
}

/** Every byte a token at the dearest rate, and all the output that is allowed. */
function upperBound({ bytes, body }: ToyRequest): number {
  const { max_tokens, max_output_tokens, max_completion_tokens } = body
  const most = firstNumber(max_tokens, max_output_tokens, max_completion_tokens) ?? 4_096
  return 2_000 * bytes.length + 10_000 * most
}
