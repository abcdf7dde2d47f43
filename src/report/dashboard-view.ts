import type { Figures, WindowName } from '../serve/gateway-figures.ts'
import { windowNames } from '../serve/gateway-figures.ts'
import type { GatewaySnapshot, MinuteSeries, RecentReceipt } from '../serve/gateway-snapshot.ts'
import { safeText } from './escape.ts'
import { formatMs, formatUsd, formatUsdExact, plural, unknownMark } from './numbers.ts'
import { stepText } from './receipt.ts'
import {
  breakersTable,
  budgetsTable,
  earlierForecastsTable,
  forecastTable,
  trialsTable,
} from './serve-state-tables.ts'
import { missedPieces } from './serve-status.ts'
import {
  type BarTable,
  bypassTable,
  layersTable,
  modelsTable,
  overheadTable,
  routesTable,
  savingsTable,
  segmentsTable,
  tiersTable,
} from './serve-tables.ts'
import { figureTiles, heroTiles, type Tile } from './serve-tiles.ts'

/** All that the page shows, in words: its script only puts it into place. Numbers are there for charts and bars. */
export type DashboardView = {
  readonly head: HeadView
  readonly windows: Readonly<Record<WindowName, WindowView>>
  /** Tables that no window changes. */
  readonly tables: readonly TableView[]
  readonly series: MinuteSeries
  /** Newest first. */
  readonly receipts: readonly ReceiptView[]
}

export type HeadView = {
  readonly status: 'ok' | 'degraded'
  readonly problems: readonly string[]
  readonly facts: readonly string[]
  /** What savings are measured against. */
  readonly baseline: string
  /** The hit rate below which the policy wants somebody to act, for the chart. */
  readonly hitRateLimit: number | null
}

export type WindowView = {
  readonly hero: readonly Tile[]
  readonly tiles: readonly Tile[]
  readonly tables: readonly TableView[]
}

export type TableView = {
  readonly title: string
  readonly remark: string
  readonly columns: readonly {
    readonly title: string
    readonly isNumber: boolean
    /** May be left out on narrow screens. */
    readonly isExtra: boolean
  }[]
  readonly rows: readonly (readonly string[])[]
  readonly shares: readonly (number | null)[] | null
}

export type ReceiptView = {
  readonly id: string
  readonly at: string
  readonly level: 'ok' | 'hit' | 'warn' | 'bad'
  readonly outcome: string
  readonly model: string
  readonly route: string
  readonly cost: string
  readonly saved: string
  readonly latency: string
  readonly facts: readonly string[]
  readonly steps: readonly string[]
}

/** A snapshot as the page shows it. */
export const dashboardView = (snapshot: GatewaySnapshot): DashboardView => ({
  head: headView(snapshot),
  windows: Object.fromEntries(
    windowNames.map((window) => [window, windowView(window, snapshot)]),
  ) as Record<WindowName, WindowView>,
  tables: [
    ...(snapshot.forecast === null ? [] : [forecastTable(snapshot.forecast)]),
    earlierForecastsTable(snapshot.earlierForecasts),
    budgetsTable(snapshot.budgets),
    breakersTable(snapshot.breakers),
    trialsTable(snapshot.trials),
  ].flatMap(tableView),
  series: snapshot.series,
  receipts: snapshot.recent.map(keptView),
})

function headView({ health, policy, startedAt, baseline, windows }: GatewaySnapshot): HeadView {
  const watched = windows.start.watched.find(({ metric }) => metric === 'hitRate')
  return {
    status: health.status,
    problems: health.problems.map(safeText),
    facts: [
      `policy ${safeText(policy.source ?? 'by default')} (${policy.fingerprint.slice(0, 8)})`,
      `since ${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`,
      `${plural(health.inFlight, 'request')} under way`,
      ...(windows.start.requests === 0 ? ['no request is done yet'] : []),
      ...(health.openIntents === 0 ? [] : [`${plural(health.openIntents, 'call')} maybe billed`]),
      ...missedPieces(health.missedHits),
    ],
    baseline: safeText(baseline),
    hitRateLimit: watched?.limit ?? null,
  }
}

function windowView(window: WindowName, snapshot: GatewaySnapshot): WindowView {
  const figures: Figures = snapshot.windows[window]
  const tables = [
    savingsTable,
    layersTable,
    routesTable,
    modelsTable,
    tiersTable,
    segmentsTable,
    bypassTable,
    overheadTable,
  ]
  return {
    hero: heroTiles(window, snapshot),
    tiles: figureTiles(figures),
    tables: figures.requests === 0 ? [] : tables.flatMap((table) => tableView(table(figures))),
  }
}

/** Nothing where it has no rows. */
const tableView = ({ title, remark, columns, rows, shares }: BarTable): readonly TableView[] =>
  rows.length === 0
    ? []
    : [
        {
          title,
          remark,
          columns: columns.map((column) => ({
            title: column.title,
            isNumber: column.align === 'right',
            isExtra: (column.dropOrder ?? 0) > 0,
          })),
          rows,
          shares,
        },
      ]

/** A receipt does not change, and is the same object in every snapshot. */
function keptView(receipt: RecentReceipt): ReceiptView {
  let view = receiptViews.get(receipt)
  if (view === undefined) {
    view = receiptView(receipt)
    receiptViews.set(receipt, view)
  }
  return view
}

const receiptViews = new WeakMap<RecentReceipt, ReceiptView>()

/** A receipt's line, and what it opens to. */
function receiptView(receipt: RecentReceipt): ReceiptView {
  const { target, requestedModel, route, savedUsd, firstTokenMs, auditAgrees } = receipt
  return {
    id: safeText(receipt.id),
    at: receipt.at,
    level: levelOf(receipt),
    outcome: outcomeOf(receipt),
    model: safeText(target ?? requestedModel ?? unknownMark),
    route: route === null ? '' : safeText(route),
    cost: receipt.isUnpriced ? 'no price' : formatUsd(receipt.costUsd),
    saved: savedUsd === null ? 'saving unknown' : `${formatUsd(savedUsd)} saved`,
    latency: formatMs(receipt.latencyMs),
    facts: [
      `${safeText(receipt.endpoint)} ${receipt.statusCode}`,
      `asked for ${safeText(requestedModel ?? unknownMark)}`,
      `${receipt.isUnpriced ? 'no price' : formatUsdExact(receipt.costUsd)} spent`,
      `${formatMs(receipt.overheadMs)} overhead`,
      ...(firstTokenMs === null ? [] : [`first token after ${formatMs(firstTokenMs)}`]),
      ...(auditAgrees === null ? [] : [auditAgrees ? 'the audit agrees' : 'the audit disagrees']),
    ],
    steps: receipt.steps.map((step) => safeText(stepText(step)).slice(0, longestStep)),
  }
}

/** A provider's words about a failure have no end. */
const longestStep = 300

function outcomeOf({ outcome, steps, statusCode }: RecentReceipt): string {
  const found = steps.find((step) => step.kind === 'hit')
  if (outcome === 'hit' && found?.kind === 'hit') return `${found.layer} hit`
  if (outcome === 'blocked') return `refused ${statusCode}`
  if (outcome === 'failed') return statusCode === 499 ? 'caller left' : `failed ${statusCode}`
  return outcome
}

function levelOf({ outcome, statusCode, auditAgrees }: RecentReceipt): ReceiptView['level'] {
  if (outcome === 'failed') return statusCode === 499 ? 'warn' : 'bad'
  if (auditAgrees === false) return 'bad'
  if (outcome === 'blocked') return 'warn'
  return outcome === 'hit' || outcome === 'coalesced' ? 'hit' : 'ok'
}
