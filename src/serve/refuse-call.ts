import type { Fault } from '../domain/fault.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked, BudgetWord } from '../domain/world.ts'
import type { CallKind } from '../worlds/budget-account.ts'
import type { Reserve } from '../worlds/live-spending.ts'
import { budgetFault } from './budget-fault.ts'
import type { CallBound, Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { Destination } from './upstreams.ts'

/** What speaks against one more call: a key that is missing, a price that nobody knows, or a budget. */
export function refusalBefore(
  state: GatewayState,
  exchange: Exchange,
  asked: Asked,
  destination: Destination,
  bound: CallBound,
): Fault | null {
  const { inbound } = exchange
  if (isKeyMissing(inbound, destination)) return keyless(destination)
  if (isUnpricedRefused(state, inbound, destination)) return unpriced(destination.target)
  const isFirst = exchange.attempts.length === 0 && exchange.bounds.size === 0
  const word = holdBack(state, exchange, asked, bound, isFirst ? 'first' : 'further')
  return word === null ? null : budgetFault(state.ledger.refusalOf(asked, word.budget), asked.at)
}

/**
 * Holds back what one more call may cost, on top of what the request has spent and of its calls that are under way,
 * until `bound` is taken out of the exchange's bounds. Otherwise the budget that has no room for it.
 */
export function holdBack(
  { compiled, ledger }: Pick<GatewayState, 'compiled' | 'ledger'>,
  exchange: Exchange,
  asked: Asked,
  bound: CallBound,
  call: CallKind,
): BudgetWord | null {
  if (compiled.policy.budgets.length === 0) return null
  const all = [...exchange.bounds, bound]
  const reserve: Reserve = (_, mode) =>
    all.reduce<number | null>((sum, each) => {
      const more = sum === null ? null : each(mode)
      return sum === null || more === null ? null : sum + more
    }, exchange.spentNanoUsd)
  const word = ledger.raise(asked, reserve, call)
  if (word !== null) return word
  exchange.bounds.add(bound)
  return null
}

const oneToken = { ...noUsage, inputTokens: 1 }

/** A model without a price would switch every budget off; a policy may refuse it. */
function isUnpricedRefused(
  { compiled, prices }: GatewayState,
  { endpoint, at }: Inbound,
  { upstream, model }: Destination,
): boolean {
  if (compiled.policy.serve.onUnpriced !== 'refuse' || endpoint.operation === 'other') return false
  return prices.price({ provider: upstream.provider.name, model, at }, oneToken).kind === 'unpriced'
}

const unpriced = (target: string): Fault => ({
  kind: 'bad-request',
  message: `The price of ${target} is not known, and this gateway refuses such models (serve.onUnpriced).`,
  status: 400,
  retryAfterMs: null,
})

/** The caller shows a key that is another vendor's, and the gateway has none: the provider would only say that it wants one. */
const isKeyMissing = ({ home, isKeyWithheld }: Inbound, { upstream }: Destination): boolean =>
  isKeyWithheld &&
  upstream === home.upstream &&
  upstream.key === null &&
  upstream.provider.apiKeyEnv !== null &&
  upstream.provider.isKeyOptional !== true

const keyless = ({ upstream: { provider } }: Destination): Fault => ({
  kind: 'authentication',
  message: `A key goes only to the provider that a request names: ask /${provider.name}/v1 with a key of ${provider.name}, or set ${provider.apiKeyEnv} for the gateway.`,
  status: 401,
  retryAfterMs: null,
})
