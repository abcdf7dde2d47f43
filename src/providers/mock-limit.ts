/** So many requests in each window of time. */
export type RateLimit = { readonly requests: number; readonly windowMs: number }

export type RateWindow = {
  /** Takes one request, if there is one left. */
  take(): RateState
}

export type RateState = {
  readonly isAllowed: boolean
  readonly headers: Readonly<Record<string, string>>
  /** Until the window ends. */
  readonly resetMs: number
}

/** A fixed window that opens with its first request; its headers are those of OpenAI and of Anthropic. */
export function openRateWindow({ requests, windowMs }: RateLimit, now: () => number): RateWindow {
  let endsAt = Number.NEGATIVE_INFINITY
  let left = 0
  return {
    take() {
      const at = now()
      if (at >= endsAt) {
        endsAt = at + windowMs
        left = requests
      }
      const isAllowed = left > 0
      if (isAllowed) left--
      const resetMs = endsAt - at
      const headers = {
        'x-ratelimit-limit-requests': String(requests),
        'x-ratelimit-remaining-requests': String(left),
        'x-ratelimit-reset-requests':
          resetMs < 1_000 ? `${Math.ceil(resetMs)}ms` : `${resetMs / 1_000}s`,
        'anthropic-ratelimit-requests-limit': String(requests),
        'anthropic-ratelimit-requests-remaining': String(left),
        'anthropic-ratelimit-requests-reset': new Date(endsAt).toISOString(),
      }
      return { isAllowed, headers, resetMs }
    },
  }
}
