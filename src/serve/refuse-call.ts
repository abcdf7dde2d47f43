import type { Fault } from '../domain/fault.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import { budgetFault } from './budget-fault.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { Destination } from './upstreams.ts'

/** What speaks against one more call: a key that is missing, a price that nobody knows, or a budget. */
export function refusalBefore(
  state: GatewayState,
  exchange: Exchange,
  asked: Asked,
  destination: Destination,
): Fault | null {
  const { inbound } = exchange
  if (isKeyMissing(inbound, destination)) return keyless(destination)
  if (isUnpricedRefused(state, inbound, destination)) return unpriced(destination.target)
  if (state.compiled.policy.budgets.length === 0) return null
  const word = state.ledger.raise(asked, (_, mode) => {
    const more = state.reserving.ofCall(inbound, destination.target, mode)
    return more === null ? null : exchange.spentNanoUsd + more
  })
  if (word === null || word.action === 'alert') return null
  return budgetFault(state.ledger.refusalOf(asked, word.budget), asked.at)
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
