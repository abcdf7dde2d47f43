import { writeRetryAfter } from '../dialects/retry-after.ts'
import type { Fault } from '../domain/fault.ts'
import type { Spender } from '../domain/journal.ts'
import type { RateLimit } from '../policy/serving.ts'
import { openRateBuckets, type RateBuckets } from './rate-buckets.ts'

/** Requests and tokens a minute, for all or for each key, user or team. */
export type RateLimiter = {
  /** Takes one request and the tokens that it is expected to need, in and out, or refuses it and takes nothing. */
  admit(spender: Spender, tokens: number): RateWord
}

export type RateWord =
  | {
      readonly kind: 'admitted'
      readonly headers: RateHeaders
      /** Replaces the expected tokens by those that it really took, once; 0 for an answer that no model gave. */
      settle(tokens: number): void
    }
  | { readonly kind: 'refused'; readonly headers: RateHeaders; readonly fault: Fault }

/** Name, value, …; those of OpenAI. */
export type RateHeaders = readonly string[]

type Unit = 'requests' | 'tokens'
type Limit = {
  readonly per: RateLimit['per']
  readonly unit: Unit
  readonly buckets: RateBuckets
}

/** The clock gives milliseconds and never goes back. */
export function openRateLimiter(
  rules: readonly RateLimit[],
  now: () => number,
  options: { readonly mostMembers?: number } = {},
): RateLimiter {
  const limits = rules.flatMap((rule) => limitsOf(rule, options.mostMembers))
  return {
    admit(spender, tokens) {
      const nowMs = now()
      const needed = { requests: 1, tokens }
      const tight = limits.find(
        (limit) => leftIn(limit, spender, nowMs) + rounding < needed[limit.unit],
      )
      if (tight !== undefined) {
        const fault = faultOf(tight, spender, needed[tight.unit], nowMs)
        const headers = [...headersOf(limits, spender, nowMs), ...retryLines(fault)]
        return { kind: 'refused', headers, fault }
      }
      const use = (unit: Unit, amount: number, atMs: number) => {
        for (const limit of limits)
          if (limit.unit === unit) limit.buckets.use(memberOf(limit, spender), amount, atMs)
      }
      use('requests', 1, nowMs)
      use('tokens', tokens, nowMs)
      let isSettled = false
      return {
        kind: 'admitted',
        headers: headersOf(limits, spender, nowMs),
        settle(taken) {
          if (!isSettled) use('tokens', taken - tokens, now())
          isSettled = true
        },
      }
    },
  }
}

/** Whoever comes back at the moment that was named is let in. */
const rounding = 1e-6

function limitsOf(
  { per, requestsPerMinute, tokensPerMinute }: RateLimit,
  most?: number,
): readonly Limit[] {
  const limit = (unit: Unit, amount: number | null): readonly Limit[] =>
    amount === null ? [] : [{ per, unit, buckets: openRateBuckets(amount, most) }]
  return [...limit('requests', requestsPerMinute), ...limit('tokens', tokensPerMinute)]
}

/** Those who do not say who they are share one allowance: saying nothing is no way around a limit. */
function memberOf({ per }: Limit, spender: Spender): string {
  const name = per === 'all' ? undefined : spender[per]
  return name === undefined ? '' : `=${name}`
}

const leftIn = (limit: Limit, spender: Spender, nowMs: number): number =>
  limit.buckets.limit - limit.buckets.usedBy(memberOf(limit, spender), nowMs)

const minuteMs = 60_000

function faultOf(limit: Limit, spender: Spender, needed: number, nowMs: number): Fault {
  const { per, unit, buckets } = limit
  const isTooMuch = needed > buckets.limit
  const missing = needed - leftIn(limit, spender, nowMs)
  const said = `the limit of ${buckets.limit} ${unit} a minute${per === 'all' ? '' : ` for each ${per}`}`
  return {
    kind: 'rate-limit',
    message: isTooMuch
      ? `This request takes ${needed} ${unit}, more than ${said} of this gateway.`
      : `You have reached ${said} of this gateway.`,
    status: 429,
    retryAfterMs: isTooMuch ? null : Math.ceil((missing / buckets.limit) * minuteMs),
  }
}

/** When to come again. What will never fit, the SDKs of both vendors need not try again. */
const retryLines = ({ retryAfterMs }: Fault): readonly string[] =>
  retryAfterMs === null
    ? ['x-should-retry', 'false']
    : Object.entries(writeRetryAfter(retryAfterMs)).flat()

/** Of several limits on the same unit the one with the least left. */
function headersOf(limits: readonly Limit[], spender: Spender, nowMs: number): RateHeaders {
  const headers: string[] = []
  for (const unit of units) {
    let tightest: Limit | null = null
    let least = Number.POSITIVE_INFINITY
    for (const limit of limits) {
      if (limit.unit !== unit) continue
      const left = leftIn(limit, spender, nowMs)
      if (left >= least) continue
      tightest = limit
      least = left
    }
    if (tightest === null) continue
    const { limit } = tightest.buckets
    headers.push(`x-ratelimit-limit-${unit}`, String(limit))
    headers.push(`x-ratelimit-remaining-${unit}`, String(Math.max(0, Math.floor(least))))
    headers.push(`x-ratelimit-reset-${unit}`, durationText(((limit - least) / limit) * minuteMs))
  }
  return headers
}

const units = ['requests', 'tokens'] as const satisfies readonly Unit[]

/** "20ms", "1.5s", "6m0s": as OpenAI writes it. */
function durationText(ms: number): string {
  const whole = Math.ceil(ms)
  if (whole < 1000) return `${whole}ms`
  const seconds = (whole % minuteMs) / 1000
  const minutes = Math.floor(whole / minuteMs)
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`
}
