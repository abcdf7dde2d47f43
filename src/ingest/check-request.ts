import { problemOfCounts } from '../dialects/usage.ts'
import type { Request } from '../domain/request.ts'

const maxTokens = 2 ** 32 - 1

/**
 * Why a request cannot be what it says, whatever its format: counts beyond any model, pieces that are no count, no time
 * where somebody said which field is one.
 */
export function problemOf({ at, usage, fees }: Request, trustTimes: boolean): string | null {
  if (trustTimes && Number.isNaN(at)) return 'bad-time'
  for (const name in usage) {
    if ((usage[name as keyof typeof usage] ?? 0) > maxTokens) return 'token-count-too-large'
  }
  return fees === undefined ? null : (problemOfCounts(Object.values(fees)) ?? null)
}

/** Before 2015 or after 2100 no hosted model answered: such a time is a wrong unit or a default. */
const earliest = Date.UTC(2015, 0, 1)
const latest = Date.UTC(2101, 0, 1)

/** Why the time of a request is not to be believed; null: it may be. NaN is one that nobody can read. */
export function problemOfTime({ at }: Request): 'unreadable-time' | 'implausible-time' | null {
  if (at === undefined) return null
  if (Number.isNaN(at)) return 'unreadable-time'
  return at < earliest || at > latest ? 'implausible-time' : null
}

/**
 * The same request without its time, and what was counted from that: it keeps its cost and takes no part in what needs an
 * order.
 */
export function undated({ at: _, ...request }: Request): Request {
  const kept = { ...request }
  if (Number.isNaN(kept.latencyMs)) delete kept.latencyMs
  if (Number.isNaN(kept.firstTokenMs)) delete kept.firstTokenMs
  return kept
}

/**
 * The same request without money or time that went backwards: clocks that disagree, refunds. Sums of a console may hold
 * credits.
 */
export function forwards(request: Request, warn: (code: string) => void): Request {
  const { latencyMs = 0, firstTokenMs = 0, loggedCostNanoUsd = 0, aggregateOf } = request
  const isLate = latencyMs < 0 || firstTokenMs < 0
  const isPaidBack = loggedCostNanoUsd < 0 && aggregateOf === undefined
  if (!isLate && !isPaidBack) return request
  const kept = { ...request }
  if (latencyMs < 0) delete kept.latencyMs
  if (firstTokenMs < 0) delete kept.firstTokenMs
  if (isPaidBack) delete kept.loggedCostNanoUsd
  if (isLate) warn('negative-latency')
  if (isPaidBack) warn('negative-cost')
  return kept
}
