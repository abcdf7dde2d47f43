import type { Comparison, HitComparison, RouteComparison, ShadowHit } from '../domain/comparison.ts'
import type { Step, ValidatorWord } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { Decision } from '../engine/decide.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import type { Judgement } from '../score/verdict.ts'
import { askAgain, type FreshAnswer, settleAgain } from './ask-again.ts'
import type { AuditEnd } from './audits.ts'
import { compareAnswers } from './compare-answers.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import { type JudgedPair, judgePair, type PairWord } from './judge-pair.ts'

/** A request that was served, with what it takes to ask it again. */
export type Audited = {
  readonly inbound: Inbound
  readonly facts: RequestFacts
  /** As it decided the request. */
  readonly compiled: CompiledPolicy
  readonly decision: Decision
}

/** Asks a semantic hit again, as it would have been answered without the cache, and compares. */
export async function auditHit(
  state: GatewayState,
  audited: Audited,
  { entry, similarity, layer }: Extract<Step, { kind: 'hit' }>,
): Promise<AuditEnd> {
  const { inbound, decision } = audited
  const group = inbound.request.feature ?? null
  const plain = { kind: 'hit', layer, group, entry, similarity } as const
  const fresh = await askAgain(state, audited)
  const { answer } = fresh.decision
  return settleComparison(state, fresh, compareAnswers(state, decision.answer, answer), {
    pair: pairOf(audited, decision.answer, fresh),
    comparisonOf: ({ verdict, by }) => ({ ...plain, verdict, by }),
  })
}

/** Asks the strongest model what a cheaper one has answered, and compares. */
export async function auditRoute(
  state: GatewayState,
  audited: Audited,
  { route, target, strong }: RoutedDown,
): Promise<AuditEnd> {
  const { inbound, compiled, decision } = audited
  const validators = watchersOf(decision.receipt.steps)
  const named = { target, strong: strong ?? inbound.home.target }
  const plain = { kind: 'route', group: route, ...named, validators } as const
  const fresh = await askAgain(state, { ...audited, compiled: onlyAsking(compiled, strong, route) })
  const { answer } = fresh.decision
  return settleComparison(state, fresh, compareAnswers(state, decision.answer, answer), {
    pair: pairOf(audited, decision.answer, fresh),
    comparisonOf: ({ difference, by }) => ({ ...plain, difference, by }),
  })
}

/** What validators in shadow mode said of the answer that was accepted, which stands behind it. */
function watchersOf(steps: readonly Step[]): readonly ValidatorWord[] {
  const accepted = steps.findLastIndex(
    (step) => step.kind === 'attempt' && step.outcome === 'accepted',
  )
  const next = steps[accepted + 1]
  return next?.kind === 'validate' ? (next.shadow ?? []) : []
}

/** Lets the judge say of an entry that would have been served what computing could not. */
export async function judgeShadow(
  state: GatewayState,
  judge: string,
  audited: Audited,
  { ageMs: _, ...hit }: ShadowHit,
  given: Answer | null,
): Promise<AuditEnd> {
  const judged = await letJudge(state, judge, {
    pair: pairOf(audited, given, audited),
    comparisonOf: ({ verdict, by }) => ({ ...hit, verdict, by }),
  })
  return judged === null ? 'refused' : 'compared'
}

/** A request that a route took to a cheaper model than the strongest. */
export type RoutedDown = {
  readonly route: string
  /** Who answered. */
  readonly target: string
  /** Null: the model that was asked for. */
  readonly strong: string | null
}

const onlyAsking = (
  compiled: CompiledPolicy,
  strong: string | null,
  route: string,
): CompiledPolicy => ({
  ...compiled,
  routeOf: () => ({
    kind: 'routed',
    ladder: strong === null ? null : [{ target: strong, validators: [], timeoutMs: null }],
    route,
    label: null,
  }),
})

/** What was found out, in the words of hits and of routes. */
type Word = {
  readonly verdict: HitComparison['verdict']
  readonly difference: RouteComparison['difference']
  readonly by: string | null
}

/** Without a judge, who answers otherwise than the strongest model is taken to answer worse. */
const differences = { right: 0, wrong: -1, unsettled: null } as const

const foundWord = ({ verdict, rung }: Judgement): Word => ({
  verdict,
  difference: differences[verdict],
  by: rung,
})

const judgedWord = (judge: string, word: PairWord): Word => ({
  verdict: word === null ? 'unsettled' : word === -1 ? 'wrong' : 'right',
  difference: word,
  by: word === null ? null : `judge:${judge}`,
})

type Finding = {
  readonly pair: JudgedPair
  readonly comparisonOf: (word: Word) => Comparison
}

/** Writes down what was found, asks the judge for what was not, and lets what follows from it happen. */
async function settleComparison(
  state: GatewayState,
  fresh: FreshAnswer,
  found: Judgement | null,
  { pair, comparisonOf }: Finding,
): Promise<AuditEnd> {
  const { judge } = state.compiled.policy.serve.audit
  if (found === null) {
    settleAgain(state, fresh, null)
    return fresh.decision.receipt.outcome === 'blocked' ? 'refused' : 'failed'
  }
  if (found.verdict === 'unsettled' && judge !== null) {
    settleAgain(state, fresh, null)
    const judged = await letJudge(state, judge, { pair, comparisonOf })
    if (judged === null) return 'refused'
    state.audits.compared({ ...judged, of: pair.of })
    return 'compared'
  }
  const comparison = comparisonOf(foundWord(found))
  const note = { ...comparison, of: pair.of }
  settleAgain(state, fresh, note)
  state.trials.note(comparison)
  state.audits.compared(note)
  return 'compared'
}

/** Null: no budget had room. */
async function letJudge(
  state: GatewayState,
  judge: string,
  { pair, comparisonOf }: Finding,
): Promise<Comparison | null> {
  const comparison = await judgePair(state, judge, pair, (word) =>
    comparisonOf(judgedWord(judge, word)),
  )
  if (comparison !== null) state.trials.note(comparison)
  return comparison
}

const pairOf = (
  { inbound, facts }: Audited,
  given: Answer | null,
  fresh: Pick<FreshAnswer, 'decision'>,
): JudgedPair => ({
  of: inbound.id,
  freshId: fresh.decision.receipt.id,
  question: facts.text ?? '',
  given: given?.text ?? '',
  fresh: fresh.decision.answer?.text ?? '',
})
