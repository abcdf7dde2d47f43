import type { ShadowLayer } from '../policy/serving.ts'
import type { HitGroupState } from './hit-group.ts'
import type { LayerPromiseState } from './layer-promise.ts'
import type { RouteGroupState } from './route-group.ts'
import type { TrialBasis } from './trial-basis.ts'
import type { ValidatorPromiseState } from './validator-promises.ts'

/** What trials have found out, as plain JSON: a restart goes on from it. */
export type TrialsState = {
  readonly v: 1
  readonly basis: TrialBasis
  readonly hits: readonly HitGroupState[]
  readonly routes: readonly RouteGroupState[]
  readonly promises: readonly LayerPromiseState[]
  readonly validators: readonly ValidatorPromiseState[]
}

/** What of a state still holds under a policy: of layers that are the same. */
export function keptOf(
  { basis: before, hits, routes, promises, validators }: TrialsState,
  basis: TrialBasis,
): Omit<TrialsState, 'v' | 'basis'> {
  const isSame = (layer: ShadowLayer) => before.layers[layer] === basis.layers[layer]
  const isSameCanary = before.canary === basis.canary
  return {
    hits: hits.filter(({ layer }) => isSame(layer)),
    routes: isSame('routes') ? routes : [],
    promises: promises.filter(({ layer }) => isSameCanary && isSame(layer)),
    validators: isSame('routes') && before.limits === basis.limits ? validators : [],
  }
}
