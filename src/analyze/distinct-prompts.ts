import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import { KeyIndex, NumberList, partsOf } from './key-index.ts'
import { joinKeys, PromptKeys, promptColumns } from './prompt-keys.ts'

/** The prompts of a log, each counted once, and those to compare with each other. */
export type DistinctPrompts = {
  /** Requests whose prompt the log tells. */
  readonly requests: number
  /** Exact keys among them, namespaces apart. */
  readonly distinct: number
  /** Distinct last user messages that stand beside others where everything else is equal. */
  readonly comparable: number
  /** Nano-dollars that these cost when they were asked for the first time. */
  readonly comparableCost: number
  /** A random sample of them, or all; in the order they were drawn, so that any beginning is a random sample too. */
  readonly drawn: readonly DrawnPrompt[]
}

/** A last user message with what it stands for. */
export type DrawnPrompt = {
  /** The first request that asked it, with its time (undated: infinity) and its place among the rows. */
  readonly seq: number
  readonly at: number
  readonly place: number
  readonly firstCost: number
  /** All requests that asked it, after whatever conversation, and their cost in nano-dollars. */
  readonly requests: number
  readonly cost: number
  /** Equal where namespace, request, system prompt, tools and history are. */
  readonly surroundings: number
  readonly draw: number
}

/** Counts prompts, and draws `most` of those that have others to be compared with. */
export function distinctPrompts(
  source: RequestSource,
  lookup: RequestLookup,
  most: number,
): DistinctPrompts {
  const parts = partsOf(source.count)
  const keys = new PromptKeys(source, lookup)
  const shared = new KeyIndex()
  let requests = 0
  let distinct = 0
  for (let part = 0; part < parts; part++) {
    const found = countPart(source, keys, { part, parts }, shared)
    requests += found.requests
    distinct += found.distinct
  }
  const sample = new Sample(most)
  let comparable = 0
  let comparableCost = 0
  for (let part = 0; part < parts && shared.size > 0; part++) {
    const found = drawPart(source, keys, { part, parts }, { shared, sample })
    comparable += found.size
    comparableCost += found.cost
  }
  return { requests, distinct, comparable, comparableCost, drawn: sample.drawn() }
}

const drawnColumns = [...promptColumns, 'at', 'cost'] as const
type DrawnColumns = { readonly [Name in (typeof drawnColumns)[number]]: Float64Array | Uint32Array }

type Part = { readonly part: number; readonly parts: number }

/** Counts the prompts whose key falls into one part; adds the surroundings of several messages to `shared`. */
function countPart(
  source: RequestSource,
  keys: PromptKeys,
  { part, parts }: Part,
  shared: KeyIndex,
): { readonly requests: number; readonly distinct: number } {
  const prompts = new KeyIndex(Math.ceil(source.count / parts))
  const settings = new Settings(shared)
  let requests = 0
  for (const columns of source.segments(promptColumns)) {
    for (let row = 0; row < columns.length; row++) {
      const exact = keys.exact(columns, row)
      if (Number.isNaN(exact)) continue
      if (exact % parts === part) {
        requests++
        prompts.add(exact)
      }
      const question = columns.questionKey[row] as number
      if (Number.isNaN(question)) continue
      const surroundings = keys.surroundings(columns, row)
      if (surroundings % parts === part) settings.note(surroundings, question)
    }
  }
  return { requests, distinct: prompts.size }
}

/** The first question in each surroundings, and those with another. */
class Settings {
  readonly #index = new KeyIndex()
  readonly #first = new NumberList(Number.NaN)
  readonly #shared: KeyIndex

  constructor(shared: KeyIndex) {
    this.#shared = shared
  }

  note(surroundings: number, question: number): void {
    const number = this.#index.add(surroundings)
    const first = this.#first.get(number)
    if (Number.isNaN(first)) this.#first.set(number, question)
    else if (first !== question) this.#shared.add(surroundings)
  }
}

