import { type AskedAnswers, firstAfter, replacedAt } from './asked-answers.ts'
import type { Edges } from './edges.ts'
import { addTo, lastUpTo } from './ordered-set.ts'
import { served } from './served.ts'
import { type Change, leastOf, type SweepState } from './sweep-state.ts'

type Changed = {
  readonly place: number
  readonly change: Exclude<Change, null>
  readonly threshold: number
}

/** Marks the requests that a change concerns: one that asks a model now leaves an answer, one that no longer does none. */
export function spreadChange(state: SweepState, edges: Edges, changed: Changed): void {
  const { exact, semantic, inputs } = state
  const { place } = changed
  markWaiting(state, place)
  if (exact.arrivals.position[place] !== -1)
    markLookers(state, exact, inputs.exactSlot[place] as number, place)
  if (semantic.arrivals.position[place] !== -1) markAlike(state, edges, changed)
}

/** Identical requests that came while the answer was on its way, up to the next that asks for itself. */
function markWaiting({ flights, flying, order, inputs, by, pending }: SweepState, place: number) {
  const position = flights.position[place] as number
  if (position === -1) return
  const slot = inputs.flightSlot[place] as number
  const before = position === 0 ? -1 : lastUpTo(flying, position - 1)
  const hasFormer = before >= (flights.from[slot] as number)
  const former = hasFormer ? (order.born[flights.members[before] as number] as number) : 0
  const untilMs = Math.max(
    order.born[place] as number,
    hasFormer ? former : Number.NEGATIVE_INFINITY,
  )
  const end = flights.from[slot + 1] as number
  for (let at = position + 1; at < end; at++) {
    const other = flights.members[at] as number
    if ((order.at[other] as number) >= untilMs) return
    addTo(pending, other)
    if (by[other] === served.model) return
  }
}

/** Requests of one slot that look an answer up, from its arrival until another takes its place or all are over. */
function markLookers(
  { order, pending }: SweepState,
  answers: AskedAnswers,
  slot: number,
  place: number,
): void {
  const { requests, longestTtlMs } = answers
  const until = replacedAt(answers, slot, place)
  const end = requests.from[slot + 1] as number
  const bornMs = order.born[place] as number
  for (let at = firstAfter(answers, slot, order.arrival[place] as number); at < end; at++) {
    const other = requests.members[at] as number
    if ((order.arrivedBefore[other] as number) > until) return
    if ((order.at[other] as number) - bornMs > longestTtlMs) return
    addTo(pending, other)
  }
}

/** Requests that an answer could serve for being similar. */
function markAlike(state: SweepState, edges: Edges, changed: Changed): void {
  const { inputs, semantic, order } = state
  const { from, lookers, alike } = edges
  const { place, threshold } = changed
  const slot = inputs.semanticSlot[place] as number
  const seen = {
    ...changed,
    arrival: order.arrival[place] as number,
    until: replacedAt(semantic, slot, place),
  }
  const lowest = Math.min(threshold, state.leastOwn)
  const end = from[slot + 1] as number
  for (let at = from[slot] as number; at < end; at++) {
    const similarity = alike[at] as number
    if (similarity < lowest) return
    markSlot(state, lookers[at] as number, similarity, seen)
  }
}

type Seen = Changed & {
  readonly arrival: number
  /** The arrival that takes the answer's place. */
  readonly until: number
}

/** The requests of one slot that saw the answer, or see it now. */
function markSlot(state: SweepState, slot: number, alike: number, seen: Seen): void {
  const { order, semantic, pending } = state
  const { requests, longestTtlMs } = semantic
  const bornMs = order.born[seen.place] as number
  const end = requests.from[slot + 1] as number
  for (let at = firstAfter(semantic, slot, seen.arrival); at < end; at++) {
    const other = requests.members[at] as number
    if ((order.arrivedBefore[other] as number) > seen.until) return
    if ((order.at[other] as number) - bornMs > longestTtlMs) return
    if (isConcerned(state, other, alike, seen)) addTo(pending, other)
  }
}

/** Whether a request would take the answer, or took it. What an exact look-up serves asks no further. */
function isConcerned(state: SweepState, place: number, alike: number, seen: Seen): boolean {
  const { inputs, by, owner, similarity, semantic } = state
  // An answer that is over can hide one that is not, where times to live differ. Else an answer that goes matters to
  // those whom it served, and as the one before it comes to light, which is older, where another one is as similar.
  if (seen.change === 'served' && !semantic.isMixed)
    return owner[place] === seen.place || similarity[place] === alike
  const how = by[place] as number
  if (how !== served.model && how !== served.semantic) return false
  if (alike < leastOf(inputs, place, seen.threshold)) return false
  return how === served.model || alike >= (similarity[place] as number)
}
