import type { Settled } from '../../src/domain/journal.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Request } from '../../src/domain/request.ts'
import type { Asked } from '../../src/domain/world.ts'
import { RequestFacts, type Surroundings } from '../../src/engine/request-facts.ts'
import { passThroughPolicy } from '../../src/policy/default-policy.ts'
import type { Budget, LoopGuard } from '../../src/policy/governance.ts'
import { LiveLedger, type LiveLedgerOptions } from '../../src/worlds/live-ledger.ts'
import { spenderOf } from '../../src/worlds/spender-of.ts'

export const usd = (dollars: number): NanoUsd => Math.round(dollars * 1e9) as NanoUsd

/** $5 a day for each user, hard. */
export const budgetOf = (fields: Partial<Budget> = {}): Budget => ({
  name: 'cap',
  scope: 'user',
  window: 'day',
  limitNanoUsd: usd(5),
  action: 'block',
  mode: 'hard',
  when: {},
  ...fields,
})

export const ledgerPolicy = (
  budgets: readonly Budget[],
  loopGuard: Partial<LoopGuard> = {},
  timezone = 'UTC',
) => ({ budgets, timezone, loopGuard: { ...passThroughPolicy.loopGuard, ...loopGuard } })

const noSurroundings: Surroundings = {
  countTokens: () => 0,
  contextTokens: () => undefined,
  label: () => 'medium',
}

/** A ledger that is told of each request, by its tag `most`, what it may cost. */
export const openLedger = (
  policy: LiveLedgerOptions['policy'],
  options: Partial<LiveLedgerOptions> = {},
): LiveLedger =>
  new LiveLedger({
    policy,
    factsOf: ({ request }) => new RequestFacts(request, noSurroundings),
    reserve: ({ request }) => Number(request.tags?.get('most') ?? 0),
    stepOf: ({ request }) => request.tags?.get('step') ?? null,
    ...options,
  })

export const noon = Date.parse('2026-08-05T12:00:00Z')

/** A request of Ann's at noon that may cost `most` nano-dollars. */
export function askedOf(
  id: string,
  most = 0,
  fields: Partial<Request> & { readonly step?: string } = {},
  at = noon,
): Asked {
  const { step, ...request } = fields
  const tags = new Map([['most', `${most}`]])
  if (step !== undefined) tags.set('step', step)
  const base = { model: 'gpt-4o', operation: 'chat', status: 'ok', user: 'ann', tags } as const
  return { id, at, request: { ...base, ...request }, bypass: null }
}

/** The journal's entry of a request that is done. */
export const settledOf = ({ id, at, request }: Asked, costNanoUsd: NanoUsd): Settled => ({
  kind: 'settled',
  id: String(id),
  at,
  costNanoUsd,
  spender: spenderOf(request),
  record: { v: 1, model: request.model, tags: Object.fromEntries(request.tags ?? []) },
  keys: null,
  receipt: {
    id,
    at,
    outcome: 'answered',
    servedBy: null,
    steps: [],
    costNanoUsd,
    latencyMs: 0,
  },
})