/** Offers the messages whose key falls into one part. */
function drawPart(
  source: RequestSource,
  keys: PromptKeys,
  { part, parts }: Part,
  { shared, sample }: { readonly shared: KeyIndex; readonly sample: Sample },
): { readonly size: number; readonly cost: number } {
  const messages = new Messages(Math.ceil(source.count / parts))
  let place = 0
  for (const columns of source.segments(drawnColumns)) {
    for (let row = 0; row < columns.length; row++, place++) {
      const question = columns.questionKey[row] as number
      if (Number.isNaN(question) || Number.isNaN(columns.exactKey[row] as number)) continue
      const surroundings = keys.surroundings(columns, row)
      if (shared.find(surroundings) < 0) continue
      const key = joinKeys(surroundings, question)
      if (key % parts === part) messages.add(key, surroundings, columns, row, place)
    }
  }
  return { size: messages.size, cost: messages.offerTo(sample) }
}

/** What is known of each distinct message. */
class Messages {
  readonly #index: KeyIndex
  readonly #at = new NumberList()
  readonly #place = new NumberList()
  readonly #seq = new NumberList()
  readonly #firstCost = new NumberList()
  readonly #requests = new NumberList()
  readonly #cost = new NumberList()
  readonly #surroundings = new NumberList()

  constructor(expected: number) {
    this.#index = new KeyIndex(expected)
  }

  get size(): number {
    return this.#index.size
  }

  add(key: number, surroundings: number, columns: DrawnColumns, row: number, place: number): void {
    const known = this.#index.size
    const number = this.#index.add(key)
    const time = columns.at[row] as number
    const at = Number.isNaN(time) ? Number.POSITIVE_INFINITY : time
    const cost = orZero(columns.cost[row])
    this.#requests.add(number, 1)
    this.#cost.add(number, cost)
    if (number < known && at >= this.#at.get(number)) return
    this.#at.set(number, at)
    this.#place.set(number, place)
    this.#seq.set(number, columns.seq[row] as number)
    this.#firstCost.set(number, cost)
    this.#surroundings.set(number, surroundings)
  }

  /** The cost of all when they were asked for the first time. */
  offerTo(sample: Sample): number {
    let cost = 0
    for (let number = 0; number < this.size; number++) {
      cost += this.#firstCost.get(number)
      const draw = drawOf(this.#place.get(number))
      if (draw < sample.limit) sample.add(this.#messageAt(number, draw))
    }
    return cost
  }

  #messageAt(number: number, draw: number): DrawnPrompt {
    return {
      seq: this.#seq.get(number),
      at: this.#at.get(number),
      place: this.#place.get(number),
      firstCost: this.#firstCost.get(number),
      requests: this.#requests.get(number),
      cost: this.#cost.get(number),
      surroundings: this.#surroundings.get(number),
      draw,
    }
  }
}

/** Keeps the prompts with the smallest draws. */
class Sample {
  /** What a draw must be below to be kept. */
  limit = Number.POSITIVE_INFINITY
  readonly #most: number
  readonly #kept: DrawnPrompt[] = []

  constructor(most: number) {
    this.#most = most
  }

  add(prompt: DrawnPrompt): void {
    this.#kept.push(prompt)
    if (this.#kept.length < this.#most * 2) return
    this.#trim()
    this.limit = this.#kept.at(-1)?.draw ?? this.limit
  }

  drawn(): readonly DrawnPrompt[] {
    this.#trim()
    return this.#kept
  }

  #trim(): void {
    this.#kept.sort((a, b) => a.draw - b.draw || a.place - b.place)
    if (this.#kept.length > this.#most) this.#kept.length = this.#most
  }
}

/** A uniform number from the place of a prompt's first request: the same log gives the same sample in every store. */
function drawOf(place: number): number {
  let bits = Math.imul(place ^ (place >>> 16), 0x45d9f3b)
  bits = Math.imul(bits ^ (bits >>> 16), 0x45d9f3b)
  return ((bits ^ (bits >>> 16)) >>> 0) / 4294967296
}
