import { dialectOf } from '../dialects/dialects.ts'
import type { Call } from '../domain/call.ts'
import type { Intent } from '../domain/journal.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import type { CallLimits } from '../domain/provider.ts'
import { runAttempt } from './attempt-run.ts'
import type { GatewayState } from './gateway-state.ts'
import type { LiveAnswer } from './live-answer.ts'
import { ownHeaders } from './pass-headers.ts'
import { UnwrittenError } from './turn-writer.ts'
import type { Destination } from './upstreams.ts'

/** A question of the gateway's own: of a judge, a classifier, an audit. */
export type InnerQuestion = {
  readonly target: string
  /** Its model is the target's. */
  readonly call: Call
  readonly limits: CallLimits
  /** The entry of the journal that says that it is about to be asked. */
  readonly intent: Intent
}

export type InnerAnswer = {
  /** Null: none came. */
  readonly answer: LiveAnswer | null
  readonly costNanoUsd: NanoUsd
  readonly latencyMs: number
}

/** Asks a model on the gateway's own behalf, with the key of the environment. Whatever fails is no answer. */
export async function askInner(
  state: GatewayState,
  { target, call, limits, intent }: InnerQuestion,
): Promise<InnerAnswer> {
  const destination = state.upstreams.find(target)
  const { upstream, model } = destination
  const dialect = dialectOf(upstream.provider.dialect)
  const { body, losses } = dialect.writeCall({ ...call, model, streamed: false })
  if (losses.some(({ level }) => level === 'refused')) return nothing
  if (!(await isWritten(state, intent))) return nothing
  const result = await runAttempt({
    forwarder: state.forwarder,
    request: {
      origin: upstream.origin,
      path: `${upstream.base}${dialect.path}`,
      method: 'POST',
      headers: ownHeaders(upstream),
      body: Buffer.from(JSON.stringify(body)),
    },
    dialect,
    streamed: false,
    limits,
    now: state.now,
    scrub: state.scrub,
    live: null,
    onContent: () => undefined,
    onStart: () => undefined,
  })
  const { answer, latencyMs } = result
  return { answer, latencyMs, costNanoUsd: costOf(state, destination, answer) }
}

/** False where a hard budget has to count the call and nothing can be written: it is not made then. */
async function isWritten({ journal, reserving }: GatewayState, intent: Intent): Promise<boolean> {
  try {
    await journal.begin(intent, { isHard: reserving.capsOutput })
    return true
  } catch (error) {
    if (error instanceof UnwrittenError) return false
    throw error
  }
}

const nothing: InnerAnswer = { answer: null, costNanoUsd: zeroNanoUsd, latencyMs: 0 }

function costOf(state: GatewayState, { upstream, model }: Destination, answer: LiveAnswer | null) {
  const usage = answer?.reply.usage ?? null
  if (answer === null || usage === null) return zeroNanoUsd
  const query = { provider: upstream.provider.name, model: answer.reply.model ?? model }
  const pricing = state.prices.price(query, usage, answer.reply.fees)
  return pricing.kind === 'priced' ? costTotal(pricing.cost) : zeroNanoUsd
}
