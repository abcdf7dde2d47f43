import type { RequestListener } from 'node:http'
import { dirname } from 'node:path'
import type { Policy } from '../policy/policy.ts'
import { adminToken } from '../serve/admin-guard.ts'
import { adminListener } from '../serve/admin-server.ts'
import { type Gateway, startGateway } from '../serve/gateway.ts'
import {
  healthOf,
  ledgerProblems,
  openDiskProblems,
  type Problems,
} from '../serve/gateway-health.ts'
import type { PolicyInForce } from '../serve/gateway-state.ts'
import { openLiveClock } from '../serve/live-clock.ts'
import { noCache } from '../serve/no-cache.ts'
import { inForceOf } from '../serve/policy-in-force.ts'
import { openPolicyWatcher, type PolicyWatcher } from '../serve/policy-watcher.ts'
import { TurnWriter } from '../serve/turn-writer.ts'
import { openUpstreamWatch } from '../serve/upstream-watch.ts'
import { type GatewayStore, openGatewayStore } from '../store/gateway-store.ts'
import { storePath } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import { rewriteOf } from './rewrite-by-program.ts'
import type { ServeFlags } from './serve.ts'
import { type ServedPolicy, servedPolicy } from './serve-policy.ts'
import { adminPortsOf } from './serve-ports.ts'
import { servicesOf } from './serve-services.ts'
import type { Terminal } from './terminal.ts'

/** A gateway that listens, with all that belongs to it. */
export type RunningServe = {
  readonly gateway: Gateway
  readonly store: GatewayStore
  readonly watcher: PolicyWatcher
  /** The policy file; null: there is none. */
  readonly source: string | null
  /** Lets answers under way end for so long; frees ports and files. */
  close(graceMs: number): Promise<void>
}

/** Starts the gateway. Throws a UserError where its policy, its store or its ports do not allow it. */
export async function startServe(flags: ServeFlags, terminal: Terminal): Promise<RunningServe> {
  const prices = await openRunPrices(flags, terminal)
  const served = servedPolicy(flags, terminal, prices.book)
  const token = adminToken(served.policy.serve.adminHost, terminal.env)
  const ledger = await openLedger(flags, terminal, served.policy)
  try {
    return await startOn({ flags, terminal, prices, ...served, token, ...ledger })
  } catch (error) {
    ledger.closeLedger()
    throw error
  }
}

type OpenLedger = {
  readonly store: GatewayStore
  readonly writer: TurnWriter
  readonly closeLedger: () => void
}

async function openLedger(
  flags: ServeFlags,
  terminal: Terminal,
  { serve: { durability } }: Policy,
): Promise<OpenLedger> {
  const path = storePath(flags, terminal)
  const store = await openGatewayStore({ path, driver: terminal.env['LLMCOST_SQLITE'], durability })
  try {
    const writer = new TurnWriter(store, { isDurable: durability === 'power' })
    const closeLedger = () => {
      writer.close()
      store.close()
    }
    return { store, writer, closeLedger }
  } catch (error) {
    store.close()
    throw error
  }
}

type Start = ServedPolicy &
  OpenLedger & {
    readonly flags: ServeFlags
    readonly terminal: Terminal
    readonly prices: RunPrices
    /** Of the admin port. */
    readonly token: string | null
  }

async function startOn(start: Start): Promise<RunningServe> {
  const { flags, terminal, policy, source, token, store, writer, closeLedger } = start
  const narrator = new Narrator(terminal, flags)
  const onBug = (error: unknown) => narrator.say(`a mistake of the gateway: ${String(error)}`)
  const clock = openLiveClock()
  const upstreamWatch = openUpstreamWatch(clock.now)
  const problems: Problems[] = [
    () => ledgerProblems(writer.health()),
    openDiskProblems(dirname(store.path), clock.now),
    upstreamWatch.problems,
    clock.problems,
  ]
  const health = healthOf(problems)
  let admin: RequestListener = notYet
  const running: { inForce: () => PolicyInForce } = { inForce: () => first }
  const inForce = () => running.inForce()
  const say = (sentence: string) => narrator.say(sentence)
  const parts = { ...start, secret: store.secret, clock, upstreamWatch, inForce, say }
  const services = await servicesOf(parts, terminal)
  const { env } = terminal
  const ready = (next: Policy) => inForceOf(next, { env, services, rewriteOf, cache: noCache })
  const first = ready(policy)
  const gateway = await startGateway({
    services,
    inForce: first,
    admin: (request, response) => admin(request, response),
    health,
    onBug,
  })
  running.inForce = gateway.state
  const watcher = openPolicyWatcher({
    gateway,
    path: source,
    read: () => policyAgain(start),
    inForceOf: ready,
    say,
  })
  problems.push(watcher.problems)
  // It may have changed since it was read, before anybody watched it.
  void watcher.reload()
  const isDebug = flags.debug === true
  const ports = adminPortsOf({ gateway, watcher, health, source, isDebug })
  admin = adminListener({ host: policy.serve.adminHost, token, ports, onBug })
  return {
    gateway,
    store,
    watcher,
    source,
    async close(graceMs) {
      watcher.close()
      await gateway.close(graceMs)
      closeLedger()
    },
  }
}

/** Both ports listen before there is anything to tell of. */
const notYet: RequestListener = (_, response) => response.writeHead(503).end()

/** Of the file of the start, also where it is gone: none of another folder is meant. */
function policyAgain({ flags, terminal, prices, source }: Start): Policy {
  const named = source === null ? {} : { policy: [source] }
  return servedPolicy({ ...flags, ...named }, terminal, prices.book).policy
}
