import { inTable } from '../domain/json.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { ClassifierSettings, Ladder } from '../policy/routing.ts'
import type { ReplayCase } from '../replay/case.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import type { CaseSource } from './replay-log.ts'

/** A policy that is to answer cases, with what its classifiers have learned. */
export type PlannedArm = {
  readonly compiled: CompiledPolicy
  readonly neighbours: NeighbourClassifiers
}

/** The way of a case, as far as it is known before anybody is asked. */
export type PlannedRoute = {
  /** Empty: the model that was asked. */
  readonly ladder: Ladder
  /** Models that are asked how hard the request is. */
  readonly classifiers: readonly ModelClassifier[]
}

export type ModelClassifier = Extract<ClassifierSettings, { readonly kind: 'model' }>

/**
 * Whom a policy is expected to ask about a case. What a classifier does not say at once counts as "medium", as it does
 * in a history.
 */
export function plannedRoute(
  { seenOf }: Pick<CaseSource, 'seenOf'>,
  { compiled, neighbours }: PlannedArm,
  each: ReplayCase,
): PlannedRoute {
  const { facts } = seenOf(each, compiled.policy)
  const classifiers: ModelClassifier[] = []
  for (;;) {
    const decision = compiled.routeOf(facts)
    if (decision.kind === 'routed') return { ladder: decision.ladder ?? [], classifiers }
    const settings = inTable(compiled.policy.classifiers, decision.classifier)
    if (settings?.kind === 'model') classifiers.push(settings)
    const label = neighbours.get(decision.classifier)?.(each.question)
    // Who waits for it in the run hears of its failure.
    if (label instanceof Promise) label.catch(() => undefined)
    facts.setLabel(decision.classifier, typeof label === 'string' ? label : 'medium')
  }
}
