import type { AuditNote } from '../domain/comparison.ts'
import type { Settled } from '../domain/journal.ts'
import type { JsonObject } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Step } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import type { SidePurpose } from './gateway-figures.ts'

/**
 * The record of a question of the gateway's own: no part of a conversation, and nothing to be cached. Whose question it
 * was stays, so that it goes when what is theirs is erased.
 */
export function ownQuestion(
  request: Request,
  purpose: SidePurpose,
  note: AuditNote | null,
): Request {
  const { tags: _, session: _s, trace: _t, ...rest } = request
  return {
    ...rest,
    operation: 'other',
    tags: new Map([['llmcost', purpose]]),
    ...(note !== null && { audit: note }),
  }
}

/** What a question came to that was no request of anybody, without its texts. */
export type AskedQuestion = {
  readonly purpose: SidePurpose
  /** With `id`, `status` and `latencyMs`. */
  readonly request: Request
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly attempts: readonly Step[]
  readonly costNanoUsd: NanoUsd
  readonly note: AuditNote | null
  readonly policy?: string
}

/** As the journal keeps it. */
export function settledQuestion(asked: AskedQuestion): Settled {
  const { purpose, request, at, attempts, costNanoUsd, note, policy } = asked
  const id = String(request.id)
  const { tags, ...record } = ownQuestion(request, purpose, note)
  return {
    kind: 'settled',
    id,
    at,
    costNanoUsd,
    spender: { isNobodys: true },
    record: {
      v: 1,
      ...record,
      at: new Date(at).toISOString(),
      tags: Object.fromEntries(tags ?? []),
    } as unknown as JsonObject,
    keys: null,
    receipt: {
      id,
      at,
      outcome: request.status === 'ok' ? 'answered' : 'failed',
      servedBy: null,
      steps: attempts,
      costNanoUsd,
      latencyMs: request.latencyMs ?? 0,
    },
    ...(policy !== undefined && { policy }),
  }
}
