import { inTable } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import { commandScorer, type RunProgram } from './command-scorer.ts'
import type { Similarity } from './equivalence.ts'
import { gradeScorer } from './grade-scorer.ts'
import { jsonScorer, schemaScorer } from './json-scorers.ts'
import { numberScorer } from './number-scorer.ts'
import type { AskJudge, Scorer } from './scorer.ts'
import { equivalentScorer, similarityScorer } from './similarity-scorers.ts'
import { containsScorer, exactScorer, normalisedScorer, regexScorer } from './text-scorers.ts'

/** What some scorers need of others. */
export type ScorerMeans = {
  /** The text of a user's file; throws a UserError where there is none. */
  readonly readFile: (path: string) => string
  readonly similarity: Similarity
  readonly run: RunProgram
  /** How a judge's model is asked. */
  readonly judgeOf: (model: string) => AskJudge
  /** For judges of single answers; without one, the default. */
  readonly gradeTemplate?: string
}

type Form = {
  /** How it is written. */
  readonly form: string
  /** When an answer is right, in words for `--help`. */
  readonly meaning: string
  /** `argument` is what follows the colon, '' where nothing does. */
  readonly make: (name: string, argument: string, means: ScorerMeans) => Scorer
}

/** All scorers by name, as `--help` may list them. */
export const scorerForms: Readonly<Record<string, Form>> = {
  exact: {
    form: 'exact',
    meaning: 'the expected text, character by character',
    make: exactScorer,
  },
  normalised: {
    form: 'normalised',
    meaning: 'the expected text but for case, spacing and closing marks',
    make: normalisedScorer,
  },
  json: {
    form: 'json',
    meaning: 'the expected JSON, in any order of keys',
    make: jsonScorer,
  },
  schema: {
    form: 'schema:FILE',
    meaning: 'JSON that fits a JSON Schema',
    make: (name, path, { readFile }) => schemaScorer(name, path, readFile(path)),
  },
  regex: {
    form: 'regex[:PATTERN]',
    meaning: 'the pattern matches; without one, the expected value is the pattern',
    make: (name, pattern) => regexScorer(name, pattern, { anyCase: false }),
  },
  iregex: {
    form: 'iregex[:PATTERN]',
    meaning: 'the same in any case',
    make: (name, pattern) => regexScorer(name, pattern, { anyCase: true }),
  },
  contains: {
    form: 'contains',
    meaning: 'it holds the expected text, or any of a JSON list of them',
    make: (name) => containsScorer(name, { anyCase: false }),
  },
  icontains: {
    form: 'icontains',
    meaning: 'the same in any case',
    make: (name) => containsScorer(name, { anyCase: true }),
  },
  numeric: {
    form: 'numeric[:TOLERANCE]',
    meaning: 'its last number is the expected one, within 0.01 or 1%',
    make: numberScorer,
  },
  similarity: {
    form: 'similarity:COSINE',
    meaning: 'at least this similar to the expected text',
    make: (name, threshold, { similarity }) => similarityScorer(name, threshold, similarity),
  },
  equivalent: {
    form: 'equivalent',
    meaning: 'the same answer by text, JSON, numbers, names and similarity',
    make: (name, _, { similarity }) => equivalentScorer(name, similarity),
  },
  command: {
    form: 'command:PROGRAM ARGS',
    meaning: 'a program of yours scores it: JSON in, a number or an exit code out',
    make: (name, commandLine, { run }) => commandScorer(name, commandLine, run),
  },
  judge: {
    form: 'judge:MODEL',
    meaning: 'a model grades it from 0 to 1',
    make: (name, model, { judgeOf, gradeTemplate }) =>
      gradeScorer(name, judgeOf(model), gradeTemplate),
  },
}

/** The scorer that a text such as "numeric:1%" names. Throws a UserError for one that it does not understand. */
export function parseScorer(text: string, means: ScorerMeans): Scorer {
  const written = text.trim()
  const colon = written.indexOf(':')
  const kind = colon === -1 ? written : written.slice(0, colon)
  const argument = colon === -1 ? '' : written.slice(colon + 1)
  const form = inTable(scorerForms, kind)
  if (form === undefined) throw unknownScorer(kind)
  requireArgument(form.form, argument)
  return form.make(written, argument, means)
}

function unknownScorer(kind: string): UserError {
  const near = didYouMean(kind, [...Object.keys(scorerForms), ...Object.keys(otherSpellings)])
  const meant = near === null ? null : (inTable(otherSpellings, near) ?? near)
  const forms = Object.values(scorerForms).map(({ form }) => form)
  return new UserError(kind === '' ? 'a scorer needs a name' : `no scorer is called "${kind}"`, {
    hint: meant === null ? `scorers are ${forms.join(', ')}` : `did you mean ${meant}?`,
  })
}

/** What others call them. */
const otherSpellings: Readonly<Record<string, string>> = {
  equals: 'exact',
  normalized: 'normalised',
  'is-json': 'schema:FILE',
  'json-schema': 'schema:FILE',
  similar: 'similarity:COSINE',
  'llm-rubric': 'judge:MODEL',
}

function requireArgument(form: string, argument: string): void {
  const takes = form.includes(':')
  if (takes === (argument.trim() !== '') || form.includes('[')) return
  throw new UserError(
    takes ? `${form} lacks what follows the colon` : `${form} takes no argument`,
    {
      hint: `write ${form}`,
    },
  )
}
