import type { Intent, Settled } from '../domain/journal.ts'
import type { NanoUsd } from '../domain/money.ts'
import { readTarget } from '../prices/model-name.ts'

/** What a call of an earlier run came to, as somebody found out from the provider's bill. */
export function reconciledCall(
  { id, at, target, spender }: Intent,
  costNanoUsd: NanoUsd,
  policy: string,
): Settled {
  const { provider, model } = readTarget(target)
  const { isNobodys: _, ...named } = spender
  return {
    kind: 'settled',
    id,
    at,
    costNanoUsd,
    spender,
    record: {
      v: 1,
      model,
      ...(provider !== undefined && { provider }),
      operation: 'other',
      status: 'cancelled',
      at: new Date(at).toISOString(),
      error: 'the gateway was ended in the middle of it',
      costUsd: costNanoUsd / 1e9,
      ...named,
    },
    keys: null,
    receipt: {
      id,
      at,
      outcome: 'failed',
      servedBy: null,
      steps: [],
      costNanoUsd,
      latencyMs: 0,
    },
    policy,
  }
}
