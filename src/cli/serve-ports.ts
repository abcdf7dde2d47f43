import type { NanoUsd } from '../domain/money.ts'
import { dashboardPage } from '../report/dashboard-page.ts'
import type { AdminPorts, CacheAdmin, Resources } from '../serve/admin-ports.ts'
import type { Health } from '../serve/data-server.ts'
import type { Gateway } from '../serve/gateway.ts'
import { breakerLines, budgetLines, type GatewayWatch } from '../serve/gateway-watch.ts'
import type { PolicyWatcher } from '../serve/policy-watcher.ts'
import { reconciledCall } from '../serve/reconciled-call.ts'
import { metricsContentType } from '../serve/write-metrics.ts'
import { collectGarbage } from './collect-garbage.ts'

export type AdminPortsOptions = {
  readonly gateway: Gateway
  readonly watch: GatewayWatch
  readonly watcher: PolicyWatcher
  readonly health: Health
  readonly cache: CacheAdmin
  readonly isDebug: boolean
  /** Writes down what was undone: no entry of the journal tells of it. */
  readonly checkpoint: () => void
}

/** What the admin port of `serve` shows and does. */
export const adminPortsOf = (options: AdminPortsOptions): AdminPorts => {
  const { gateway, watch, watcher, health, isDebug, checkpoint } = options
  const page = dashboardPage()
  const state = () => gateway.state()
  return {
    page: {
      html: page.html,
      contentSecurityPolicy: page.headers['content-security-policy'] ?? "default-src 'none'",
    },
    events: (request, response) => watch.events.connect(request, response),
    snapshot: () => watch.snapshot(),
    metrics: () => ({ contentType: metricsContentType, text: watch.metricsText() }),
    health,
    isReady: () => !gateway.isDraining(),
    cache: options.cache,
    budgets: () => budgetLines(state().ledger, state().compiled.policy, state().now()),
    intents: () => state().ledger.maybeBilled(),
    reconcile: (id, costNanoUsd) => reconcile(gateway, watch, id, costNanoUsd),
    breakers: () => breakerLines(state().targets),
    resetBreaker: (target) => state().targets.reset(target),
    trials: () => state().trials.lines(),
    resetTrials(layer) {
      state().trials.reset(layer)
      checkpoint()
    },
    reload: watcher.reload,
    resources: isDebug ? (collects) => resourcesOf(state().exchanges.size, collects) : null,
  }
}

/** A restart must know of it too: what it came to is written down. */
function reconcile(
  gateway: Gateway,
  watch: GatewayWatch,
  id: string,
  costNanoUsd: NanoUsd,
): boolean {
  const { ledger, journal, fingerprint } = gateway.state()
  const intent = ledger.maybeBilled().find((each) => each.id === id)
  if (intent === undefined || !ledger.reconcile(id, costNanoUsd)) return false
  const settled = reconciledCall(intent, costNanoUsd, fingerprint)
  journal.settle(settled)
  watch.onReconciled(intent.target, settled)
  return true
}

function resourcesOf(requestsUnderWay: number, collects: boolean): Resources {
  if (collects) collectGarbage()
  const { rss, heapUsed } = process.memoryUsage()
  const active: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) active[kind] = (active[kind] ?? 0) + 1
  return { rssBytes: rss, heapUsedBytes: heapUsed, requestsUnderWay, active }
}
