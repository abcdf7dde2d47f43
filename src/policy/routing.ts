import type { Label, When } from './when.ts'

/** A place on the ladder of models, cheap to strong. */
export type Tier = 'small' | 'medium' | 'large'

/** `provider:model` or a model alone; null where it is to be taken from the log. */
export type Tiers = Readonly<Record<Tier, string | null>>

/** The first route whose condition holds decides; without one a request goes where it was meant to. */
export type Route = {
  readonly name: string
  readonly when: When
  readonly to: RouteChoice
}

export type RouteChoice =
  /** The model that the application asked for. */
  | { readonly kind: 'default' }
  | { readonly kind: 'ladder'; readonly ladder: Ladder }
  /** One ladder for each label; a classifier that abstains says "medium". */
  | {
      readonly kind: 'classifier'
      readonly classifier: string
      readonly ladders: Readonly<Record<Label, Ladder>>
    }

/** Cheap to strong, one rung at least: an answer that a validator rejects, a failure and a timeout climb. */
export type Ladder = readonly Rung[]

export type Rung = {
  /** `provider:model`, a model alone, or a tier. */
  readonly target: string
  /** All must pass; empty takes any answer. */
  readonly validators: readonly Validator[]
  /** Null leaves the time to the timeout class. */
  readonly timeoutMs: number | null
}

/** Judges one answer, online and cheaply. `shadow` only counts what it would have rejected. */
export type Validator = {
  readonly name: string
  readonly mode: 'shadow' | 'enforce'
  /** It may be promoted to `enforce` when the bound of its false-pass rate is below this. */
  readonly maxFalsePassRate: number
  readonly test: ValidatorTest
}

export type ValidatorTest =
  /** Characters of the answer without white space around it. */
  | { readonly kind: 'length'; readonly min: number | null; readonly max: number | null }
  /** Rejects answers with a phrase, in any case, that are shorter than `belowCharacters` (null: of any length). */
  | { readonly kind: 'hedge'; readonly phrases: Phrases; readonly belowCharacters: number | null }
  | { readonly kind: 'refusal'; readonly phrases: Phrases; readonly belowCharacters: number | null }
  | { readonly kind: 'finish-reason'; readonly accept: readonly string[] }
  | { readonly kind: 'json' }
  | { readonly kind: 'json-schema'; readonly schema: unknown }
  /** `must`: the answer holds a match, or must not hold one. */
  | { readonly kind: 'regex'; readonly pattern: string; readonly must: 'match' | 'not-match' }
  /** Similarity of question and answer, by the policy's embedder. */
  | { readonly kind: 'relevance'; readonly minSimilarity: number }
  /** The target says CONFIDENT or UNSURE of the answer. */
  | { readonly kind: 'self-check'; readonly target: string }
  | { readonly kind: 'judge'; readonly target: string; readonly prompt: string | null }
  /** Mean log-probability of the answer's tokens. */
  | { readonly kind: 'log-probability'; readonly minMean: number }
  /** Question and answer as JSON on its standard input; exit code 0 passes. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly timeoutMs: number }

/** `default` is the built-in list. */
export type Phrases = readonly string[] | 'default'

/** By name; the presets' names are taken. */
export type Classifiers = Readonly<Record<string, ClassifierSettings>>

export type ClassifierSettings =
  | { readonly kind: 'preset'; readonly preset: ClassifierPreset }
  /** The nearest rows of evidence vote on whether a cheaper tier suffices. */
  | {
      readonly kind: 'knn'
      /** Files with scores per model; empty takes the policy's `evidence`. */
      readonly evidence: readonly string[]
      readonly neighbours: number
      readonly embedder: string
      /** Predicted share of right answers from which a tier suffices. */
      readonly minQuality: number
    }
  /** A small model answers one word of simple, medium, hard; anything else is "medium". */
  | {
      readonly kind: 'model'
      readonly target: string
      /** Asked only where this preset abstains; null asks for every request. */
      readonly after: ClassifierPreset | null
      readonly maxTokens: number
    }

export const classifierPresets = ['length', 'signals', 'keywords', 'three-way'] as const
export type ClassifierPreset = (typeof classifierPresets)[number]

/** The routing presets: those of the classifiers, and `cascade`. */
export const routePresetNames = [...classifierPresets, 'cascade'] as const
export type RoutePresetName = (typeof routePresetNames)[number]

/** Requests of one session, or trace, stay where the first of them went. */
export const stickyWords = ['none', 'session', 'trace'] as const
export type Sticky = (typeof stickyWords)[number]

/** The first two rungs at once: the cheap one wins if its validators pass in time. Both are billed. */
export type Speculative =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly withinMs: number }
