import { answerAt } from './asked-answers.ts'
import type { CacheInputs } from './cache-run.ts'
import { type Edges, edgesOf } from './edges.ts'
import { addTo, deleteFrom, firstFrom } from './ordered-set.ts'
import { served } from './served.ts'
import { spreadChange } from './spread-change.ts'
import { decideAgain, openSweep, type SweepState, type SweepTally } from './sweep-state.ts'

/** Whether a request finds what the last answer of each slot leaves: without capacity, refreshing hits, kept hits. */
export const canSweepIncrementally = (inputs: CacheInputs): boolean =>
  inputs.insert === 'on-miss' &&
  inputs.exactCapacity === Number.POSITIVE_INFINITY &&
  inputs.semanticCapacity === Number.POSITIVE_INFINITY &&
  !inputs.refreshExact &&
  !inputs.refreshSemantic

/**
 * Every threshold, from high to low, after each of which the tally has what it comes to: first one above all similarities
 * (infinite), then each similarity of two questions one of which could serve the other. A threshold between two of them
 * comes to what the higher one does.
 * Pairs are let in by falling similarity; requests that may now be served are decided anew, and after them, in order,
 * those that a change concerns. The same as a run at each threshold, for policies that `canSweepIncrementally` allows.
 */
export function* incrementalSweep(inputs: CacheInputs, tally: SweepTally): Generator<number> {
  const state = openSweep(inputs, tally)
  const edges = edgesOf(inputs.neighbours)
  const { slots, others, similarities } = edges
  yield Number.POSITIVE_INFINITY
  let next = 0
  while (next < similarities.length) {
    const threshold = similarities[next] as number
    for (; similarities[next] === threshold; next++)
      letIn(state, slots[next] as number, others[next] as number)
    settle(state, edges, threshold)
    yield threshold
  }
}

/** Marks the requests of a slot that a neighbour may serve from now on: those that nothing more similar serves. */
function letIn(state: SweepState, slot: number, other: number): void {
  const { inputs, semantic, by, pending } = state
  const { from, members } = semantic.requests
  const end = from[slot + 1] as number
  for (let at = from[slot] as number; at < end; at++) {
    const place = members[at] as number
    if (by[place] !== served.model || hasOwn(inputs, place)) continue
    if (answerAt(semantic, other, place) !== -1) addTo(pending, place)
  }
}

/** A rule's threshold is met or not from the beginning. */
const hasOwn = ({ ownThreshold }: CacheInputs, place: number): boolean =>
  ownThreshold !== null && !Number.isNaN(ownThreshold[place])

/** Decides what is marked, in order: a change only concerns later requests. */
function settle(state: SweepState, edges: Edges, threshold: number): void {
  const { pending } = state
  for (let place = firstFrom(pending, 0); place !== -1; place = firstFrom(pending, place + 1)) {
    deleteFrom(pending, place)
    const change = decideAgain(state, place, threshold)
    if (change !== null) spreadChange(state, edges, { place, change, threshold })
  }
}
