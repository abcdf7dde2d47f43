import { ExpiryHeap } from './expiry-heap.ts'

/**
 * The entries of one layer, one to a slot, in typed arrays. With a capacity the least recently used of a scope goes
 * first, after those whose time is over.
 */
export class RecentSlots {
  readonly born: Float64Array
  /** The request whose answer it is, and the one that put it there. */
  readonly owner: Int32Array
  readonly filler: Int32Array
  readonly #ttlMs: Float64Array
  readonly #capacity: number
  readonly #scope: Uint32Array | null
  /** Double linked lists, one a scope: a slot's neighbours in use, and each scope's ends and size. */
  readonly #newer: Int32Array
  readonly #older: Int32Array
  readonly #newest = new Map<number, number>()
  readonly #oldest = new Map<number, number>()
  readonly #sizes = new Map<number, number>()
  readonly #expiries = new Map<number, ExpiryHeap>()

  constructor(slots: number, capacity: number, scope: Uint32Array | null) {
    this.born = new Float64Array(slots).fill(Number.NaN)
    this.owner = new Int32Array(slots)
    this.filler = new Int32Array(slots)
    this.#ttlMs = new Float64Array(slots)
    this.#capacity = capacity
    this.#scope = scope
    const linked = capacity === Number.POSITIVE_INFINITY ? 0 : slots
    this.#newer = new Int32Array(linked).fill(-1)
    this.#older = new Int32Array(linked).fill(-1)
  }

  isAlive(slot: number, now: number): boolean {
    // NaN, where nothing is, is neither.
    const age = now - (this.born[slot] as number)
    return age >= 0 && age <= (this.#ttlMs[slot] as number)
  }

  use(slot: number, now: number, refreshes: boolean): void {
    if (refreshes) {
      this.born[slot] = now
      this.#watch(slot)
    }
    if (this.#isLinked) this.#renew(slot)
  }

  put(slot: number, owner: number, bornMs: number, ttlMs: number, filler = owner): void {
    const isNew = Number.isNaN(this.born[slot])
    this.born[slot] = bornMs
    this.owner[slot] = owner
    this.filler[slot] = filler
    this.#ttlMs[slot] = ttlMs
    if (!this.#isLinked) return
    const scope = this.#scopeOf(slot)
    if (!isNew) this.#unlink(slot, scope)
    this.#link(slot, scope)
    this.#watch(slot)
    this.#makeRoom(scope, bornMs)
  }

  get #isLinked(): boolean {
    return this.#newer.length > 0
  }

  #scopeOf(slot: number): number {
    return this.#scope === null ? 0 : (this.#scope[slot] as number)
  }

  #renew(slot: number): void {
    const scope = this.#scopeOf(slot)
    if (this.#newest.get(scope) === slot) return
    this.#unlink(slot, scope)
    this.#link(slot, scope)
  }

  #link(slot: number, scope: number): void {
    const newest = this.#newest.get(scope) ?? -1
    this.#older[slot] = newest
    this.#newer[slot] = -1
    if (newest === -1) this.#oldest.set(scope, slot)
    else this.#newer[newest] = slot
    this.#newest.set(scope, slot)
    this.#sizes.set(scope, (this.#sizes.get(scope) ?? 0) + 1)
  }

  #unlink(slot: number, scope: number): void {
    const [newer, older] = [this.#newer[slot] as number, this.#older[slot] as number]
    if (newer === -1) this.#newest.set(scope, older)
    else this.#older[newer] = older
    if (older === -1) this.#oldest.set(scope, newer)
    else this.#newer[older] = newer
    this.#sizes.set(scope, (this.#sizes.get(scope) ?? 0) - 1)
  }

  #watch(slot: number): void {
    const ttlMs = this.#ttlMs[slot] as number
    if (!this.#isLinked || ttlMs === Number.POSITIVE_INFINITY) return
    const scope = this.#scopeOf(slot)
    let expiries = this.#expiries.get(scope)
    if (expiries === undefined) {
      expiries = new ExpiryHeap()
      this.#expiries.set(scope, expiries)
    }
    expiries.add((this.born[slot] as number) + ttlMs, slot)
  }

  /** Entries whose time is over leave before those that were not used for longest. */
  #makeRoom(scope: number, now: number): void {
    while ((this.#sizes.get(scope) ?? 0) > this.#capacity) {
      const expired = this.#nextExpired(scope, now)
      this.#drop(expired === -1 ? (this.#oldest.get(scope) as number) : expired, scope)
    }
  }

  #nextExpired(scope: number, now: number): number {
    const expiries = this.#expiries.get(scope)
    while (expiries !== undefined && expiries.least < now) {
      const { at, slot } = expiries.take()
      // An entry that was put there anew has another end.
      if ((this.born[slot] as number) + (this.#ttlMs[slot] as number) === at) return slot
    }
    return -1
  }

  #drop(slot: number, scope: number): void {
    this.#unlink(slot, scope)
    this.born[slot] = Number.NaN
  }
}
