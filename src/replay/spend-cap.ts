import type { NanoUsd } from '../domain/money.ts'

/**
 * A hard cap: what is settled, reserved and maybe billed never passes the limit. A reservation must be an upper bound
 * of its call.
 */
export type SpendCap = {
  /**
   * True once the amount is reserved, which may take until others have settled; false where it will never fit, or
   * when `signal` says to stop waiting.
   */
  reserve(amount: NanoUsd, signal?: AbortSignal): Promise<boolean>
  /** Puts what was really spent in the place of a reservation; null, unpriced, keeps the reservation. */
  settle(reserved: NanoUsd, spent: NanoUsd | null): void
  readonly hasLimit: boolean
  /** Spent so far, nano-dollars. */
  readonly spent: number
}

/** `limit` null: no cap, the sum is kept all the same. `before` is what an earlier part of the run spent. */
export function openSpendCap(limit: NanoUsd | null, before: number): SpendCap {
  let spent = before
  let reserved = 0
  const waiting = new Set<() => void>()
  const wake = () => {
    const all = [...waiting]
    waiting.clear()
    for (const resume of all) resume()
  }
  return {
    hasLimit: limit !== null,
    get spent() {
      return spent
    },
    async reserve(amount, signal) {
      while (limit !== null && spent + reserved + amount > limit) {
        if (spent + amount > limit || reserved === 0 || signal?.aborted === true) return false
        await new Promise<void>((resolve) => {
          const resume = () => {
            signal?.removeEventListener('abort', resume)
            resolve()
          }
          waiting.add(resume)
          signal?.addEventListener('abort', resume, { once: true })
        })
      }
      reserved += amount
      return true
    },
    settle(amount, cost) {
      reserved -= amount
      spent += cost ?? amount
      wake()
    },
  }
}
