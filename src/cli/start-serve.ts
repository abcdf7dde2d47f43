import type { RequestListener } from 'node:http'
import { dirname } from 'node:path'
import type { Policy } from '../policy/policy.ts'
import { adminToken } from '../serve/admin-guard.ts'
import type { CacheAdmin } from '../serve/admin-ports.ts'
import { adminListener } from '../serve/admin-server.ts'
import { type Gateway, startGateway } from '../serve/gateway.ts'
import {
  healthOf,
  ledgerProblems,
  openDiskProblems,
  type Problems,
} from '../serve/gateway-health.ts'
import type { GatewayServices, GatewayState, PolicyInForce } from '../serve/gateway-state.ts'
import type { GatewayWatch } from '../serve/gateway-watch.ts'
import { type LiveClock, openLiveClock } from '../serve/live-clock.ts'
import { inForceOf } from '../serve/policy-in-force.ts'
import { openPolicyWatcher, type PolicyWatcher } from '../serve/policy-watcher.ts'
import { openReplayClock } from '../serve/replay-clock.ts'
import { TurnWriter } from '../serve/turn-writer.ts'
import { openUpstreamWatch, type UpstreamWatch } from '../serve/upstream-watch.ts'
import { type GatewayStore, openGatewayStore } from '../store/gateway-store.ts'
import type { LiveCache } from '../worlds/live-cache.ts'
import { storePath } from './logs.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import { rewriteOf } from './rewrite-by-program.ts'
import type { ServeFlags } from './serve.ts'
import { type Kept, openKept } from './serve-kept.ts'
import { requireOnePolicy, type ServedPolicy, servedPolicy } from './serve-policy.ts'
import { adminPortsOf } from './serve-ports.ts'
import { type ServeParts, servicesOf } from './serve-services.ts'
import { openWatch } from './serve-watch.ts'
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
  requireOnePolicy(flags)
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
    const writer = new TurnWriter(store)
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

export type Start = ServedPolicy &
  OpenLedger & {
    readonly flags: ServeFlags
    readonly terminal: Terminal
    readonly prices: RunPrices
    /** Of the admin port. */
    readonly token: string | null
  }

async function startOn(start: Start): Promise<RunningServe> {
  const { flags, terminal, policy, source, token, store, closeLedger } = start
  const { clock, replay } = clockFor(flags)
  const upstreamWatch = openUpstreamWatch(clock.now)
  const problems = problemsOf(start, clock, upstreamWatch)
  const health = healthOf(problems)
  // What watches, what is watched and what decides know of each other.
  const running: { state: (() => GatewayState) | null } = { state: null }
  const { watch, keepScore } = await openWatch({ ...start, now: clock.now, health, running })
  let first: PolicyInForce
  const inForce = () => running.state?.() ?? first
  const parts = { ...start, secret: store.secret, clock, replay, upstreamWatch, inForce, watch }
  const services = await servicesOf(parts, terminal)
  watch.watch(services)
  const kept = await openKept({ start, inForce, services, watch, problems, keepScore })
  const { cache } = kept
  watch.watchMisses(kept.misses)
  const ready = (next: Policy) => inForceOf(next, { env: terminal.env, services, rewriteOf, cache })
  // Budgets look at it while its classifiers learn.
  first = ready(policy)
  first = await kept.taught(first, policy)
  await warm(start, kept, first, { watch, now: clock.now })
  const { onBug, onTurnedAway } = watch
  let admin: RequestListener = notYet
  const asAdmin: RequestListener = (request, response) => admin(request, response)
  const told = { health, onBug, onTurnedAway }
  const gateway = await startGateway({ services, inForce: first, admin: asAdmin, ...told })
  running.state = gateway.state
  const watcher = openPolicyWatcher({
    gateway,
    path: source,
    read: () => policyAgain(start),
    inForceOf: (next) => replaced(next, ready, { ...kept, services, watch, keepScore }),
    say: (sentence, level) => watch.say(sentence, level),
  })
  problems.push(watcher.problems)
  // It may have changed since it was read, before anybody watched it.
  void watcher.reload()
  const watched = { gateway, watch, watcher, health, isDebug: flags.debug === true }
  const ports = adminPortsOf({ ...watched, cache: cacheAdmin(cache), checkpoint: kept.checkpoint })
  admin = adminListener({ host: policy.serve.adminHost, token, ports, onBug })
  return {
    gateway,
    store,
    watcher,
    source,
    async close(graceMs) {
      watcher.close()
      await gateway.close(graceMs)
      kept.close()
      await watch.close()
      closeLedger()
    },
  }
}

function clockFor({ replayClock }: ServeFlags): Pick<ServeParts, 'clock' | 'replay'> {
  const replay = replayClock === true ? openReplayClock() : null
  return { clock: replay ?? openLiveClock(), replay }
}

const problemsOf = (
  { store, writer }: Start,
  { now, problems }: LiveClock,
  upstreamWatch: UpstreamWatch,
): Problems[] => [
  () => ledgerProblems(writer.health()),
  openDiskProblems(dirname(store.path), now),
  upstreamWatch.problems,
  problems,
]

/** Before anybody is served. */
async function warm(
  { flags, terminal, prices }: Start,
  { opened }: Kept,
  inForce: PolicyInForce,
  { watch, now }: { readonly watch: GatewayWatch; readonly now: () => number },
): Promise<void> {
  const { warmFromLog: from = [] } = flags
  if (from.length === 0) return
  const { warmFromLog } = await import('./warm-from-log.ts')
  const job = { from, flags, terminal, prices, inForce, opened, now }
  const { costNanoUsd } = await warmFromLog(job)
  if (costNanoUsd !== null && costNanoUsd > 0) watch.onSideCost('embedding', costNanoUsd)
}

type Outliving = Pick<Kept, 'cache' | 'taught' | 'recounts'> & {
  readonly services: GatewayServices
  readonly watch: GatewayWatch
  readonly keepScore: () => void
}

/** A policy made ready, and all that outlives policies told of it; nothing of it happens where one is broken. */
async function replaced(
  next: Policy,
  ready: (policy: Policy) => PolicyInForce,
  { services, cache, taught, watch, recounts, keepScore }: Outliving,
): Promise<PolicyInForce> {
  const { ledger, targets, trials, now } = services
  const inForce = await taught(ready(next), next)
  const { policy } = inForce.compiled
  cache.configure(policy.cache)
  const counted = ledger.reload(policy, now())
  targets.reload(policy)
  trials.reload(policy)
  keepScore()
  watch.reload(policy, inForce.fingerprint, next)
  recounts.recount(counted).catch(watch.onBug)
  return inForce
}

const cacheAdmin = (cache: LiveCache): CacheAdmin => ({
  list: (options) => cache.desk.list(options),
  find: (name) => cache.desk.find(name),
  invalidate: (scope, options) => cache.invalidate(scope, options),
})

/** Both ports listen before there is anything to tell of. */
const notYet: RequestListener = (_, response) => response.writeHead(503).end()

/** Of the file of the start, also where it is gone: none of another folder is meant. */
function policyAgain({ flags, terminal, prices, source }: Start): Policy {
  const named = source === null ? {} : { policy: [source] }
  return servedPolicy({ ...flags, ...named }, terminal, prices.book).policy
}
