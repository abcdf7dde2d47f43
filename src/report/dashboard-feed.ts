import type { EventFeed } from '../serve/event-stream.ts'
import type { GatewaySnapshot, MinuteSeries } from '../serve/gateway-snapshot.ts'
import { type DashboardView, dashboardView } from './dashboard-view.ts'

/** What changed since the last look; the page puts it over what it has. Sections that did not change are absent. */
export type DashboardChange = Partial<DashboardView>

/** The last minutes may still change: the one that runs, and the one before it. */
const openMinutes = 2

/**
 * The page's data: all of it for a page that opens, and from then on what changed. A change may repeat what a page
 * has, never leave out what it lacks.
 */
export function openDashboardFeed(
  snapshot: () => GatewaySnapshot,
): EventFeed<DashboardView, DashboardChange> {
  let seen = new Map<string, string>()
  let seenReceipts: ReadonlySet<string> = new Set()
  let seenMinutes = 0
  return {
    all: () => dashboardView(snapshot()),
    change() {
      const view = dashboardView(snapshot())
      const { series, receipts, ...sections } = view
      const now = new Map(
        Object.entries(sections).map(([name, section]) => [name, JSON.stringify(section)]),
      )
      const changed = Object.entries(sections).filter(([name]) => seen.get(name) !== now.get(name))
      const fresh = receipts.filter(({ id }) => !seenReceipts.has(id))
      const minutes = Math.round(Date.parse(series.from) / series.stepMs) + series.requests.length
      const tail = tailOf(series, minutes - seenMinutes + openMinutes - 1)
      const isNew = changed.length > 0 || fresh.length > 0 || minutes !== seenMinutes
      seen = now
      seenReceipts = new Set(receipts.map(({ id }) => id))
      seenMinutes = minutes
      if (!isNew) return null
      return { ...Object.fromEntries(changed), series: tail, receipts: fresh }
    },
  }
}

/** The last `count` minutes of a series. */
function tailOf(series: MinuteSeries, count: number): MinuteSeries {
  const { from, stepMs } = series
  const skipped = Math.max(0, series.requests.length - count)
  const tail = <Value>(values: readonly Value[]): readonly Value[] => values.slice(skipped)
  return {
    from: new Date(Date.parse(from) + skipped * stepMs).toISOString(),
    stepMs,
    requests: tail(series.requests),
    costUsd: tail(series.costUsd),
    savedUsd: tail(series.savedUsd),
    cacheable: tail(series.cacheable),
    hits: tail(series.hits),
    failed: tail(series.failed),
    refused: tail(series.refused),
    latencyP50Ms: tail(series.latencyP50Ms),
    latencyP95Ms: tail(series.latencyP95Ms),
  }
}
