import type { CacheTerms } from '../domain/world.ts'
import type { Policy } from '../policy/policy.ts'
import type { Rung } from '../policy/routing.ts'
import { type CompiledTerms, compileTerms } from './cache-terms.ts'
import { compileRoutes, type RouteChooser } from './compile-routes.ts'
import type { RequestFacts } from './request-facts.ts'
import { type AnswerValidator, compileValidators } from './validators.ts'

/** A policy made ready to decide: patterns, rules and validators compiled once. */
export type CompiledPolicy = {
  readonly policy: Policy
  readonly terms: CompiledTerms
  readonly termsOf: (facts: RequestFacts) => CacheTerms
  readonly routeOf: RouteChooser
  readonly validatorOf: (rung: Rung) => AnswerValidator
}

export function compilePolicy(policy: Policy): CompiledPolicy {
  const validators = new Map<Rung, AnswerValidator>()
  const terms = compileTerms(policy)
  return {
    policy,
    terms,
    termsOf: (facts) => terms.termsUnder(terms.ruleOf(facts), () => facts.request),
    routeOf: compileRoutes(policy),
    validatorOf(rung) {
      const known = validators.get(rung) ?? compileValidators(rung.validators)
      validators.set(rung, known)
      return known
    },
  }
}
