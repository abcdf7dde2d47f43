import type { ArmName, ArmSummary, GroupDelta, ReplayPlan, ReplayResult } from '../replay/result.ts'
import type { Rate } from '../replay/validator-rates.ts'
import { safeText } from './escape.ts'
import type { GridColumn } from './grid.ts'
import {
  formatCount,
  formatMs,
  formatPart,
  formatShare,
  formatUsd,
  unknownMark,
} from './numbers.ts'
import { formatPoints } from './simulate-phrases.ts'
import type { ReportTable } from './simulate-tables.ts'

/** What each arm answered, what it cost and how long it took. */
export function armsTable({ arms }: ReplayResult): ReportTable {
  const rows = armNames.flatMap(([name, title]) => {
    const arm = arms?.[name] ?? null
    return arm === null ? [] : [armRow(title, arm)]
  })
  return {
    title: 'Measured',
    remark: 'before and after; dollars of a request, time of those answered',
    columns: [
      { title: '', minWidth: 9 },
      { title: 'answered', align: 'right' },
      { title: 'score', align: 'right', dropOrder: 2 },
      { title: 'costs', align: 'right', style: 'bold' },
      { title: 'p50', align: 'right' },
      { title: 'p95', align: 'right', dropOrder: 1 },
      { title: 'first token', align: 'right', dropOrder: 3 },
      { title: 'tokens out', align: 'right', dropOrder: 4 },
    ],
    rows,
  }
}

const armNames: readonly (readonly [ArmName, string])[] = [
  ['baseline', 'baseline'],
  ['again', 'asked again'],
  ['candidate', 'candidate'],
]

function armRow(title: string, arm: ArmSummary): readonly string[] {
  const { answers, failures, costUsd, unpriced, latencyMs, firstTokenMs, score } = arm
  const priced = answers + failures - unpriced
  return [
    title,
    `${formatCount(answers)} of ${formatCount(answers + failures)}`,
    score === null ? unknownMark : score.toFixed(3),
    priced === 0 ? unknownMark : formatUsd(costUsd / priced),
    formatMs(latencyMs?.p50 ?? null),
    formatMs(latencyMs?.p95 ?? null),
    firstTokenMs === null
      ? unknownMark
      : `${formatMs(firstTokenMs.p50)} / ${formatMs(firstTokenMs.p95)}`,
    arm.outputTokens === null ? unknownMark : formatCount(Math.round(arm.outputTokens)),
  ]
}

/** The parts of the sample that stand for most requests. */
export function strataTable(result: ReplayResult): ReportTable {
  const strata = strataByWeight(result)
  return {
    title: 'Strata',
    remark: `route · feature · length · model${firstOf(strata.length, maxStrata)}`,
    columns: [
      { title: 'stratum', minWidth: 32 },
      { title: 'changed', align: 'right', dropOrder: 2 },
      ...groupColumns,
    ],
    rows: strata
      .slice(0, maxStrata)
      .map(({ name, affected, group }) => [
        safeText(name),
        formatCount(affected),
        ...groupCells(group),
      ]),
  }
}

export type Stratum = ReplayPlan['strata'][number] & {
  /** Null where nothing of it was compared. */
  readonly group: GroupDelta | null
}

/** Strata of the plan with what was measured of them, the largest first. */
export function strataByWeight({ plan, strata }: ReplayResult): readonly Stratum[] {
  const measured = new Map(strata.map((group) => [group.name, group]))
  return plan.strata
    .map((stratum) => ({ ...stratum, group: measured.get(stratum.name) ?? null }))
    .toSorted((a, b) => b.affected - a.affected)
}

/** By length of the prompt and by what the policy does. */
export function partsTable({ byLength, byChange }: ReplayResult): ReportTable {
  const rowsOf = (title: string, groups: readonly GroupDelta[]) =>
    groups.map((group, index) => [
      index === 0 ? title : '',
      safeText(group.name),
      ...groupCells(group),
    ])
  return {
    title: 'By length and kind of change',
    remark: '',
    columns: [{ title: '', style: 'dim' }, { title: '', minWidth: 8 }, ...groupColumns],
    rows: [...rowsOf('prompt', byLength), ...rowsOf('change', byChange)],
  }
}

const groupColumns: readonly GridColumn[] = [
  { title: 'pairs', align: 'right' },
  { title: 'better', align: 'right', dropOrder: 3 },
  { title: 'worse', align: 'right', dropOrder: 3 },
  { title: 'points', align: 'right', style: 'bold' },
  { title: 'interval', align: 'right', dropOrder: 1 },
]

function groupCells(group: GroupDelta | null): readonly string[] {
  if (group === null) return ['0', '', '', unknownMark, unknownMark]
  const { pairs, better, worse, quality, interval } = group
  return [
    formatCount(pairs),
    formatCount(better),
    formatCount(worse),
    quality === null ? unknownMark : formatPoints(quality),
    interval === null
      ? unknownMark
      : `${formatPoints(interval.low)} to ${formatPoints(interval.high)}`,
  ]
}

/** How often validators let wrong answers through and send right ones up for nothing. */
export function validatorsTable({ validators }: ReplayResult): ReportTable {
  return {
    title: 'Validators',
    remark: `bounds with 95% confidence; a shadow validator that passes fewer than ${formatShare(promotedBelow)} of the wrong answers may be promoted`,
    columns: [
      { title: 'answers of', minWidth: 8 },
      { title: 'wrong passed', align: 'right' },
      { title: 'at most', align: 'right', dropOrder: 1 },
      { title: 'right failed', align: 'right', dropOrder: 2 },
      { title: 'at most', align: 'right', dropOrder: 3 },
      { title: 'promote', style: 'bold' },
    ],
    rows: validators.map(({ target, falsePass, falseFail }) => [
      safeText(target),
      rateText(falsePass),
      formatShare(falsePass.upperBound),
      rateText(falseFail),
      formatShare(falseFail.upperBound),
      falsePass.upperBound < promotedBelow ? 'yes' : 'not yet',
    ]),
  }
}

const rateText = ({ count, of }: Rate): string =>
  `${formatCount(count)} of ${formatCount(of)} (${formatPart(count, of)})`

/** What the sample is drawn from. */
export function planStrataTable({ strata }: ReplayPlan): ReportTable {
  return {
    title: 'Sample',
    remark: `route · feature · length · model${firstOf(strata.length, maxStrata)}`,
    columns: [
      { title: 'stratum', minWidth: 32 },
      { title: 'changed', align: 'right' },
      { title: 'drawn', align: 'right', style: 'bold' },
      { title: 'weight', align: 'right', dropOrder: 1 },
    ],
    rows: strata
      .toSorted((a, b) => b.affected - a.affected)
      .slice(0, maxStrata)
      .map(({ name, affected, sampled, weight }) => [
        safeText(name),
        formatCount(affected),
        formatCount(sampled),
        weight.toFixed(2),
      ]),
  }
}

const firstOf = (all: number, shown: number): string =>
  all > shown ? `; the ${shown} largest of ${formatCount(all)}, all with --format csv` : ''

/** A validator that passes fewer wrong answers than this, with 95 % confidence, may decide. */
const promotedBelow = 0.03

/** Longer lists belong in --format csv. */
const maxStrata = 8
