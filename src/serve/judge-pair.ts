import type { AuditNote, Comparison } from '../domain/comparison.ts'
import type { Settled } from '../domain/journal.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { RequestId } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import { openPairJudge, pairPrompt } from '../score/pair-judge.ts'
import { plainCall } from '../score/plain-call.ts'
import type { JudgePrompt, ScoredPair } from '../score/scorer.ts'
import { ownId, withoutNeed } from './ask-again.ts'
import type { GatewayState } from './gateway-state.ts'
import { askInner } from './inner-ask.ts'
import { settledQuestion } from './own-question.ts'
import type { AttemptStep } from './served-facts.ts'

/** Two answers to one question; the fresh one is what the other is held against. */
export type JudgedPair = {
  /** The request that both answer. */
  readonly of: RequestId
  /** Under which the fresh answer is written down. */
  readonly freshId: RequestId
  readonly question: string
  readonly given: string
  readonly fresh: string
}

/** Of the answer that was given: better, worse, as good; null: nobody could tell. */
export type PairWord = -1 | 0 | 1 | null

/** Reasons and a verdict fit into so many tokens. */
const judgeOutputTokens = 1_000
/** Nobody waits for a judge, but it must not keep its place for ever. */
const judgeLimits = { firstTokenMs: null, idleMs: null, totalMs: 120_000 }

type Judging = { readonly id: string; readonly at: number; readonly target: string }

/**
 * Asks the policy's judge which of two answers is better, in both orders. What it says is written down with what it
 * cost, as the comparison that `comparisonOf` makes of it. Null: no budget of all had room.
 */
export async function judgePair(
  state: GatewayState,
  target: string,
  pair: JudgedPair,
  comparisonOf: (word: PairWord) => Comparison,
): Promise<Comparison | null> {
  const judging: Judging = { id: ownId(state, 'judge'), at: state.now(), target }
  const { question, given, fresh } = pair
  const scored = { id: judging.id, question, baseline: fresh, candidate: given }
  const asked = askedOf(judging, scored)
  const ledger = withoutNeed(state.ledger)
  const budget = await ledger.admit(asked)
  if (budget?.action === 'block') return null
  const attempts: AttemptStep[] = []
  const counted: NanoUsd[] = []
  const judge = openPairJudge({
    name: `judge:${target}`,
    ask: (prompt) => askJudge(state, asked, target, { attempts, counted }, prompt),
    seed: judging.id,
  })
  let word: PairWord = null
  try {
    word = (await judge.prefer(scored)).difference
  } finally {
    const cost = attempts.reduce((sum, each) => sum + (each.costNanoUsd ?? 0), 0) as NanoUsd
    const countedNanoUsd = counted.reduce((sum, each) => sum + each, 0) as NanoUsd
    ledger.settle(asked, countedNanoUsd)
    const note = { ...comparisonOf(word), of: pair.of, fresh: pair.freshId }
    const settled = settledOf(state, judging, attempts, cost, note)
    state.journal.settle(countedNanoUsd > cost ? { ...settled, countedNanoUsd } : settled)
    state.audits.paid('judge', cost)
  }
  return comparisonOf(word)
}

/** As budgets see it: both orders at once. */
function askedOf({ id, at, target }: Judging, pair: ScoredPair): Asked {
  const { system, user } = pairPrompt(pair)
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: user },
  ]
  const request: Request = {
    at,
    model: target,
    requestedModel: target,
    operation: 'chat',
    status: 'ok',
    prompt: { messages: [...messages, ...messages] },
    params: { max_tokens: 2 * judgeOutputTokens },
  }
  return { id, at, request, bypass: 'audit' }
}

async function askJudge(
  state: GatewayState,
  asked: Asked,
  target: string,
  { attempts, counted }: { readonly attempts: AttemptStep[]; readonly counted: NanoUsd[] },
  { system, user }: JudgePrompt,
) {
  const { answer, usage, costNanoUsd, countedNanoUsd, latencyMs } = await askInner(state, {
    target,
    call: plainCall(target, system, user, judgeOutputTokens),
    limits: judgeLimits,
    intent: state.ledger.begin(asked, target, attempts.length + 1),
  })
  counted.push(countedNanoUsd)
  attempts.push({
    kind: 'attempt',
    target,
    outcome: answer === null ? 'failed' : 'accepted',
    reason: null,
    usage,
    costNanoUsd,
    latencyMs,
  })
  return { text: answer?.text ?? null, costNanoUsd }
}

function settledOf(
  state: GatewayState,
  { id, at, target }: Judging,
  attempts: readonly AttemptStep[],
  costNanoUsd: NanoUsd,
  note: AuditNote,
): Settled {
  const { upstream, model } = state.upstreams.find(target)
  const usage = attempts.map((each) => each.usage).reduce(sumOf, noUsage)
  const latencyMs = attempts.reduce((sum, each) => sum + each.latencyMs, 0)
  const isAnswered = attempts.some(({ outcome }) => outcome === 'accepted')
  const request: Request = {
    id,
    provider: upstream.provider.name,
    model,
    operation: 'other',
    target,
    usage,
    latencyMs,
    status: isAnswered ? 'ok' : 'error',
  }
  const { fingerprint: policy } = state
  return settledQuestion({ purpose: 'judge', request, at, attempts, costNanoUsd, note, policy })
}

function sumOf(a: Usage, b: Usage): Usage {
  const names = Object.keys(noUsage) as (keyof Usage)[]
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Usage
}
