import type { CacheInputs } from './cache-run.ts'

/**
 * Everything that happens to a cache, in order: a place where a request is decided, -1 - place where its answer arrives.
 * What touches no slot is left out. Times never fall.
 */
export type Timeline = {
  readonly events: Int32Array
  readonly timesMs: Float64Array
}

/** What happens, whatever the threshold. */
export function timelineOf(inputs: CacheInputs): Timeline {
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
  const kept = events.slice(0, size)
  const timesMs = Float64Array.from(kept, (event) =>
    event < 0 ? (born[-1 - event] as number) : (at[event] as number),
  )
  return { events: kept, timesMs }
}

/** At each event the first one whose time is not over after a time to live. */
export function firstAlive({ timesMs }: Timeline, ttlMs: number): Int32Array {
  const first = new Int32Array(timesMs.length)
  let oldest = 0
  for (let event = 0; event < timesMs.length; event++) {
    const now = timesMs[event] as number
    while (now - (timesMs[oldest] as number) > ttlMs) oldest++
    first[event] = oldest
  }
  return first
}
