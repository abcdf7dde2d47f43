import {
  type AskedAnswers,
  answerAt,
  newAskedAnswers,
  type Order,
  places,
  setAsked,
} from './asked-answers.ts'
import { type CacheInputs, runCache } from './cache-run.ts'
import { lastUpTo, newOrderedSet, type OrderedSet } from './ordered-set.ts'
import { served } from './served.ts'
import { type SlotLists, slotLists } from './slot-lists.ts'

/** Told of everything that a run serves, and of what it no longer does. */
export type SweepTally = {
  /** Adds (1) or takes away (-1) a request that was served somehow, by whose answer. */
  count(sign: 1 | -1, place: number, by: number, owner: number): void
}

/** A run that is changed until it is the one of the next threshold. */
export type SweepState = {
  readonly inputs: CacheInputs
  readonly order: Order
  readonly exact: AskedAnswers
  readonly semantic: AskedAnswers
  /** Requests that share calls, and which positions ask a model. */
  readonly flights: SlotLists
  readonly flying: OrderedSet
  /** By place, as in a run. */
  readonly by: Uint8Array
  readonly owner: Int32Array
  readonly similarity: Float64Array
  /** Requests to be decided again. */
  readonly pending: OrderedSet
  readonly tally: SweepTally
  /** The least threshold that a rule sets; infinite where none does. */
  readonly leastOwn: number
}

/** The run at a threshold above every similarity. */
export function openSweep(inputs: CacheInputs, tally: SweepTally): SweepState {
  const { count, at, born, arrivals, arrivedBefore } = inputs
  const arrival = new Uint32Array(count)
  arrivals.forEach((place, number) => {
    arrival[place] = number
  })
  const order = { count, at, born, arrivedBefore, arrival }
  const { by, owner, similarity } = runCache(inputs, Number.POSITIVE_INFINITY)
  const flights = slotLists(inputs.exactSlots, inputs.flightSlot, places(count))
  const state: SweepState = {
    inputs,
    order,
    exact: newAskedAnswers(inputs, order, {
      slots: inputs.exactSlots,
      slotOf: inputs.exactSlot,
      ttlMs: inputs.exactTtlMs,
    }),
    semantic: newAskedAnswers(inputs, order, {
      slots: inputs.semanticSlots,
      slotOf: inputs.semanticSlot,
      ttlMs: inputs.semanticTtlMs,
    }),
    flights,
    flying: newOrderedSet(flights.members.length),
    by,
    owner,
    similarity,
    pending: newOrderedSet(count),
    tally,
    leastOwn: leastOwnThreshold(inputs),
  }
  for (let place = 0; place < count; place++) {
    tally.count(1, place, by[place] as number, owner[place] as number)
    if (by[place] === served.model) noteAsked(state, place, true)
  }
  return state
}

function leastOwnThreshold({ ownThreshold }: CacheInputs): number {
  let least = Number.POSITIVE_INFINITY
  for (const own of ownThreshold ?? []) if (own < least) least = own
  return least
}

/** Notes everywhere whether a request asks a model. */
export function noteAsked(state: SweepState, place: number, isAsked: boolean): void {
  setAsked(state.exact.arrivals, state.exact.asked, place, isAsked)
  setAsked(state.semantic.arrivals, state.semantic.asked, place, isAsked)
  setAsked(state.flights, state.flying, place, isAsked)
}

/** Whether it asked a model or was served otherwise than before. */
export type Change = 'asked' | 'served' | null

/** Decides a request anew at a threshold. */
export function decideAgain(state: SweepState, place: number, threshold: number): Change {
  const { by, owner, similarity, tally } = state
  const found = find(state, place, threshold)
  const before = by[place] as number
  const isSame = before === found.by && owner[place] === found.owner
  similarity[place] = found.similarity
  if (isSame) return null
  tally.count(-1, place, before, owner[place] as number)
  tally.count(1, place, found.by, found.owner)
  by[place] = found.by
  owner[place] = found.owner
  if ((before === served.model) === (found.by === served.model)) return null
  noteAsked(state, place, found.by === served.model)
  return found.by === served.model ? 'asked' : 'served'
}

type Decision = { readonly by: number; readonly owner: number; readonly similarity: number }

const asksModel: Decision = { by: served.model, owner: -1, similarity: Number.NaN }

function find(state: SweepState, place: number, threshold: number): Decision {
  const { inputs, exact } = state
  const slot = inputs.exactSlot[place] as number
  const repeat = slot === -1 ? -1 : answerAt(exact, slot, place)
  if (repeat !== -1) return { by: served.exact, owner: repeat, similarity: Number.NaN }
  const flight = flightOf(state, place)
  if (flight !== -1) return { by: served.coalesced, owner: flight, similarity: Number.NaN }
  return findNearest(state, place, leastOf(inputs, place, threshold))
}

/** The threshold of a request: a rule's, or the one of the run. */
export function leastOf({ ownThreshold }: CacheInputs, place: number, threshold: number): number {
  const own = ownThreshold === null ? Number.NaN : (ownThreshold[place] as number)
  return Number.isNaN(own) ? threshold : own
}

/** The last identical request that asks a model, -1 where its answer is there or there is none. */
function flightOf({ inputs, flights, flying, order }: SweepState, place: number): number {
  const position = flights.position[place] as number
  if (position === -1) return -1
  const last = position === 0 ? -1 : lastUpTo(flying, position - 1)
  if (last < (flights.from[inputs.flightSlot[place] as number] as number)) return -1
  const owner = flights.members[last] as number
  return (order.born[owner] as number) > (order.at[place] as number) ? owner : -1
}

function findNearest(
  { inputs, semantic, order }: SweepState,
  place: number,
  least: number,
): Decision {
  const slot = inputs.semanticSlot[place] as number
  if (slot === -1) return asksModel
  const { offsets, others, similarities, guarded } = inputs.neighbours
  const end = offsets[slot + 1] as number
  let owner = -1
  let similarity = least
  for (let pair = offsets[slot] as number; pair < end; pair++) {
    const alike = similarities[pair] as number
    if (!(alike >= similarity)) break
    if (guarded[pair] !== 0) continue
    const other = answerAt(semantic, others[pair] as number, place)
    if (other === -1) continue
    // Of two alike the earlier born, then the earlier asked: as they arrived.
    if (owner === -1 || (order.arrival[other] as number) < (order.arrival[owner] as number))
      owner = other
    similarity = alike
  }
  return owner === -1 ? asksModel : { by: served.semantic, owner, similarity }
}
