import { SpendSum } from '../domain/money.ts'
import type { CacheOutcome } from './cache-run.ts'
import { served } from './served.ts'

/** What one threshold comes to. */
export type SweepTotals = {
  readonly threshold: number
  readonly exactHits: number
  readonly semanticHits: number
  readonly coalesced: number
  /** Nano-dollars of the requests that asked no model. */
  readonly savedNanoUsd: bigint
  /** Semantic hits where the log says what either answer was, and those among them whose answers differ. */
  readonly labelledHits: number
  readonly wrongHits: number
}

/** What avoiding a request is worth and what its answer was, by place. */
export type Worth = {
  /** Whole nano-dollars; 0 where there is no price. */
  readonly costNanoUsd: Float64Array
  /** -1: unknown. */
  readonly label: Int32Array
}

/** Adds up hits, one by one, and takes them away again. */
export class Tally {
  readonly #worth: Worth
  readonly #hits = new Int32Array(4)
  readonly #saved = new SpendSum()
  #labelledHits = 0
  #wrongHits = 0

  constructor(worth: Worth) {
    this.#worth = worth
  }

  /** Adds (1) or takes away (-1) a request that was served somehow, by whose answer. */
  count(sign: 1 | -1, place: number, by: number, owner: number): void {
    this.#hits[by] = (this.#hits[by] as number) + sign
    if (by === served.model) return
    const { costNanoUsd, label } = this.#worth
    this.#saved.add(sign * (costNanoUsd[place] as number))
    if (by !== served.semantic) return
    const mine = label[place] as number
    const theirs = label[owner] as number
    if (mine === -1 || theirs === -1) return
    this.#labelledHits += sign
    if (mine !== theirs) this.#wrongHits += sign
  }

  totals(threshold: number): SweepTotals {
    return {
      threshold,
      exactHits: this.#hits[served.exact] as number,
      semanticHits: this.#hits[served.semantic] as number,
      coalesced: this.#hits[served.coalesced] as number,
      savedNanoUsd: this.#saved.total(),
      labelledHits: this.#labelledHits,
      wrongHits: this.#wrongHits,
    }
  }
}

/** Adds up the hits of a run, as a tally does: this is where a sweep over a grid spends what it does not decide. */
export function totalsOf(
  { by, owner, threshold, exactHits, semanticHits, coalesced }: CacheOutcome,
  { costNanoUsd, label }: Worth,
): SweepTotals {
  const saved = new SpendSum()
  let labelledHits = 0
  let wrongHits = 0
  for (let place = 0; place < by.length; place++) {
    const how = by[place] as number
    if (how === served.model) continue
    saved.add(costNanoUsd[place] as number)
    if (how !== served.semantic) continue
    const mine = label[place] as number
    const theirs = label[owner[place] as number] as number
    if (mine === -1 || theirs === -1) continue
    labelledHits++
    if (mine !== theirs) wrongHits++
  }
  const hits = { exactHits, semanticHits, coalesced }
  return { threshold, ...hits, savedNanoUsd: saved.total(), labelledHits, wrongHits }
}
