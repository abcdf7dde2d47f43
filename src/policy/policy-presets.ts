import { inTable } from '../domain/json.ts'
import type { PolicyPatch } from './merge-policy.ts'
import { seconds } from './values.ts'

/** A start for the cache of one kind of traffic. */
export type PolicyPreset = {
  readonly says: string
  /** Thresholds and hit rates that others publish, from low to high. They were found with other embedders. */
  readonly publishedThresholds: readonly [number, number]
  readonly publishedHitRates: readonly [number, number] | null
  /** As it would stand under `cache:`. */
  readonly cache: {
    readonly semantic: 'off' | { readonly threshold: number; readonly ttl?: string }
    readonly exact?: { readonly ttl: string }
  }
}

export const policyPresetNames = [
  'strict',
  'factual',
  'product',
  'low-stakes',
  'bulk-templates',
  'knowledge-base',
] as const
export type PolicyPresetName = (typeof policyPresetNames)[number]

/**
 * `cache.preset`. Thresholds do not transfer between embedders, so these are where to begin
 * measuring, not where to end.
 */
export const policyPresets: Readonly<Record<PolicyPresetName, PolicyPreset>> = {
  strict: {
    says: 'legal, medical, financial: only equal questions share an answer',
    publishedThresholds: [0.97, 0.99],
    publishedHitRates: [0.1, 0.2],
    cache: { semantic: 'off' },
  },
  factual: {
    says: 'questions of fact',
    publishedThresholds: [0.9, 0.92],
    publishedHitRates: null,
    cache: { semantic: { threshold: 0.92 } },
  },
  product: {
    says: 'questions about a product',
    publishedThresholds: [0.92, 0.95],
    publishedHitRates: [0.35, 0.5],
    cache: { semantic: { threshold: 0.94 } },
  },
  'low-stakes': {
    says: 'small talk and suggestions, where close but wrong does little harm',
    publishedThresholds: [0.85, 0.9],
    publishedHitRates: [0.5, 0.7],
    cache: { semantic: { threshold: 0.88 } },
  },
  'bulk-templates': {
    says: 'texts from one template',
    publishedThresholds: [0.88, 0.88],
    publishedHitRates: null,
    cache: { semantic: { threshold: 0.88 } },
  },
  'knowledge-base': {
    says: 'questions to documents that change rarely',
    publishedThresholds: [0.94, 0.94],
    publishedHitRates: null,
    cache: { semantic: { threshold: 0.94, ttl: '30d' }, exact: { ttl: '30d' } },
  },
}

/** What a name says; undefined for any other word. */
export const policyPreset = (name: string): PolicyPreset | undefined => inTable(policyPresets, name)

/** The same as a patch of a policy. */
export function presetPatch(name: PolicyPresetName): PolicyPatch {
  const { exact, semantic } = policyPresets[name].cache
  const ttl = (text: string | undefined) =>
    text === undefined ? {} : { ttlSeconds: seconds.parse(text) }
  return {
    cache: {
      exact: ttl(exact?.ttl),
      semantic:
        semantic === 'off'
          ? { on: false }
          : { on: true, threshold: semantic.threshold, ...ttl(semantic.ttl) },
    },
  }
}
