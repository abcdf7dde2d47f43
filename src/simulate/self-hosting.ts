import { usdOf } from '../domain/money.ts'
import type { SelfHosted } from '../policy/levers.ts'
import { isSameModel } from '../prices/same-model.ts'
import type { CacheRun } from './cache-run.ts'
import { selfHostedCost } from './levers-self-hosted.ts'
import { monthOf } from './period.ts'
import type { SelfHostedLine } from './result-parts.ts'
import type { Simulation } from './simulation.ts'
import { loggedCost } from './spend.ts'

/**
 * The machines that a policy names, at the volume that it sends them. They are paid for by the month, used or not, so
 * that they are set beside a month of this log and are no part of what its requests cost. `costs` are nano-dollars by
 * place; output tokens are those of the log.
 */
export function selfHostedLines(
  simulation: Simulation,
  run: CacheRun,
  costs: Float64Array,
): readonly SelfHostedLine[] {
  const { selfHosted } = simulation.options.compiled.policy
  return selfHosted.map((hosted) => lineOf(hosted, simulation, run, costs))
}

function lineOf(
  hosted: SelfHosted,
  { history, beyond, options }: Simulation,
  run: CacheRun,
  costs: Float64Array,
): SelfHostedLine {
  const { columns, profiles, count } = history
  const isThere = profiles.map(
    (profile) =>
      profile !== undefined && isSameModel(hosted.target, profile.provider, profile.model ?? ''),
  )
  const targetsOf = beyond.targetsOf(run)
  const asked = new Uint8Array(count)
  const bought = { costNanoUsd: 0, outputTokens: 0 }
  for (let place = 0; place < count; place++) {
    const wasThere = isThere[columns.profile[place] as number] === true
    const targets = targetsOf(place)
    if (!targets.some((target) => (target === null ? wasThere : target === hosted.target))) continue
    asked[place] = 1
    if (wasThere) continue
    bought.costNanoUsd += loggedCost(history, place)
    bought.outputTokens += columns.outputTokens[place] as number
  }
  const aMonthOf = (amountAt: (place: number) => number) =>
    monthOf(history, (place) => (asked[place] === 1 ? amountAt(place) : 0), options.zone)
      .costPerMonth
  const outputTokens = (place: number) => columns.outputTokens[place] as number
  const outputTokensPerMonth = aMonthOf(outputTokens)
  const elsewhereUsdPerMillion =
    bought.outputTokens === 0 ? null : (bought.costNanoUsd / 1e9 / bought.outputTokens) * 1e6
  const cost = selfHostedCost(hosted, {
    outputTokensPerMonth: outputTokensPerMonth ?? 0,
    requestsPerMonth: aMonthOf(() => 1) ?? 0,
    elsewhereUsdPerMillion,
  })
  const counted = aMonthOf((place) => costs[place] as number)
  return {
    target: hosted.target,
    requests: asked.reduce((sum, each) => sum + each, 0),
    outputTokens: asked.reduce((sum, each, place) => sum + each * outputTokens(place), 0),
    outputTokensPerMonth,
    usdPerMonth: cost.usdPerMonth,
    usdPerMillion: cost.usdPerMillion,
    usdPerMillionFilled: cost.usdPerMillionFilled,
    filledShare: outputTokensPerMonth === null ? null : cost.filledShare,
    elsewhereUsdPerMillion,
    breakEvenTokensPerMonth: cost.breakEvenTokens,
    policyUsdPerMonth: counted === null ? null : usdOf(Math.round(counted)),
  }
}
