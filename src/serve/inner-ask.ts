import { dialectOf } from '../dialects/dialects.ts'
import type { Call } from '../domain/call.ts'
import type { Intent } from '../domain/journal.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { CallLimits } from '../domain/provider.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import { costOf, usedOf } from './attempt-cost.ts'
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
  readonly usage: Usage
  readonly costNanoUsd: NanoUsd
  /** What budgets count: more than the cost where nobody can tell what a lost answer came to, and a hard one wants to know. */
  readonly countedNanoUsd: NanoUsd
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
  const bytes = Buffer.from(JSON.stringify(body))
  const result = await runAttempt({
    forwarder: state.forwarder,
    request: {
      origin: upstream.origin,
      path: `${upstream.base}${dialect.path}`,
      method: 'POST',
      headers: ownHeaders(upstream),
      body: bytes,
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
  const endpoint = { path: dialect.path, operation: 'chat' } as const
  const used = usedOf({ method: 'POST', endpoint, body, bytes }, result)
  const costNanoUsd = costOfQuestion(state, destination, intent.at, answer, used.usage, latencyMs)
  const { capsOutput, ofQuestion } = state.reserving
  const mostNanoUsd =
    used.isOpenEnded && capsOutput ? (ofQuestion(target, call, intent.at, 'hard') ?? 0) : 0
  const countedNanoUsd = Math.max(costNanoUsd, mostNanoUsd) as NanoUsd
  return { answer, usage: used.usage, costNanoUsd, countedNanoUsd, latencyMs }
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

const nothing: InnerAnswer = {
  answer: null,
  usage: noUsage,
  costNanoUsd: zeroNanoUsd,
  countedNanoUsd: zeroNanoUsd,
  latencyMs: 0,
}

/** Nothing where the price is not known. */
const costOfQuestion = (
  state: GatewayState,
  { upstream, model }: Destination,
  at: number,
  answer: LiveAnswer | null,
  usage: Usage,
  latencyMs: number,
): NanoUsd => {
  const { name } = upstream.provider
  const reply = answer?.reply ?? null
  return costOf(state, { at, body: null }, name, model, reply, usage, latencyMs) ?? zeroNanoUsd
}
