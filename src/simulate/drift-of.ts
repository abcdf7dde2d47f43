import { driftBetween } from '../stats/drift.ts'
import type { History } from '../worlds/history.ts'
import { entriesOf } from './hit-quality.ts'
import type { JudgedHit } from './judge-hits.ts'
import type { SemanticLayer } from './result.ts'

/**
 * Wrong hits per hit in the halves of the certifying window, which is the second half of the requests: before and
 * after the middle of its time, or of its requests where the log has no times.
 */
export function driftOf(history: History, counted: readonly JudgedHit[]): SemanticLayer['drift'] {
  const isFirst = firstHalf(history)
  const owners = new Map<number, { first: JudgedHit[]; second: JudgedHit[] }>()
  for (const hit of counted) {
    if (hit.judgement.verdict === 'unsettled') continue
    const halves = owners.get(hit.owner) ?? { first: [], second: [] }
    halves[isFirst(hit.place) ? 'first' : 'second'].push(hit)
    owners.set(hit.owner, halves)
  }
  const count = (hits: readonly JudgedHit[]) =>
    entriesOf(hits, ({ judgement }) => judgement.verdict === 'wrong')[0] ?? { hits: 0, wrong: 0 }
  const drift = driftBetween(
    [...owners.values()].map(({ first, second }) => ({
      first: count(first),
      second: count(second),
    })),
  )
  if (drift === null) return null
  const { firstRate, secondRate, z, drifted } = drift
  return { first: firstRate, second: secondRate, z, drifted }
}

function firstHalf({ at, count, hasTimes }: History): (place: number) => boolean {
  const start = Math.floor(count / 2)
  if (!hasTimes) return (place) => place < (start + count) / 2
  const times = at.subarray(start).filter((time) => !Number.isNaN(time))
  const middle = ((times[0] ?? 0) + (times.at(-1) ?? 0)) / 2
  return (place) => (at[place] as number) < middle
}
