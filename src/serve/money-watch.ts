import type { Asked } from '../domain/world.ts'
import type { KeyHash } from '../engine/cache-key.ts'
import { requestKeys } from '../engine/cache-key.ts'
import { RequestFacts } from '../engine/request-facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { AlertEvent } from '../worlds/alert-event.ts'
import { LiveLedger } from '../worlds/live-ledger.ts'
import { LiveTargets } from '../worlds/live-targets.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import { sharedNotice } from '../worlds/shared-notice.ts'
import type { Exchange } from './exchange.ts'
import type { PolicyInForce } from './gateway-state.ts'

export type MoneyWatchOptions = {
  readonly policy: Policy
  readonly hash: KeyHash
  readonly now: () => number
  readonly costOf: CostOf
  readonly exchanges: ReadonlyMap<string, Exchange>
  /** The policy in force when a budget asks. */
  readonly inForce: () => Pick<PolicyInForce, 'reserving' | 'surroundingsOf'>
  readonly onAlert: (alert: AlertEvent) => void
  /** Told what an operator may wonder about. */
  readonly warn: (sentence: string) => void
}

/** What is known of spend and of targets from the gateway's start to its end, whatever the policy. */
export function openMoneyWatch(options: MoneyWatchOptions): {
  readonly ledger: LiveLedger
  readonly targets: LiveTargets
  readonly boundOf: (asked: Asked) => number | null
} {
  const { policy, hash, now, costOf, exchanges, inForce, onAlert, warn } = options
  const ledger = new LiveLedger({
    policy,
    reserve: (asked, mode) => inForce().reserving.ofRequest(asked, mode),
    factsOf(asked) {
      const inbound = exchanges.get(String(asked.id))?.inbound
      if (inbound === undefined) return plainFacts(asked.request)
      return new RequestFacts(asked.request, inForce().surroundingsOf(inbound))
    },
    stepOf: ({ request }) => requestKeys(request, hash).stepKey,
    onAlert,
    onHeld: sharedNotice(warn),
  })
  const boundOf = (asked: Asked) => {
    const { reserving } = inForce()
    return reserving.capsOutput ? reserving.ofRequest(asked, 'hard') : null
  }
  return { ledger, targets: new LiveTargets({ policy, now, costOf }), boundOf }
}

/** Of requests that an earlier run settled: nothing is known but what they say themselves. */
const plainFacts = (request: ConstructorParameters<typeof RequestFacts>[0]): RequestFacts =>
  new RequestFacts(request, {
    countTokens: (text) => Math.ceil(text.length / 4),
    contextTokens: () => undefined,
    label: () => 'medium',
  })
