import type { Comparison, HitComparison, RouteComparison } from '../domain/comparison.ts'
import type { Settled } from '../domain/journal.ts'
import type { CacheLayer } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import type { Policy } from '../policy/policy.ts'
import type { ServePolicy, ShadowLayer } from '../policy/serving.ts'
import { labelNumber } from '../stats/label-sample.ts'
import { HitGroup } from './hit-group.ts'
import { LayerPromise } from './layer-promise.ts'
import { comparisonsIn } from './noted-comparisons.ts'
import { RouteGroup } from './route-group.ts'
import { type TrialBasis, trialBasis } from './trial-basis.ts'
import type { TrialEvent } from './trial-event.ts'
import { type TrialLine, trialLines } from './trial-lines.ts'
import { eventText, hitNumbers, routeNumbers, type TrialNumbers } from './trial-words.ts'
import { keptOf, type TrialsState } from './trials-state.ts'
import { ValidatorPromises } from './validator-promises.ts'

export type TrialsOptions = {
  readonly policy: Policy
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told once of what was proved, and of what was done about it. */
  readonly onEvent: (event: TrialEvent) => void
}

/** Which layers only watch a request. */
export type Watch = Readonly<Record<ShadowLayer, boolean>>

const watchesNothing: Watch = { exact: false, semantic: false, routes: false }

/** Features and routes are named by callers and policies: what is remembered of them has an end. */
const mostGroups = 200

/**
 * What shadow, canary and audits have found out, and what follows from it. Everything is a fold over comparisons in
 * their order, so that a checkpoint and the journal after it give it back. It only ever makes the policy stricter, but
 * for a canary whose policy says that it may be promoted by itself.
 */
export class Trials {
  readonly #options: TrialsOptions
  #policy: Policy
  #basis: TrialBasis
  #hits = new Map<string, HitGroup>()
  #routes = new Map<string, RouteGroup>()
  #promises = new Map<ShadowLayer, LayerPromise>()
  #validators = new ValidatorPromises()
  #hasActed = false
  /** False while the journal is read: what it tells was told before. */
  #isTelling = true

  constructor(options: TrialsOptions) {
    this.#options = options
    this.#policy = options.policy
    this.#basis = trialBasis(options.policy)
  }

  /** Whether audits have made anything stricter than the policy says. */
  get hasActed(): boolean {
    return this.#hasActed
  }

  /** Which layers only watch this request, under the policy that decides it. */
  watchOf({ shadow, canary }: ServePolicy, request: Request, id: string): Watch {
    if (shadow.length === 0 && canary === null && !this.#hasActed) return watchesNothing
    const isOutside = canary !== null && memberNumber(canary.by, request, id) >= canary.share
    const isWatched = (layer: ShadowLayer) =>
      shadow.includes(layer) ||
      (isOutside && canary.layers.includes(layer) && this.#promises.get(layer)?.isPromoted !== true)
    const isOff = (layer: CacheLayer) => this.#hitGroup(layer, request.feature)?.isOff === true
    return {
      exact: isWatched('exact') || isOff('exact'),
      semantic: isWatched('semantic') || isOff('semantic'),
      routes: isWatched('routes'),
    }
  }

  /** The least similarity of a hit of a feature, where audits have raised it. */
  thresholdOf(feature: string | undefined): number | null {
    return this.#hasActed ? (this.#hitGroup('semantic', feature)?.threshold ?? null) : null
  }

  isRouteOff(route: string): boolean {
    return this.#hasActed && this.#routes.get(route)?.isOff === true
  }

  /** Takes in a comparison, and does what follows from it. */
  note(comparison: Comparison): void {
    if (comparison.kind === 'hit') this.#noteHit(comparison)
    else this.#noteRoute(comparison)
    this.#notePromise(comparison)
  }

  /** What is known of each layer, feature and route. */
  lines(): readonly TrialLine[] {
    return trialLines({
      serve: this.#policy.serve,
      hits: [...this.#hits.values()],
      routes: [...this.#routes.values()],
      promises: [...this.#promises.values()],
    })
  }

  /** Undoes what audits have done to a layer, and begins to count anew: only people loosen. */
  reset(layer: ShadowLayer): void {
    this.#drop(layer)
    this.#hasActed = this.#isStricter()
  }

  /** For a checkpoint: taken between two turns, it is what the journal up to there comes to. */
  state(): TrialsState {
    return {
      v: 1,
      basis: this.#basis,
      hits: [...this.#hits.values()].map((group) => group.state()),
      routes: [...this.#routes.values()].map((group) => group.state()),
      promises: [...this.#promises.values()].map((promise) => promise.state()),
      validators: this.#validators.state(),
    }
  }

  /** Goes on from a checkpoint; called once, before all else. What was about another policy is left out. */
  restore(state: TrialsState): void {
    const { hits, routes, promises, validators } = keptOf(state, this.#basis)
    for (const each of hits)
      this.#hits.set(hitKey(each.layer, each.group), new HitGroup(each.layer, each.group, each))
    for (const each of routes) this.#routes.set(each.group, new RouteGroup(each.group, each))
    for (const each of promises) this.#promises.set(each.layer, new LayerPromise(each.layer, each))
    this.#validators = new ValidatorPromises(validators)
    if (state.basis.limits !== this.#basis.limits) this.#countAnew()
    this.#hasActed = this.#isStricter()
  }

  /** Takes in an entry of the journal that was written after the checkpoint, in its order. */
  replay(entry: Settled): void {
    this.#isTelling = false
    for (const comparison of comparisonsIn(entry.record)) this.note(comparison)
    this.#isTelling = true
  }

  /** Goes on under another policy. What audits have done stays where the layer is the same; promotions end. */
  reload(policy: Policy): void {
    const before = this.#basis
    this.#policy = policy
    this.#basis = trialBasis(policy)
    this.#promises.clear()
    for (const layer of ['exact', 'semantic', 'routes'] as const)
      if (before.layers[layer] !== this.#basis.layers[layer]) this.#drop(layer)
    if (before.limits !== this.#basis.limits) this.#countAnew()
    this.#hasActed = this.#isStricter()
  }

  #noteHit(comparison: HitComparison): void {
    const { layer } = comparison
    const { audit, shadow } = this.#policy.serve
    const group = this.#openHitGroup(layer, comparison.group)
    const action = group.note(comparison, audit, !shadow.includes(layer))
    if (action === null) return
    if (action.kind !== 'exceeded') this.#acted(layer)
    this.#tell({
      kind: action.kind,
      layer,
      group: group.name,
      limit: audit.maxWrongPerHit,
      confidence: audit.confidence,
      threshold: action.kind === 'tightened' ? group.threshold : null,
      ...hitNumbers(action.evidence),
    })
  }

  #noteRoute(comparison: RouteComparison): void {
    const { audit, shadow } = this.#policy.serve
    const group = this.#openRouteGroup(comparison.group)
    const action = group.note(comparison, audit, !shadow.includes('routes'))
    const { confidence } = audit
    for (const promoted of this.#validators.note(comparison, this.#policy, confidence)) {
      const numbers = hitNumbers(promoted.evidence)
      const { name, limit } = promoted
      this.#tell({
        kind: 'promote',
        layer: 'validator',
        group: name,
        limit,
        confidence,
        ...numbers,
      })
    }
    if (action === null) return
    if (action.kind === 'disabled') this.#acted('routes')
    this.#tell({
      kind: action.kind,
      layer: 'routes',
      group: group.name,
      limit: audit.maxLoss,
      confidence,
      ...routeNumbers(action.evidence),
    })
  }

  #notePromise(comparison: Comparison): void {
    const { canary } = this.#policy.serve
    const layer = comparison.kind === 'hit' ? comparison.layer : 'routes'
    const promotion = canary?.promote ?? null
    if (promotion === null || canary?.layers.includes(layer) !== true) return
    const promise = this.#promises.get(layer) ?? new LayerPromise(layer)
    this.#promises.set(layer, promise)
    if (!promise.note(comparison, promotion)) return
    this.#tell({
      kind: promotion.auto ? 'promoted' : 'promote',
      layer,
      group: null,
      limit: promotion.maxWrongPerHit,
      confidence: promotion.confidence,
      ...(layer === 'routes' ? routeNumbers(promise.routes) : hitNumbers(promise.hits)),
    })
  }

  #acted(layer: ShadowLayer): void {
    this.#hasActed = true
    this.#promises.get(layer)?.forget()
  }

