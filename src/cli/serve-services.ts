import { randomBytes } from 'node:crypto'
import { keyHash } from '../engine/cache-key.ts'
import type { Policy } from '../policy/policy.ts'
import { openForwarder } from '../providers/forward.ts'
import { openScrub, type Scrub, secretsOf } from '../providers/keys.ts'
import { mocksOnly } from '../providers/mocks-only.ts'
import { Audits } from '../serve/audits.ts'
import { BackgroundBook } from '../serve/background-book.ts'
import type { Exchange } from '../serve/exchange.ts'
import type { GatewayServices, PolicyInForce } from '../serve/gateway-state.ts'
import type { GatewayWatch } from '../serve/gateway-watch.ts'
import type { LiveClock } from '../serve/live-clock.ts'
import { openMoneyWatch } from '../serve/money-watch.ts'
import { namedPolicy } from '../serve/policy-in-force.ts'
import type { ReplayClock } from '../serve/replay-clock.ts'
import { Trials } from '../serve/trials.ts'
import type { TurnWriter } from '../serve/turn-writer.ts'
import type { UpstreamWatch } from '../serve/upstream-watch.ts'
import { similarityOf } from './log-embedder.ts'
import type { RunPrices } from './price-book.ts'
import { replayedOrigins } from './replay-clock.ts'
import { runProgram } from './run-program.ts'
import { targetCosts } from './target-costs.ts'
import type { Terminal } from './terminal.ts'

export type ServeParts = {
  readonly policy: Policy
  readonly prices: RunPrices
  /** Of the store: keys are hashed with it. */
  readonly secret: string
  readonly writer: TurnWriter
  readonly clock: LiveClock
  /** The same, where times are those of a log; else null. */
  readonly replay: ReplayClock | null
  readonly upstreamWatch: UpstreamWatch
  /** The policy in force when a budget asks. */
  readonly inForce: () => PolicyInForce
  readonly watch: GatewayWatch
}

/** What a gateway keeps from its start to its end. */
export async function servicesOf(
  { policy, prices, secret, writer, clock, replay, upstreamWatch, inForce, watch }: ServeParts,
  terminal: Terminal,
): Promise<GatewayServices> {
  const { env } = terminal
  const { now } = clock
  const hash = keyHash(secret)
  const exchanges = new Map<string, Exchange>()
  const costOf = targetCosts(prices.book)
  const { onAlert, onServed } = watch
  const warn = (sentence: string) => watch.say(sentence, 'warn')
  const scrubOf = scrubsOf(env)
  const mocks = replay === null ? null : await replayedOrigins(policy.serve.providers, terminal)
  const forwarder = await openForwarder({ env })
  return {
    forwarder: mocks === null ? forwarder : mocksOnly(forwarder, mocks),
    journal: writer,
    ...openMoneyWatch({ policy, hash, now, costOf, exchanges, inForce, onAlert, warn }),
    prices: prices.book,
    costOf,
    hash,
    now,
    chance: Math.random,
    newId: requestIds(now()),
    exchanges,
    replay,
    scrub: (text) => scrubOf(inForce())(text),
    similarity: await similarityOf(),
    passes: async (command, input, timeoutMs) =>
      (await runProgram(command, input, timeoutMs)).exitCode === 0,
    trials: new Trials({
      policy: namedPolicy(policy).policy,
      now,
      onEvent: watch.onTrial,
    }),
    backgrounds: new BackgroundBook(),
    audits: new Audits({
      onBug: watch.onBug,
      onCost: watch.onSideCost,
      onCompared: watch.onCompared,
    }),
    onAttempt: upstreamWatch.note,
    onServed,
  }
}

/** Of the providers and of the gateway's own keys, which a reload may change. */
function scrubsOf(env: Terminal['env']): (inForce: PolicyInForce) => Scrub {
  const scrubs = new WeakMap<PolicyInForce['keys'], Scrub>()
  return ({ compiled, keys }) => {
    const known = scrubs.get(keys)
    if (known !== undefined) return known
    const { providers } = compiled.policy.serve
    const scrub = openScrub([...secretsOf(providers, env), ...keys.secrets])
    scrubs.set(keys, scrub)
    return scrub
  }
}

/** Ids in the order of time, unlike those of any other run: "req_mb2k3f0x7qk4" and a count. */
function requestIds(startMs: number): () => string {
  const prefix = `req_${Math.floor(startMs).toString(36)}${randomBytes(3).toString('hex')}`
  let count = 0
  return () => `${prefix}${(++count).toString(36).padStart(6, '0')}`
}
