import { dialectOf } from '../dialects/dialects.ts'
import type { Settled } from '../domain/journal.ts'
import type { Reply } from '../domain/reply.ts'
import { jsonObjectIn } from '../providers/read-answer.ts'
import { RecentlyUsed } from '../worlds/recently-used.ts'
import type { Inbound } from './inbound.ts'
import { LiveAnswer } from './live-answer.ts'

/** Responses whose cost was booked when they were looked up: as many as are looked up again. */
const mostBooked = 10_000

/**
 * Responses that went on in the background. What one came to is told by looking it up, as often as anybody likes; it is
 * booked once.
 */
export class BackgroundBook {
  readonly #booked = new RecentlyUsed<string, true>(mostBooked, () => true)

  /** The answer to a look-up, with what is to be booked for it where it is the first that tells. */
  read(inbound: Inbound, answer: LiveAnswer | null): LiveAnswer | null {
    if (answer === null || !lookUp.test(inbound.endpoint.path)) return answer
    const reply = finished(answer)
    if (reply === null || reply.id === null || this.#booked.peek(reply.id)) return answer
    this.#booked.set(reply.id, true)
    return new LiveAnswer({ ...reply, blocks: [] }, answer.wire)
  }

  /** For a checkpoint. */
  state(): readonly string[] {
    return this.#booked.map((id) => id)
  }

  restore(booked: unknown): void {
    if (!Array.isArray(booked)) return
    for (const id of booked) if (typeof id === 'string') this.#booked.set(id, true)
  }

  /** Takes in an entry of the journal that was written after the checkpoint. */
  replay({ record }: Settled): void {
    const { operation, responseId } = record
    if (operation === 'other' && typeof responseId === 'string') this.#booked.set(responseId, true)
  }
}

/** Of one response, as it is now or as it was cancelled. */
const lookUp = /^\/responses\/[^/?]+(?:\/cancel)?(?:\?|$)/

/** A background response that has told what it used; null for anything else. */
function finished({ wire }: LiveAnswer): Reply | null {
  if (wire === null || wire.isStream || wire.dialect !== null) return null
  const body = jsonObjectIn(wire.bytes.toString('utf8'))
  if (body?.['object'] !== 'response' || body['background'] !== true) return null
  const reply = dialectOf('openai-responses').readReply(body)
  return reply.usage === null ? null : reply
}
