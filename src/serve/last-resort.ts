import { outageFaults } from '../domain/fault.ts'
import type { Asked, CacheTerms } from '../domain/world.ts'
import type { Decision } from '../engine/decide.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import { LiveAnswer } from './live-answer.ts'

/** How a caller is answered whom no model answered, where the policy has something for that. */
export type LastResort = {
  readonly kind: 'stale' | 'static'
  readonly answer: LiveAnswer
  /** Of the stale answer; null: it is none. */
  readonly ageMs: number | null
}

/** Where nobody answers now; `terms` are null where no cache may answer. The last good answer to an identical request, be its time over or not; else the policy's fixed one; null: neither. */
export function lastResortFor(
  { compiled, cache }: GatewayState,
  exchange: Exchange,
  asked: Asked,
  terms: CacheTerms | null,
  { receipt }: Decision,
): LastResort | null {
  const { inbound, outlet } = exchange
  if (receipt.outcome !== 'failed' || outlet.hasBegun || outlet.isGone) return null
  if (!isOutage(exchange)) return null
  if (inbound.endpoint.dialect === null || inbound.wishes.onlyIfCached) return null
  const { stale, staticAnswer } = compiled.policy.failure.fallback
  const mayServe = stale && asked.bypass === null && terms !== null
  const entry = mayServe ? (cache.lastGood?.(asked, terms) ?? null) : null
  if (entry?.answer instanceof LiveAnswer)
    return { kind: 'stale', answer: entry.answer, ageMs: asked.at - entry.bornMs }
  if (staticAnswer === null) return null
  return { kind: 'static', answer: fixed(staticAnswer), ageMs: null }
}

/** What is refused, by the provider or by the policy, would be refused again: its caller has to know. */
const isOutage = ({ last, refusal }: Exchange): boolean =>
  last === undefined ||
  (last.fault !== null && last.fault !== refusal && outageFaults.has(last.fault.kind))

const fixed = (text: string): LiveAnswer =>
  new LiveAnswer(
    { id: null, model: null, blocks: [{ kind: 'text', text }], finish: 'stop', usage: null },
    null,
  )
