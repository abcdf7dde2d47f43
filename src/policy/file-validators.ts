import * as z from 'zod'
import type { Phrases, Validator, ValidatorTest } from './routing.ts'
import { defaulted, type Keys, optional, required, section } from './section.ts'
import {
  count,
  listOf,
  milliseconds,
  nullable,
  number,
  oneOf,
  orOff,
  pattern,
  share,
  similarity,
  text,
} from './values.ts'

/** A validator whose name may be missing: it is then known by its kind. */
export type FileValidator = Omit<Validator, 'name'> & { readonly name?: string }

/** In the file a validator is one flat mapping. */
type Flat<Test> = Omit<FileValidator, 'test'> & Test
type OfKind<Kind extends ValidatorTest['kind']> = Extract<ValidatorTest, { readonly kind: Kind }>

const common = {
  name: optional(text, 'What its verdicts are counted under.'),
  mode: defaulted(
    oneOf(['shadow', 'enforce']),
    'enforce',
    'shadow: only counts what it would reject.',
  ),
  /** 3 % is what 99 wrong answers, all caught, prove at 95 % (Clopper–Pearson). */
  maxFalsePassRate: defaulted(share, 0.03, 'It may be promoted when surely below this.', {
    name: 'maxFalsePass',
  }),
}

type OwnKeys<Kind extends ValidatorTest['kind']> = Omit<Keys<OfKind<Kind>>, 'kind'>

function ofKind<Kind extends ValidatorTest['kind']>(kind: Kind, says: string, own: OwnKeys<Kind>) {
  const keys = { kind: required(z.literal(kind), says), ...common, ...own }
  return section(keys as unknown as Keys<Flat<OfKind<Kind>>>)
}

const phrases: z.ZodType<Phrases> = z.union([z.literal('default'), z.array(text).min(1)])
const phraseKeys = {
  phrases: defaulted(phrases, 'default', 'In any case; default: the built-in list.'),
  belowCharacters: defaulted(orOff(count), null, 'Only answers shorter than this are rejected.'),
}
const command = z.array(text).min(1)

/** 200 characters: in a longer answer a hedge is a remark, not the answer. */
const hedgedBelowCharacters = 200

const kinds = [
  ofKind('length', 'Characters of the answer.', {
    min: defaulted(orOff(count), null, 'At least so many.'),
    max: defaulted(orOff(count), null, 'At most so many.'),
  }),
  ofKind('hedge', 'Phrases such as "I\'m not sure".', {
    ...phraseKeys,
    belowCharacters: defaulted(
      orOff(count),
      hedgedBelowCharacters,
      'Only answers shorter than this are rejected.',
    ),
  }),
  ofKind('refusal', 'Phrases such as "I cannot help with that".', phraseKeys),
  ofKind('finish-reason', 'How the answer ended.', {
    accept: defaulted(
      listOf(text),
      ['stop', 'end_turn', 'tool_calls', 'tool_use'],
      'The endings that pass.',
    ),
  }),
  ofKind('json', 'The answer is JSON.', {}),
  ofKind('json-schema', 'The answer is JSON of this shape.', {
    schema: required(z.record(z.string(), z.unknown()), 'A JSON Schema.'),
  }),
  ofKind('regex', 'The answer holds a match.', {
    pattern: required(pattern, 'A regular expression.'),
    must: defaulted(oneOf(['match', 'not-match']), 'match', 'Or must not hold one.'),
  }),
  ofKind('relevance', 'Similarity of question and answer.', {
    minSimilarity: required(similarity, 'At least this.'),
  }),
  ofKind('self-check', 'A model says CONFIDENT or UNSURE.', {
    target: defaulted(text, 'small', '`provider:model`, or a tier.'),
  }),
  ofKind('judge', 'A model judges the answer.', {
    target: required(text, '`provider:model`, or a tier.'),
    prompt: defaulted(nullable(z.string()), null, 'Instead of the built-in one.'),
  }),
  ofKind('log-probability', 'How likely the model found its own words.', {
    minMean: required(number, 'Mean over tokens, at least this; 0 is certain.'),
  }),
  ofKind('command', 'A command: question and answer as JSON in, exit code 0 passes.', {
    command: required(command, 'Program and arguments.'),
    timeoutMs: defaulted(milliseconds, 10_000, 'It fails after this time.', { name: 'timeout' }),
  }),
]

const flat = z.discriminatedUnion('kind', kinds as never) as unknown as z.ZodType<
  Flat<ValidatorTest>
>

export const validator: z.ZodType<FileValidator> = z.codec(flat, z.custom<FileValidator>(), {
  decode: ({ name, mode, maxFalsePassRate, ...test }) => ({
    ...(name !== undefined && { name }),
    mode,
    maxFalsePassRate,
    test: test as ValidatorTest,
  }),
  encode: ({ test, ...rest }) => ({ ...rest, ...test }),
})
