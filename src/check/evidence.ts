import { changeOf, isWithinBound, needsTest, type Question, worseOf } from './judge-finding.ts'
import { type Evidence, exchangeEvidence, pairedEvidence, unpairedEvidence } from './noise.ts'
import { place } from './run-sample.ts'
import { pairedSides, sampledSides } from './sampled-figure.ts'
import type { RunSample } from './snapshot.ts'
import { type SumField, testedFigure } from './tested-figures.ts'

type Testing = { readonly seed: string; readonly threshold: number }

/**
 * What the runs of both sides say of a question; null where it needs no test or has none. `threshold` is the smallest
 * that a p-value will be held to.
 */
export function evidenceFor(question: Question, threshold: number): Evidence | null {
  const { assertion, mode } = question
  if ((mode !== 'paired' && mode !== 'unpaired') || !needsTest(assertion)) return null
  const filter = Object.entries(assertion.where).flat()
  const testing = { seed: [assertion.name, assertion.metric, ...filter].join(' '), threshold }
  const figure = testedFigure(assertion.metric)
  return figure?.kind === 'sum'
    ? sumEvidence(question, figure.field, testing)
    : exchanged(question, testing)
}

function sumEvidence(question: Question, field: SumField, testing: Testing): Evidence | null {
  const { mode, pairs, before, after } = question
  if (before === null) return null
  if (mode === 'paired') return pairedEvidence(pairs, field, testing)
  if (field === 'costNanoUsd')
    return unpairedEvidence(before.runs.samples, after.runs.samples, testing)
  if (before.sample === undefined || after.sample === undefined) return null
  const values = ({ runs }: RunSample) => runs.map((line) => line[place[field]] ?? 0)
  return unpairedEvidence(values(before.sample), values(after.sample), testing)
}

function exchanged(question: Question, testing: Testing): Evidence | null {
  const { assertion, mode, pairs, before, after, baseline, actual } = question
  const figure = testedFigure(assertion.metric)
  if (figure === null || figure.kind === 'sum') return null
  if (baseline === null || actual === null) return null
  const { limit } = assertion
  const isWithin = isWithinBound(limit, baseline, actual)
  const asked = { worse: worseOf(limit), change: changeOf(baseline, actual), isWithin }
  const paired = mode === 'paired' && figure.kind === 'ratio' ? pairedSides(figure, pairs) : null
  if (paired !== null) return exchangeEvidence(paired, asked, testing)
  if (before?.sample === undefined || after.sample === undefined) return null
  return exchangeEvidence(sampledSides(figure, before.sample, after.sample), asked, testing)
}
