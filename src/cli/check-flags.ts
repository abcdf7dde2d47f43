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
  ]
}

const atMost = (value: number): Assertion['limit'] => ({ kind: 'value', operator: '<=', value })
const atLeast = (value: number): Assertion['limit'] => ({ kind: 'value', operator: '>=', value })

/** "5%" or 0.05; more than all is a share too. */
export function shareValue(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim())
  if (match === null) throw new InvalidArgumentError('write it as 5% or 0.05')
  return Number(match[1]) / (match[2] === '%' ? 100 : 1)
}

/** "1pt" (a hundredth), "1%" or 0.01. */
export const pointsValue = (text: string): number =>
  shareValue(text.trim().replace(/\s*(?:pts?|points?)$/, '%'))
