import type { Json } from '../domain/json.ts'
import { type Clock, realClock } from './clock.ts'
import type { Transport } from './transport.ts'

/** How long one attempt may take, and the waits between them. */
const timeoutMs = 5_000
const waitsMs = [500, 2_000] as const

/** What became of a post; `reason` is for the log and names no address, which may hold a secret. */
export type Posted =
  | { readonly kind: 'posted' }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Posts JSON to an address of the policy, twice again where that may help. Never throws: an alert that cannot be posted
 * must not stop what it is about.
 */
export async function postWebhook(
  transport: Pick<Transport, 'fetch'>,
  url: string,
  json: Json,
  clock: Clock = realClock,
): Promise<Posted> {
  const body = JSON.stringify(json)
  for (let attempt = 0; ; attempt++) {
    const { outcome, isWorthAgain } = await postOnce(transport, url, body, clock)
    const waitMs = waitsMs[attempt]
    if (outcome.kind === 'posted' || !isWorthAgain || waitMs === undefined) return outcome
    await new Promise<void>((resolve) => clock.after(waitMs, resolve))
  }
}

type Attempt = { readonly outcome: Posted; readonly isWorthAgain: boolean }

async function postOnce(
  { fetch }: Pick<Transport, 'fetch'>,
  url: string,
  body: string,
  clock: Clock,
): Promise<Attempt> {
  const stop = new AbortController()
  const cancel = clock.after(timeoutMs, () => stop.abort())
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body, signal: stop.signal })
    // What it says nobody reads; left open it would hold the connection.
    await response.body?.cancel().catch(() => undefined)
    if (response.ok) return { outcome: { kind: 'posted' }, isWorthAgain: false }
    const { status } = response
    const isWorthAgain = status >= 500 || status === 429 || status === 408
    return { outcome: failed(`it answered with status ${status}`), isWorthAgain }
  } catch {
    const reason = stop.signal.aborted ? `no answer in ${timeoutMs} ms` : 'it cannot be reached'
    return { outcome: failed(reason), isWorthAgain: true }
  } finally {
    cancel()
  }
}

const failed = (reason: string): Posted => ({ kind: 'failed', reason })
