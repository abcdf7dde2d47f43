import type {
  CostDiff,
  DiffResult,
  DiffRow,
  DiffSide,
  Effects,
  ModelDiff,
  OtherEffects,
  RepricedSide,
} from '../check/diff-result.ts'
import type { CheckResult } from '../check/result.ts'
import { signedShare, signedUsd } from './check-phrases.ts'
import { formatDay, formatUsd, plural } from './numbers.ts'

export const effectNames: Readonly<Record<keyof Effects, string>> = {
  price: 'price',
  volume: 'volume',
  mix: 'mix',
  tokensPerRequest: 'tokens per request',
  cache: 'cache',
  retries: 'retries',
  other: 'other',
}

/** What each of them is, for whoever meets it first. */
export const effectMeanings: Readonly<Record<keyof Effects, string>> = {
  price: 'what a token costs',
  volume: 'more or fewer requests',
  mix: 'which models and features they go to',
  tokensPerRequest: 'longer or shorter prompts and answers',
  cache: 'cached input, and answers out of a cache',
  retries: 'attempts without an answer',
  other: 'new and gone models, fees, unpriced',
}

export const otherNames: Readonly<Record<keyof OtherEffects, string>> = {
  newCells: 'new models and features',
  goneCells: 'gone models and features',
  unpriced: 'unpriced on one side',
  fees: 'fees beside tokens',
  unknown: 'calls without token counts',
}

export type Amount = { readonly name: string; readonly usd: number }

/** The effects that are any, the largest first. */
export const amountsOf = (effects: Effects): readonly (Amount & { key: keyof Effects })[] =>
  (Object.keys(effectNames) as (keyof Effects)[])
    .map((key) => ({ key, name: effectNames[key], usd: effects[key] }))
    .filter(({ usd }) => usd !== 0)
    .sort((a, b) => Math.abs(b.usd) - Math.abs(a.usd))

export const otherAmounts = (other: OtherEffects): readonly Amount[] =>
  (Object.keys(otherNames) as (keyof OtherEffects)[])
    .map((key) => ({ name: otherNames[key], usd: other[key] }))
    .filter(({ usd }) => usd !== 0)
    .sort((a, b) => Math.abs(b.usd) - Math.abs(a.usd))

/** "tokens per request +$1.20, volume +$0.30"; what is behind `other` by its own names. */
export function causeWords({ effects, other }: Pick<CostDiff, 'effects' | 'other'>): string {
  const parts = amountsOf(effects).flatMap((amount) =>
    amount.key === 'other' ? otherAmounts(other) : [amount],
  )
  const sorted = [...parts].sort((a, b) => Math.abs(b.usd) - Math.abs(a.usd))
  const shown = sorted.slice(0, mostCauses).map(({ name, usd }) => `${name} ${signedUsd(usd)}`)
  const rest = sorted.slice(mostCauses).reduce((sum, { usd }) => sum + usd, 0)
  const more = sorted.length > mostCauses ? [`the rest ${signedUsd(Number(rest.toFixed(9)))}`] : []
  return [...shown, ...more].join(', ')
}

const mostCauses = 4

/** Why a check's cost changed, in a line; nothing where it did not, or a side does not tell. */
export function causeLine({ diff }: CheckResult): string {
  const causes = diff === null ? '' : causeWords(diff)
  return causes === '' ? '' : `because: ${causes}`
}

/** What a line's difference comes from most. */
export const mainCause = ({ effects, status }: DiffRow): string =>
  status === 'both' ? (amountsOf(effects)[0]?.name ?? '') : status

/** "+$1.11 (+90%)". */
export const changeWords = ({ differenceUsd, change }: DiffResult): string =>
  differenceUsd === 0
    ? 'no difference'
    : `${signedUsd(differenceUsd)}${change === null ? '' : ` (${signedShare(change)})`}`

/** The whole in one line. */
export function diffTotal(result: DiffResult): string {
  const causes = causeWords(result)
  const because = causes === '' ? '' : `: ${causes}`
  return `total ${formatUsd(result.from.costUsd)} → ${formatUsd(result.to.costUsd)}, ${changeWords(result)}${because}`
}

/** What a side is, in pieces. */
export function sidePieces({
  name,
  period,
  requests,
  unpricedRequests,
}: DiffSide): readonly string[] {
  const [first, last] = [formatDay(period.from), formatDay(period.to)]
  const days = period.from === null ? [] : [first === last ? first : `${first} to ${last}`]
  const unpriced = unpricedRequests === 0 ? [] : [`${plural(unpricedRequests, 'request')} unpriced`]
  return [name, ...days, plural(requests, 'request'), ...unpriced]
}

/** "openai:gpt-4o"; a word where the log does not say. */
export const modelName = ({ provider, model }: Pick<ModelDiff, 'provider' | 'model'>): string => {
  const name = model ?? '(any model)'
  return provider === null ? name : `${provider}:${name}`
}

export const featureName = (feature: string | null): string => feature ?? '(no feature)'

export const rowSigns = { both: '~', new: '+', gone: '-' } as const

/** What --reprice did. */
export function repricedWords({ repriced, from, to }: DiffResult): readonly string[] {
  if (repriced === null) return []
  const words = (name: string, { requests, keptRequests, keptUsd }: RepricedSide) => {
    const kept =
      keptRequests === 0
        ? ''
        : `, ${plural(keptRequests, 'request')} kept their cost of ${formatUsd(keptUsd)}`
    return `${name}: ${requests === 0 ? 'no price differs' : `${plural(requests, 'request')} repriced`}${kept}`
  }
  return [
    `both sides at the prices in force (${repriced.prices})`,
    words(from.name, repriced.from),
    words(to.name, repriced.to),
  ]
}

/** Where each side asks questions of its own, a list of all of them as new and gone says nothing. */
export const hasCommonScenarios = ({ scenarios, scenarioCoverage }: DiffResult): boolean =>
  scenarios.length > 0 && scenarioCoverage >= 0.5
