import type { RequestId } from '../domain/receipt.ts'
import { RecentlyUsed } from '../worlds/recently-used.ts'

/** Entries that served longer ago than so many others are gone from the cache, or nearly so. */
const mostRemembered = 5_000
/** A checkpoint is written every few seconds: an entry that it has forgotten may count once more. */
const mostWritten = 500

/** The entries of which a hit was compared. */
export class ComparedEntries {
  readonly #entries = new RecentlyUsed<string, true>(mostRemembered, () => true)

  constructor(known: readonly string[] = []) {
    for (const entry of known) this.#entries.set(entry, true)
  }

  /** Whether this is the first hit of an entry; from now on it is not. */
  isFirst(entry: RequestId): boolean {
    const key = String(entry)
    if (this.#entries.get(key) === true) return false
    this.#entries.set(key, true)
    return true
  }

  /** Those that served last, the latest at the end. */
  list(): readonly string[] {
    return this.#entries.map((entry) => entry).slice(-mostWritten)
  }
}
