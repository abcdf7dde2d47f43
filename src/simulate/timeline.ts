import type { CacheInputs } from './cache-run.ts'
import type { Staggered } from './staggered.ts'

/**
 * Everything that happens to a cache, in order: a place where a request is decided, -1 - place where its answer arrives.
 * What touches no slot is left out. Times never fall.
 */
export type Timeline = {
  readonly events: Int32Array
  readonly timesMs: Float64Array
}

/** What happens, whatever the threshold. */
export function timelineOf(inputs: CacheInputs, arrays: Staggered): Timeline {
  const { count, at, born, arrivals, arrivedBefore, insertable } = inputs
  const { exactSlot, flightSlot, semanticSlot } = inputs
  const events = new Int32Array(2 * count)
  let size = 0
  let arrived = 0
  for (let place = 0; place < count; place++) {
    for (const due = arrivedBefore[place] as number; arrived < due; arrived++) {
      const other = arrivals[arrived] as number
      const isKept = exactSlot[other] !== -1 || semanticSlot[other] !== -1
      if (isKept && insertable[other] === 1) events[size++] = -1 - other
    }
    if (exactSlot[place] !== -1 || flightSlot[place] !== -1 || semanticSlot[place] !== -1)
      events[size++] = place
  }
  const timesMs = arrays.of(Float64Array, size)
  for (let step = 0; step < size; step++) {
    const event = events[step] as number
    timesMs[step] = (event < 0 ? born[-1 - event] : at[event]) as number
  }
  return { events: arrays.copy(Int32Array, events.subarray(0, size)), timesMs }
}

/** At each event the first one whose time is not over after a time to live. */
export function firstAlive({ timesMs }: Timeline, ttlMs: number, arrays: Staggered): Int32Array {
  const first = arrays.of(Int32Array, timesMs.length)
  let oldest = 0
  for (let event = 0; event < timesMs.length; event++) {
    const now = timesMs[event] as number
    while (now - (timesMs[oldest] as number) > ttlMs) oldest++
    first[event] = oldest
  }
  return first
}
