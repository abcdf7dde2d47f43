import type { RouteComparison } from '../domain/comparison.ts'
import type { Policy } from '../policy/policy.ts'
import type { Route, Validator } from '../policy/routing.ts'
import { advanceHits, type HitEvidence, noHits, promiseBet } from './hit-evidence.ts'

export type ValidatorPromiseState = {
  readonly name: string
  readonly isTold: boolean
  readonly evidence: HitEvidence
}

/** A validator that may be enforced now. */
export type PromotedValidator = {
  readonly name: string
  readonly limit: number
  readonly evidence: HitEvidence
}

/**
 * Whether validators in shadow mode let too many wrong answers pass. What an audit finds worse than the strongest
 * model's answer is a wrong one; a validator that could not tell has let it pass.
 */
export class ValidatorPromises {
  readonly #known = new Map<string, ValidatorPromiseState>()

  constructor(known: readonly ValidatorPromiseState[] = []) {
    for (const each of known) this.#known.set(each.name, each)
  }

  /** Those that have kept their promise now, and not before. */
  note(
    { difference, validators }: RouteComparison,
    policy: Pick<Policy, 'routes'>,
    confidence: number,
  ): readonly PromotedValidator[] {
    if (difference !== -1) return []
    return validators.flatMap(({ name, verdict }) => {
      const limit = limitOf(policy.routes, name)
      if (limit === null) return []
      const before = this.#known.get(name) ?? { name, isTold: false, evidence: noHits }
      const bet = promiseBet({ maxWrongPerHit: limit, confidence })
      const word = { pass: 'wrong', fail: 'right', unknown: 'unsettled' } as const
      const evidence = advanceHits(before.evidence, word[verdict], bet, 'wrong')
      const isProved = evidence.bet.rejectedAt !== null
      this.#known.set(name, { name, isTold: before.isTold || isProved, evidence })
      return isProved && !before.isTold ? [{ name, limit, evidence }] : []
    })
  }

  state(): readonly ValidatorPromiseState[] {
    return [...this.#known.values()]
  }
}

/** Null: the policy has no such validator, or says nothing that could be proved. */
function limitOf(routes: readonly Route[], name: string): number | null {
  const found = routes.flatMap(validatorsOf).find((validator) => validator.name === name)
  const limit = found?.maxFalsePassRate ?? 0
  return limit > 0 && limit < 1 ? limit : null
}

function validatorsOf({ to }: Route): readonly Validator[] {
  if (to.kind === 'default') return []
  const ladders = to.kind === 'ladder' ? [to.ladder] : Object.values(to.ladders)
  return ladders.flat().flatMap(({ validators }) => validators)
}
