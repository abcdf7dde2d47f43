import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { Policy } from '../policy/policy.ts'
import { type Health, openDataServer } from './data-server.ts'
import type { GatewayServices, GatewayState, PolicyInForce } from './gateway-state.ts'
import { listen } from './listen.ts'

export type GatewayOptions = {
  readonly services: GatewayServices
  readonly inForce: PolicyInForce
  /** What the admin port answers. */
  readonly admin: RequestListener
  readonly health: Health
  /** A mistake of the gateway's own. */
  readonly onBug: (error: unknown) => void
}

export type Gateway = {
  readonly url: string
  readonly adminUrl: string
  /** Requests from now on are decided by it; those under way end as they began. */
  replace(inForce: PolicyInForce): void
  readonly state: () => GatewayState
  /** Takes no new requests, lets those under way end for so long, and closes. */
  close(graceMs: number): Promise<void>
}

/** Listens on both ports. Throws a UserError where one of them is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  let state: GatewayState = { ...options.services, ...options.inForce }
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
      state.trials.reload(inForce.compiled.policy)
    },
    state: () => state,
    async close(graceMs) {
      await drained(data, graceMs)
      await closed(admin)
      await options.services.forwarder.close()
    },
  }
}

const adminLimits = { headersTimeout: 5_000, requestTimeout: 10_000 }

/** Lets answers under way end; breaks off those that do not in time. */
async function drained(server: Server, graceMs: number): Promise<void> {
  const end = setTimeout(() => server.closeAllConnections(), graceMs)
  const closing = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  await closing
  clearTimeout(end)
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}

/** What of a policy cannot be changed while a gateway runs. */
export const needsRestart = (from: Policy, to: Policy): readonly string[] =>
  (['host', 'port', 'adminHost', 'adminPort', 'durability'] as const)
    .filter((name) => from.serve[name] !== to.serve[name])
    .map((name) => `serve.${name}`)
