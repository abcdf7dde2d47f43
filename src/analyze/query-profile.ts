import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import {
  type ComparedPrompts,
  comparePrompts,
  mostPrompts,
  nearerSimilarity,
  type PromptCluster,
} from './compare-prompts.ts'
import { type DistinctPrompts, distinctPrompts } from './distinct-prompts.ts'
import type { QueryProfile } from './result.ts'

/** What was found of the prompts, for the report and for the saving behind it. */
export type ProfiledPrompts = {
  readonly profile: QueryProfile
  readonly distinct: DistinctPrompts
  /** Null where there was nothing to compare. */
  readonly compared: ComparedPrompts | null
}

/** How many of the requests ask what was asked before, exactly or nearly; null where no prompt is known. */
export function profilePrompts(
  source: RequestSource,
  lookup: RequestLookup,
): ProfiledPrompts | null {
  const distinct = distinctPrompts(source, lookup, mostPrompts)
  if (distinct.requests === 0) return null
  const compared = distinct.comparable === 0 ? null : comparePrompts(distinct.drawn, lookup)
  return { profile: profileOf(distinct, compared, lookup), distinct, compared }
}

function profileOf(
  distinct: DistinctPrompts,
  compared: ComparedPrompts | null,
  lookup: RequestLookup,
): QueryProfile {
  const { requests, comparable } = distinct
  const near = nearRequests(distinct, compared)
  const clusters = compared?.clusters ?? []
  return {
    requests,
    exactShare: (requests - distinct.distinct) / requests,
    near92Share: near === null ? null : near.nearer / requests,
    near85Share: near === null ? null : near.near / requests,
    uniqueShare: near === null ? null : (distinct.distinct - near.near) / requests,
    distinct: distinct.distinct,
    comparable,
    compared: compared?.prompts.length ?? 0,
    embedder: compared?.embedder ?? null,
    clusterCount: clusters.length,
    clusters: clusters.slice(0, shownClusters).map((cluster) => shown(cluster, lookup)),
  }
}

type NearRequests = { readonly near: number; readonly nearer: number }

/**
 * Of all distinct prompts those near an earlier one, at the rate of the compared ones; null where prompts could be
 * compared and none was.
 */
function nearRequests(
  { comparable, distinct }: DistinctPrompts,
  compared: ComparedPrompts | null,
): NearRequests | null {
  if (comparable === 0) return { near: 0, nearer: 0 }
  if (compared === null) return null
  const { nearest, prompts } = compared
  const all = Math.min(comparable, distinct)
  const near = nearest.filter((each) => each !== null)
  const nearer = near.filter(({ similarity }) => similarity >= nearerSimilarity)
  const scaled = (count: number) => (count / prompts.length) * all
  return { near: scaled(near.length), nearer: scaled(nearer.length) }
}

const shownClusters = 10
const shownText = 200

const shown = ({ leader, prompts, requests, cost }: PromptCluster, lookup: RequestLookup) => ({
  example: (lookup.questionOf(leader.seq) ?? '').slice(0, shownText),
  count: requests,
  distinct: prompts,
  costUsd: usdOf(cost),
})
