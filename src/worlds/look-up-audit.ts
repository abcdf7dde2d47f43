import type { RecallSample } from '../vectors/sample-recall.ts'
import type { LiveNeighbours, NearQuery } from './live-neighbours.ts'

/** Look-ups that are remembered for an audit. */
const keptLookUps = 64

/** The last look-ups of a live cache, to be made again without hashes. */
export class LookUpAudit {
  readonly #queries: NearQuery[] = []
  #next = 0

  note(query: NearQuery): void {
    this.#queries[this.#next] = query
    this.#next = (this.#next + 1) % keptLookUps
  }

  /**
   * How many neighbours the last look-ups have by now, and how many of them hashes find. One look at all entries each,
   * with room for others between them.
   */
  async recall(neighbours: LiveNeighbours, at: number): Promise<RecallSample> {
    let [truePairs, found] = [0, 0]
    for (const query of [...this.#queries]) {
      const sample = neighbours.recall({ ...query, at })
      truePairs += sample?.truePairs ?? 0
      found += sample?.found ?? 0
      await new Promise(setImmediate)
    }
    return { truePairs, found }
  }
}
