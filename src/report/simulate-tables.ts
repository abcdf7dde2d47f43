import type { LayerSaving, ServedPair, SimulateResult, SweepPoint } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import type { GridColumn } from './grid.ts'
import {
  formatCount,
  formatPart,
  formatShare,
  formatUsd,
  formatUsdCents,
  unknownMark,
} from './numbers.ts'
import { formatShareRange, formatThreshold } from './simulate-phrases.ts'
import { isSameThreshold, pointsToRead } from './sweep-points.ts'

/** A table before it is drawn: every cell is safe to print. */
export type ReportTable = {
  readonly title: string
  readonly remark: string
  readonly columns: readonly GridColumn[]
  readonly rows: readonly (readonly string[])[]
}

/** Every `ReportTable` but the sweep and the waterfall, in the order of the report. */
export const detailTables = (result: SimulateResult): readonly ReportTable[] =>
  [besideTable(result), groupsTable(result), bypassTable(result)].filter(hasRows)

/** Tables about routing: what the routes take, the presets, cost against quality. */
export const routingTables = (result: SimulateResult): readonly ReportTable[] =>
  [routesTable(result), presetsTable(result), frontierTable(result)].filter(hasRows)

const hasRows = ({ rows }: ReportTable): boolean => rows.length > 0

/** Hits, wrong hits and savings at chosen thresholds, the strictest first. */
export function sweepTable(result: SimulateResult): ReportTable {
  const rows = pointsToRead(result).map((point) => [
    formatThreshold(point.threshold),
    formatCount(point.hits),
    formatShare(point.hitRate),
    point.wrongPerHit === null ? unknownMark : formatShareRange(point.wrongPerHit),
    point.interval === null
      ? unknownMark
      : `${formatShare(point.interval.low)} – ${formatShare(point.interval.high)}`,
    formatUsd(point.savingsUsd),
    markOf(point, result),
  ])
  return {
    title: 'Thresholds',
    remark: '',
    columns: [
      { title: 'threshold' },
      { title: 'hits', align: 'right', dropOrder: 2 },
      { title: 'hit rate', align: 'right' },
      { title: 'wrong per hit', align: 'right' },
      { title: 'interval', align: 'right', dropOrder: 3 },
      { title: 'saved', align: 'right', style: 'bold' },
      { title: '', dropOrder: 1 },
    ],
    rows,
  }
}

/** Marginal savings in engine order, the sum, and beside them each layer without the others. */
export function waterfallTable(result: SimulateResult): ReportTable {
  const { alone, savings } = result
  const aloneOf = (layer: string) => alone.find((each) => each.layer === layer)
  const rows = activeLayers(result).map(({ layer, savingUsd }) => [
    safeText(layer),
    formatUsdCents(savingUsd),
    formatUsdCents(aloneOf(layer)?.savingUsd ?? null),
  ])
  return {
    title: 'Where the saving comes from',
    remark: 'in engine order; alone is not additive',
    columns: [
      { title: 'layer', minWidth: 8 },
      { title: 'saves', align: 'right', style: 'bold' },
      { title: 'alone', align: 'right', style: 'dim' },
    ],
    rows: rows.length === 0 ? [] : [...rows, ['adds up to', formatUsdCents(savings.costUsd), '']],
  }
}

/** The layers that change anything, in their place or alone. */
export const activeLayers = ({ waterfall, alone }: SimulateResult): readonly LayerSaving[] =>
  waterfall.filter(
    ({ layer, savingUsd }) =>
      savingUsd !== 0 || alone.some((each) => each.layer === layer && each.savingUsd !== 0),
  )

function besideTable({ beside }: SimulateResult): ReportTable {
  return {
    title: 'The same policy with',
    remark: '',
    columns: [
      { title: 'setting', minWidth: 14 },
      { title: 'hits', align: 'right', dropOrder: 1 },
      { title: 'hit rate', align: 'right' },
      { title: 'saved', align: 'right', style: 'bold' },
      { title: '', minWidth: 16, dropOrder: 2, style: 'dim' },
    ],
    rows: beside.map(({ name, hits, hitRate, savingUsd, note }) => [
      safeText(name),
      formatCount(hits),
      formatShare(hitRate),
      formatUsd(savingUsd),
      note === null ? '' : safeText(note),
    ]),
  }
}

