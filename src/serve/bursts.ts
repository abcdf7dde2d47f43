import { RecentlyUsed } from '../worlds/recently-used.ts'
import type { Inbound } from './inbound.ts'

export type Bursts = {
  /** How many of a request's feature and system prompt came in the minute up to it, itself included. */
  of(inbound: Inbound): number
}

/** When requests of one kind came, oldest first; those before `from` are more than a minute ago. */
type Moments = { readonly at: number[]; from: number }

const minuteMs = 60_000
/** Kinds of requests that are remembered; the others begin anew. */
const mostKinds = 10_000

/** Counts requests as they come: each is to be asked for once, in the order of arrival. */
export function openBursts(): Bursts {
  const kinds = new RecentlyUsed<string, Moments>(mostKinds, () => true)
  // An audit asks a request again: its bytes are the same, and it did not come again.
  const counted = new WeakMap<Buffer, number>()
  const count = ({ request, at }: Inbound): number => {
    const kind = JSON.stringify([request.feature ?? '', request.prompt?.system ?? ''])
    const moments = kinds.get(kind) ?? { at: [], from: 0 }
    kinds.set(kind, moments)
    moments.at.push(at)
    while ((moments.at[moments.from] as number) <= at - minuteMs) moments.from++
    if (moments.from > moments.at.length / 2) {
      moments.at.splice(0, moments.from)
      moments.from = 0
    }
    return moments.at.length - moments.from
  }
  return {
    of(inbound) {
      const known = counted.get(inbound.bytes)
      if (known !== undefined) return known
      const found = count(inbound)
      counted.set(inbound.bytes, found)
      return found
    },
  }
}
