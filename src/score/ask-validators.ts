import { inTable } from '../domain/json.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import type { AskedLabel } from '../domain/world.ts'
import type { AskedTest, Judged, Verdict } from '../engine/answer-tests.ts'
import { type AskedVerdict, type Asks, unasked } from '../engine/validators.ts'
import type { ClassifierSettings, Classifiers } from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import type { AskText, TextQuestion } from './text-question.ts'

export type ValidatorAskOptions = {
  readonly askText: AskText
  /** Cosine of two texts; null where one has no vector. */
  readonly similarity: (a: string, b: string) => number | null
  /** Whether a program passes what is given to it on its standard input. */
  readonly passes: (
    command: readonly string[],
    input: string,
    timeoutMs: number,
  ) => Promise<boolean>
  readonly nowMs: () => number
}

/** Asks models, embedder and programs what validators want to know of an answer. */
export const openValidatorAsks =
  (options: ValidatorAskOptions): Asks =>
  async (test, judged) => {
    const { question, answer } = judged
    const text = answer.text ?? ''
    switch (test.kind) {
      case 'relevance': {
        const alike = options.similarity(question, text)
        if (alike === null) return unasked
        return { ...unasked, verdict: alike >= test.minSimilarity ? 'pass' : 'fail' }
      }
      case 'command': {
        const before = options.nowMs()
        const input = JSON.stringify({ question, answer: text })
        const isPassed = await options.passes(test.command, input, test.timeoutMs)
        const latencyMs = options.nowMs() - before
        return { verdict: isPassed ? 'pass' : 'fail', costNanoUsd: zeroNanoUsd, latencyMs }
      }
      case 'self-check':
      case 'judge':
        return askModel(options.askText, test, judged)
    }
  }

const selfCheckWords =
  'You check answers. Reply with one word: CONFIDENT if the answer is right and complete, UNSURE if it may not be.'
const judgeWords =
  'You judge answers. Reply with one word: PASS if the answer does what the question asks, FAIL if it does not.'

/** Enough for one word of any model; more for one that thinks first is its own affair. */
const wordTokens = 16

/** A test that a model makes. */
export type ModelTest = Extract<AskedTest, { readonly kind: 'self-check' | 'judge' }>

/** What a model is asked to test an answer. */
export const testQuestion = (test: ModelTest, { question, answer }: Judged): TextQuestion => ({
  target: test.target,
  system: test.kind === 'judge' ? (test.prompt ?? judgeWords) : selfCheckWords,
  user: `Question:\n${question}\n\nAnswer:\n${answer.text ?? ''}`,
  maxOutputTokens: wordTokens,
})

async function askModel(askText: AskText, test: ModelTest, judged: Judged): Promise<AskedVerdict> {
  const { text, costNanoUsd, latencyMs } = await askText(testQuestion(test, judged))
  return { verdict: verdictIn(text), costNanoUsd, latencyMs }
}

/** The first of the words that stands in the text; 'unknown' where none does. */
function verdictIn(text: string | null): Verdict {
  const word = /\b(?:CONFIDENT|UNSURE|PASS|FAIL)\b/i.exec(text ?? '')?.[0].toUpperCase()
  if (word === undefined) return 'unknown'
  return word === 'CONFIDENT' || word === 'PASS' ? 'pass' : 'fail'
}

const classifierWords =
  'How hard is the request below for a language model? Reply with one word: simple for a fact, a greeting or a small ' +
  'transformation; medium for an explanation or a comparison; hard for planning, design, analysis or code.'

/** What a classifier that is a model is asked. */
export const classifierQuestion = (
  { target, maxTokens }: Extract<ClassifierSettings, { readonly kind: 'model' }>,
  text: string,
): TextQuestion => ({ target, system: classifierWords, user: text, maxOutputTokens: maxTokens })

/** Asks a classifier that is a model; anything but one of its three words is "medium". */
export async function askClassifier(
  askText: AskText,
  classifiers: Classifiers,
  name: string,
  text: string,
): Promise<AskedLabel> {
  const settings = inTable(classifiers, name)
  if (settings?.kind !== 'model') return { label: 'medium', costNanoUsd: zeroNanoUsd, latencyMs: 0 }
  const answer = await askText(classifierQuestion(settings, text))
  const word = /\b(?:simple|medium|hard)\b/i.exec(answer.text ?? '')?.[0].toLowerCase()
  return {
    label: (word as Label | undefined) ?? 'medium',
    costNanoUsd: answer.costNanoUsd,
    latencyMs: answer.latencyMs,
  }
}
