import type { Call } from '../domain/call.ts'
import type { Measurement } from '../domain/measurement.ts'
import { rightFromScore } from '../domain/measurement.ts'

/** A prompt that a cheap model failed, with the answer of one that did not. */
export type Escalation = {
  readonly call: Call
  readonly answer: string
  /** Whose answer it is. */
  readonly strong: string
  /** Those that failed. */
  readonly cheap: readonly string[]
}

export type Escalations = {
  /** Each prompt once. */
  readonly examples: readonly Escalation[]
  /** Cases whose prompt or answer is not kept, or whose right answer is no text. */
  readonly withoutText: number
}

/**
 * Cases that one model got wrong and another one right, by the same scorer in the same run. A failure counts unless its
 * model is known to cost as much, in the mean of what was measured. Of several right answers the one with the highest
 * score is taken, of these the dearest model's.
 */
export function escalationsOf(measurements: readonly Measurement[]): Escalations {
  const costs = meanCosts(measurements)
  const examples = new Map<string, Escalation>()
  let withoutText = 0
  for (const answers of casesOf(measurements)) {
    const failed = answers.filter(({ score }) => score !== null && score < rightFromScore)
    const pairs = answers
      .filter(({ score }) => score !== null && score >= rightFromScore)
      .map((right) => ({ right, cheap: failed.filter((each) => isCheaper(each, right, costs)) }))
      .filter(({ cheap }) => cheap.length > 0)
      .sort((a, b) => byWorth(a.right, b.right, costs))
    const [best] = pairs.filter(({ right }) => right.output !== null && right.call !== null)
    if (best !== undefined) keep(examples, best.right, best.cheap)
    else if (pairs.length > 0) withoutText++
  }
  return { examples: [...examples.values()], withoutText }
}

function keep(
  examples: Map<string, Escalation>,
  { call, output, target }: Measurement,
  cheap: readonly Measurement[],
): void {
  if (call === null || output === null) return
  const prompt = promptKey(call)
  if (examples.has(prompt)) return
  const names = cheap.map((each) => each.target)
  examples.set(prompt, { call, answer: output, strong: target, cheap: names })
}

/** Equal for the same prompt, whoever is asked. */
export const promptKey = (call: Call): string => JSON.stringify({ ...call, model: '' })

/** Both, each prompt once: as the first has it, where both have it. */
export function mergeEscalations(first: Escalations, second: Escalations): Escalations {
  const known = new Set(first.examples.map(({ call }) => promptKey(call)))
  const others = second.examples.filter(({ call }) => !known.has(promptKey(call)))
  return {
    examples: [...first.examples, ...others],
    withoutText: first.withoutText + second.withoutText,
  }
}

function casesOf(measurements: readonly Measurement[]): Iterable<readonly Measurement[]> {
  const cases = new Map<string, Measurement[]>()
  for (const each of measurements) {
    const name = JSON.stringify([each.run, each.caseId, each.scorer])
    const list = cases.get(name)
    if (list === undefined) cases.set(name, [each])
    else list.push(each)
  }
  return cases.values()
}

/** Nano-dollars an answer, by target. */
type Costs = ReadonlyMap<string, number>

function meanCosts(measurements: readonly Measurement[]): Costs {
  const sums = new Map<string, { sum: number; count: number }>()
  for (const { target, costNanoUsd } of measurements) {
    if (costNanoUsd === null) continue
    const known = sums.get(target) ?? { sum: 0, count: 0 }
    sums.set(target, { sum: known.sum + costNanoUsd, count: known.count + 1 })
  }
  return new Map([...sums].map(([target, { sum, count }]) => [target, sum / count]))
}

function isCheaper(failed: Measurement, right: Measurement, costs: Costs): boolean {
  const [low, high] = [costs.get(failed.target), costs.get(right.target)]
  return low === undefined || high === undefined || low < high
}

const byWorth = (a: Measurement, b: Measurement, costs: Costs): number =>
  (b.score ?? 0) - (a.score ?? 0) ||
  (costs.get(b.target) ?? 0) - (costs.get(a.target) ?? 0) ||
  (a.target < b.target ? -1 : 1)