  #tell(event: Omit<TrialEvent, 'at' | 'text' | 'threshold'> & TrialNumbers & Threshold): void {
    if (!this.#isTelling) return
    const { kind, layer, group, compared, wrong, unsettled, rate, limit, confidence } = event
    const told = {
      ...{ kind, layer, group, compared, wrong, unsettled, rate, limit, confidence },
      at: this.#options.now(),
      threshold: event.threshold ?? null,
    }
    this.#options.onEvent({ ...told, text: eventText(told) })
  }

  #hitGroup(layer: CacheLayer, feature: string | undefined): HitGroup | undefined {
    const own = this.#hits.get(hitKey(layer, feature ?? null))
    if (own !== undefined || this.#hits.size < mostGroups) return own
    return this.#hits.get(hitKey(layer, null))
  }

  /** What comes when there is no room is counted with requests that have no feature. */
  #openHitGroup(layer: CacheLayer, feature: string | null): HitGroup {
    const hasRoom = this.#hits.size < mostGroups
    const name = hasRoom || this.#hits.has(hitKey(layer, feature)) ? feature : null
    const key = hitKey(layer, name)
    const group = this.#hits.get(key) ?? new HitGroup(layer, name)
    this.#hits.set(key, group)
    return group
  }

  #openRouteGroup(route: string): RouteGroup {
    const group = this.#routes.get(route) ?? new RouteGroup(route)
    this.#routes.set(route, group)
    return group
  }

  /** Under other limits: what was done stays. */
  #countAnew(): void {
    for (const group of [...this.#hits.values(), ...this.#routes.values()]) group.forget()
    this.#validators = new ValidatorPromises()
  }

  #drop(layer: ShadowLayer): void {
    this.#promises.delete(layer)
    if (layer === 'routes') {
      this.#routes.clear()
      this.#validators = new ValidatorPromises()
    } else {
      for (const [key, group] of this.#hits) if (group.layer === layer) this.#hits.delete(key)
    }
  }

  #isStricter(): boolean {
    return (
      [...this.#hits.values()].some(({ isOff, threshold }) => isOff || threshold !== null) ||
      [...this.#routes.values()].some(({ isOff }) => isOff)
    )
  }
}

type Threshold = { readonly threshold?: number | null }

/** A feature may have any name. */
const hitKey = (layer: CacheLayer, group: string | null): string =>
  group === null ? layer : `${layer} ${group}`

/** The same for a session, or a user, for good; whoever has none is drawn request by request. */
function memberNumber(
  by: 'session' | 'user' | 'request',
  { session, user }: Request,
  id: string,
): number {
  const member = by === 'session' ? session : by === 'user' ? user : undefined
  return labelNumber('canary', member === undefined ? `request ${id}` : `${by} ${member}`)
}
