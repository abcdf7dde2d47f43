import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ParseOptions, parsePolicy } from '../../src/policy/parse-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { PolicyProblem } from '../../src/policy/problems.ts'
import { didYouMean } from '../../src/prices/did-you-mean.ts'

const folder = resolve(import.meta.dirname, '../../fixtures/policies')
export const policyText = (name: string): string => readFileSync(resolve(folder, name), 'utf8')

const options: ParseOptions = { nearest: didYouMean }

/** The policy of a text that must have no problems. */
export function policyOf(text: string): Policy {
  const parsed = parsePolicy(text, options)
  if ('problems' in parsed) throw new Error(lines(parsed.problems).join('\n'))
  return parsed.policy
}

export function warningsOf(text: string): readonly string[] {
  const parsed = parsePolicy(text, options)
  if ('problems' in parsed) throw new Error(lines(parsed.problems).join('\n'))
  return parsed.warnings.map(({ path, message }) => `${path}: ${message}`)
}

/** The problems of a text as "line path: message [value] (hint)". */
export function problemsOf(text: string, more: Partial<ParseOptions> = {}): readonly string[] {
  const parsed = parsePolicy(text, { ...options, ...more })
  return 'problems' in parsed ? lines(parsed.problems) : []
}

const lines = (problems: readonly PolicyProblem[]) =>
  problems.map(
    ({ line, path, message, value, hint }) => `${line} ${path}: ${message} [${value}] (${hint})`,
  )
