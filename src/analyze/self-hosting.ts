import { type Scale, scaled } from './opportunities.ts'
import type { Opportunity, Projection, Totals } from './result.ts'
import { commandWith, count } from './rules/rule.ts'

/** What the break-even takes for granted; every figure is printed with it. */
const assumptions = {
  usdPerGpuHour: 2.5,
  hoursPerMonth: 730.5,
  /** Output tokens a second of one busy GPU serving a small open model in batches. */
  outputTokensPerSecond: 1000,
  utilisation: 0.4,
  operationsUsdPerMonth: 1500,
} as const

/** What running a small open model would cost against this month's bill, at a stated utilisation. */
export function selfHosting(
  totals: Pick<Totals, 'requests' | 'outputTokens' | 'costUsd'>,
  { costUsdPerMonth }: Pick<Projection, 'costUsdPerMonth'>,
  scale: Scale,
  inputs: string,
): Opportunity | null {
  if (costUsdPerMonth === null) return null
  const {
    usdPerGpuHour,
    hoursPerMonth,
    outputTokensPerSecond,
    utilisation,
    operationsUsdPerMonth,
  } = assumptions
  const tokensPerGpu = outputTokensPerSecond * 3600 * hoursPerMonth * utilisation
  const tokensPerMonth = totals.outputTokens * scale.perMonth
  const gpus = Math.max(1, Math.ceil(tokensPerMonth / tokensPerGpu))
  const hosting = gpus * usdPerGpuHour * hoursPerMonth + operationsUsdPerMonth
  const saving = costUsdPerMonth - hosting
  if (saving <= 0 || scale.perMonth === 0) return null
  return {
    kind: 'self-hosting',
    title: `self-hosting breaks even at $${count(Math.round(hosting))} a month; this log projects to $${count(Math.round(costUsdPerMonth))}`,
    ...scaled(saving / scale.perMonth, scale),
    requests: totals.requests,
    evidence: `${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'} at $${usdPerGpuHour.toFixed(2)} an hour, ${count(outputTokensPerSecond)} output tokens/s at ${utilisation * 100} % utilisation, $${count(operationsUsdPerMonth)} a month of operations`,
    caveat:
      'holds only if a small open model answers well enough, which is unmeasured, and if the load really fills the GPU',
    command: commandWith('analyze', [inputs, '--by hour'].filter(Boolean).join(' ')),
    examples: [],
  }
}
