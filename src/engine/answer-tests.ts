import type { Answer } from '../domain/request.ts'
import { compilePattern } from '../policy/pattern.ts'
import type { Phrases, ValidatorTest } from '../policy/routing.ts'
import { defaultHedges, defaultRefusals } from './answer-phrases.ts'
import { compileSchema } from './json-schema.ts'
import { keywordPattern } from './name-patterns.ts'

/** The answer to be judged, and the question it answers. */
export type Judged = {
  /** The last user message. */
  readonly question: string
  readonly answer: Answer
  /** Of the answer's tokens; null where the model did not tell. */
  readonly meanLogProbability: number | null
}

/** 'unknown': not measured. */
export type Verdict = 'pass' | 'fail' | 'unknown'

/** Tests that need somebody else: an embedder, a model, a program. */
export type AskedTest = Extract<
  ValidatorTest,
  { readonly kind: 'relevance' | 'self-check' | 'judge' | 'command' }
>

/** A validator's test made ready: one that costs nothing, or one that somebody must be asked for. */
export type AnswerTest =
  | { readonly kind: 'free'; readonly of: (judged: Judged) => Verdict }
  | { readonly kind: 'asked'; readonly test: AskedTest }

/** Patterns and schemas are compiled here, once; a schema with an unknown keyword is a UserError. */
export function compileTest(test: ValidatorTest): AnswerTest {
  switch (test.kind) {
    case 'length':
      return ofText(
        (text) => text.length >= (test.min ?? 0) && text.length <= (test.max ?? Infinity),
      )
    case 'hedge':
      return withoutPhrase(test.phrases, defaultHedges, test.belowCharacters)
    case 'refusal':
      return withoutPhrase(test.phrases, defaultRefusals, test.belowCharacters)
    case 'finish-reason':
      return free(({ answer }) => {
        if (answer.finishReason === undefined) return 'unknown'
        return verdictOf(test.accept.includes(answer.finishReason))
      })
    case 'json':
      return ofText((text) => parsed(text, () => true))
    case 'json-schema': {
      const fits = compileSchema(test.schema)
      return ofText((text) => parsed(text, fits))
    }
    case 'regex': {
      const pattern = compilePattern(test.pattern)
      return ofText((text) => pattern.test(text) === (test.must === 'match'))
    }
    case 'log-probability':
      return free(({ meanLogProbability }) =>
        meanLogProbability === null ? 'unknown' : verdictOf(meanLogProbability >= test.minMean),
      )
    case 'relevance':
    case 'self-check':
    case 'judge':
    case 'command':
      return { kind: 'asked', test }
  }
}

const free = (of: (judged: Judged) => Verdict): AnswerTest => ({ kind: 'free', of })

const verdictOf = (passes: boolean): Verdict => (passes ? 'pass' : 'fail')

/**
 * A test of the text without white space around it. An answer that calls tools and says nothing has
 * no text to be judged by, and passes; where the log did not keep the text it is unknown.
 */
function ofText(passes: (text: string) => boolean): AnswerTest {
  return free(({ answer: { text, toolCalls = [] } }) => {
    const trimmed = text?.trim() ?? ''
    if (trimmed === '' && toolCalls.length > 0) return 'pass'
    return text === undefined ? 'unknown' : verdictOf(passes(trimmed))
  })
}

function withoutPhrase(
  phrases: Phrases,
  defaults: readonly string[],
  belowCharacters: number | null,
): AnswerTest {
  const pattern = keywordPattern(phrases === 'default' ? defaults : phrases)
  const limit = belowCharacters ?? Infinity
  return ofText((text) => text.length >= limit || !pattern.test(text))
}

/** Whether a text is JSON that fits. What is nested too deep to be looked at does not. */
function parsed(text: string, fits: (value: unknown) => boolean): boolean {
  try {
    return fits(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return false
    throw error
  }
}
