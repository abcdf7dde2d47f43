import { decideAll, newCaches } from './cache-pass.ts'
import { type CacheInputs, type CacheOutcome, countsOf } from './cache-run.ts'
import { served } from './served.ts'

/** With more the memory near the processor is too small for what runs side by side read. */
const mostLanes = 16
/** Requests times lanes: each takes some forty bytes. */
const mostCells = 2_000_000

/** How many runs over so many requests go side by side. */
export const lanesFor = (count: number, thresholds: number): number =>
  Math.max(1, Math.min(mostLanes, thresholds, Math.floor(mostCells / Math.max(1, count))))

/** What runs side by side found, by place and lane. */
export type LaneFindings = Pick<CacheOutcome, 'by' | 'owner'>

/** Runs at as many thresholds at a time as there are lanes, or fewer, into arrays that are overwritten. */
export type GridPass = (thresholds: readonly number[], found: LaneFindings) => void

/** Makes ready what all runs share; quickest from high to low. */
export function openGridPass(inputs: CacheInputs, lanes: number): GridPass {
  const caches = newCaches(inputs, lanes)
  return (thresholds, { by, owner }) => {
    by.fill(served.model)
    decideAll(caches, { by, owner, details: null }, thresholds)
  }
}

/** Bytes of findings for so many requests times lanes: `owner` first, which needs whole words. */
export const findingsBytes = (cells: number): number => cells * 5

/** Arrays for findings in such memory. */
export const findingsIn = (buffer: ArrayBufferLike, cells: number): LaneFindings => ({
  owner: new Int32Array(buffer, 0, cells),
  by: new Uint8Array(buffer, 4 * cells, cells),
})

/** One of the runs that went side by side. */
export function outcomeOf(
  threshold: number,
  all: LaneFindings,
  lane: number,
  lanes: number,
): CacheOutcome {
  const by = new Uint8Array(all.by.length / lanes)
  const owner = new Int32Array(by.length)
  const hits = new Uint32Array(4)
  for (let place = 0, at = lane; place < by.length; place++, at += lanes) {
    const how = all.by[at] as number
    if (how === served.model) continue
    by[place] = how
    owner[place] = all.owner[at] as number
    hits[how] = (hits[how] as number) + 1
  }
  return { threshold, by, owner, ...countsOf(hits) }
}
