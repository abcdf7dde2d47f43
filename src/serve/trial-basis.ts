import { createHash } from 'node:crypto'
import type { Policy } from '../policy/policy.ts'
import type { ShadowLayer } from '../policy/serving.ts'

/** Names what evidence is about: where one of these changes, what was found out before says nothing any more. */
export type TrialBasis = {
  /** The layers themselves. */
  readonly layers: Readonly<Record<ShadowLayer, string>>
  /** What audits are held to. */
  readonly limits: string
  readonly canary: string
}

export function trialBasis({ cache, routes, tiers, serve }: Policy): TrialBasis {
  const { threshold, embedder, maxMessages, cacheText, guards } = cache.semantic
  const { maxWrongPerHit, maxLoss, confidence } = serve.audit
  return {
    layers: {
      exact: digest([cache.keyIgnore, cache.rules]),
      semantic: digest([threshold, embedder, maxMessages, cacheText, guards, cache.rules]),
      routes: digest([routes, tiers]),
    },
    limits: digest([maxWrongPerHit, maxLoss, confidence]),
    canary: digest([serve.canary]),
  }
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
