import type { QueryProfile } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatShare, plural } from './numbers.ts'

export type ProfilePart = {
  readonly key: 'exact' | 'near' | 'unique'
  readonly name: string
  readonly share: number
}

/** The shares that add up to 1; without a text to compare, of what is known. */
export function profileParts({
  exactShare,
  near85Share,
  uniqueShare,
  comparable,
  compared,
}: QueryProfile): readonly ProfilePart[] {
  const exact: ProfilePart = { key: 'exact', name: 'exact repeats', share: exactShare }
  if (near85Share === null || uniqueShare === null)
    return [exact, { key: 'unique', name: 'near repeats or unique', share: 1 - exactShare }]
  const isSample = compared < comparable
  return [
    exact,
    {
      key: 'near',
      name: isSample ? 'near repeats (at least)' : 'near repeats',
      share: near85Share,
    },
    { key: 'unique', name: isSample ? 'unique (at most)' : 'unique', share: uniqueShare },
  ]
}

/** What "near" means and rests on. */
export function profileRemark(profile: QueryProfile): string {
  const { near92Share, near85Share, distinct, comparable, compared, embedder } = profile
  const prompts = `${plural(distinct, 'distinct prompt')}`
  if (near92Share === null || near85Share === null)
    return `Near repeats not measured: no text kept. ${prompts}.`
  const differing =
    comparable === distinct
      ? ''
      : `, ${formatCount(comparable)} that differ from others in the last user message alone`
  if (embedder === null) return `${prompts}${differing}.`
  const all =
    compared === comparable
      ? 'all compared'
      : `${formatCount(compared)} drawn at random and compared with each other: at least so many are near`
  return `Near: cosine ≥ 0.85 to an earlier prompt by the ${safeText(embedder)} embedder; ${formatShare(near92Share)} reach 0.92. ${prompts}${differing}, ${all}.`
}

/** "the dearest 5 of 31 clusters", and what they were found in. */
export function clustersRemark(
  { clusterCount, comparable, compared }: QueryProfile,
  shown: number,
): string {
  const clusters =
    clusterCount > shown
      ? `the dearest ${shown} of ${formatCount(clusterCount)} clusters`
      : plural(clusterCount, 'cluster')
  return compared === comparable
    ? clusters
    : `${clusters} among the ${formatCount(compared)} prompts compared`
}
