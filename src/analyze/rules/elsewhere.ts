import { type Column, orZero } from '../../domain/columns.ts'
import { difficultyShift, flag, type Profile } from '../../domain/row.ts'
import { standardTiers } from '../../prices/price-rules.ts'
import { usageAt } from '../../worlds/model-costs.ts'
import type { CostsAt } from '../options.ts'
import {
  commandWith,
  count,
  counted,
  promptTokensOf,
  type Rates,
  type Rule,
  type RuleColumns,
  tokenCostOf,
} from './rule.ts'

/** Another model to ask, and what requests cost there when they are served in the same way. */
export type Alternative = { readonly target: string; readonly costOf: CostsAt }

/** The same model at another provider, and at the one that was asked. */
export type Offer = Alternative & { readonly ownCostOf: CostsAt }

/** One model in the way it was asked, and by its batch service. */
export type BatchPrices = { readonly costOf: CostsAt; readonly batchCostOf: CostsAt }

const simple = 1
/** A prompt up to this long counts as short. */
const shortPromptTokens = 2000

/** Requests the `signals` preset calls simple, on a model that costs over three times the small one. */
export function expensiveOnSimple(
  smallFor: readonly (Alternative | undefined)[],
  rates: Rates,
): Rule {
  const targets = new Set<string>()
  return {
    kind: 'expensive-model-on-simple',
    saving(columns, row) {
      const small = smallFor[columns.profile[row] as number]
      const flags = columns.flags[row] as number
      if (small === undefined || ((flags >>> difficultyShift) & 3) !== simple) return 0
      if ((flags & (flag.hasTools | flag.hasImages | flag.servedFromCache)) !== 0) return 0
      if (promptTokensOf(columns, row) > shortPromptTokens) return 0
      const saving = savingAt(small, columns, row, rates)
      if (saving <= 0) return 0
      targets.add(small.target)
      return saving
    },
    describe: ({ requests }, { requests: all, inputs }) => ({
      title: `${count(requests)} of ${count(all)} requests ${requests === 1 ? 'is' : 'are'} short and simple, yet went to an expensive model`,
      evidence: `by the \`signals\` preset (factoid, greeting or command under 60 characters; prompt ≤ ${count(shortPromptTokens)} tokens), priced at ${[...targets].sort().join(', ')}`,
      caveat:
        'quality on the smaller model is unmeasured, and tokens are taken to be the same there',
      command: commandWith('analyze', [inputs, '--by model,feature'].filter(Boolean).join(' ')),
    }),
  }
}

/** The same model at another provider in the price book. */
export function cheaperElsewhere(offers: readonly (Offer | undefined)[], rates: Rates): Rule {
  const targets = new Set<string>()
  return {
    kind: 'cheaper-elsewhere',
    saving(columns, row) {
      const offer = offers[columns.profile[row] as number]
      if (offer === undefined) return 0
      const then = savingAt(offer, columns, row, rates)
      const saving = then <= 0 ? 0 : Math.min(then, savingNow(offer, columns, row))
      if (saving <= 0) return 0
      targets.add(offer.target)
      return saving
    },
    describe: ({ requests }) => ({
      title: `${counted(requests, 'request asks', 'requests ask')} for models that another provider offers cheaper`,
      evidence: `list prices of ${[...targets].sort().slice(0, 3).join(', ')}`,
      caveat:
        'check quantisation, context length, rate limits, data location and your contract prices before you move',
      command: commandWith('prices', [...targets].sort()[0]?.split(':').slice(1).join(':') ?? ''),
    }),
  }
}

/** What a request cost less what the same tokens would have cost at another model at that time; 0 if unknown. */
function savingAt(
  { costOf }: Alternative,
  columns: RuleColumns,
  row: number,
  rates: Rates,
): number {
  const paid = tokenCostOf(columns, row, rates)
  if (paid <= 0 || !isPricedAsText(columns, row, rates)) return 0
  const there = costOf(usageAt(columns, row), columns.at[row] as number)
  return there === null ? 0 : paid - there
}

/**
 * What asking elsewhere would save by the prices of now. Books tell the history of one seller's price and not of
 * another's: a model that was cut everywhere was not cheaper there before.
 */
