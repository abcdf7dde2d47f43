import type { EventFeed } from '../serve/event-stream.ts'
import type { GatewaySnapshot } from '../serve/gateway-snapshot.ts'
import { type DashboardView, dashboardView } from './dashboard-view.ts'

/** What changed since the last look; the page puts it over what it has. Sections that did not change are absent. */
export type DashboardChange = Partial<DashboardView>

/** Minutes that a change repeats: the one that runs, and some that may have ended since the last look. */
const tailMinutes = 5

/**
 * The page's data: all of it for a page that opens, and from then on what changed. A change may repeat what a page
 * has, never leave out what it lacks. `snapshot` may be asked for the last minutes alone.
 */
export function openDashboardFeed(
  snapshot: (minutes?: number) => GatewaySnapshot,
): EventFeed<DashboardView, DashboardChange> {
  let seen = new Map<string, string>()
  let seenReceipts: ReadonlySet<string> = new Set()
  let seenMinute = Number.NEGATIVE_INFINITY
  return {
    all: () => dashboardView(snapshot()),
    change() {
      const last = snapshot(tailMinutes)
      const minute = Math.floor(Date.parse(last.generatedAt) / last.series.stepMs)
      const isTail = minute - seenMinute < tailMinutes
      const { series, receipts, ...sections } = dashboardView(isTail ? last : snapshot())
      const now = new Map(
        Object.entries(sections).map(([name, section]) => [name, JSON.stringify(section)]),
      )
      const changed = Object.entries(sections).filter(([name]) => seen.get(name) !== now.get(name))
      const fresh = receipts.filter(({ id }) => !seenReceipts.has(id))
      const isNew = changed.length > 0 || fresh.length > 0 || minute !== seenMinute
      seen = now
      seenReceipts = new Set(receipts.map(({ id }) => id))
      seenMinute = minute
      return isNew ? { ...Object.fromEntries(changed), series, receipts: fresh } : null
    },
  }
}
