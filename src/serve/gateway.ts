import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import { mayCompare } from '../policy/layers-in-use.ts'
import type { Policy } from '../policy/policy.ts'
import { type Health, openDataServer } from './data-server.ts'
import type { GatewayServices, GatewayState, PolicyInForce } from './gateway-state.ts'
import { listen } from './listen.ts'
import type { TurnedAway } from './turned-away.ts'

export type GatewayOptions = {
  readonly services: GatewayServices
  readonly inForce: PolicyInForce
  /** What the admin port answers. */
  readonly admin: RequestListener
  readonly health: Health
  /** A mistake of the gateway's own. */
  readonly onBug: (error: unknown) => void
  readonly onTurnedAway: (turned: TurnedAway) => void
}

export type Gateway = {
  readonly url: string
  readonly adminUrl: string
  /** Requests from now on are decided by it; those under way end as they began. */
  replace(inForce: PolicyInForce): void
  readonly state: () => GatewayState
  /** True from the call of `close` on. */
  readonly isDraining: () => boolean
  /**
   * Takes no new connections, lets requests under way end for so long, breaks off the others, and closes. Each of them is
   * settled by then. The admin port answers until the end.
   */
  close(graceMs: number): Promise<void>
}

/** Listens on both ports. Throws a UserError where one of them is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  let state: GatewayState = { ...options.services, ...options.inForce }
  let isDraining = false
  const { serve } = state.compiled.policy
  const data = openDataServer({ ...options, state: () => state })
  const admin = createServer(adminLimits, options.admin)
  const url = await listen(data, serve.host, serve.port, '--port')
  const adminUrl = await listen(admin, serve.adminHost, serve.adminPort, '--admin-port').catch(
    async (error: unknown) => {
      await closed(data)
      throw error
    },
  )
  return {
    url,
    adminUrl,
    replace(inForce) {
      state = { ...options.services, ...inForce }
    },
    state: () => state,
    isDraining: () => isDraining,
    async close(graceMs) {
      isDraining = true
      const { exchanges, audits, forwarder } = options.services
      const underWay = () => exchanges.size + audits.counts.inFlight
      const end = performance.now() + graceMs
      await drained(data, graceMs)
      // Callers who have left may be owed for: their calls are read on to the usage.
      await emptied(underWay, end - performance.now())
      await forwarder.close()
      await emptied(underWay, brokenOffMs)
      await closed(admin)
    },
  }
}

const adminLimits = { headersTimeout: 5_000, requestTimeout: 10_000 }

/** What has lost its caller and its call is settled at once. */
const brokenOffMs = 2_000
/** Between two looks at what is under way, while a gateway ends. */
const lookMs = 20

/** Lets answers under way end; breaks off those that do not in time. */
async function drained(server: Server, graceMs: number): Promise<void> {
  const end = setTimeout(() => server.closeAllConnections(), graceMs)
  // A connection whose answer has ended would be kept for the next request.
  const look = setInterval(() => server.closeIdleConnections(), lookMs)
  await new Promise((resolve) => server.close(resolve))
  clearInterval(look)
  clearTimeout(end)
}

/** Waits until no request is under way, for so long at most. */
async function emptied(underWay: () => number, mostMs: number): Promise<void> {
  const end = performance.now() + mostMs
  while (underWay() > 0 && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, lookMs))
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}

/** What of a policy cannot be changed while a gateway runs. */
export const needsRestart = (from: Policy, to: Policy): readonly string[] => [
  ...(JSON.stringify(from.prices) === JSON.stringify(to.prices) ? [] : ['prices']),
  ...(['host', 'port', 'adminHost', 'adminPort', 'durability'] as const)
    .filter((name) => from.serve[name] !== to.serve[name])
    .map((name) => `serve.${name}`),
  ...(from.cache.storage === to.cache.storage ? [] : ['cache.storage']),
  ...(needsEmbedder(from, to) ? ['cache.semantic.embedder'] : []),
]

/** The cache compares by the embedder that it was opened with; without one it has nothing to compare by. */
const needsEmbedder = (from: Policy, to: Policy): boolean =>
  mayCompare(to.cache) &&
  (!mayCompare(from.cache) || from.cache.semantic.embedder !== to.cache.semantic.embedder)
