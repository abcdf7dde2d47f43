import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { UserError } from '../domain/user-error.ts'
import { keyHash } from '../engine/cache-key.ts'
import type { Policy } from '../policy/policy.ts'
import { openForwarder } from '../providers/forward.ts'
import { openScrub, secretsOf } from '../providers/keys.ts'
import { Audits } from '../serve/audits.ts'
import { type Gateway, startGateway } from '../serve/gateway.ts'
import type { GatewayServices } from '../serve/gateway-state.ts'
import { Trials } from '../serve/trials.ts'
import { TurnWriter } from '../serve/turn-writer.ts'
import { openGatewayStore } from '../store/gateway-store.ts'
import type { InputFlags } from './common-options.ts'
import { interruptible } from './interrupt.ts'
import { similarityOf } from './log-embedder.ts'
import { storePath } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import { runProgram } from './run-program.ts'
import { inForceOf } from './serve-in-force.ts'
import { type ServePolicyFlags, servedPolicy } from './serve-policy.ts'
import type { Terminal } from './terminal.ts'

export type ServeFlags = InputFlags & ServePolicyFlags

/** How long answers under way may take when the gateway is told to end. */
const graceMs = 30_000

/** `llmcost serve`: runs the gateway until Ctrl-C or SIGTERM. */
export async function runServe(flags: ServeFlags, terminal: Terminal): Promise<number> {
  const narrator = new Narrator(terminal, flags)
  const prices = await openRunPrices(flags, terminal)
  const { policy, source } = servedPolicy(flags, terminal, prices.book)
  const path = storePath(flags, terminal)
  const store = await openGatewayStore({
    path,
    driver: terminal.env['LLMCOST_SQLITE'],
    durability: policy.serve.durability,
  })
  const writer = new TurnWriter(store, { isDurable: policy.serve.durability === 'power' })
  const start = Date.now() - performance.now()
  const inForce = inForceOf(policy, terminal.env, () => start + performance.now())
  const named = inForce.compiled.policy
  const services = await servicesOf(named, terminal, prices, store.secret, writer, narrator, start)
  try {
    const gateway = await startGateway({
      services,
      inForce,
      admin: (_, response) => response.writeHead(404).end(),
      health: () => ({ status: writer.health().state === 'ok' ? 'ok' : 'degraded', why: [] }),
      onBug: (error) => narrator.say(`a mistake of the gateway: ${String(error)}`),
    })
    announce(gateway, source, terminal, narrator)
    await interruptible(terminal, async (signal) => {
      if (!signal.aborted) await once(signal, 'abort')
    })
    narrator.say('ending: answers under way are waited for')
    await gateway.close(graceMs)
  } finally {
    writer.close()
    store.close()
  }
  return 0
}

async function servicesOf(
  policy: Policy,
  terminal: Terminal,
  prices: RunPrices,
  secret: string,
  writer: TurnWriter,
  narrator: Narrator,
  start: number,
): Promise<GatewayServices> {
  const { env } = terminal
  const now = () => start + performance.now()
  return {
    forwarder: await openForwarder({ env }),
    journal: writer,
    prices: prices.book,
    hash: keyHash(secret),
    now,
    chance: Math.random,
    newId: requestIds(start),
    exchanges: new Map(),
    isReplay: false,
    scrub: openScrub(secretsOf(policy.serve.providers, env)),
    similarity: await similarityOf(),
    passes: async (command, input, timeoutMs) =>
      (await runProgram(command, input, timeoutMs)).exitCode === 0,
    trials: new Trials({ policy, now, onEvent: ({ text }) => narrator.say(text) }),
    audits: new Audits({
      onBug: (error) => narrator.say(`an audit failed: ${String(error)}`),
      onCost: () => undefined,
    }),
    onServed: () => undefined,
  }
}

/** Ids in the order of time, unlike those of any other run: "req_mb2k3f0x7qk4" and a count. */
function requestIds(startMs: number): () => string {
  const prefix = `req_${Math.floor(startMs).toString(36)}${randomBytes(3).toString('hex')}`
  let count = 0
  return () => `${prefix}${(++count).toString(36).padStart(6, '0')}`
}

function announce(
  gateway: Gateway,
  source: string | null,
  { stdout }: Terminal,
  narrator: Narrator,
): void {
  stdout.write(`OPENAI_BASE_URL=${gateway.url}/v1\nANTHROPIC_BASE_URL=${gateway.url}\n`)
  narrator.say(`dashboard: ${gateway.adminUrl}`)
  narrator.say(
    source === null
      ? 'no policy: requests pass through and are written down; `llmcost policy init` writes one, --policy runs it'
      : `policy: ${source}`,
  )
}

export const noNamespace = (): UserError =>
  new UserError('a semantic cache needs a namespace that is written down', {
    hint: 'write cache.namespace into the policy: [user], [tenant] …, or shared, which lets everybody see answers to everybody’s questions',
  })
