import type { AuditPolicy, Promotion, ServePolicy, ShadowLayer } from '../policy/serving.ts'
import type { HitGroup } from './hit-group.ts'
import type { LayerPromise } from './layer-promise.ts'
import type { RouteGroup } from './route-group.ts'
import { hitNumbers, routeNumbers, type TrialNumbers } from './trial-words.ts'

/** What is known of one layer that audits or a shadow look at. */
export type TrialLine = TrialNumbers & {
  readonly layer: ShadowLayer
  /** The feature, or the route; null: requests without a feature, and with `purpose` promotion all. */
  readonly group: string | null
  /** `audit`: whether it is wrong too often. `promotion`: whether all may get it. */
  readonly purpose: 'audit' | 'promotion'
  /** `shadow`: nobody gets it. `canary`: some do. `off`: audits have put it back into the shadow. */
  readonly mode: 'on' | 'canary' | 'shadow' | 'off'
  /** As audits have raised it; null: as the policy has it. */
  readonly threshold: number | null
  readonly limit: number
  readonly confidence: number
  /** How much of the evidence that it takes is there, 0 to 1. */
  readonly evidence: number
  /** It took all of it, once. */
  readonly isProved: boolean
}

export function trialLines({
  serve,
  hits,
  routes,
  promises,
}: {
  readonly serve: ServePolicy
  readonly hits: readonly HitGroup[]
  readonly routes: readonly RouteGroup[]
  readonly promises: readonly LayerPromise[]
}): readonly TrialLine[] {
  const { audit, canary } = serve
  const promotion = canary?.promote ?? null
  const promoted = new Set(promises.filter((each) => each.isPromoted).map(({ layer }) => layer))
  const modeOf = (layer: ShadowLayer) => layerMode(serve, layer, promoted.has(layer))
  return [
    ...hits.map((group) => hitLine(group, audit, modeOf(group.layer))),
    ...routes.map((group) => routeLine(group, audit, modeOf('routes'))),
    ...(promotion === null
      ? []
      : promises.map((promise) => promiseLine(promise, promotion, modeOf(promise.layer)))),
  ]
}

function layerMode(
  { shadow, canary }: ServePolicy,
  layer: ShadowLayer,
  isPromoted: boolean,
): TrialLine['mode'] {
  if (shadow.includes(layer)) return 'shadow'
  const isCanary = canary?.layers.includes(layer) === true && canary.share < 1
  return isCanary && !isPromoted ? 'canary' : 'on'
}

const hitLine = (group: HitGroup, audit: AuditPolicy, mode: TrialLine['mode']): TrialLine => ({
  layer: group.layer,
  group: group.name,
  purpose: 'audit',
  mode: group.isOff ? 'off' : mode,
  threshold: group.threshold,
  limit: audit.maxWrongPerHit,
  confidence: audit.confidence,
  evidence: shareOf(group.evidence.bet.logE, audit.confidence),
  isProved: group.evidence.bet.rejectedAt !== null,
  ...hitNumbers(group.evidence),
})

const routeLine = (group: RouteGroup, audit: AuditPolicy, mode: TrialLine['mode']): TrialLine => ({
  layer: 'routes',
  group: group.name,
  purpose: 'audit',
  mode: group.isOff ? 'off' : mode,
  threshold: null,
  limit: audit.maxLoss,
  confidence: audit.confidence,
  evidence: shareOf(group.evidence.margin.logInferior, audit.confidence),
  isProved: group.evidence.margin.decided?.verdict === 'inferior',
  ...routeNumbers(group.evidence),
})

function promiseLine(
  { layer, hits, routes }: LayerPromise,
  { maxWrongPerHit, confidence }: Promotion,
  mode: TrialLine['mode'],
): TrialLine {
  const isRoutes = layer === 'routes'
  const logE = isRoutes ? routes.margin.logNonInferior : hits.bet.logE
  return {
    layer,
    group: null,
    purpose: 'promotion',
    mode,
    threshold: null,
    limit: maxWrongPerHit,
    confidence,
    evidence: shareOf(logE, confidence),
    isProved: isRoutes
      ? routes.margin.decided?.verdict === 'non-inferior'
      : hits.bet.rejectedAt !== null,
    ...(isRoutes ? routeNumbers(routes) : hitNumbers(hits)),
  }
}

/** Of the logarithm that the evidence has to reach. */
const shareOf = (logE: number, confidence: number): number =>
  Math.min(1, Math.max(0, logE / -Math.log(1 - confidence)))
