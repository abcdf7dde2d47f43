import * as z from 'zod'
import { type FileValidator, validator } from './file-validators.ts'
import { when } from './file-when.ts'
import {
  type ClassifierSettings,
  classifierPresets,
  type RoutePresetName,
  type Rung,
  routePresetNames,
  type Speculative,
  type Tiers,
} from './routing.ts'
import { defaulted, optional, required, section } from './section.ts'
import {
  listOf,
  milliseconds,
  nullable,
  oneOf,
  onOff,
  orOff,
  positive,
  recordOf,
  share,
  text,
} from './values.ts'
import type { Label, When } from './when.ts'

/** A rung whose validators may be names of `validators`. */
export type FileRung = Omit<Rung, 'validators'> & {
  readonly validators: readonly (string | FileValidator)[]
}

/** A list of rungs, or the name of one in `ladders`. */
export type FileLadder = string | readonly FileRung[]

/** One route, or a preset that stands for one. Exactly one of the last five says where to. */
export type FileRoute = {
  readonly name?: string
  readonly when: When
  readonly ladder?: FileLadder
  readonly classifier?: string
  readonly ladders?: Readonly<Partial<Record<Label, FileLadder>>>
  readonly default?: true
  readonly preset?: RoutePresetName
}

const rungSection = section<FileRung>({
  target: required(text, '`provider:model`, a model alone, or small, medium, large.'),
  validators: defaulted(
    listOf(z.union([text, validator])),
    [],
    'Names of `validators`, or validators; all must pass.',
  ),
  timeoutMs: defaulted(orOff(milliseconds), null, 'Off: as the timeout class says.', {
    name: 'timeout',
  }),
})

const rung: z.ZodType<FileRung> = z.codec(z.union([text, rungSection]), z.custom<FileRung>(), {
  decode: (written) =>
    typeof written === 'string' ? { target: written, validators: [], timeoutMs: null } : written,
  encode: (value) =>
    value.validators.length === 0 && value.timeoutMs === null ? value.target : value,
})

const rungs = z.array(rung).min(1).meta({ id: 'ladder' })
export const ladders = recordOf(rungs as z.ZodType<readonly FileRung[]>)
const ladder: z.ZodType<FileLadder> = z.union([rungs, text])

const laddersByLabel = section<Partial<Record<Label, FileLadder>>>({
  simple: optional(ladder, 'Default: [small].'),
  medium: optional(ladder, 'Default: [medium]. Also where the classifier abstains.'),
  hard: optional(ladder, 'Default: [large].'),
})

const choices = ['ladder', 'classifier', 'default', 'preset'] as const

const routeSection = section<FileRoute>({
  name: optional(text, 'What its requests are counted under.'),
  when: defaulted(when, {}, 'The condition; none: every request.'),
  ladder: optional(ladder, 'Targets from cheap to strong, or a name of `ladders`.'),
  classifier: optional(text, 'Chooses by label: a name of `classifiers`, or a preset.'),
  ladders: optional(laddersByLabel, 'The ladder for each label of the classifier.'),
  default: optional(z.literal(true), 'The model that the application asked for.'),
  preset: optional(oneOf(routePresetNames), 'A routing preset.'),
})

/** A route must say one thing about where to. */
export const route: z.ZodType<FileRoute> = routeSection.superRefine((value, context) => {
  const said = choices.filter((choice) => value[choice] !== undefined)
  const hint = `give it one of ${choices.join(', ')}`
  const problem = (message: string) =>
    context.addIssue({ code: 'custom', message, params: { hint } })
  if (said.length === 0) problem('does not say where to')
  if (said.length > 1) problem(`says where to in ${said.length} ways: ${said.join(', ')}`)
  if (value.ladders !== undefined && value.classifier === undefined)
    problem('has `ladders` without `classifier`')
})

export const tiers = section<Tiers>({
  small: defaulted(nullable(text), null, 'The cheapest model worth asking; none: from the log.'),
  medium: defaulted(nullable(text), null, 'The one between.'),
  large: defaulted(nullable(text), null, 'The strongest.'),
})

type OfKind<Kind extends ClassifierSettings['kind']> = Extract<
  ClassifierSettings,
  { readonly kind: Kind }
>

export const classifier: z.ZodType<ClassifierSettings> = z.discriminatedUnion('kind', [
  section<OfKind<'preset'>>({
    kind: required(z.literal('preset'), 'A built-in heuristic.'),
    preset: required(oneOf(classifierPresets), 'Which one.'),
  }),
  section<OfKind<'knn'>>({
    kind: required(z.literal('knn'), 'The nearest rows of evidence vote.'),
    evidence: defaulted(listOf(text), [], "Files with scores by model; none: the policy's."),
    neighbours: defaulted(positive, 20, 'How many rows vote.'),
    embedder: defaulted(text, 'static', 'What measures nearness.'),
    minQuality: defaulted(share, 0.9, 'Predicted share of right answers that suffices.'),
  }),
  section<OfKind<'model'>>({
    kind: required(z.literal('model'), 'A small model says simple, medium or hard.'),
    target: defaulted(text, 'small', '`provider:model`, or a tier.'),
    after: defaulted(
      orOff(oneOf(classifierPresets)),
      'signals',
      'Asked only where this preset abstains; off: always.',
    ),
    maxTokens: defaulted(positive, 10, 'Its answer is one word.'),
  }),
] as never) as unknown as z.ZodType<ClassifierSettings>

/** 200 ms is the time the cheap answer has to prove itself. */
const defaultWithinMs = 200

const speculativeSection = section<{ readonly withinMs: number }>({
  withinMs: defaulted(milliseconds, defaultWithinMs, 'The time the cheap rung has.', {
    name: 'within',
  }),
})

export const speculative: z.ZodType<Speculative> = z.codec(
  z.union([onOff, speculativeSection]),
  z.custom<Speculative>(),
  {
    decode(written): Speculative {
      if (written === false) return { kind: 'off' }
      return { kind: 'on', withinMs: written === true ? defaultWithinMs : written.withinMs }
    },
    encode(value) {
      if (value.kind === 'off') return false
      return value.withinMs === defaultWithinMs || { withinMs: value.withinMs }
    },
  },
)
