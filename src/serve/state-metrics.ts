import type { BreakerState } from '../policy/when.ts'
import { readTarget } from '../prices/model-name.ts'
import type { GatewayState } from './live-stats.ts'
import type { MetricFamily } from './write-metrics.ts'

/** What the gateway says of itself at the moment of asking. */
export function stateFamilies({ health, breakers }: GatewayState): readonly MetricFamily[] {
  const { missedHits } = health
  return [
    gauge('llmcost_in_flight_requests', 'Requests under way.', health.inFlight),
    gauge(
      'llmcost_open_intents',
      'Calls that may have been billed and that no entry of the ledger settles yet.',
      health.openIntents,
    ),
    gauge(
      'llmcost_healthy',
      '1 while all is well, 0 while /health names a problem.',
      health.status === 'ok' ? 1 : 0,
    ),
    gauge(
      'llmcost_ledger_healthy',
      '1 while the ledger can be written, 0 while entries wait in the spool file.',
      health.ledger === 'ok' ? 1 : 0,
    ),
    ...(missedHits === null
      ? []
      : [
          gauge(
            'llmcost_missed_hits_scanned',
            'Look-ups of the semantic cache that a full scan was held against.',
            missedHits.scanned,
          ),
          gauge(
            'llmcost_missed_hits',
            'Hits that the full scan found and the live index did not.',
            missedHits.missed,
          ),
        ]),
    {
      name: 'llmcost_breaker_state',
      help: 'Of the circuit breaker of a target: 0 closed, 1 half open, 2 open.',
      type: 'gauge',
      labels: ['provider', 'model'],
      series: breakers.map(({ target, state }) => {
        const { provider = 'unknown', model } = readTarget(target)
        return { values: [provider, model], value: stateNumber[state] }
      }),
    },
  ]
}

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  name,
  help,
  type: 'gauge',
  labels: [],
  series: [{ values: [], value }],
})

const stateNumber: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 }
