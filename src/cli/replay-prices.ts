import type { Call } from '../domain/call.ts'
import type { ReplyStore } from '../domain/kept-reply.ts'
import type { NanoUsd } from '../domain/money.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { ReplayCase } from '../replay/case.ts'
import type { CallsOf, PlannedCall } from '../replay/price-plan.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import { type PlannedArm, plannedLadder } from './planned-ladder.ts'
import type { CaseSource } from './replay-log.ts'

export type CallPrices = {
  readonly cases: CaseSource
  /** Null: the logged answer is the baseline. */
  readonly baseline: CompiledPolicy | null
  /** What the baseline's classifiers have learned. */
  readonly neighbours: NeighbourClassifiers
  readonly needsAgain: boolean
  /** The judge's target, and how often it is asked for a case. */
  readonly judge: { readonly target: string; readonly calls: number } | null
  readonly costOf: (target: string, usage: Usage) => NanoUsd | null
  readonly replies: ReplyStore
  readonly keyOf: (call: Call) => string
}

/** Tokens of a judge's instructions, and of its reasons and verdict: of the built-in template, about. */
const judgeTokens = { instructions: 250, output: 250 }
/** Tokens of an answer of which nothing is known. */
const usualAnswerTokens = 300

/** The calls that a case will, or may, take. */
export function plannedCalls(prices: CallPrices): CallsOf {
  const { cases, baseline, neighbours, needsAgain, judge } = prices
  return (each) => [
    ...(each.change === 'cached' ? [] : laddered(prices, cases, each, each.candidateCall)),
    ...(baseline === null
      ? each.logged === null
        ? [planned(prices, each, each.call.model, each.call, 0, false)]
        : []
      : laddered(prices, { compiled: baseline, neighbours }, each, each.call)),
    ...(needsAgain ? [planned(prices, each, each.call.model, each.call, 1, false)] : []),
    ...(judge === null ? [] : judgeCalls(prices, each, judge)),
  ]
}

function laddered(
  prices: CallPrices,
  arm: PlannedArm,
  each: ReplayCase,
  call: Call,
): readonly PlannedCall[] {
  const ladder = plannedLadder(prices.cases, arm, each)
  if (ladder.length === 0) return [planned(prices, each, each.call.model, call, 0, false)]
  return ladder.map(({ target }, rung) => planned(prices, each, target, call, 0, rung > 0))
}

function planned(
  { cases, replies, keyOf }: CallPrices,
  each: ReplayCase,
  target: string,
  call: Call,
  turn: number,
  isPerhaps: boolean,
): PlannedCall {
  const isStored = replies.find({ callKey: keyOf(call), target, turn }) !== null
  return { target, ...cases.expected(each, target), isPerhaps, isStored }
}

function judgeCalls(
  { costOf }: CallPrices,
  { question, logged }: ReplayCase,
  { target, calls }: NonNullable<CallPrices['judge']>,
): readonly PlannedCall[] {
  const answer = logged?.text == null ? usualAnswerTokens : estimateTokens(logged.text)
  const usage = {
    ...noUsage,
    inputTokens: judgeTokens.instructions + estimateTokens(question) + 2 * answer,
    outputTokens: judgeTokens.output,
  }
  const call: PlannedCall = {
    target,
    costNanoUsd: costOf(target, usage),
    latencyMs: null,
    isPerhaps: false,
    isStored: false,
  }
  return Array<PlannedCall>(calls).fill(call)
}
