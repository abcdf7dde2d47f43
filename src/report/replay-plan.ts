import type { ReplayPlan } from '../replay/result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatMs, formatPart, formatShare, formatUsd, plural } from './numbers.ts'
import { caseCount, formatMargin, isSuite } from './replay-phrases.ts'
import { planStrataTable } from './replay-tables.ts'
import { joinBlocks, screenOf, type View } from './screen.ts'
import { type Fact, knownFacts } from './simulate-phrases.ts'
import { factsBlock, tableBlock } from './terminal-blocks.ts'

/** What a replay would ask and cost, for a person to agree to; ends with a newline. */
export function formatReplayPlan(plan: ReplayPlan, view: View): string {
  const screen = screenOf(view)
  const table = planStrataTable(plan)
  return joinBlocks(
    [
      factsBlock('Plan', planFacts(plan), screen),
      table.rows.length === 0 ? [] : tableBlock(table, screen),
    ],
    screen,
  )
}

/** Which requests change, how many are asked again, and what that costs. */
export function planFacts(plan: ReplayPlan): readonly Fact[] {
  const refused = Object.entries(plan.refused).sort(([a], [b]) => (a < b ? -1 : 1))
  return knownFacts([
    { label: 'policy', pieces: changePieces(plan) },
    {
      label: 'left out',
      pieces: [
        ...(plan.withoutText === 0
          ? []
          : [`${formatCount(plan.withoutText)} changed, but without text`]),
        ...refused.map(([reason, count]) => `${formatCount(count)} drawn, but ${safeText(reason)}`),
      ],
    },
    { label: 'sample', pieces: samplePieces(plan) },
    {
      label: 'calls',
      pieces: [
        `${plural(plan.calls, 'call')} to be made`,
        `${formatCount(plan.storedCalls)} more answered by what is stored`,
      ],
    },
    { label: 'price', pieces: pricePieces(plan) },
    {
      label: 'takes',
      pieces: [
        plan.durationMs === null
          ? 'unknown: nobody knows how long the targets take'
          : `estimated ${formatMs(plan.durationMs)}`,
        `${formatCount(plan.concurrency)} calls at a time`,
      ],
    },
    {
      label: 'budget',
      pieces: [
        plan.budgetUsd === null ? 'none' : `${formatUsd(plan.budgetUsd)}: no call goes past it`,
      ],
    },
    { label: 'assumed', pieces: plan.assumptions.map(safeText) },
  ])
}

function changePieces(plan: ReplayPlan): readonly string[] {
  const { requests, changes } = plan
  if (isSuite(plan)) return [`${plural(requests, 'question')} of the suite`]
  const { routed, cached, rewritten } = changes
  const changed = routed + cached + rewritten
  const others = [
    ['answered as an identical request was', changes.repeated],
    ['refused by a limit', changes.refused],
    ['as they were', changes.unchanged],
  ] as const
  return [
    `changes ${formatCount(changed)} of ${plural(requests, 'request')} (${formatPart(changed, requests)})`,
    `routed ${formatCount(routed)}, cached ${formatCount(cached)}, rewritten ${formatCount(rewritten)}`,
    ...others.flatMap(([name, count]) => (count === 0 ? [] : [`${formatCount(count)} ${name}`])),
  ]
}

function samplePieces(plan: ReplayPlan): readonly string[] {
  const { sampled, design, margin, marginOverall, power } = plan
  const overall =
    marginOverall === null ? '' : `, worth ${formatMargin(marginOverall)} over all requests`
  return [
    `${formatCount(sampled)} of ${caseCount(plan)}`,
    design === 'sequential'
      ? 'in random order, until the verdict is proved'
      : 'all of them are asked',
    `margin ${formatMargin(margin)}${overall}`,
    power.pairs === null
      ? `no number of pairs would do if ${formatShare(power.discordantShare)} of them differ`
      : `${plural(power.pairs, 'pair')} would prove it with ${formatShare(power.target)} power, one-sided ${formatShare(1 - power.level)}, if ${formatShare(power.discordantShare)} of them differ`,
  ]
}

function pricePieces({ priceUsd, unpricedTargets }: ReplayPlan): readonly string[] {
  const range =
    priceUsd === null
      ? 'unknown: no target has a price'
      : priceUsd.high === 0
        ? formatUsd(0)
        : `estimated ${formatUsd(priceUsd.low)} – ${formatUsd(priceUsd.high)}`
  return [
    range,
    ...(unpricedTargets.length === 0
      ? []
      : [`without a price, and in no figure: ${unpricedTargets.map(safeText).join(', ')}`]),
  ]
}
