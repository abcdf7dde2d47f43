import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { noAudits } from '../../src/serve/audits.ts'
import type { GatewayState, PolicyFacts } from '../../src/serve/live-stats.ts'

/** A policy of three tiers with the published thresholds, in UTC. */
export const policyFacts = (parts: Partial<PolicyFacts> = {}): PolicyFacts => ({
  fingerprint: '1f00c0ffee12ab34',
  source: 'llmcost.yaml',
  alerts: defaultPolicy.alerts.rules,
  tiers: {
    small: 'openai:gpt-4o-mini',
    medium: 'anthropic:claude-sonnet-5',
    large: 'openai:gpt-4o',
  },
  timezone: 'UTC',
  baseline: 'the model that was asked for, without caches and routes',
  baselineP95Ms: 1500,
  forecast: null,
  ...parts,
})

export const gatewayState = (parts: Partial<GatewayState> = {}): GatewayState => ({
  health: {
    status: 'ok',
    problems: [],
    ledger: 'ok',
    inFlight: 3,
    openIntents: 0,
    missedHits: null,
  },
  breakers: [],
  budgets: [],
  trials: [],
  audits: noAudits,
  scoredForecasts: [],
  ...parts,
})
