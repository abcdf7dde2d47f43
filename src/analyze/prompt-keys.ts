import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import { numbersOf } from './rules/exact-repeats.ts'

/** What a prompt is keyed by. */
export const promptColumns = [
  'profile',
  'seq',
  'exactKey',
  'questionKey',
  'systemKey',
  'historyKey',
] as const
type PromptColumns = {
  readonly [Name in (typeof promptColumns)[number]]: Float64Array | Uint32Array
}

/** Keys of prompts by the columns of their request. */
export class PromptKeys {
  readonly #lookup: RequestLookup
  readonly #namespaces: readonly number[]
  /** By profile: NaN until one of its requests has been looked up. */
  readonly #partitions: Float64Array
  readonly #numbers = new Map<string | null, number>()

  constructor({ profiles }: RequestSource, lookup: RequestLookup) {
    this.#lookup = lookup
    this.#namespaces = numbersOf(profiles, ({ namespace }) => namespace)
    this.#partitions = new Float64Array(profiles.length).fill(Number.NaN)
  }

  /** Equal for equal prompts in one namespace; NaN where the log tells no prompt. */
  exact({ exactKey, profile }: PromptColumns, row: number): number {
    const key = exactKey[row] as number
    const namespace = this.#namespaces[profile[row] as number] ?? 0
    return namespace === 0 || Number.isNaN(key) ? key : joinKeys(key, namespace)
  }

  /** Equal where all is equal but the last user message, and the last answer before it. */
  surroundings(columns: PromptColumns, row: number): number {
    const partition = this.#partitionOf(columns, row)
    const system = joinKeys(partition, orZero(columns.systemKey[row]))
    return joinKeys(system, orZero(columns.historyKey[row]))
  }

  /** What a profile's first request is keyed by, its profile is: they agree in all that a partition is made of. */
  #partitionOf({ profile, seq }: PromptColumns, row: number): number {
    const number = profile[row] as number
    const known = this.#partitions[number] as number
    if (!Number.isNaN(known)) return known
    const name = this.#lookup.partitionOf(seq[row] as number)
    const partition = this.#numbers.get(name) ?? this.#numbers.size
    this.#numbers.set(name, partition)
    const joined = joinKeys(partition, this.#namespaces[number] ?? 0)
    this.#partitions[number] = joined
    return joined
  }
}

/** One key of two, with 53 bits again. */
export function joinKeys(a: number, b: number): number {
  let low = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul((b / 4294967296) | 0, 0x85ebca6b)
  let high = Math.imul((a / 4294967296) | 0, 0x5f356495) ^ Math.imul(b | 0, 0xc2b2ae35)
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  return 4294967296 * (0x1fffff & high) + (low >>> 0)
}
