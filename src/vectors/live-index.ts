import type { Vector } from '../domain/embedder.ts'
import { Candidates, mostWalked } from './candidates.ts'
import { dotOfRows, similarityOf, squaredLength } from './cosine.ts'
import { cosineLimit, directionError, dotLimit } from './quantise.ts'
import type { RecallSample } from './sample-recall.ts'
import { hashLimit, widestAngle } from './simhash.ts'
import { hashBits, SlotMemory, type VisitDot } from './slot-memory.ts'
import { endOf, SplitMap } from './split-map.ts'
import { requireLength } from './vector-error.ts'

/** An empty index. */
export const openLiveIndex = <Id extends string | number>(
  options: LiveIndexOptions,
): LiveIndex<Id> => new LiveIndex(options)

export type LiveIndexOptions = {
  readonly dimensions: number
  /** `exact` compares with every entry of the group; `fast` finds those of a large one by hash, 99.9 % at the floor. */
  readonly mode: 'exact' | 'fast'
  /** Entries it has room for from the beginning: more make it grow, for which all rows are copied. */
  readonly capacity?: number
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

/** So many entries near a query are enough to look for the nearest among them. */
const crowd = 8 * mostWalked

/** Rows compared without a pause, where nobody waits: less than a millisecond. */
const comparedAtOnce = 4096

/** Vectors in memory, each under an id and in a group, asked for the nearest. */
export class LiveIndex<Id extends string | number> {
  readonly #options: LiveIndexOptions
  readonly #memory: SlotMemory
  readonly #slots = new SplitMap<Id, number>(endOf)
  readonly #entries: (Entry<Id> | undefined)[] = []
  readonly #groups = new Map<string, Group>()
  #added = 0

  constructor(options: LiveIndexOptions) {
    this.#options = options
    const { dimensions, mode, capacity } = options
    this.#memory = new SlotMemory(dimensions, mode === 'fast', capacity)
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
    this.#compare(members, floor, (slot, dot) => best.offer(this.#entryAt(slot), dot))
    return best.found
  }

  /**
   * The entries of a group whose cosine is at least `floor`, the most similar first and of equals the one added first;
   * of more than 1,024 the most similar, and where hashes find very many hardly any but those. Nothing may be added or
   * removed before the last one that is wanted.
   */
  *walk(vector: Vector, group: string, floor: number): Generator<Nearest<Id>, void> {
    const { dimensions } = this.#options
    const squared = this.#measure(vector)
    const members = this.#groups.get(group)
    if (members === undefined || squared === 0) return
    this.#memory.setQuery(vector, squared)
    const candidates = new Candidates(dotLimit(floor, dimensions))
    this.#compare(members, floor, (slot, dot) => candidates.offer(slot, dot), crowd)
    const falling = candidates.falling()
    const near: Measured<Id>[] = []
    for (let next = 0; ; ) {
      // Dot products are near enough to tell which cosines cannot be the next.
      for (let first = near[0]; next < falling.length; first = near[0]) {
        const { slot, dot } = falling[next] as { slot: number; dot: number }
        if (first !== undefined && first.similarity > cosineLimit(dot, dimensions)) break
        const entry = this.#entryAt(slot)
        const similarity = this.#similarity(vector, squared, entry)
        if (similarity >= floor) insert(near, { id: entry.id, similarity, added: entry.added })
        next++
      }
      const first = near.shift()
      if (first === undefined) return
      yield { id: first.id, similarity: first.similarity }
    }
  }

  /**
   * How many entries of a group that are accepted have a cosine of at least `floor`, and how many of them hashes find;
   * null where all entries of the group are compared anyway. Takes as long as doing that, with a step for each few
   * thousand entries: between two of them others may use the index.
   */
  *recall(
    vector: Vector,
    group: string,
    floor: number,
    accepts: (id: Id) => boolean = () => true,
  ): Generator<void, RecallSample | null> {
    const squared = this.#measure(vector)
    const members = this.#groups.get(group)
    if (members === undefined || squared === 0 || !this.#usesHashes(members)) return null
    const limit = dotLimit(floor, this.#options.dimensions)
    const isNear = (slot: number, dot: number): boolean => {
      const entry = dot < limit ? undefined : this.#entries[slot]
      if (entry?.group !== members || !accepts(entry.id)) return false
      return this.#similarity(vector, squared, entry) >= floor
    }
    const hashed = new Set<number>()
    this.#memory.setQuery(vector, squared)
    this.#compare(members, floor, (slot) => hashed.add(slot), crowd)
    const slots = members.slots.slice()
    const sample = { truePairs: 0, found: 0 }
    for (let from = 0; from < slots.length; from += comparedAtOnce) {
      yield
      this.#memory.setQuery(vector, squared)
      this.#memory.dots(slots.slice(from, from + comparedAtOnce), (slot, dot) => {
        if (!isNear(slot, dot)) return
        sample.truePairs++
        if (hashed.has(slot)) sample.found++
      })
    }
    return sample
  }

  /** Shows every entry of a group that can reach the floor, by hash nearly every one, and others. */
  #compare(members: Group, floor: number, visit: VisitDot, crowd?: number): void {
    if (this.#usesHashes(members)) {
      const limit = hashLimit(hashBits, this.#hashedAngle(floor))
      this.#memory.near(limit, (slot) => this.#entries[slot]?.group === members, visit, crowd)
    } else this.#memory.dots(members.slots, visit)
  }

  #similarity(vector: Vector, squared: number, entry: Entry<Id>): number {
    const dot = dotOfRows(vector, 0, entry.vector, 0, this.#options.dimensions)
    return similarityOf(dot, squared, entry.squaredLength)
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

type Measured<Id> = Nearest<Id> & { readonly added: number }

/** Into a list of falling similarity, equals in the order they were added. */
function insert<Id>(list: Measured<Id>[], one: Measured<Id>): void {
  let at = list.length
  while (at > 0 && isBehind(list[at - 1] as Measured<Id>, one)) at--
  list.splice(at, 0, one)
}

const isBehind = (a: Measured<unknown>, b: Measured<unknown>): boolean =>
  a.similarity < b.similarity || (a.similarity === b.similarity && a.added > b.added)

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
