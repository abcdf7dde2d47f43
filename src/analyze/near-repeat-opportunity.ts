import type { RequestLookup } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { type GuardFacts, guardFacts, guardPair } from '../engine/guards.ts'
import { guardNames } from '../policy/caching.ts'
import { type ComparedPrompts, nearerSimilarity } from './compare-prompts.ts'
import type { DrawnPrompt } from './distinct-prompts.ts'
import { type Scale, scaled } from './opportunities.ts'
import type { ProfiledPrompts } from './query-profile.ts'
import type { Opportunity } from './result.ts'
import { commandWith, count, percent } from './rules/rule.ts'

/** Prompts that differ little from an earlier one: what answering them from a cache would have saved. */
export function nearRepeatOpportunity(
  { distinct, compared }: ProfiledPrompts,
  lookup: RequestLookup,
  scale: Scale,
  inputs: string,
): Opportunity | null {
  if (compared === null) return null
  const repeats = nearRepeats(compared)
  const { judged, alike } = guarded(repeats, lookup)
  const alikeCost = costOf(alike)
  if (alikeCost === 0) return null
  const nearShare = (repeats.length / compared.prompts.length) * (alike.length / judged.length)
  const costShare = (costOf(repeats) / costOf(compared.prompts)) * (alikeCost / costOf(judged))
  const requests = Math.round(nearShare * distinct.comparable)
  const savingUsd = usdOf(Math.round(costShare * distinct.comparableCost))
  return {
    kind: 'near-repeats',
    title: `${count(requests)} of ${count(distinct.requests)} requests (${percent(requests / distinct.requests)}) nearly ${requests === 1 ? 'repeats' : 'repeat'} an earlier one`,
    ...scaled(savingUsd, scale),
    requests,
    evidence: `cosine ≥ ${nearerSimilarity} by the ${compared.embedder} embedder, same model, system prompt, parameters and namespace, equal numbers, names and negations; exact repeats are not in it${sampled(compared, distinct.comparable)}`,
    caveat:
      'alike in words is not yet the same question: how often such an answer would be wrong is unmeasured',
    command: commandWith('analyze', [inputs, '--by feature'].filter(Boolean).join(' ')),
    examples: alike.slice(0, 3).map(({ seq }) => lookup.textOf(seq, 'id') ?? `#${seq}`),
  }
}

type NearRepeat = DrawnPrompt & { readonly earlier: DrawnPrompt }

/** In the order they were drawn. */
const nearRepeats = ({ prompts, nearest }: ComparedPrompts): readonly NearRepeat[] =>
  prompts.flatMap((prompt, index) => {
    const near = nearest[index] ?? null
    return near === null || near.similarity < nearerSimilarity
      ? []
      : [{ ...prompt, earlier: near.prompt }]
  })

/** What came first was drawn at random: the guards' share of these pairs is that of all. */
const mostJudged = 500
/** Of longer texts the embedder reads no more either. */
const charactersJudged = 2500

/** Pairs that no guard tells apart, of those judged. */
function guarded(
  repeats: readonly NearRepeat[],
  lookup: RequestLookup,
): { readonly judged: readonly NearRepeat[]; readonly alike: readonly NearRepeat[] } {
  const known = new Map<number, GuardFacts>()
  const factsOf = ({ seq }: DrawnPrompt): GuardFacts => {
    const facts =
      known.get(seq) ?? guardFacts((lookup.questionOf(seq) ?? '').slice(0, charactersJudged))
    known.set(seq, facts)
    return facts
  }
  const judged = repeats.slice(0, mostJudged)
  const alike = judged.filter(
    (repeat) => guardPair(factsOf(repeat), factsOf(repeat.earlier), guardNames) === null,
  )
  return { judged, alike }
}

/** Nano-dollars of the first request of each. */
const costOf = (prompts: readonly DrawnPrompt[]): number =>
  prompts.reduce((sum, { firstCost }) => sum + firstCost, 0)

function sampled({ prompts }: ComparedPrompts, comparable: number): string {
  return prompts.length === comparable
    ? ''
    : `; ${count(prompts.length)} of ${count(comparable)} prompts compared, so at least so many`
}
