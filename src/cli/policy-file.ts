import { noUsage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { type ParsedPolicy, parsePolicy } from '../policy/parse-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { type PolicyProblem, problemSentence } from '../policy/problems.ts'
import type { KnownModel } from '../policy/targets.ts'
import type { PolicyWarning } from '../policy/warnings.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import { parseOverrides } from '../prices/overrides.ts'
import type { OpenPriceBook } from '../prices/price-book.ts'
import { suggestModels } from '../prices/suggest-models.ts'
import { readFileOrRef } from './read-ref.ts'

/** A policy file that was read and has no problems. */
export type LoadedPolicy = {
  readonly path: string
  readonly policy: Policy
  readonly warnings: readonly PolicyWarning[]
}

/** Reads a policy file, models checked against the price book. Throws one UserError with every problem. */
export function loadPolicy(path: string, book: OpenPriceBook): LoadedPolicy {
  const parsed = parsePolicyFile(path, book)
  if ('problems' in parsed) throw problemsError(parsed.problems, path)
  const { policy, warnings } = parsed
  // Throws for a price that nobody can read.
  parseOverrides(policy.prices, path)
  return { path, policy, warnings }
}

/** The same, with problems as a value. */
export const parsePolicyFile = (path: string, book: OpenPriceBook): ParsedPolicy =>
  parsePolicy(readFileOrRef(path, 'a policy file, e.g. the one of `llmcost policy init`'), {
    nearest: didYouMean,
    knownModel: knownModelOf(book),
  })

const oneToken = { ...noUsage, inputTokens: 1 }

/** A name is known as it stands, or as `provider:model`: names of models may hold colons themselves. */
function knownModelOf(book: OpenPriceBook): KnownModel {
  const isPriced = (model: string, provider?: string) =>
    book.price({ model, ...(provider !== undefined && { provider }) }, oneToken).kind === 'priced'
  return (name) => {
    const colon = name.indexOf(':')
    const known =
      isPriced(name) || (colon > 0 && isPriced(name.slice(colon + 1), name.slice(0, colon)))
    const [nearest] = known ? [] : suggestModels(book, name, 1)
    return { known, ...(nearest !== undefined && { nearest }) }
  }
}

/** One problem stands in the error itself, several as a list below it. */
function problemsError(problems: readonly PolicyProblem[], path: string): UserError {
  const [first] = problems
  if (first !== undefined && problems.length === 1) {
    return new UserError(problemSentence(first), {
      at: placeOf(first, path),
      ...(first.hint !== null && { hint: first.hint }),
    })
  }
  const list = problems.map((problem) => {
    const hint = problem.hint === null ? '' : `: ${problem.hint}`
    return `  ${placeOf(problem, path)}: ${problemSentence(problem)}${hint}`
  })
  return new UserError(`${problems.length} problems in ${path}\n${list.join('\n')}`, {
    hint: 'docs/policy.md describes every key, its default and its values',
  })
}

function placeOf(problem: PolicyProblem, path: string): string {
  const line = problem.line === null ? path : `${path}:${problem.line}`
  return problem.path === '' ? line : `${line} (${problem.path})`
}
