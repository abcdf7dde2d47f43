import type { Findings } from './cache-pass.ts'
import { served } from './served.ts'

/** What one threshold comes to. */
export type SweepTotals = {
  readonly threshold: number
  readonly exactHits: number
  readonly semanticHits: number
  readonly coalesced: number
  /** Nano-dollars of the requests that asked no model. */
  readonly savedNanoUsd: number
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

/** Adds up the hits of a run. */
export function totalsOf(
  { by, owner }: Pick<Findings, 'by' | 'owner'>,
  { costNanoUsd, label }: Worth,
): Omit<SweepTotals, 'threshold'> {
  const tally = {
    exactHits: 0,
    semanticHits: 0,
    coalesced: 0,
    savedNanoUsd: 0,
    labelledHits: 0,
    wrongHits: 0,
  }
  for (let place = 0; place < by.length; place++) {
    const how = by[place] as number
    if (how === served.model) continue
    tally.savedNanoUsd += costNanoUsd[place] as number
    if (how === served.exact) tally.exactHits++
    else if (how === served.coalesced) tally.coalesced++
    else {
      tally.semanticHits++
      const mine = label[place] as number
      const theirs = label[owner[place] as number] as number
      if (mine === -1 || theirs === -1) continue
      tally.labelledHits++
      if (mine !== theirs) tally.wrongHits++
    }
  }
  return tally
}
