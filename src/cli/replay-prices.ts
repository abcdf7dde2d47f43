import type { Call } from '../domain/call.ts'
import type { ReplyStore } from '../domain/kept-reply.ts'
import type { NanoUsd } from '../domain/money.ts'
import { replyText } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { ReplayCase } from '../replay/case.ts'
import type { CallsOf, PlannedCall } from '../replay/price-plan.ts'
import { classifierQuestion, testQuestion } from '../score/ask-validators.ts'
import { plainCall } from '../score/plain-call.ts'
import type { TextQuestion } from '../score/text-question.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import { type PlannedArm, type PlannedRoute, plannedRoute } from './planned-route.ts'
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
/** Of a verdict or a label. */
const wordTokens = 2

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
  const route = plannedRoute(prices.cases, arm, each)
  const { ladder } = route
  const asked =
    ladder.length === 0
      ? [planned(prices, each, each.call.model, call, 0, false)]
      : ladder.map(({ target }, rung) => planned(prices, each, target, call, 0, rung > 0))
  return [...asked, ...besides(prices, each, call, route)]
}

/** Questions to models that say who is to answer, and whether an answer will do. */
function besides(
  prices: CallPrices,
  each: ReplayCase,
  call: Call,
  { ladder, classifiers }: PlannedRoute,
): readonly PlannedCall[] {
  const classifying = classifiers.map((classifier) =>
    besideCall(prices, classifierQuestion(classifier, each.question), false),
  )
  const testing = ladder.flatMap(({ target, validators }, rung) => {
    const stored = storedText(prices, call, target)
    return validators.flatMap(({ test }, place) => {
      if (test.kind !== 'self-check' && test.kind !== 'judge') return []
      const judged = {
        question: each.question,
        answer: { text: stored ?? '' },
        meanLogProbability: null,
      }
      const priced = besideCall(
        prices,
        testQuestion(test, judged),
        rung + place > 0,
        stored === null ? answerTokensOf(each) : 0,
      )
      return stored === null ? [{ ...priced, isStored: false }] : [priced]
    })
  })
  return [...classifying, ...testing]
}

/** The answer that an earlier run has; null: none. */
function storedText({ replies, keyOf }: CallPrices, call: Call, target: string): string | null {
  const answer = replies.find({ callKey: keyOf(call), target, turn: 0 })?.answer
  return answer?.kind === 'answered' ? replyText(answer.reply) : null
}

function besideCall(
  { costOf, replies, keyOf }: CallPrices,
  { target, system, user, maxOutputTokens }: TextQuestion,
  isPerhaps: boolean,
  moreTokens = 0,
): PlannedCall {
  const call = plainCall(target, system, user, maxOutputTokens)
  const usage = {
    ...noUsage,
    inputTokens: estimateTokens(system) + estimateTokens(user) + moreTokens,
    outputTokens: wordTokens,
  }
  return {
    target,
    costNanoUsd: costOf(target, usage),
    latencyMs: null,
    isPerhaps,
    isStored: replies.find({ callKey: keyOf(call), target, turn: 0 }) !== null,
  }
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

const answerTokensOf = ({ logged }: Pick<ReplayCase, 'logged'>): number =>
  logged?.text == null ? usualAnswerTokens : estimateTokens(logged.text)

function judgeCalls(
  { costOf }: CallPrices,
  { question, logged }: ReplayCase,
  { target, calls }: NonNullable<CallPrices['judge']>,
): readonly PlannedCall[] {
  const answer = answerTokensOf({ logged })
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
