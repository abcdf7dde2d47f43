import type { Measurement } from '../domain/measurement.ts'
import { totalInputTokens } from '../domain/usage.ts'
import type { ArmAnswer } from './case.ts'
import type { Measured } from './measured.ts'

export type MeasurementOptions = {
  readonly run: string
  /** The scorer of a case, or the judge. */
  readonly scorerOf: (each: Measured) => string
  /** Whether prompts and answers may be kept. */
  readonly keepsText: boolean
}

/**
 * What cases say of the models that answered them, a row for each model. A judge of pairs gives the better answer 1 and
 * the other one 0, or both a half, so that their difference is the share of pairs won less those lost. Answers from a
 * cache are nobody's, and an answer to a rewritten prompt says nothing of the prompt as it was asked.
 */
export const measurementsOf = (
  measured: readonly Measured[],
  options: MeasurementOptions,
): readonly Measurement[] => measured.flatMap((each) => rowsOf(each, options))

function rowsOf(each: Measured, options: MeasurementOptions): readonly Measurement[] {
  const { baseline, again, candidate } = each.arms
  const scores = scoresOf(each)
  const rows: (Measurement | null)[] = [
    rowOf(each, baseline, scores.baseline, options),
    again === null ? null : rowOf(each, again, scores.again, options),
    ...rungRows(each, options),
  ]
  if (each.case.change !== 'rewritten' && candidate.source !== 'cache')
    rows.push(rowOf(each, candidate, scores.candidate, options))
  const byTarget = new Map<string, Measurement>()
  for (const row of rows)
    if (row !== null && !byTarget.has(row.target)) byTarget.set(row.target, row)
  return [...byTarget.values()]
}

function scoresOf({ scores, difference, judged }: Measured): Measured['scores'] {
  if (judged === null || difference === null) return scores
  return { baseline: 0.5 - difference / 2, again: null, candidate: 0.5 + difference / 2 }
}

function rowOf(
  each: Measured,
  arm: ArmAnswer,
  score: number | null,
  options: MeasurementOptions,
): Measurement | null {
  if (arm.target === null || score === null) return null
  // What several models took together is no model's own.
  const isAlone = arm.rungs.length <= 1
  const usage = isAlone ? arm.usage : null
  return {
    ...shared(each, options),
    target: arm.target,
    score,
    // Tool calls are no text that another model could be taught.
    output: options.keepsText && arm.toolCalls.length === 0 ? arm.text : null,
    costNanoUsd: isAlone ? arm.costNanoUsd : null,
    inputTokens: usage === null ? null : totalInputTokens(usage),
    outputTokens: usage === null ? null : usage.outputTokens,
    latencyMs: isAlone ? arm.latencyMs : null,
  }
}

/** Answers that validators rejected on the way. */
function rungRows(each: Measured, options: MeasurementOptions): readonly Measurement[] {
  return each.arms.candidate.rungs.flatMap(({ target, text, toolCalls, verdict }, index) => {
    const score = each.rungScores[index] ?? null
    if (score === null || verdict === 'accepted' || each.case.change === 'rewritten') return []
    const output = options.keepsText && toolCalls.length === 0 ? text : null
    return [{ ...shared(each, options), target, score, output, ...unknownCost }]
  })
}

const unknownCost = { costNanoUsd: null, inputTokens: null, outputTokens: null, latencyMs: null }

const shared = (each: Measured, { run, scorerOf, keepsText }: MeasurementOptions) => ({
  run,
  caseId: each.case.id,
  seq: each.case.seq,
  promptKey: each.case.keys.promptKey,
  questionKey: each.case.keys.questionKey,
  scorer: scorerOf(each),
  question: keepsText ? each.case.question : null,
  call: keepsText ? each.case.call : null,
})
