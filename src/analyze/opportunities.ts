import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import type { AnalyzeOptions } from './options.ts'
import type { Opportunity } from './result.ts'
import { batchEligible, cheaperElsewhere, expensiveOnSimple } from './rules/elsewhere.ts'
import { exactRepeats } from './rules/exact-repeats.ts'
import { lostPromptCache, unreadCacheWrites, unusedPromptCaching } from './rules/prompt-caching.ts'
import {
  count,
  type Rule,
  type RuleColumns,
  type RuleContext,
  ratesOf,
  ruleColumns,
} from './rules/rule.ts'
import {
  failedAttempts,
  loops,
  outputOutliers,
  repeatedContext,
  truncatedAnswers,
  unreadOutput,
} from './rules/waste.ts'
import { batchPricesFor, offersFor, smallModelsFor } from './small-models.ts'
import { survey } from './survey.ts'
import { inTimeOrder } from './time-order.ts'

export type Found = {
  /** Ranked by saving. */
  readonly opportunities: readonly Opportunity[]
  readonly facts: readonly Opportunity[]
}

/** How a log's saving becomes a month's. */
export type Scale = { readonly perMonth: number; readonly totalUsd: number }

const factCount = 3
const exampleCount = 3

/** Runs every rule over the requests in time order and ranks what they found. */
export function findOpportunities(
  source: RequestSource,
  lookup: RequestLookup,
  options: AnalyzeOptions,
  scale: Scale,
): Found {
  const rates = ratesOf(source.prices)
  const context: RuleContext = { source, requests: source.count, rates, inputs: options.inputWords }
  const rules = rulesFor(source, options, rates)
  const overlaps = judgeAll(source, rules)
  const found = rules.map((rule, index) =>
    opportunityOf(rule, overlaps.sums[index] as Sum, context, scale, lookup),
  )
  const worthy = found.filter((each) => each !== null).sort(bySaving)
  const facts = chooseFacts(rules, overlaps.byMask, limitsOf(rules, overlaps.sums, worthy)).flatMap(
    (chosen) => {
      const opportunity = worthy.find((each) => each.kind === chosen.kind)
      return opportunity === undefined ? [] : [asFact(opportunity, chosen, scale)]
    },
  )
  return { opportunities: worthy, facts }
}

function rulesFor(
  source: RequestSource,
  options: AnalyzeOptions,
  rates: RuleContext['rates'],
): readonly Rule[] {
  const { profiles } = source
  const seen = survey(source)
  return [
    exactRepeats(profiles),
    unusedPromptCaching(profiles, rates),
    lostPromptCache(profiles, rates),
    unreadCacheWrites(profiles, rates, seen.readsByScope),
    expensiveOnSimple(smallModelsFor(source, options.prices), rates),
    batchEligible(profiles, batchPricesFor(source, options.prices), rates, seen.isBurst),
    failedAttempts(profiles),
    truncatedAnswers(),
    loops(),
    repeatedContext(),
    outputOutliers(seen.outputLimits),
    unreadOutput(),
    cheaperElsewhere(offersFor(source, seen.usageOf, options.prices), rates),
  ]
}

type Sum = {
  requests: number
  saving: number
  readonly examples: { seq: number; saving: number }[]
}

/**
 * Savings by the exact set of rules that apply to a request, and behind them the number of such requests: what makes
 * overlaps countable.
 */
type ByMask = ReadonlyMap<number, Float64Array>

function judgeAll(
  source: RequestSource,
  rules: readonly Rule[],
): { sums: readonly Sum[]; byMask: ByMask } {
  const sums: Sum[] = rules.map(() => ({ requests: 0, saving: 0, examples: [] }))
  const byMask = new Map<number, Float64Array>()
  const savings = new Float64Array(rules.length)
  for (const segment of inTimeOrder(source, ruleColumns)) {
    for (let row = 0; row < segment.length; row++) {
      const mask = judge(rules, segment, row, savings, sums)
      if (mask !== 0) addTo(byMask, mask, savings)
    }
  }
  return { sums, byMask }
}

/** Writes each rule's saving for one request; returns the set of rules that save something, one bit each. */
function judge(
  rules: readonly Rule[],
  columns: RuleColumns,
  row: number,
  savings: Float64Array,
  sums: readonly Sum[],
): number {
  let mask = 0
  for (let index = 0; index < rules.length; index++) {
    const saving = (rules[index] as Rule).saving(columns, row)
    savings[index] = saving
    if (saving === 0) continue
    if (saving > 0) mask |= 1 << index
    note(sums[index] as Sum, saving, columns.seq[row] as number)
  }
  return mask
}

