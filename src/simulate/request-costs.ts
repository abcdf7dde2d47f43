import type { CacheRun } from './cache-run.ts'
import { isLookUp, lookUpSpend, lookUps } from './look-up-spend.ts'
import type { Simulation } from './simulation.ts'

/** What each request costs, nano-dollars by place, its look-up included where somebody bills for it. */
export function requestCosts(
  { beyond, prepared, options }: Pick<Simulation, 'beyond' | 'prepared' | 'options'>,
  run: CacheRun,
): Float64Array {
  const { semanticSlot } = prepared.inputs
  const count = lookUps(prepared.inputs, run)
  const all = Number(lookUpSpend(options, count) ?? 0n)
  if (all === 0) return beyond.costs(run)
  const each = Math.floor(all / count)
  let left = all
  return beyond.costs(run).map((cost, place) => {
    if (!isLookUp(semanticSlot, run, place)) return cost
    // The last of them takes what does not divide.
    const share = left - each < each ? left : each
    left -= share
    return cost + share
  })
}
