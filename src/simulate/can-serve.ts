import type { CacheInputs } from './cache-run.ts'

/** Whether an entry of one slot can ever serve a request of another, or of the same. */
export type CanServe = (slot: number, entry: number) => boolean

type Layer = Pick<
  CacheInputs,
  | 'count'
  | 'at'
  | 'born'
  | 'arrivals'
  | 'arrivedBefore'
  | 'insertable'
  | 'semanticSlot'
  | 'semanticTtlMs'
  | 'insert'
  | 'refreshSemantic'
>

/**
 * Rules out, whatever the threshold, entries that come after the last request of a slot or are over before its first:
 * about half of all pairs, and most where time to live is short beside the log.
 */
export function canServeBetween(layer: Layer, slots: number): CanServe {
  const { lastLook, firstFill } = looksAndFills(layer, slots)
  const { firstAt, lastBorn, longestTtlMs } = times(layer, slots)
  const { refreshSemantic } = layer
  return (slot, entry) =>
    (lastLook[slot] as number) > (firstFill[entry] as number) &&
    (refreshSemantic ||
      !((firstAt[slot] as number) - (lastBorn[entry] as number) > (longestTtlMs[entry] as number)))
}

/**
 * How much had happened when a slot was last looked for, and first filled: answers that had arrived, or requests where
 * hits are entries too.
 */
function looksAndFills(
  { count, arrivals, arrivedBefore, insertable, semanticSlot, insert }: Layer,
  slots: number,
): { readonly lastLook: Float64Array; readonly firstFill: Float64Array } {
  const lastLook = new Float64Array(slots).fill(-1)
  const firstFill = new Float64Array(slots).fill(Number.POSITIVE_INFINITY)
  for (let step = count - 1; step >= 0; step--) {
    const filler = insert === 'always' ? step : (arrivals[step] as number)
    const filled = semanticSlot[filler] as number
    const fills = insert === 'always' || insertable[filler] === 1
    if (filled !== -1 && fills) firstFill[filled] = step
    const slot = semanticSlot[step] as number
    if (slot !== -1 && lastLook[slot] === -1)
      lastLook[slot] = insert === 'always' ? step : (arrivedBefore[step] as number)
  }
  return { lastLook, firstFill }
}

function times({ count, at, born, semanticSlot, semanticTtlMs }: Layer, slots: number) {
  const firstAt = new Float64Array(slots).fill(Number.POSITIVE_INFINITY)
  const lastBorn = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY)
  const longestTtlMs = new Float64Array(slots)
  for (let place = 0; place < count; place++) {
    const slot = semanticSlot[place] as number
    if (slot === -1) continue
    firstAt[slot] = Math.min(firstAt[slot] as number, at[place] as number)
    lastBorn[slot] = Math.max(lastBorn[slot] as number, born[place] as number)
    longestTtlMs[slot] = Math.max(longestTtlMs[slot] as number, semanticTtlMs[place] as number)
  }
  return { firstAt, lastBorn, longestTtlMs }
}