function groupsTable({ groups }: SimulateResult): ReportTable {
  const rows = (['model', 'feature'] as const).flatMap((by) =>
    groups
      .filter((group) => group.by === by)
      .slice(0, maxGroups)
      .map((group, index) => [
        index === 0 ? by : '',
        group.value === null ? unknownMark : safeText(group.value),
        formatCount(group.requests),
        `${formatCount(group.hits)} (${formatPart(group.hits, group.requests)})`,
        formatUsd(group.baselineUsd),
        formatUsd(group.policyUsd),
      ]),
  )
  const most = Math.max(
    ...(['model', 'feature'] as const).map((by) => groups.filter((each) => each.by === by).length),
  )
  return {
    title: 'By model and feature',
    remark: most > maxGroups ? `the first ${maxGroups} of each; all with --format json` : '',
    columns: [
      { title: '', style: 'dim' },
      { title: '', minWidth: 12 },
      { title: 'requests', align: 'right', dropOrder: 2 },
      { title: 'hits', align: 'right', dropOrder: 1 },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right', style: 'bold' },
    ],
    rows,
  }
}

function bypassTable({ bypasses }: SimulateResult): ReportTable {
  return {
    title: 'Why requests met no cache',
    remark: bypasses.length > maxBypasses ? `the first ${maxBypasses} of ${bypasses.length}` : '',
    columns: [
      { title: '', align: 'right' },
      { title: '', align: 'right' },
      { title: '', style: 'dim' },
      { title: '', minWidth: 16 },
    ],
    rows: bypasses
      .slice(0, maxBypasses)
      .map(({ layer, reason, requests, share }) => [
        formatCount(requests),
        formatShare(share),
        safeText(layer),
        safeText(reason),
      ]),
  }
}

function routesTable({ layers: { routing } }: SimulateResult): ReportTable {
  return {
    title: 'Routes',
    remark: '',
    columns: [
      { title: 'route', minWidth: 10 },
      { title: 'to', minWidth: 12 },
      { title: 'requests', align: 'right' },
      { title: 'costs', align: 'right', style: 'bold' },
    ],
    rows: routing.on
      ? routing.routes.map(({ route, target, requests, costUsd }) => [
          safeText(route),
          safeText(target),
          formatCount(requests),
          formatUsd(costUsd),
        ])
      : [],
  }
}

function presetsTable({ layers: { routing } }: SimulateResult): ReportTable {
  const parts = ['simple', 'medium', 'hard'] as const
  return {
    title: 'Routing presets on this log',
    remark: '',
    columns: [
      { title: 'preset', minWidth: 8 },
      { title: 'decides', align: 'right', dropOrder: 3 },
      ...parts.map((title) => ({ title, align: 'right' as const, dropOrder: 4 })),
      { title: 'costs', align: 'right', dropOrder: 1 },
      { title: 'saves', align: 'right', style: 'bold' },
      { title: 'quality', minWidth: 10 },
    ],
    rows: routing.presets.map(({ preset, decidedShare, mix, costUsd, savingUsd, quality }) => {
      const all = mix === null ? 0 : mix.simple + mix.medium + mix.hard
      return [
        safeText(preset),
        formatShare(decidedShare),
        ...parts.map((part) => (mix === null ? unknownMark : formatPart(mix[part], all))),
        formatUsd(costUsd),
        formatUsd(savingUsd),
        safeText(quality),
      ]
    }),
  }
}

function frontierTable({ frontier }: SimulateResult): ReportTable {
  return {
    title: 'Cost against quality',
    remark: '',
    columns: [
      { title: 'router', minWidth: 10 },
      { title: 'strong', align: 'right', dropOrder: 2 },
      { title: 'costs', align: 'right', style: 'bold' },
      { title: 'quality', align: 'right' },
      { title: '', dropOrder: 1, style: 'dim' },
    ],
    rows: frontier
      .slice(0, maxFrontier)
      .map(({ name, strongShare, costUsd, quality, dominated }) => [
        safeText(name),
        formatShare(strongShare),
        formatUsd(costUsd),
        quality === null ? 'unmeasured' : quality.toFixed(3),
        dominated ? 'dominated' : '',
      ]),
  }
}

/** The pairs a reader learns most from: wrong ones, then the least and the most similar. */
export function pairsToRead({ pairs }: SimulateResult): readonly ServedPair[] {
  const of = (kind: ServedPair['kind'], most: number) =>
    pairs.filter((pair) => pair.kind === kind).slice(0, most)
  const chosen = [...of('wrong', 2), ...of('least-similar', 1), ...of('most-similar', 1)]
  const isFirst = (pair: ServedPair, index: number) =>
    chosen.findIndex((each) => each.request === pair.request) === index
  return chosen.filter(isFirst)
}

const markOf = ({ threshold }: SweepPoint, { layers, certified }: SimulateResult): string =>
  [
    ...(isSameThreshold(layers.semantic.threshold, threshold) ? ['asked'] : []),
    ...(isSameThreshold(certified.threshold, threshold) ? ['certified'] : []),
  ].join(', ')

/** Longer lists belong in --format json. */
const maxGroups = 4
const maxBypasses = 5
const maxFrontier = 10
