import { PrefixHash } from './prefix-hash.ts'

export type BlockPoolOptions = {
  /** How many blocks fit; absent means any number. */
  readonly blocks?: number
}

export type BlockPool = {
  /** Blocks held now. */
  readonly size: number
  /**
   * How many leading blocks of a prompt are in the pool. All its blocks are then the newest, touched first to last; a
   * block that is not there is inserted and, where the pool is full, the oldest evicted at once.
   */
  read(blocks: ArrayLike<number | string>): number
}

/**
 * Opens one pool of prompt blocks for all requests, as an inference server keeps them: no providers, no scopes and no
 * time to live, only a number of blocks of which the least recently used goes first.
 */
export function openBlockPool({ blocks = Number.POSITIVE_INFINITY }: BlockPoolOptions): BlockPool {
  const isSize = blocks === Number.POSITIVE_INFINITY || Number.isSafeInteger(blocks)
  if (!isSize || blocks < 1) throw new RangeError(`a pool holds 1 block or more, not ${blocks}`)
  return new RecentBlocks(blocks)
}

/** A hash table with buckets and a doubly linked list, in typed arrays. */
class RecentBlocks implements BlockPool {
  readonly #capacity: number
  readonly #hash = new PrefixHash()
  #keys = new Float64Array(leastNodes)
  /** Nodes whose keys fall into the same bucket; and the list of all from the newest to the oldest. */
  #next = new Int32Array(leastNodes)
  #newer = new Int32Array(leastNodes)
  #older = new Int32Array(leastNodes)
  #buckets = new Int32Array(leastNodes).fill(none)
  #newest = none
  #oldest = none
  #size = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#size
  }

  read(blocks: ArrayLike<number | string>): number {
    this.#hash.start('')
    let hits = 0
    for (let index = 0; index < blocks.length; index++) {
      this.#hash.add(blocks[index] as number | string)
      if (this.#touch(this.#hash.key()) && hits === index) hits++
    }
    return hits
  }

  #touch(key: number): boolean {
    const known = this.#find(key)
    if (known !== none) {
      if (known === this.#newest) return true
      this.#unlink(known)
      this.#putFirst(known)
      return true
    }
    const node = this.#size < this.#capacity ? this.#newNode() : this.#evict()
    const bucket = this.#bucketOf(key)
    this.#keys[node] = key
    this.#next[node] = this.#buckets[bucket] as number
    this.#buckets[bucket] = node
    this.#putFirst(node)
    return false
  }

  #find(key: number): number {
    let node = this.#buckets[this.#bucketOf(key)] as number
    while (node !== none && this.#keys[node] !== key) node = this.#next[node] as number
    return node
  }

  #bucketOf(key: number): number {
    return key & (this.#buckets.length - 1)
  }

  #newNode(): number {
    if (this.#size === this.#keys.length) this.#grow()
    return this.#size++
  }

  #evict(): number {
    const node = this.#oldest
    this.#unlink(node)
    const bucket = this.#bucketOf(this.#keys[node] as number)
    const follower = this.#next[node] as number
    let before = this.#buckets[bucket] as number
    if (before === node) {
      this.#buckets[bucket] = follower
      return node
    }
    while (this.#next[before] !== node) before = this.#next[before] as number
    this.#next[before] = follower
    return node
  }

  #unlink(node: number): void {
    const newer = this.#newer[node] as number
    const older = this.#older[node] as number
    if (newer === none) this.#newest = older
    else this.#older[newer] = older
    if (older === none) this.#oldest = newer
    else this.#newer[older] = newer
  }

  #putFirst(node: number): void {
    this.#newer[node] = none
    this.#older[node] = this.#newest
    if (this.#newest === none) this.#oldest = node
    else this.#newer[this.#newest] = node
    this.#newest = node
  }

  #grow(): void {
    const nodes = this.#keys.length * 2
    const keys = new Float64Array(nodes)
    keys.set(this.#keys)
    this.#keys = keys
    this.#newer = grown(this.#newer)
    this.#older = grown(this.#older)
    this.#next = new Int32Array(nodes)
    this.#buckets = new Int32Array(nodes).fill(none)
    for (let node = 0; node < this.#size; node++) {
      const bucket = this.#bucketOf(keys[node] as number)
      this.#next[node] = this.#buckets[bucket] as number
      this.#buckets[bucket] = node
    }
  }
}

function grown(list: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(list.length * 2)
  longer.set(list)
  return longer
}

const none = -1
const leastNodes = 1024
