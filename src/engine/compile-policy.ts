import type { Policy } from '../policy/policy.ts'
import type { Rung } from '../policy/routing.ts'
import { compileTerms, type TermsOf } from './cache-terms.ts'
import { compileRoutes, type RouteChooser } from './compile-routes.ts'
import { type AnswerValidator, compileValidators } from './validators.ts'

/** A policy made ready to decide: patterns, rules and validators compiled once. */
export type CompiledPolicy = {
  readonly policy: Policy
  readonly termsOf: TermsOf
  readonly routeOf: RouteChooser
  readonly validatorOf: (rung: Rung) => AnswerValidator
}

export function compilePolicy(policy: Policy): CompiledPolicy {
  const validators = new Map<Rung, AnswerValidator>()
  return {
    policy,
    termsOf: compileTerms(policy),
    routeOf: compileRoutes(policy),
    validatorOf(rung) {
      const known = validators.get(rung) ?? compileValidators(rung.validators)
      validators.set(rung, known)
      return known
    },
  }
}
