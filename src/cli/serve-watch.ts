import type { Json } from '../domain/json.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { postWebhook } from '../providers/post-webhook.ts'
import { openTransport, type Transport } from '../providers/transport.ts'
import { openDashboardFeed } from '../report/dashboard-feed.ts'
import { serveLogLine } from '../report/serve-log-line.ts'
import { contentModeOf } from '../serve/content-mode.ts'
import type { Health } from '../serve/data-server.ts'
import type { GatewayState } from '../serve/gateway-state.ts'
import { type GatewayWatch, openGatewayWatch } from '../serve/gateway-watch.ts'
import { readOtlpSettings } from '../serve/otlp-settings.ts'
import { type OtlpTrace, openOtlpTrace } from '../serve/otlp-trace.ts'
import { openServeLog, type ServeLog } from '../serve/serve-log.ts'
import type { TurnWriter } from '../serve/turn-writer.ts'
import { keptForecast } from '../store/forecasts.ts'
import type { GatewayStore } from '../store/gateway-store.ts'
import type { AlertEvent } from '../worlds/alert-event.ts'
import { openForecastScores } from './forecast-scores.ts'
import { storePath } from './logs.ts'
import { packageVersion } from './package-version.ts'
import type { ServeFlags } from './serve.ts'
import { servedEvidence } from './serve-classifiers.ts'
import { taughtForecastKey } from './taught-forecast-key.ts'
import { type Terminal, viewOf } from './terminal.ts'

export type WatchOptions = {
  readonly flags: ServeFlags
  readonly terminal: Terminal
  readonly policy: Policy
  readonly source: string | null
  readonly writer: TurnWriter
  readonly now: () => number
  readonly health: Health
  readonly store: GatewayStore
  readonly running: { readonly state: (() => GatewayState) | null }
}

export type OpenedWatch = {
  readonly watch: GatewayWatch
  /** Writes down what came of the forecast so far. */
  readonly keepScore: () => void
}

/** Opens the log, the figures, and what sends traces and alerts where environment and policy say so. */
export async function openWatch(options: WatchOptions): Promise<OpenedWatch> {
  const { policy, source, writer, store, now, health, running, flags, terminal } = options
  const scores = openForecastScores(options)
  const [storeAt, driver] = [storePath(flags, terminal), terminal.env['LLMCOST_SQLITE']]
  // Classifiers have learned from what there was then: a look for later forecasts reads none of it again.
  const keyOf = oncePerPolicy((next) => {
    const evidence = servedEvidence(next, { storePath: storeAt, secret: store.secret, terminal })
    // What cannot be read is said by those who learn from it.
    return taughtForecastKey(next, evidence).catch(() => null)
  })
  const log = logOf(options)
  const trace = await traceOf(options)
  const post = posterOf(options, log)
  const watch = openGatewayWatch({
    policy,
    fingerprint: policyFingerprint(policy),
    source,
    async forecastOf(next) {
      const key = await keyOf(next)
      return key === null ? null : keptForecast(storeAt, driver, key)
    },
    scoredForecasts: scores.scored,
    now,
    health,
    ledgerHealth: () => writer.health(),
    inFlight: () => running.state?.().exchanges.size ?? 0,
    log,
    trace,
    feedOf: openDashboardFeed,
    post: (alert) => void post(alert),
  })
  return { watch, keepScore: () => scores.keep(watch.stats.forecastScore()) }
}

function oncePerPolicy<T>(find: (policy: Policy) => Promise<T>): (policy: Policy) => Promise<T> {
  const found = new WeakMap<Policy, Promise<T>>()
  return (policy) => {
    const known = found.get(policy) ?? find(policy)
    found.set(policy, known)
    return known
  }
}

function logOf({ flags, terminal, now }: WatchOptions): ServeLog {
  const isForPeople = terminal.stderr.isTTY === true && flags.log !== 'json'
  const { color } = viewOf(terminal.stderr, terminal.env)
  return openServeLog({
    level: flags.quiet === true ? 'silent' : flags.verbose === true ? 'debug' : 'info',
    format: isForPeople || flags.log === 'text' ? (line) => serveLogLine(line, { color }) : null,
    now,
    to: (line) => void terminal.stderr.write(line),
  })
}

async function traceOf({ policy, terminal }: WatchOptions): Promise<OtlpTrace | null> {
  const settings = readOtlpSettings(terminal.env)
  if (settings === null) return null
  const transport = await openTransport(terminal.env)
  return openOtlpTrace({
    settings,
    version: packageVersion(),
    isContentFull: contentModeOf(policy, null) === 'full',
    async post({ url, headers, body, timeoutMs }) {
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await transport.fetch(url, { method: 'POST', headers, body, signal })
      await response.arrayBuffer()
      return response.status
    },
  })
}

function posterOf({ running, policy, terminal }: WatchOptions, log: ServeLog) {
  // Most gateways post nothing.
  let transport: Promise<Transport> | null = null
  return async (alert: AlertEvent): Promise<void> => {
    const { webhook } = (running.state?.().compiled.policy ?? policy).alerts
    if (webhook === null) return
    transport ??= openTransport(terminal.env)
    const posted = await postWebhook(await transport, webhook, { ...alert } as Json)
    if (posted.kind === 'failed') log.event('warn', `an alert was not posted: ${posted.reason}`)
  }
}
