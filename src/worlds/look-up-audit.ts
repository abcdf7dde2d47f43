import type { LiveNeighbours, NearQuery } from './live-neighbours.ts'

/** Look-ups that are remembered for an audit. */
const keptLookUps = 64

/** What a full look at all entries finds for the last look-ups. */
export type MissedHits = {
  /** That were made again. */
  readonly lookUps: number
  /** Neighbours that could have served, and those of them that the index in use does not find. */
  readonly looked: number
  readonly missed: number
}

/** The last look-ups of a live cache, to be made again without hashes. */
export class LookUpAudit {
  readonly #queries: NearQuery[] = []
  #next = 0

  note(query: NearQuery): void {
    this.#queries[this.#next] = query
    this.#next = (this.#next + 1) % keptLookUps
  }

  /**
   * How many neighbours the last look-ups have by now, and how many of them hashes find. A look at all entries each, a
   * millisecond at a time, with room for others between.
   */
  async missedHits(neighbours: LiveNeighbours, at: number): Promise<MissedHits> {
    let [truePairs, found] = [0, 0]
    const queries = [...this.#queries]
    for (const query of queries) {
      const steps = neighbours.recall({ ...query, at })
      let step = steps.next()
      for (; step.done !== true; step = steps.next()) await new Promise(setImmediate)
      truePairs += step.value?.truePairs ?? 0
      found += step.value?.found ?? 0
      await new Promise(setImmediate)
    }
    return { lookUps: queries.length, looked: truePairs, missed: truePairs - found }
  }
}
