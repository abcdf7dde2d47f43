import { SpendSum } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import type { History } from '../worlds/history.ts'
import { type CostOf, tokenRatios, usageAt, usageElsewhere } from '../worlds/model-costs.ts'
import { openWayCosts } from '../worlds/way-costs.ts'
import { loggedSpend } from './spend.ts'

/** What a policy is compared with. */
export type Baseline = { readonly name: string; readonly spendNanoUsd: bigint }

export const asLogged = 'as-logged'

/** "as-logged", or "all:MODEL": every request at one model, its tokens as the log's own models counted them. */
export function baselineOf(asked: string | undefined, history: History, costOf: CostOf): Baseline {
  if (asked === undefined || asked === asLogged)
    return { name: 'as logged', spendNanoUsd: loggedSpend(history) }
  const target = /^all:(.+)$/.exec(asked)?.[1]
  if (target === undefined) {
    throw new UserError(`--baseline ${asked} is no baseline`, {
      hint: 'write as-logged, or all:MODEL for everything at one model, e.g. all:gpt-4o',
    })
  }
  return { name: asked, spendNanoUsd: spendAt(target, history, costOf) }
}

function spendAt(target: string, history: History, costOf: CostOf): bigint {
  const ratioOf = tokenRatios(history, null)
  const costAt = openWayCosts(history, costOf)
  const sum = new SpendSum()
  for (let place = 0; place < history.count; place++) {
    const profile = history.profiles[history.columns.profile[place] as number]
    const usage = usageElsewhere(
      usageAt(history.columns, place),
      ratioOf(profile?.model ?? '', target),
    )
    const cost = costAt(place, target, usage)
    if (cost === null) {
      throw new UserError(`the price of ${target} is not known`, {
        hint: '`llmcost prices` lists every known model; --prices adds others',
      })
    }
    sum.add(cost)
  }
  return sum.total()
}
