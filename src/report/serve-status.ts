import type { WindowName } from '../serve/gateway-figures.ts'
import type { GatewayHealth, GatewaySnapshot } from '../serve/gateway-snapshot.ts'
import { sparkline } from './charts.ts'
import { safeText } from './escape.ts'
import { formatUsd, plural } from './numbers.ts'
import { type Block, joinBlocks, type Screen, screenOf, type View } from './screen.ts'
import {
  breakersTable,
  budgetsTable,
  earlierForecastsTable,
  forecastTable,
  trialsTable,
} from './serve-state-tables.ts'
import {
  type BarTable,
  layersTable,
  modelsTable,
  routesTable,
  savingsTable,
  segmentsTable,
} from './serve-tables.ts'
import { figureTiles, heroTiles, type Tile } from './serve-tiles.ts'
import { tableBlock } from './terminal-blocks.ts'
import { flowPieces, padText, textWidth, truncateText, wrapText } from './text-width.ts'

export type ServeStatusView = View & {
  /** Which requests the figures are of; the last hour by default. */
  readonly window?: WindowName
}

/** Of earlier runs. */
const shownForecasts = 5

/** A running gateway for a person at a terminal: what it spends and saves, and what wants attention. */
export function formatServeStatus(snapshot: GatewaySnapshot, view: ServeStatusView): string {
  const screen = screenOf(view)
  const window = view.window ?? 'hour'
  const figures = snapshot.windows[window]
  const { forecast, budgets, breakers, trials } = snapshot
  const tables: readonly BarTable[] = [
    ...(forecast === null ? [] : [forecastTable(forecast)]),
    earlierForecastsTable(snapshot.earlierForecasts.slice(0, shownForecasts)),
    budgetsTable(budgets),
    breakersTable(breakers.filter(({ state }) => state !== 'closed')),
    trialsTable(trials),
    ...(figures.requests === 0
      ? []
      : [savingsTable, layersTable, routesTable, modelsTable, segmentsTable].map((table) =>
          table(figures),
        )),
  ]
  return joinBlocks(
    [
      headBlock(snapshot, screen),
      heroBlock(heroTiles(window, snapshot), screen),
      chartBlock(snapshot, screen),
      figureTiles(figures).flatMap((tile) => tileLines(tile, screen)),
      ...tables.filter(({ rows }) => rows.length > 0).map((table) => tableBlock(table, screen)),
    ],
    screen,
  )
}

function headBlock({ health, policy, startedAt }: GatewaySnapshot, screen: Screen): Block {
  const { width, paint } = screen
  const isOk = health.status === 'ok'
  const pieces = [
    paint(isOk ? 'green' : 'red', isOk ? 'running' : 'degraded'),
    paint('dim', `policy ${safeText(policy.source ?? 'by default')} (${policy.fingerprint})`),
    paint('dim', `since ${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`),
    paint('dim', `${plural(health.inFlight, 'request')} under way`),
    ...(health.openIntents === 0
      ? []
      : [paint('dim', `${plural(health.openIntents, 'call')} maybe billed`)]),
    ...missedPieces(health.missedHits).map((text) => paint('dim', text)),
  ]
  const problems = health.problems.flatMap((problem) => wrapText(safeText(problem), width - 4))
  return [
    ...flowPieces(pieces, width, paint('dim', ' · ')),
    ...problems.map((line) => `  ${paint('red', line)}`),
  ]
}

/** What the index of the semantic cache misses; nothing where that was not measured. */
export const missedPieces = (missedHits: GatewayHealth['missedHits']): readonly string[] =>
  missedHits === null || missedHits.scanned === 0
    ? []
    : [`${plural(missedHits.missed, 'missed hit')} in ${plural(missedHits.scanned, 'scan')}`]

/** The amounts under each other, each with what it is and what it rests on. */
function heroBlock(tiles: readonly Tile[], { width, paint }: Screen): Block {
  const column = Math.max(...tiles.map(({ value }) => value.length))
  const indent = ' '.repeat(column + 4)
  return tiles.flatMap(({ name, value, note }) => {
    const words = `${name.charAt(0).toLowerCase()}${name.slice(1)}; ${note}`
    return wrapText(words, width - column - 4).map((line, index) =>
      index === 0
        ? `  ${paint('bold', padText(value, column, 'right'))}  ${paint('dim', line)}`
        : indent + paint('dim', line),
    )
  })
}

/** Spend by minute over the last hour. */
function chartBlock({ series }: GatewaySnapshot, { width, unicode, paint }: Screen): Block {
  // The minute that runs would look like a fall.
  const minutes = series.costUsd.slice(-chartMinutes - 1, -1)
  if (minutes.length < 2 || minutes.every((costUsd) => costUsd === 0)) return []
  const line = sparkline(minutes, { width: Math.min(chartMinutes, width - 4), unicode })
  const most = Math.max(...minutes)
  const words = `spend by minute, the last ${minutes.length} minutes; at most ${formatUsd(most)}`
  return [`  ${paint('cyan', line)}`, `  ${paint('dim', truncateText(words, width - 2))}`]
}

const chartMinutes = 60

/** A figure: its value, what it is of, and its threshold; the words stand under it where there is little room. */
function tileLines({ name, value, note, limit }: Tile, { width, paint }: Screen): Block {
  const label = `  ${padText(name, nameWidth)}${paint('bold', padText(value, valueWidth, 'right'))}`
  const isNarrow = width < 2 * (nameWidth + valueWidth)
  const indent = isNarrow ? 4 : nameWidth + valueWidth + 4
  const lines = wrapText(note, width - indent).map((line) => paint('dim', line))
  const last = lines.at(-1) ?? ''
  const words = limit === null ? '' : paint(limitStyles[limit.state], limit.text)
  const both = `${last}${paint('dim', ' · ')}${words}`
  const said =
    words === ''
      ? lines
      : textWidth(both) <= width - indent
        ? [...lines.slice(0, -1), both]
        : [...lines, words]
  const gap = ' '.repeat(indent)
  if (isNarrow) return [label, ...said.map((line) => gap + line)]
  return said.map((line, index) => (index === 0 ? `${label}  ${line}` : gap + line))
}

const nameWidth = 25
const valueWidth = 8
const limitStyles = { within: 'green', crossed: 'red', unknown: 'dim' } as const
