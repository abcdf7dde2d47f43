import type { EntryKeeper, EntryUses, KeptEntry } from '../domain/cached-entry.ts'

/** Changes to write at once. */
export type CacheBatch = {
  readonly added: readonly KeptEntry[]
  readonly renewed: readonly (readonly [serial: number, bornMs: number])[]
  readonly uses: readonly (readonly [serial: number, uses: EntryUses])[]
  readonly removed: readonly number[]
  /** Vectors of entries that are gone: of no use by themselves, so they go a few at a time. */
  readonly loose: readonly number[]
}

/** Entries that wait to be written while that fails; more are not kept. */
const mostWaiting = 20_000

/** What a live cache changed and its database does not have yet. */
export class CacheChanges implements Omit<EntryKeeper, 'load'> {
  readonly #onChange: () => void
  readonly #added = new Map<number, KeptEntry>()
  readonly #renewed = new Map<number, number>()
  readonly #uses = new Map<number, EntryUses>()
  readonly #removed = new Set<number>()
  readonly #loose = new Set<number>()

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get isEmpty(): boolean {
    const all = [this.#added, this.#renewed, this.#uses, this.#removed, this.#loose]
    return all.every(({ size }) => size === 0)
  }

  add(entry: KeptEntry): void {
    if (this.#added.size >= mostWaiting) return
    this.#added.set(entry.serial, entry)
    this.#onChange()
  }

  renew(serial: number, bornMs: number): void {
    const added = this.#added.get(serial)
    if (added === undefined) this.#renewed.set(serial, bornMs)
    else this.#added.set(serial, { ...added, bornMs })
    this.#onChange()
  }

  noteUses(serial: number, uses: EntryUses): void {
    this.#uses.set(serial, uses)
    this.#onChange()
  }

  remove(serial: number): void {
    this.#renewed.delete(serial)
    this.#uses.delete(serial)
    // What was not written yet need not be removed.
    if (this.#added.delete(serial)) return
    this.#removed.add(serial)
    this.removeVector(serial)
  }

  /** Of an entry that is gone already. */
  removeVector(serial: number): void {
    this.#loose.add(serial)
    this.#onChange()
  }

  /** The first of them: no more than so many new entries and vectors, and all that is removed. */
  next(most: number): CacheBatch {
    return {
      added: firstOf(this.#added.values(), most),
      renewed: firstOf(this.#renewed, most),
      uses: firstOf(this.#uses, most),
      removed: [...this.#removed],
      loose: firstOf(this.#loose, most),
    }
  }

  /** They are written. */
  settle({ added, renewed, uses, removed, loose }: CacheBatch): void {
    for (const { serial } of added) this.#added.delete(serial)
    for (const [serial] of renewed) this.#renewed.delete(serial)
    for (const [serial] of uses) this.#uses.delete(serial)
    for (const serial of removed) this.#removed.delete(serial)
    for (const serial of loose) this.#loose.delete(serial)
  }
}

function firstOf<T>(values: Iterable<T>, most: number): readonly T[] {
  const first: T[] = []
  for (const value of values) {
    if (first.length >= most) break
    first.push(value)
  }
  return first
}
