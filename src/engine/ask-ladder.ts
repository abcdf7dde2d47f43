import { zeroNanoUsd } from '../domain/money.ts'
import type { AttemptOutcome, Outcome } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type { Asked, Attempted, World } from '../domain/world.ts'
import type { Ladder, Rung } from '../policy/routing.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { RouteDecision } from './compile-routes.ts'
import type { Course } from './course.ts'
import type { Seen } from './decide.ts'
import { type Attempt, sumLadder, sumSpeculative } from './ladder-sum.ts'

export type Laddered = { readonly outcome: Outcome; readonly answer: Answer | null }

/** What the attempts of one request share. */
type Climb = {
  readonly asked: Asked
  readonly seen: Seen
  readonly compiled: CompiledPolicy
  readonly world: World
  readonly course: Course
}

/** One rung's attempt, with what it said. */
type Tried = Attempt & { readonly answer: Answer | null; readonly isKnown: boolean }

/**
 * Asks the models of the request's ladder, cheap to strong, until an answer passes its validators. A request without a
 * route goes to the model it asked for, which is a ladder of one. `isCheapest` keeps it on the first rung.
 */
export async function askLadder(
  asked: Asked,
  seen: Seen,
  compiled: CompiledPolicy,
  world: World,
  course: Course,
  isCheapest: boolean,
): Promise<Laddered> {
  const climb: Climb = { asked, seen, compiled, world, course }
  const { ladder, route } = await routeOf(climb)
  if (ladder === null || ladder.length === 0) return settle(climb, [await tryRung(climb, null)])
  const rungs = isCheapest ? ladder.slice(0, 1) : ladder
  course.add({
    kind: 'route',
    route: route ?? '',
    targets: rungs.map(({ target }) => target),
  })
  return settle(climb, await tryRungs(climb, rungs))
}

type Routed = Extract<RouteDecision, { kind: 'routed' }>

/** The route, after the classifiers that a rule wants have been asked. */
async function routeOf({ asked, seen, compiled, world, course }: Climb): Promise<Routed> {
  for (;;) {
    const decision = compiled.routeOf(seen.facts)
    if (decision.kind === 'routed') return decision
    const { classifier } = decision
    const { label, costNanoUsd, latencyMs } = await world.classify(classifier, asked)
    course.add({ kind: 'classify', classifier, label, costNanoUsd, latencyMs })
    course.spend(costNanoUsd)
    course.latencyMs += latencyMs
    seen.facts.setLabel(classifier, label)
  }
}

async function tryRungs(climb: Climb, rungs: Ladder): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  const isSpeculative = climb.compiled.policy.speculative.kind === 'on' && rungs.length > 1
  for (const [index, rung] of rungs.entries()) {
    const attempt = await tryRung(climb, rung)
    tried.push(attempt)
    // Two rungs at once: the second is under way before the first is judged.
    const isJudged = !isSpeculative || index > 0
    const isSettled = tried.some(({ outcome, isKnown }) => outcome === 'accepted' || !isKnown)
    if (isJudged && isSettled) break
  }
  return tried
}

/** One rung: the call, again where it failed and may be asked again, another vendor's model, then the validators. */
async function tryRung(climb: Climb, rung: Rung | null): Promise<Tried> {
  const { asked, compiled, world } = climb
  const target = rung?.target ?? null
  const { fallback } = compiled.policy.failure
  const others = fallback.on && target !== null ? (fallback.targets[target] ?? []) : []
  let last: Tried | null = null
  for (const each of [target, ...others]) {
    if (!world.isUp(each, asked)) continue
    const attempted = await askAgain(climb, each, rung?.timeoutMs ?? null)
    last = await judged(climb, each, rung, attempted)
    if (last.outcome !== 'failed') return last
  }
  return last ?? notAsked(climb, target)
}

/** A breaker is open, and there is nobody else: nothing was asked, and nothing is owed. */
function notAsked(climb: Climb, target: string | null): Tried {
  return {
    ...nothing,
    target: targetName(climb, target),
    outcome: 'failed',
    answer: null,
    isKnown: true,
  }
}

