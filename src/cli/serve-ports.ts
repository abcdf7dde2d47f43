import type { AdminPorts, CacheAdmin, Resources } from '../serve/admin-ports.ts'
import type { Health } from '../serve/data-server.ts'
import type { Gateway } from '../serve/gateway.ts'
import type { PolicyWatcher } from '../serve/policy-watcher.ts'

export type AdminPortsOptions = {
  readonly gateway: Gateway
  readonly watcher: PolicyWatcher
  readonly health: Health
  /** The policy file; null: there is none. */
  readonly source: string | null
  readonly isDebug: boolean
}

/** What the admin port of `serve` shows and does. */
export const adminPortsOf = (options: AdminPortsOptions): AdminPorts => {
  const { gateway, watcher, health, source, isDebug } = options
  return {
    page: { html: '<!doctype html><title>llmcost serve</title>', contentSecurityPolicy: noPage },
    events: (_, response) => response.writeHead(204).end(),
    snapshot: () => ({
      kind: 'serve-status',
      version: 1,
      generatedAt: new Date(gateway.state().now()).toISOString(),
      policy: { fingerprint: gateway.state().fingerprint, source },
      health: { status: health().status, problems: health().why },
    }),
    metrics: () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' }),
    health,
    isReady: () => !gateway.isDraining(),
    cache: noCache,
    budgets: () => [],
    intents: () => [],
    reconcile: () => false,
    breakers: () => [],
    resetBreaker: () => false,
    reload: watcher.reload,
    resources: isDebug ? () => resourcesOf(gateway.state().exchanges.size) : null,
  }
}

const noPage = "default-src 'none'; frame-ancestors 'none'"

const noCache: CacheAdmin = {
  list: () => [],
  find: () => [],
  invalidate: () => ({ exact: 0, semantic: 0, bytes: 0 }),
}

function resourcesOf(requestsUnderWay: number): Resources {
  const { rss, heapUsed } = process.memoryUsage()
  const active: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) active[kind] = (active[kind] ?? 0) + 1
  return { rssBytes: rss, heapUsedBytes: heapUsed, requestsUnderWay, active }
}
