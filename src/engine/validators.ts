import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { ValidatorWord } from '../domain/receipt.ts'
import type { Validator } from '../policy/routing.ts'
import {
  type AnswerTest,
  type AskedTest,
  compileTest,
  type Judged,
  type Verdict,
} from './answer-tests.ts'

/** What somebody else said, and what asking took. */
export type AskedVerdict = {
  readonly verdict: Verdict
  readonly costNanoUsd: NanoUsd
  readonly latencyMs: number
}

/** Live these ask; on history they look up what is stored and say 'unknown' for the rest. */
export type Asks = (test: AskedTest, judged: Judged) => Promise<AskedVerdict>

export type Validation = {
  /** 'unknown' where nothing rejects and something could not be told. */
  readonly verdict: Verdict
  /** The enforced validator that rejected, or null. */
  readonly failed: string | null
  /** Enforced validators that could not tell. */
  readonly unknown: readonly string[]
  /** What validators in shadow mode would have done; they decide nothing. */
  readonly shadow: readonly ValidatorWord[]
  readonly costNanoUsd: NanoUsd
  readonly latencyMs: number
}

/** The validators of a rung, made ready. */
export type AnswerValidator = (judged: Judged, asks: Asks) => Promise<Validation>

/**
 * Compiles validators to one that judges an answer. Free tests come first, the others in the order
 * listed, and after a rejection nobody is asked any more, shadow validators included.
 */
export function compileValidators(validators: readonly Validator[]): AnswerValidator {
  const compiled = validators.map(compile)
  const ordered = [...compiled.filter(isFree), ...compiled.filter((each) => !isFree(each))]
  return async (judged, asks) => {
    const found: Found = { failed: null, unknown: [], shadow: [], cost: 0, latencyMs: 0 }
    for (const { validator, test } of ordered) {
      if (test.kind === 'free') note(found, validator, test.of(judged))
      else if (found.failed === null) {
        const { verdict, costNanoUsd, latencyMs } = await asks(test.test, judged)
        found.cost += costNanoUsd
        found.latencyMs += latencyMs
        note(found, validator, verdict)
      }
    }
    return validationOf(found)
  }
}

type Compiled = { readonly validator: Validator; readonly test: AnswerTest }

const compile = (validator: Validator): Compiled => ({
  validator,
  test: compileTest(validator.test),
})

const isFree = ({ test }: Compiled): boolean => test.kind === 'free'

type Found = {
  failed: string | null
  readonly unknown: string[]
  readonly shadow: ValidatorWord[]
  cost: number
  latencyMs: number
}

function note(found: Found, { name, mode }: Validator, verdict: Verdict): void {
  if (mode === 'shadow') found.shadow.push({ name, verdict })
  else if (verdict === 'fail') found.failed ??= name
  else if (verdict === 'unknown') found.unknown.push(name)
}

function validationOf({ failed, unknown, shadow, cost, latencyMs }: Found): Validation {
  const verdict = failed !== null ? 'fail' : unknown.length > 0 ? 'unknown' : 'pass'
  return { verdict, failed, unknown, shadow, costNanoUsd: cost as NanoUsd, latencyMs }
}

/** The verdict where nobody was asked. */
export const unasked: AskedVerdict = { verdict: 'unknown', costNanoUsd: zeroNanoUsd, latencyMs: 0 }
