import { SpendSum } from '../domain/money.ts'
import type { Verdict } from '../score/verdict.ts'
import type { CacheInputs } from './cache-run.ts'
import type { Wrongness } from './hit-quality.ts'
import { served } from './served.ts'
import type { SweepTally } from './sweep-state.ts'
import { newVerdictTally } from './verdict-tally.ts'

/** What a run comes to. */
export type HitTotals = Wrongness & {
  /** Semantic ones. */
  readonly hits: number
  /** Requests whose text the semantic layer had embedded. */
  readonly lookUps: number
  /** Nano-dollars of the requests that asked no model. */
  readonly savedNanoUsd: bigint
}

/** What the requests of a run are worth, by place, and which hits are judged how. */
export type HitWorth = {
  /** Whole nano-dollars; 0 where there is no price. */
  costOf(place: number): number
  verdictOf(place: number, owner: number): Verdict
  /** The permanent number in [0, 1) of a request: hits with one below `shareOf` all hits are judged. */
  numberOf(place: number): number
  shareOf(hits: number): number
}

export type HitTally = SweepTally & {
  /** Of the run as it stands: the same as judging its hits and summing them up. The same object where nothing changed. */
  totals(): HitTotals
}

const none = -1

/** Adds up the hits of a run that changes bit by bit. A hit is judged when totals are asked for, and once. */
export function newHitTally(
  { count, semanticSlot }: Pick<CacheInputs, 'count' | 'semanticSlot'>,
  worth: HitWorth,
): HitTally {
  const saved = new SpendSum()
  const verdicts = newVerdictTally(count)
  const owners = new Int32Array(count).fill(none)
  /** As the verdicts have them. */
  const judgedOwners = new Int32Array(count).fill(none)
  const changed: number[] = []
  const sample = newSample(count, worth)
  let hits = 0
  let known: HitTotals | null = null
  let lookUps = semanticSlot.reduce((sum, slot) => sum + (slot === none ? 0 : 1), 0)
  const settle = (place: number) => {
    const before = judgedOwners[place] as number
    const now = sample.has(place) ? (owners[place] as number) : none
    if (before === now) return
    if (before !== none) verdicts.count(-1, before, worth.verdictOf(place, before))
    if (now !== none) verdicts.count(1, now, worth.verdictOf(place, now))
    judgedOwners[place] = now
  }
  return {
    count(sign, place, by, owner) {
      if (by === served.model) return
      known = null
      saved.add(sign * worth.costOf(place))
      if (by === served.semantic) {
        hits += sign
        owners[place] = sign === 1 ? owner : none
        changed.push(place)
      } else if (semanticSlot[place] !== none) {
        lookUps -= sign
      }
    },
    totals() {
      if (known !== null) return known
      sample.moveTo(worth.shareOf(hits), (place) => changed.push(place))
      for (const place of changed) settle(place)
      changed.length = 0
      known = { hits, lookUps, savedNanoUsd: saved.total(), ...verdicts.wrongness(hits) }
      return known
    },
  }
}

/** Requests with a permanent number below a share that moves. */
function newSample(count: number, { numberOf }: Pick<HitWorth, 'numberOf'>) {
  // Sorted when a share first leaves some out: with labels none ever does.
  let order: Uint32Array | null = null
  let current = 1
  let end = count
  return {
    has: (place: number): boolean => current >= 1 || numberOf(place) < current,
    /** Moves to another share and tells of the requests that come in or drop out. */
    moveTo(share: number, onMove: (place: number) => void): void {
      if (share === current) return
      order ??= Uint32Array.from({ length: count }, (_, place) => place).sort(
        (a, b) => numberOf(a) - numberOf(b),
      )
      const numberAt = (index: number) => numberOf(order?.[index] as number)
      for (; end > 0 && numberAt(end - 1) >= share; end--) onMove(order[end - 1] as number)
      for (; end < count && numberAt(end) < share; end++) onMove(order[end] as number)
      current = share
    },
  }
}
