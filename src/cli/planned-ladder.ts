import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { Ladder } from '../policy/routing.ts'
import type { ReplayCase } from '../replay/case.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import type { CaseSource } from './replay-log.ts'

/** A policy that is to answer cases, with what its classifiers have learned. */
export type PlannedArm = {
  readonly compiled: CompiledPolicy
  readonly neighbours: NeighbourClassifiers
}

/**
 * Whom a policy is expected to ask about a case; empty: the model that was asked. What a classifier does not say at once
 * counts as "medium", as it does in a history.
 */
export function plannedLadder(
  { seenOf }: Pick<CaseSource, 'seenOf'>,
  { compiled, neighbours }: PlannedArm,
  each: ReplayCase,
): Ladder {
  const { facts } = seenOf(each, compiled.policy)
  for (;;) {
    const decision = compiled.routeOf(facts)
    if (decision.kind === 'routed') return decision.ladder ?? []
    const label = neighbours.get(decision.classifier)?.(each.question)
    // Who waits for it in the run hears of its failure.
    if (label instanceof Promise) label.catch(() => undefined)
    facts.setLabel(decision.classifier, typeof label === 'string' ? label : 'medium')
  }
}
