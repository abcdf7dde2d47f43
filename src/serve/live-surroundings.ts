import type { Request } from '../domain/request.ts'
import { labelBy } from '../engine/classify.ts'
import type { Surroundings } from '../engine/request-facts.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { timeoutClassBy } from '../worlds/history-facts.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'

/** What rules may know of a request beside what it says itself. */
export function liveSurroundings(state: GatewayState, { at, bytes }: Inbound): Surroundings {
  const { policy } = state.compiled
  const timeoutClass = timeoutClassBy(policy)
  const label = labelBy(policy.classifiers, { byNeighbours: () => null, byModel: () => undefined })
  return {
    at,
    countTokens: estimateTokens,
    contextTokens: (_: Request) => Math.ceil(bytes.length / 4),
    timeoutClass,
    target: (name) => state.targets.stateOf(name),
    label,
  }
}
