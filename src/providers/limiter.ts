import type { Fault } from '../domain/fault.ts'
import type { Provider, ProviderAnswer } from '../domain/provider.ts'
import { type Clock, realClock } from './clock.ts'
import { cancelled } from './deadlines.ts'

export type LimiterOptions = {
  /** The most requests under way; fewer while the provider says that it is too much. */
  readonly mostAtOnce?: number | undefined
  readonly clock?: Clock
}

/** What a plain account of most vendors takes without complaint. */
const usualAtOnce = 8

/** A wait that is asked for longer than this is for people to decide: asks fail at once instead. */
export const longestPauseMs = 120_000

/**
 * The same provider, asked by a bounded number at once. A rate limit halves the number and holds everybody back for as
 * long as the provider asks; each full round of successes raises it by one again. Waiting counts neither as latency nor
 * against the limits of a call, and ends when its signal says so.
 */
export function limitProvider(provider: Provider, options: LimiterOptions = {}): Provider {
  const { mostAtOnce = usualAtOnce, clock = realClock } = options
  const pace = openPace(mostAtOnce, clock)
  const places = openPlaces(pace, clock)
  return {
    name: provider.name,
    async ask(call, asking) {
      const refusal = await places.enter(asking.signal)
      if (refusal !== null) return refusal
      const startedMs = clock.now()
      try {
        const answer = await provider.ask(call, asking)
        pace.learn(answer, startedMs)
        return answer
      } finally {
        places.leave()
      }
    },
  }
}

/** How much the provider takes at the moment. */
function openPace(mostAtOnce: number, clock: Clock) {
  let limit = mostAtOnce
  let pausedUntilMs = Number.NEGATIVE_INFINITY
  let halvedAtMs = Number.NEGATIVE_INFINITY
  const pauseUntil = (ms: number) => {
    pausedUntilMs = Math.max(pausedUntilMs, ms)
  }
  return {
    atOnce: () => Math.floor(limit),
    pauseMs: () => Math.max(0, pausedUntilMs - clock.now()),
    learn(answer: ProviderAnswer, startedMs: number): void {
      const fault = answer.kind === 'failed' ? answer.fault : null
      const isTooMuch = fault?.kind === 'rate-limit' || fault?.kind === 'overloaded'
      if (isTooMuch) pauseUntil(clock.now() + (fault.retryAfterMs ?? 0))
      // Those that were under way when the number was halved say nothing about the half.
      if (startedMs < halvedAtMs) return
      if (fault === null) limit = Math.min(mostAtOnce, limit + 1 / limit)
      if (!isTooMuch) return
      limit = Math.max(1, Math.floor(limit / 2))
      halvedAtMs = clock.now()
    },
  }
}

type Pace = ReturnType<typeof openPace>
type Waiter = (refusal: ProviderAnswer | null) => void

function openPlaces(pace: Pace, clock: Clock) {
  const waiters = new Set<Waiter>()
  let taken = 0
  let endTimer = () => {}

  function end(waiter: Waiter, refusal: ProviderAnswer | null): void {
    waiters.delete(waiter)
    waiter(refusal)
  }

  /** Lets in whom there is a place for. During a pause a timer comes back here, while there is somebody to let in. */
  function admit(): void {
    endTimer()
    const pauseMs = pace.pauseMs()
    for (const waiter of waiters) {
      if (pauseMs > longestPauseMs) end(waiter, failed(stillLimited(pauseMs)))
      else if (pauseMs === 0 && taken < pace.atOnce()) {
        taken++
        end(waiter, null)
      }
    }
    if (pauseMs > 0 && waiters.size > 0) endTimer = clock.after(Math.ceil(pauseMs), admit)
  }

  /** Null when there is a place; else why there will be none. */
  function enter(signal: AbortSignal | undefined): Promise<ProviderAnswer | null> {
    if (signal?.aborted) return Promise.resolve(failed(cancelled))
    return new Promise((resolve) => {
      const waiter: Waiter = (refusal) => {
        signal?.removeEventListener('abort', onAbort)
        resolve(refusal)
      }
      const onAbort = () => {
        end(waiter, failed(cancelled))
        admit()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiters.add(waiter)
      admit()
    })
  }

  function leave(): void {
    taken--
    admit()
  }

  return { enter, leave }
}

const failed = (fault: Fault): ProviderAnswer => ({
  kind: 'failed',
  fault,
  partial: null,
  latencyMs: 0,
  firstTokenMs: null,
})

const stillLimited = (restMs: number): Fault => ({
  kind: 'rate-limit',
  message: `the provider asked to wait ${Math.ceil(restMs / 1000)} s more`,
  status: null,
  retryAfterMs: restMs,
})
