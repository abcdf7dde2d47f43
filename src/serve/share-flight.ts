import { dialectOf } from '../dialects/dialects.ts'
import type { Json } from '../domain/json.ts'
import type { Step } from '../domain/receipt.ts'
import type { Part } from '../domain/reply.ts'
import type { Answer } from '../domain/request.ts'
import { noUsage } from '../domain/usage.ts'
import type { InFlight, ResponseCache } from '../domain/world.ts'
import { after } from '../engine/after.ts'
import type { Exchange, Follower } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import { emptyReply, LiveAnswer } from './live-answer.ts'
import { headersOfStream } from './our-headers.ts'
import { stampOf, streamHeaders } from './send-answer.ts'

/** What is held for one who waits and does not read: twice the largest answer that is kept. */
const mostWaiting = 8 * 1024 * 1024

/**
 * The cache, whose answers in flight are handed on to those who wait for them while they come. Whoever has seen nothing
 * of one within `patienceMs` asks for itself; null: it waits to the end.
 */
export function sharing(
  state: GatewayState,
  exchange: Exchange,
  patienceMs: () => number | null,
): ResponseCache {
  const { cache } = state
  return {
    findExact: (asked, terms) => cache.findExact(asked, terms),
    findNearest: (asked, terms) => cache.findNearest(asked, terms),
    findInFlight: (asked, terms, steps) =>
      after(cache.findInFlight(asked, terms, steps), (flight) =>
        flight === null ? null : follow(state, exchange, flight, steps, patienceMs()),
      ),
    begin: (asked, terms) => cache.begin(asked, terms),
    remember(layer, asked, terms, entry) {
      if (state.isPersonal?.(wordsOf(entry.answer), asked.request) !== true)
        cache.remember(layer, asked, terms, entry)
    },
    end: (asked, terms, answered) => cache.end(asked, terms, answered),
  }
}

/** All that the cache would keep of an answer's words. */
function wordsOf(answer: Answer | null): Json {
  const { added, addedToMessage } = answer instanceof LiveAnswer ? answer.reply : emptyReply
  return [answer?.text ?? '', added ?? null, addedToMessage ?? null]
}

function follow(
  state: GatewayState,
  exchange: Exchange,
  flight: InFlight,
  steps: readonly Step[],
  patienceMs: number | null,
): InFlight {
  const leader = state.exchanges.get(String(flight.id))
  if (leader === undefined) return flight
  const action = leader.onDisconnect(state.compiled.policy.serve.onDisconnect)
  const follower = followerOf(exchange, [
    ...steps,
    { kind: 'coalesced', with: flight.id, waitMs: 0 },
  ])
  follower.parts(leader.shown)
  leader.followers.add(follower)
  const stop = () => {
    leader.followers.delete(follower)
    leader.leave(action)
  }
  exchange.outlet.onGone(stop)
  const answered = after(flight.answered, (shared) => {
    leader.followers.delete(follower)
    return shared
  })
  const isWaiting = () => !exchange.outlet.hasBegun
  return { id: flight.id, answered: impatient(answered, patienceMs, isWaiting, stop) }
}

/** Null where nothing has come in time; `stop` is called then. */
function impatient(
  answered: InFlight['answered'],
  patienceMs: number | null,
  isWaiting: () => boolean,
  stop: () => void,
): InFlight['answered'] {
  if (!(answered instanceof Promise) || patienceMs === null) return answered
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (!isWaiting()) return
      stop()
      resolve(null)
    }, patienceMs)
    answered.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Hands a stream on in the words and under the name of the request that waits for it; it is billed nothing. */
function followerOf(exchange: Exchange, steps: readonly Step[]): Follower {
  const { inbound, outlet } = exchange
  const { dialect } = inbound.endpoint
  if (inbound.request.streamed !== true || dialect === null) return { parts: () => undefined }
  const writer = dialectOf(dialect).openPartWriter(stampOf(exchange, dialect))
  let held = ''
  return {
    parts(parts) {
      for (const part of parts) held += writer.write(unbilled(part))
      const hasContent = parts.some(({ kind }) => kind !== 'start' && kind !== 'error')
      if (held === '' || !(outlet.hasBegun || hasContent)) return
      if (!outlet.hasBegun) {
        exchange.servedStatus = 200
        outlet.begin(200, [...streamHeaders, ...headersOfStream(exchange, steps, null)])
      }
      if (!outlet.write(held) && outlet.waiting > mostWaiting) outlet.drop()
      exchange.isBroken ||= parts.some(({ kind }) => kind === 'error')
      held = ''
    },
  }
}

const unbilled = (part: Part): Part =>
  part.kind === 'finish' ? { ...part, usage: part.usage === null ? null : noUsage } : part