function savingNow({ costOf, ownCostOf }: Offer, columns: RuleColumns, row: number): number {
  const usage = usageAt(columns, row)
  const here = ownCostOf(usage, Number.NaN)
  const there = costOf(usage, Number.NaN)
  return here === null || there === null ? Number.POSITIVE_INFINITY : here - there
}

/** Half a nano-dollar of rounding, and the noise of floating point. */
const roundingNano = 0.51

/** False where sound or pictures have prices of their own: the tokens alone then do not say what they cost elsewhere. */
function isPricedAsText(columns: RuleColumns, row: number, rates: Rates): boolean {
  const price = columns.price[row] as number
  if (price === 0 || rates.isLogged[price] === 1) return true
  const agrees = (cost: Column, tokens: Column, rate: Float64Array) =>
    Math.abs(orZero(cost[row]) - (tokens[row] as number) * (rate[price] as number)) < roundingNano
  return (
    agrees(columns.costInput, columns.inputTokens, rates.input) &&
    agrees(columns.costCacheRead, columns.cacheReadTokens, rates.cacheRead) &&
    ((columns.reasoningTokens[row] as number) > 0 ||
      agrees(columns.costOutput, columns.outputTokens, rates.output))
  )
}

/** Batch endpoints of these cost half (their price pages; docs/methods.md): for models that the book does not know. */
const batchShare = 0.5
const batchProviders: ReadonlySet<string> = new Set(['openai', 'anthropic', 'google', 'azure'])
const batchWords =
  /batch|bulk|nightly|offline|backfill|cron|index|embed|enrich|import|export|eval|digest|report|descriptions?/i
/** Requests in one minute without user or session that count as a burst. */
export const burstRequests = 30

/** Requests that nobody waits for, not yet sent through a batch endpoint. */
export function batchEligible(
  profiles: readonly Profile[],
  prices: readonly (BatchPrices | undefined)[],
  rates: Rates,
  isBurst: (columns: RuleColumns, row: number) => boolean,
): Rule {
  const words = profiles.map((profile) =>
    batchWords.test([profile.feature, profile.task, profile.tags].join(' ')),
  )
  const open = profiles.map(
    ({ provider, serviceTier, speed, status }) =>
      status === 'ok' &&
      batchProviders.has(provider ?? '') &&
      standardTiers.has(serviceTier?.toLowerCase() ?? '') &&
      (speed === null || speed.toLowerCase() === 'standard'),
  )
  const found = { words: 0, bursts: 0 }
  return {
    kind: 'batch-eligible',
    saving(columns, row) {
      const profile = columns.profile[row] as number
      const flags = columns.flags[row] as number
      if (open[profile] !== true || (flags & (flag.streamed | flag.servedFromCache)) !== 0) return 0
      if (!Number.isNaN(columns.session[row] as number)) return 0
      const named = words[profile] === true
      if (!named && !isBurst(columns, row)) return 0
      const saving = tokenCostOf(columns, row, rates) * savedShareOf(prices[profile], columns, row)
      if (saving <= 0) return 0
      if (named) found.words++
      else found.bursts++
      return saving
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'request')} that nobody waits for could go through a batch endpoint, at its lower price`,
      evidence: `no session, not streamed; ${count(found.words)} by the name of their feature, task or tags, ${count(found.bursts)} in bursts of ≥ ${burstRequests} a minute without a user`,
      caveat: 'a batch may take up to 24 hours',
      command: commandWith('analyze', [inputs, '--by feature,hour'].filter(Boolean).join(' ')),
    }),
  }
}

/** The share of its tokens' cost that a request would not have cost in a batch at that time. */
function savedShareOf(prices: BatchPrices | undefined, columns: RuleColumns, row: number): number {
  const usage = usageAt(columns, row)
  const at = columns.at[row] as number
  const alone = prices?.costOf(usage, at) ?? null
  const batched = prices?.batchCostOf(usage, at) ?? null
  if (alone === null || batched === null) return batchShare
  return alone === 0 ? 0 : Math.max(0, 1 - batched / alone)
}
