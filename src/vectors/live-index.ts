import type { Vector } from '../domain/embedder.ts'
import { dotOfRows, similarityOf, squaredLength } from './cosine.ts'
import { directionError, dotLimit } from './quantise.ts'
import { hashLimit, widestAngle } from './simhash.ts'
import { hashBits, SlotMemory } from './slot-memory.ts'
import { requireLength } from './vector-error.ts'

/** An empty index. */
export const openLiveIndex = <Id extends string | number>(
  options: LiveIndexOptions,
): LiveIndex<Id> => new LiveIndex(options)

export type LiveIndexOptions = {
  readonly dimensions: number
  /** `exact` compares with every entry of the group; `fast` finds those of a large one by hash, 99.9 % at the floor. */
  readonly mode: 'exact' | 'fast'
}

export type Nearest<Id> = { readonly id: Id; readonly similarity: number }

type Entry<Id> = {
  readonly id: Id
  readonly vector: Vector
  readonly squaredLength: number
  readonly group: Group
  /** Counts up with every entry. */
  readonly added: number
  /** Where it stands among the slots of its group. */
  place: number
}

/** Its slots, in no order. */
type Group = { readonly name: string; readonly slots: number[] }

type Query<Id> = {
  readonly vector: Vector
  readonly squaredLength: number
  readonly floor: number
  readonly accepts: (id: Id) => boolean
}

/**
 * A hash is compared forty times as quickly as a row, but hashes are those of all groups: they are used from such a
 * size on, for a group that has at least such a share of all entries.
 */
const hashesFrom = 2000
const hashesFromShare = 1 / 32

/** Vectors in memory, each under an id and in a group, asked for the nearest. */
export class LiveIndex<Id extends string | number> {
  readonly #options: LiveIndexOptions
  readonly #memory: SlotMemory
  readonly #slots = new Map<Id, number>()
  readonly #entries: (Entry<Id> | undefined)[] = []
  readonly #groups = new Map<string, Group>()
  #added = 0

  constructor(options: LiveIndexOptions) {
    this.#options = options
    this.#memory = new SlotMemory(options.dimensions, options.mode === 'fast')
  }

  get size(): number {
    return this.#slots.size
  }

  /**
   * Adds an entry, in the place of one with the same id. A zero vector is near nothing and is not kept. Throws a
   * `VectorError` for one that is not finite or has another length.
   */
  add(id: Id, vector: Vector, group: string): void {
    const squared = this.#measure(vector)
    this.remove(id)
    if (squared === 0) return
    const slot = this.#memory.take(vector, squared)
    const members = this.#groups.get(group) ?? { name: group, slots: [] }
    this.#groups.set(group, members)
    this.#slots.set(id, slot)
    this.#entries[slot] = {
      id,
      vector: vector.slice(),
      squaredLength: squared,
      group: members,
      added: this.#added++,
      place: members.slots.push(slot) - 1,
    }
  }

  /** Takes an entry out; false where there is none. */
  remove(id: Id): boolean {
    const slot = this.#slots.get(id)
    if (slot === undefined) return false
    const { group, place } = this.#entryAt(slot)
    const last = group.slots.pop() as number
    if (last !== slot) {
      group.slots[place] = last
      this.#entryAt(last).place = place
    }
    if (group.slots.length === 0) this.#groups.delete(group.name)
    this.#entries[slot] = undefined
    this.#slots.delete(id)
    this.#memory.free(slot)
    return true
  }

  /**
   * The entry of a group with the highest `cosine`, if that is at least `floor`; of equals the one added first. Entries
   * that are not accepted (expired ones, say) are passed over; it is asked for few.
   */
  nearest(
    vector: Vector,
    group: string,
    floor: number,
    accepts: (id: Id) => boolean = () => true,
  ): Nearest<Id> | null {
    const squared = this.#measure(vector)
    const members = this.#groups.get(group)
    if (members === undefined || squared === 0) return null
    this.#memory.setQuery(vector, squared)
    const best = new Best(this.#options.dimensions, {
      vector,
      squaredLength: squared,
      floor,
      accepts,
    })
    const visit = (slot: number, dot: number) => best.offer(this.#entryAt(slot), dot)
    if (this.#usesHashes(members)) {
      const limit = hashLimit(hashBits, this.#hashedAngle(floor))
      this.#memory.near(limit, (slot) => this.#entries[slot]?.group === members, visit)
    } else this.#memory.dots(members.slots, visit)
    return best.found
  }

  #measure(vector: Vector): number {
    requireLength(vector.length, this.#options.dimensions)
    return squaredLength(vector, 0, vector.length)
  }

  #usesHashes({ slots }: Group): boolean {
    const { mode } = this.#options
    return (
      mode === 'fast' &&
      slots.length >= hashesFrom &&
      slots.length >= this.#memory.used * hashesFromShare
    )
  }

  #hashedAngle(floor: number): number {
    const one = { min: 1, max: 1 }
    return widestAngle(floor, one, one, directionError(this.#options.dimensions))
  }

  #entryAt(slot: number): Entry<Id> {
    return this.#entries[slot] as Entry<Id>
  }
}

/** The best of what it was offered so far. */
class Best<Id> {
  found: Nearest<Id> | null = null
  #added = Number.POSITIVE_INFINITY
  #dotLimit: number
  readonly #dimensions: number
  readonly #query: Query<Id>

  constructor(dimensions: number, query: Query<Id>) {
    this.#dimensions = dimensions
    this.#query = query
    this.#dotLimit = dotLimit(query.floor, dimensions)
  }

  offer(entry: Entry<Id>, dot: number): void {
    if (dot < this.#dotLimit) return
    const { vector, squaredLength: squared, floor, accepts } = this.#query
    const product = dotOfRows(vector, 0, entry.vector, 0, this.#dimensions)
    const similarity = similarityOf(product, squared, entry.squaredLength)
    const best = this.found?.similarity ?? floor
    if (similarity < best || (similarity === best && entry.added > this.#added)) return
    if (!accepts(entry.id)) return
    this.found = { id: entry.id, similarity }
    this.#added = entry.added
    this.#dotLimit = dotLimit(similarity, this.#dimensions)
  }
}
