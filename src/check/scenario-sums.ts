import type { RequestLookup } from '../domain/columns.ts'
import { hash53 } from '../domain/row.ts'
import { sha256 } from '../stats/sha256.ts'
import { keptScenarios } from './kept-scenarios.ts'
import type { RunSum } from './run-sums.ts'
import type { SnapshotScenario } from './snapshot.ts'

/** Texts that are looked up to name scenarios: a look-up takes some microseconds. */
const mostTexts = 50_000

export type ScenarioSums = {
  /** Those whose names have the smallest hashes, by name. */
  readonly scenarios: readonly SnapshotScenario[]
  /** How many there are in all. */
  readonly count: number
}

/** Runs of one name are runs of one scenario; those that only their question names are told apart by occurrence. */
export function sumScenarios(
  runs: readonly RunSum[],
  lookup: RequestLookup,
  { most, key }: { readonly most: number; readonly key: string | null },
): ScenarioSums {
  const questionOf = questionNames(lookup, key)
  const occurrences = new Map<string, number>()
  const names = new Set<string>()
  const sums = new Map<string, SnapshotScenario>()
  let occurred = 0
  let limit = Number.POSITIVE_INFINITY
  for (const run of runs) {
    const question = questionOf(run)
    const scenario = run.name ?? occurrenceOf(run, question, occurrences)
    if (scenario === null) continue
    if (run.name === null) occurred++
    else names.add(scenario)
    if (hash53(scenario) > limit) continue
    sums.set(scenario, withRun(sums.get(scenario), run, scenario, question))
    if (sums.size >= 2 * most) limit = keepSmallest(sums, most)
  }
  return { scenarios: keptScenarios([...sums.values()], most), count: names.size + occurred }
}

/** Drops what a bounded number has no place for; returns the largest hash that stays. */
function keepSmallest(sums: Map<string, SnapshotScenario>, most: number): number {
  const kept = keptScenarios([...sums.values()], most)
  sums.clear()
  for (const scenario of kept) sums.set(scenario.scenario, scenario)
  return kept.reduce((largest, { scenario }) => Math.max(largest, hash53(scenario)), 0)
}

function occurrenceOf(
  { feature }: RunSum,
  question: string | null,
  occurrences: Map<string, number>,
): string | null {
  if (question === null) return null
  const name = feature === null ? question : `${feature}/${question}`
  const occurrence = (occurrences.get(name) ?? 0) + 1
  occurrences.set(name, occurrence)
  return occurrence === 1 ? name : `${name}#${occurrence}`
}

/**
 * Names a question by a hash of its text, the same in every store; by the key of the store where it keeps no text, which
 * another store does not share. Under a `key` the hash of a text cannot be guessed without it.
 */
function questionNames(lookup: RequestLookup, key: string | null): (run: RunSum) => string | null {
  const known = new Map<number, string>()
  return ({ question, seq }) => {
    if (Number.isNaN(question)) return null
    const name = known.get(question)
    if (name !== undefined) return name
    const text = known.size < mostTexts ? lookup.questionOf(seq) : null
    if (text === null) return `key-${question.toString(36)}`
    const hashed = key === null ? hashedName('q-', text) : hashedName(keyedPrefix, key + text)
    known.set(question, hashed)
    return hashed
  }
}

/** Of names that only who has the key can make. */
export const keyedPrefix = 'qk-'

/** 60 bits: no two of a suite's questions share a name. */
const hashedName = (prefix: string, text: string): string =>
  prefix + sha256(text).toString('base64url').slice(0, 10)

function withRun(
  known: SnapshotScenario | undefined,
  run: RunSum,
  scenario: string,
  question: string | null,
): SnapshotScenario {
  const before = known ?? {
    runs: 0,
    requests: 0,
    calls: 0,
    costNanoUsd: 0,
    unpriced: 0,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    feature: run.feature,
    question,
  }
  return {
    scenario,
    feature: before.feature,
    question: before.question,
    runs: before.runs + 1,
    requests: before.requests + run.requests,
    calls: before.calls + run.calls,
    costNanoUsd: before.costNanoUsd + run.cost,
    unpriced: before.unpriced + run.unpriced,
    inputTokens: before.inputTokens + run.inputTokens,
    cacheReadTokens: before.cacheReadTokens + run.cacheReadTokens,
    cacheWriteTokens: before.cacheWriteTokens + run.cacheWriteTokens,
    outputTokens: before.outputTokens + run.outputTokens,
  }
}
