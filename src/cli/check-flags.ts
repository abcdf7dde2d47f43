import { InvalidArgumentError } from 'commander'
import type { Assertion } from '../policy/governance.ts'
import type { FilterFlags, InputFlags } from './common-options.ts'

export const checkFormats = ['terminal', 'json', 'markdown', 'junit', 'github'] as const
export type CheckFormat = (typeof checkFormats)[number]

export type CheckFlags = InputFlags &
  FilterFlags & {
    readonly policy?: string
    readonly save?: string
    readonly baseline?: string
    readonly exact?: boolean
    readonly reprice?: boolean
    readonly maxIncrease?: number
    readonly maxCostPerRequest?: number
    readonly minHitRate?: number
    readonly maxQualityDrop?: number
    readonly assert?: readonly Assertion[]
    readonly format?: CheckFormat
  }

/** The assertions that flags state, each in place of one of the file's on the same figure. */
export function flagAssertions(flags: CheckFlags): readonly Assertion[] {
  const { maxIncrease, maxCostPerRequest, minHitRate, maxQualityDrop } = flags
  const made = (name: string, metric: string, limit: Assertion['limit']): Assertion => ({
    name,
    metric,
    where: {},
    limit,
    level: 'error',
  })
  return [
    ...(maxIncrease === undefined
      ? []
      : [made('cost increase', 'cost', { kind: 'increase', maxShare: maxIncrease })]),
    ...(maxCostPerRequest === undefined
      ? []
      : [made('cost per request', 'costPerRequestUsd', atMost(maxCostPerRequest))]),
    ...(minHitRate === undefined ? [] : [made('hit rate', 'hitRate', atLeast(minHitRate))]),
    ...(maxQualityDrop === undefined
      ? []
      : [made('quality', 'qualityDelta', atLeast(-maxQualityDrop))]),
    ...(flags.assert ?? []),
  ]
}

const atMost = (value: number): Assertion['limit'] => ({ kind: 'value', operator: '<=', value })
const atLeast = (value: number): Assertion['limit'] => ({ kind: 'value', operator: '>=', value })

const number = String.raw`\d+(?:\.\d*)?|\.\d+`
const assertionForm = new RegExp(
  String.raw`^([\w.]+)\s*(?:(<=|>=|<|>|=)\s*(-?(?:${number}))(%?)|([+-])(${number})%)(?:\s+where\s+(.+))?$`,
)

/**
 * An assertion in a line: "latencyMs.p95 <= 2000", against the baseline "totals.inputTokens +5%" or "hitRate -10%", and
 * narrowed, "costUsd <= 10 where team=red, model=gpt-4o".
 */
export function assertionValue(
  text: string,
  previous: readonly Assertion[] = [],
): readonly Assertion[] {
  const match = assertionForm.exec(text.trim())
  if (match === null)
    throw new InvalidArgumentError(
      'write it as "latencyMs.p95 <= 2000", "totals.inputTokens +5%" or "hitRate -10% where team=red"',
    )
  const [, metric = '', operator, value, percent, sign, share, where = ''] = match
  const limit = (
    operator === undefined
      ? limitOf(sign === '+' ? 'increase' : 'decrease', Number(share) / 100)
      : { kind: 'value', operator, value: Number(value) / (percent === '%' ? 100 : 1) }
  ) as Assertion['limit']
  return [...previous, { name: metric, metric, where: conditionsOf(where), limit, level: 'error' }]
}

const limitOf = (kind: 'increase' | 'decrease', maxShare: number) => ({ kind, maxShare })

function conditionsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text === '' ? [] : text.split(',').map((each) => each.trim().split('='))
  if (pairs.some(([field, ...value]) => !field || value.length === 0))
    throw new InvalidArgumentError('write conditions as FIELD=VALUE, several by commas')
  return Object.fromEntries(pairs.map(([field, ...value]) => [field, value.join('=')]))
}

/** "5%" or 0.05. More than all is written in percent: a plain 5 was hardly meant to be 500%. */
export function shareValue(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim())
  if (match === null) throw new InvalidArgumentError('write it as 5% or 0.05')
  const [, digits = '', percent] = match
  if (percent === '%') return Number(digits) / 100
  if (Number(digits) > 1) throw new InvalidArgumentError(`did you mean ${digits}%?`)
  return Number(digits)
}

/** "1pt" (a hundredth), "1%" or 0.01. */
export function pointsValue(text: string): number {
  const plain = text.trim()
  if (Number(plain) >= 1) throw new InvalidArgumentError(`did you mean ${plain}pt?`)
  return shareValue(plain.replace(/\s*(?:pts?|points?)$/, '%'))
}
