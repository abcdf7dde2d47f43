import { randomFrom, shuffle } from '../stats/random.ts'
import type { ReplayCase } from './case.ts'

type Clustered = Pick<ReplayCase, 'cluster'>

/**
 * A sample with the cases of each cluster next to each other, the clusters in random order, whatever their sizes: a
 * sequence bets on a cluster at once, since what its members say they say together. Where no cluster has two the order
 * stays.
 */
export function byCluster<Case extends Clustered>(
  sample: readonly Case[],
  seed: string,
): readonly Case[] {
  const clusters = new Map<string, Case[]>()
  for (const each of sample) {
    const known = clusters.get(each.cluster)
    if (known === undefined) clusters.set(each.cluster, [each])
    else known.push(each)
  }
  if (clusters.size === sample.length) return sample
  // By name first: in the order in which they were met the large ones would lead.
  const names = [...clusters.keys()].sort()
  shuffle(names, randomFrom(`${seed} clusters`))
  return names.flatMap((name) => clusters.get(name) ?? [])
}

/** The weights of a sample's clusters: of the heaviest, and of all by the mean. */
export function clusterWeights<Case extends Clustered>(
  sample: readonly Case[],
  weightOf: (each: Case) => number,
): { readonly heaviest: number; readonly mean: number } {
  const weights = new Map<string, number>()
  for (const each of sample)
    weights.set(each.cluster, (weights.get(each.cluster) ?? 0) + weightOf(each))
  let heaviest = 0
  let sum = 0
  for (const weight of weights.values()) {
    heaviest = Math.max(heaviest, weight)
    sum += weight
  }
  return { heaviest, mean: sum / Math.max(1, weights.size) }
}
