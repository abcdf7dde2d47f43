import type { AnalyzeResult, Difficulty } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { formatGrid, type GridColumn } from './grid.ts'
import {
  formatCount,
  formatPart,
  formatShare,
  formatUsd,
  formatUsdCents,
  plural,
  unknownMark,
} from './numbers.ts'
import { type Block, heading, type Screen } from './screen.ts'
import { type MixPart, mixLines, shades } from './terminal-mix.ts'

/** Models that answered in the place of the one asked for. */
export function modelsBlock({ intendedVsActual }: AnalyzeResult, screen: Screen): Block {
  if (intendedVsActual.length === 0) return []
  const rows = intendedVsActual
    .slice(0, maxRows)
    .map(({ requestedModel, answeredModel, requests }) => [
      formatCount(requests),
      safeText(requestedModel),
      `→ ${safeText(answeredModel)}`,
    ])
  const columns: readonly GridColumn[] = [
    { title: '', align: 'right' },
    { title: '', minWidth: 12 },
    { title: '', minWidth: 12 },
  ]
  return [
    ...heading(screen, 'ASKED FOR → ANSWERED BY', remainder(intendedVsActual.length)),
    ...formatGrid(columns, rows, screen),
  ]
}

/** The questions asked most often, each on one line. */
export function repeatedBlock({ topRepeated }: AnalyzeResult, screen: Screen): Block {
  if (topRepeated.length === 0) return []
  const rows = topRepeated
    .slice(0, maxRows)
    .map(({ text, count, costUsd }) => [
      `${formatCount(count)}×`,
      formatUsd(costUsd),
      text === null ? '(text not kept)' : `“${safeText(text)}”`,
    ])
  const columns: readonly GridColumn[] = [
    { title: '', align: 'right' },
    { title: '', align: 'right', style: 'bold' },
    { title: '', minWidth: 10 },
  ]
  return [
    ...heading(screen, 'ASKED AGAIN AND AGAIN', remainder(topRepeated.length)),
    ...formatGrid(columns, rows, screen),
  ]
}

/** How much of the traffic looks simple, medium and hard. */
export function difficultyBlock({ difficulty }: AnalyzeResult, screen: Screen): Block {
  const { classified, simple, medium, hard } = difficulty
  if (classified === 0) return []
  const parts: readonly MixPart[] = [
    { name: 'simple', size: simple, style: 'green', shade: shades[0] },
    { name: 'medium', size: medium, style: 'yellow', shade: shades[1] },
    { name: 'hard', size: hard, style: 'red', shade: shades[2] },
  ]
  return [
    ...heading(screen, 'DIFFICULTY', `of ${plural(classified, 'request')}, by the signals preset`),
    ...mixLines(parts, classified, screen),
    ...presetLines(difficulty, screen),
  ]
}

/** The other presets beside it: they disagree, which is the point of showing them. */
function presetLines({ presets, classified }: Difficulty, screen: Screen): Block {
  const rows = presets.map(({ preset, simple, medium, hard, decidedShare }) => [
    safeText(preset),
    ...[simple, medium, hard].map((count) => formatPart(count, classified)),
    formatShare(decidedShare),
  ])
  if (rows.length < 2) return []
  const columns: readonly GridColumn[] = [
    { title: 'preset' },
    { title: 'simple', align: 'right' },
    { title: 'medium', align: 'right' },
    { title: 'hard', align: 'right' },
    { title: 'decides', align: 'right' },
  ]
  return formatGrid(columns, rows, screen)
}

/** Traces that cost most, where traces are more than single calls. */
export function tracesBlock({ perTrace }: AnalyzeResult, screen: Screen): Block {
  if ((perTrace.callsMax ?? 0) < 2 || perTrace.worst.length === 0) return []
  const rows = perTrace.worst
    .slice(0, maxTraces)
    .map(({ trace, calls, costUsd }) => [
      formatUsd(costUsd),
      plural(calls, 'call'),
      safeText(trace),
    ])
  const columns: readonly GridColumn[] = [
    { title: '', align: 'right', style: 'bold' },
    { title: '', align: 'right' },
    { title: '', minWidth: 10 },
  ]
  return [
    ...heading(screen, 'THE DEAREST TRACES', `of ${plural(perTrace.traces, 'trace')}`),
    ...formatGrid(columns, rows, screen),
  ]
}

const maxTraces = 3

/** What a user of each plan costs beside what the plan earns. */
export function unitEconomicsBlock({ unitEconomics }: AnalyzeResult, screen: Screen): Block {
  if (unitEconomics === null || unitEconomics.plans.length === 0) return []
  const rows = unitEconomics.plans.map((plan) => [
    safeText(plan.plan),
    formatCount(plan.users),
    formatUsd(plan.priceUsd),
    formatUsd(plan.costUsdPerUserMonth),
    formatUsd(plan.p95UsdPerUserMonth),
    formatShare(plan.marginShare),
    formatCount(plan.usersAbovePrice),
  ])
  const columns: readonly GridColumn[] = [
    { title: 'plan', minWidth: 6 },
    { title: 'users', align: 'right' },
    { title: 'price', align: 'right' },
    { title: 'cost', align: 'right', style: 'bold' },
    { title: 'p95 user', align: 'right', dropOrder: 2 },
    { title: 'margin', align: 'right' },
    { title: 'cost > price', align: 'right', dropOrder: 1 },
  ]
  return [
    ...heading(screen, 'A USER OF EACH PLAN', 'dollars per user and month'),
    ...formatGrid(columns, rows, screen),
  ]
}

/** What a provider's console counted beside what the requests of the same days come to. */
export function consoleBlock({ aggregates }: AnalyzeResult, screen: Screen): Block {
  if (aggregates.length === 0) return []
  const rows = aggregates
    .slice(0, maxRows)
    .map((each) => [
      safeText(each.model),
      formatUsdCents(each.costUsd),
      formatUsdCents(each.requestsCostUsd),
      `${each.from ?? unknownMark} to ${each.to ?? unknownMark}`,
      safeText(each.source),
    ])
  const columns: readonly GridColumn[] = [
    { title: 'model', minWidth: 20 },
    { title: 'console', align: 'right' },
    { title: 'requests', align: 'right' },
    { title: 'days', dropOrder: 1 },
    { title: 'source', minWidth: 10, dropOrder: 2 },
  ]
  return [
    ...heading(screen, 'THE PROVIDER’S OWN FIGURES', remainder(aggregates.length)),
    ...formatGrid(columns, rows, screen),
  ]
}

/** A list longer than this belongs in --format json. */
const maxRows = 8

const remainder = (count: number): string =>
  count > maxRows ? `the first ${maxRows} of ${formatCount(count)}` : ''