function note(sum: Sum, saving: number, seq: number): void {
  sum.saving += saving
  if (saving < 0) return
  sum.requests++
  const { examples } = sum
  const least = examples[examples.length - 1]
  if (examples.length === exampleCount && least !== undefined && saving <= least.saving) return
  examples.push({ seq, saving })
  examples.sort((a, b) => b.saving - a.saving || a.seq - b.seq)
  if (examples.length > exampleCount) examples.pop()
}

function addTo(byMask: Map<number, Float64Array>, mask: number, savings: Float64Array): void {
  let sums = byMask.get(mask)
  if (sums === undefined) {
    sums = new Float64Array(savings.length + 1)
    byMask.set(mask, sums)
  }
  sums[savings.length] = (sums[savings.length] as number) + 1
  for (let index = 0; index < savings.length; index++) {
    if ((mask & (1 << index)) !== 0)
      sums[index] = (sums[index] as number) + (savings[index] as number)
  }
}

/** Savings below this share of all spend are noise, not advice. */
const leastShare = 0.0005

function opportunityOf(
  rule: Rule,
  sum: Sum,
  context: RuleContext,
  scale: Scale,
  lookup: RequestLookup,
): Opportunity | null {
  const savingUsd = usdOf(Math.round(sum.saving))
  if (savingUsd <= 0 || savingUsd < scale.totalUsd * leastShare) return null
  return {
    kind: rule.kind,
    ...scaled(savingUsd, scale),
    requests: sum.requests,
    ...rule.describe({ requests: sum.requests, savingNanoUsd: sum.saving }, context),
    examples: sum.examples.map(({ seq }) => lookup.textOf(seq, 'id') ?? `#${seq}`),
  }
}

export const scaled = (savingUsd: number, { perMonth, totalUsd }: Scale) => ({
  savingUsdPerMonth: roundUsd(savingUsd * perMonth),
  savingUsd,
  share: totalUsd === 0 ? 0 : savingUsd / totalUsd,
})

/** Nine decimals, as all dollars have. */
export const roundUsd = (usd: number): number => usdOf(Math.round(usd * 1e9))

export const bySaving = (a: Opportunity, b: Opportunity): number =>
  b.savingUsdPerMonth - a.savingUsdPerMonth ||
  b.savingUsd - a.savingUsd ||
  (a.kind < b.kind ? -1 : 1)

/**
 * The opportunities that save most together without counting a request twice: the largest first, then the largest on
 * the requests that are left, and so on. Their savings may be added up.
 */
function chooseFacts(
  rules: readonly Rule[],
  byMask: ByMask,
  limits: readonly number[],
): readonly Chosen[] {
  const facts: Chosen[] = []
  let taken = 0
  while (facts.length < factCount) {
    const left = rules.map((_, index) => {
      const { saving, requests } = outside(byMask, index, taken, rules.length)
      return { saving: Math.min(saving, limits[index] ?? 0), requests }
    })
    const most = Math.max(...left.map(({ saving }) => saving))
    const best = left.findIndex(({ saving }) => saving === most)
    const rule = rules[best]
    const chosen = left[best]
    if (rule === undefined || chosen === undefined || most <= 0) break
    facts.push({ kind: rule.kind, ...chosen })
    taken |= 1 << best
  }
  return facts
}

/** What each rule can bring as a fact at most: its saving after all costs, nothing where it is no opportunity. */
const limitsOf = (
  rules: readonly Rule[],
  sums: readonly Sum[],
  worthy: readonly Opportunity[],
): readonly number[] =>
  rules.map(({ kind }, index) =>
    worthy.some((each) => each.kind === kind) ? (sums[index]?.saving ?? 0) : 0,
  )

type Left = { readonly saving: number; readonly requests: number }
type Chosen = Left & { readonly kind: Rule['kind'] }

/** What a rule saves on the requests that none of the taken ones applies to. */
function outside(byMask: ByMask, index: number, taken: number, ruleCount: number): Left {
  let saving = 0
  let requests = 0
  if ((taken & (1 << index)) !== 0) return { saving, requests }
  for (const [mask, sums] of byMask) {
    if ((mask & taken) !== 0 || (mask & (1 << index)) === 0) continue
    saving += sums[index] ?? 0
    requests += sums[ruleCount] ?? 0
  }
  return { saving, requests }
}

/** The opportunity with what is left for it: less than before only where the facts above took some of its requests. */
function asFact(opportunity: Opportunity, { saving, requests }: Chosen, scale: Scale): Opportunity {
  if (requests === opportunity.requests) return opportunity
  const left = Math.min(usdOf(Math.round(saving)), opportunity.savingUsd)
  return {
    ...opportunity,
    ...scaled(left, scale),
    requests,
    evidence: `${opportunity.evidence}; here only the ${count(requests)} of these requests that no fact above has counted`,
  }
}
