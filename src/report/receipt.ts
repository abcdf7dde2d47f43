import { usdOf } from '../domain/money.ts'
import type { Receipt, Step, ValidatorWord } from '../domain/receipt.ts'
import { safeText } from './escape.ts'
import { formatMs, formatUsdExact, unknownMark } from './numbers.ts'

/** A receipt as one line of JSON. */
export const receiptJson = (receipt: Receipt): string => JSON.stringify(receiptValue(receipt))

/** A receipt for JSON: dollars and milliseconds, keys in a fixed order. */
export function receiptValue(receipt: Receipt): Record<string, unknown> {
  const { id, at, outcome, servedBy, steps, costNanoUsd, latencyMs, rewrites } = receipt
  return {
    v: 1,
    id,
    at: Number.isNaN(at) ? null : new Date(at).toISOString(),
    outcome,
    servedBy,
    costUsd: usdOf(costNanoUsd),
    latencyMs: round(latencyMs),
    steps: steps.map(stepJson),
    ...(rewrites !== undefined && { rewrites }),
  }
}

/** A step as JSON: money in dollars under its own name, times without float noise. */
export function stepJson({ kind, ...rest }: Step): Record<string, unknown> {
  const written: Record<string, unknown> = { kind }
  for (const [name, value] of Object.entries(rest)) {
    if (name === 'costNanoUsd') written['costUsd'] = value === null ? null : usdOf(value as number)
    else written[name] = name.endsWith('Ms') ? round(value as number) : value
  }
  return written
}

const round = (ms: number): number | null => (Number.isFinite(ms) ? Number(ms.toFixed(3)) : null)

/** A receipt for a terminal: what was done, step by step, and what it came to. */
export function receiptText(receipt: Receipt): string {
  const { id, at, outcome } = receipt
  const when = Number.isNaN(at) ? 'no date' : new Date(at).toISOString()
  return [
    `request #${id}  ${when}  ${outcome}`,
    ...stepTexts(receipt).map((text, index) => `${stepLabel(index)}${text}`),
    `  ${sumText(receipt)}`,
    '',
  ].join('\n')
}

/** "   1  ", as wide for each. */
export const stepLabel = (index: number): string => `  ${String(index + 1).padStart(2)}  `

export const stepTexts = ({ steps }: Receipt): readonly string[] =>
  steps.map((step) => safeText(stepText(step)))

/** What was changed in the request before it went on; null: nothing. */
export const rewritesText = ({ rewrites = [] }: Receipt): string | null =>
  rewrites.length === 0 ? null : safeText(`changed in the request: ${rewrites.join(', ')}`)

export const sumText = ({ costNanoUsd, latencyMs }: Receipt): string =>
  `${formatUsdExact(usdOf(costNanoUsd), 9)}  ${formatMs(latencyMs)}`

/** One step of a receipt in words; names in it are as they came. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case 'budget':
      return `budget ${step.budget}: ${step.action}`
    case 'bypass':
      return `${step.layer} cache not asked: ${step.reason}`
    case 'miss':
      return `${step.layer} cache: miss`
    case 'guarded':
      return `guard ${step.guard} spoke against an entry of similarity ${step.similarity.toFixed(4)}`
    case 'hit':
      return `${step.layer} cache: hit, the answer of #${step.entry}, similarity ${step.similarity.toFixed(4)}, ${formatMs(step.ageMs)} old`
    case 'coalesced':
      return `waited ${formatMs(step.waitMs)} for the same question of #${step.with}`
    case 'classify':
      return `${step.classifier} says ${step.label}${costText(step.costNanoUsd)}`
    case 'route':
      return `route ${step.route}: ${step.targets.join(' → ')}`
    case 'attempt':
      return `${step.target}: ${step.outcome}${step.reason === null ? '' : ` (${step.reason})`}${costText(step.costNanoUsd)}, ${formatMs(step.latencyMs)}`
    case 'validate':
      return `validators: ${step.verdict}${(step.shadow ?? []).map(shadowText).join('')}${costText(step.costNanoUsd)}`
    case 'remember':
      return `kept in the ${step.layer} cache`
  }
}

/** What one in shadow mode would have said. */
const shadowText = ({ name, verdict }: ValidatorWord): string => `, ${name} ${shadowWords[verdict]}`

const shadowWords = {
  pass: 'would pass it',
  fail: 'would reject it',
  unknown: 'could not tell',
} as const

const costText = (costNanoUsd: number | null): string =>
  `, ${costNanoUsd === null ? unknownMark : formatUsdExact(usdOf(costNanoUsd), 9)}`