const nothing = {
  costNanoUsd: zeroNanoUsd,
  latencyMs: 0,
  validationCostNanoUsd: zeroNanoUsd,
  validationMs: 0,
} as const

/** A call and its retries; waits and failed attempts count into its time. */
async function askAgain(
  climb: Climb,
  target: string | null,
  timeoutMs: number | null,
): Promise<Attempted> {
  const { asked, compiled, world, course } = climb
  const { retries } = compiled.policy.failure
  let waitedMs = 0
  for (let again = 0; ; again++) {
    const answer = world.ask(target, asked, timeoutMs)
    const attempted = answer instanceof Promise ? await answer : answer
    const delayMs = 'reason' in attempted ? attempted.retryAfterMs : null
    const isLast = delayMs === null || again >= retries.attempts
    if (isLast || waitedMs + delayMs > retries.totalMs) return attempted
    note(climb, target, attempted, 'failed', attempted.kind)
    course.spend(attempted.costNanoUsd)
    course.latencyMs += attempted.latencyMs + delayMs
    waitedMs += delayMs
    await world.wait(delayMs)
  }
}

async function judged(
  climb: Climb,
  target: string | null,
  rung: Rung | null,
  attempted: Attempted,
): Promise<Tried> {
  const { seen, compiled, course } = climb
  const { costNanoUsd, latencyMs } = attempted
  const base = {
    ...nothing,
    target: targetName(climb, target),
    costNanoUsd: costNanoUsd ?? zeroNanoUsd,
    latencyMs,
  }
  if ('reason' in attempted) {
    note(climb, target, attempted, attempted.kind, attempted.reason)
    return { ...base, outcome: attempted.kind, answer: null, isKnown: true }
  }
  if (attempted.kind === 'unknown') {
    note(climb, target, attempted, 'unknown', null)
    return { ...base, outcome: 'accepted', answer: null, isKnown: false }
  }
  const { answer } = attempted
  if (rung === null || rung.validators.length === 0 || answer === null) {
    note(climb, target, attempted, 'accepted', null)
    return { ...base, outcome: 'accepted', answer, isKnown: true }
  }
  const question = seen.facts.text ?? ''
  const validation = await compiled.validatorOf(rung)(
    { question, answer, meanLogProbability: null },
    seen.asks,
  )
  const { verdict, failed } = validation
  const outcome = verdict === 'fail' ? 'rejected' : 'accepted'
  note(climb, target, attempted, outcome, failed)
  const cost = validation.costNanoUsd
  course.add({ kind: 'validate', verdict, costNanoUsd: cost, latencyMs: validation.latencyMs })
  return {
    ...base,
    outcome,
    answer,
    isKnown: true,
    validationCostNanoUsd: cost,
    validationMs: validation.latencyMs,
  }
}

function note(
  climb: Climb,
  target: string | null,
  { usage, costNanoUsd, latencyMs }: Attempted,
  outcome: AttemptOutcome,
  reason: string | null,
): void {
  const name = targetName(climb, target)
  climb.course.add({
    kind: 'attempt',
    target: name,
    outcome,
    reason,
    usage,
    costNanoUsd,
    latencyMs,
  })
}

const targetName = ({ asked }: Climb, target: string | null): string =>
  target ?? asked.request.requestedModel ?? asked.request.model

/** Adds up the attempts and says what the caller got: the last answer, where none was accepted. */
function settle({ compiled, course }: Climb, tried: readonly Tried[]): Laddered {
  const { speculative } = compiled.policy
  const sum =
    speculative.kind === 'on' ? sumSpeculative(tried, speculative.withinMs) : sumLadder(tried)
  course.spend(sum.costNanoUsd)
  course.latencyMs += sum.latencyMs
  const served = sum.served ?? sum.answered
  const answer = served === null ? undefined : tried[served]
  if (answer === undefined) return { outcome: 'failed', answer: null }
  if (!answer.isKnown) return { outcome: 'unmeasured', answer: null }
  return { outcome: 'answered', answer: answer.answer }
}
