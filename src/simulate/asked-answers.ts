import type { CacheInputs } from './cache-run.ts'
import {
  addTo,
  deleteFrom,
  firstFrom,
  lastUpTo,
  newOrderedSet,
  type OrderedSet,
} from './ordered-set.ts'
import { type SlotLists, slotLists } from './slot-lists.ts'

/** The order in which requests are decided and answers arrive. */
export type Order = Pick<CacheInputs, 'count' | 'at' | 'born' | 'arrivedBefore'> & {
  /** Of each request: its number among the arrivals. */
  readonly arrival: Uint32Array
}

/**
 * The answers that a layer could hold, and which of them a model was asked for in the run as it stands. Without capacity
 * and refreshing hits an entry is the last asked answer of its slot, until its time is over.
 */
export type AskedAnswers = {
  readonly order: Order
  readonly ttlMs: Float64Array
  readonly longestTtlMs: number
  /** Whether an answer can hide an earlier one that lives longer. */
  readonly isMixed: boolean
  /** Answers that may be kept, as they arrive, and which of these positions are asked. */
  readonly arrivals: SlotLists
  readonly asked: OrderedSet
  /** All requests of each slot, as they come. */
  readonly requests: SlotLists
}

export type LayerOfAnswers = {
  readonly slots: number
  readonly slotOf: Int32Array
  readonly ttlMs: Float64Array
}

/** The answers of one layer, none of them asked. */
export function newAskedAnswers(
  { arrivals, insertable }: CacheInputs,
  order: Order,
  { slots, slotOf, ttlMs }: LayerOfAnswers,
): AskedAnswers {
  const kept = arrivals.filter((place) => insertable[place] === 1)
  const lists = slotLists(slots, slotOf, kept)
  const [first = 0] = ttlMs
  return {
    order,
    ttlMs,
    longestTtlMs: ttlMs.reduce((longest, each) => Math.max(longest, each), 0),
    isMixed: ttlMs.some((each) => each !== first),
    arrivals: lists,
    asked: newOrderedSet(lists.members.length),
    requests: slotLists(slots, slotOf, places(order.count)),
  }
}

/** Every request in order. */
export const places = (count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, place) => place)

/** Notes whether a model is asked for a request. */
export function setAsked(
  { position }: SlotLists,
  asked: OrderedSet,
  place: number,
  isAsked: boolean,
): void {
  const at = position[place] as number
  if (at === -1) return
  if (isAsked) addTo(asked, at)
  else deleteFrom(asked, at)
}

/** The request whose answer a slot holds when another one is decided; -1: none, or its time is over. */
export function answerAt(answers: AskedAnswers, slot: number, place: number): number {
  const { arrivals, asked, order, ttlMs } = answers
  const first = arrivals.from[slot] as number
  const last = lastArrived(answers, slot, order.arrivedBefore[place] as number)
  if (last < first) return -1
  const found = lastUpTo(asked, last)
  if (found < first) return -1
  const owner = arrivals.members[found] as number
  const ageMs = (order.at[place] as number) - (order.born[owner] as number)
  return ageMs <= (ttlMs[owner] as number) ? owner : -1
}

/** The arrival after a request's that takes its place in its slot; infinite where none does. */
export function replacedAt({ arrivals, asked, order }: AskedAnswers, slot: number, place: number) {
  const next = firstFrom(asked, (arrivals.position[place] as number) + 1)
  if (next === -1 || next >= (arrivals.from[slot + 1] as number)) return Number.POSITIVE_INFINITY
  return order.arrival[arrivals.members[next] as number] as number
}

/** The first request of a slot that is decided after an arrival, as a position among its requests. */
export function firstAfter(
  { requests, order }: AskedAnswers,
  slot: number,
  arrival: number,
): number {
  let low = requests.from[slot] as number
  let high = requests.from[slot + 1] as number
  while (low < high) {
    const middle = (low + high) >>> 1
    const place = requests.members[middle] as number
    if ((order.arrivedBefore[place] as number) > arrival) high = middle
    else low = middle + 1
  }
  return low
}

/** The last of a slot's arrivals before a number of arrivals; before its first where there is none. */
function lastArrived({ arrivals, order }: AskedAnswers, slot: number, before: number): number {
  const { from, members } = arrivals
  let low = from[slot] as number
  let high = from[slot + 1] as number
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((order.arrival[members[middle] as number] as number) < before) low = middle + 1
    else high = middle
  }
  return low - 1
}
