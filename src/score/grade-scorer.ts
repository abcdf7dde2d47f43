import { compileTemplate } from './fill-template.ts'
import { gradeIn, readReply } from './judge-reply.ts'
import { defaultGradeTemplate, gradeInstructions } from './judge-templates.ts'
import type { AskJudge, Scorer } from './scorer.ts'

/** What a judge reads where nothing is expected. */
const noReference = '(none)'

/**
 * Asks a model for a grade of 0 to 1; where it gives none that can be read, it could not tell. An estimate. Throws a
 * UserError for a template without {question} and {answer}; {expected} may be in it.
 */
export function gradeScorer(name: string, ask: AskJudge, template = defaultGradeTemplate): Scorer {
  const fill = compileTemplate(template, ['question', 'answer'], ['expected'])
  return {
    name,
    needsExpected: false,
    isEstimate: true,
    async score({ question, answer, expected }) {
      const user = fill({ question, answer, expected: expected ?? noReference })
      const { text, costNanoUsd } = await ask({ system: gradeInstructions, user })
      if (text === null) return { value: null, reason: 'the judge did not answer', costNanoUsd }
      const reply = readReply(text, gradeIn)
      return reply === null
        ? { value: null, reason: "the judge's score cannot be read", costNanoUsd }
        : { value: reply.said, reason: reply.reasons, costNanoUsd }
    },
  }
}
