import { zeroNanoUsd } from '../domain/money.ts'
import type { AttemptOutcome } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type { Asked, Attempted, AttemptTerms, MaybePromise, World } from '../domain/world.ts'
import type { Rung } from '../policy/routing.ts'
import { after } from './after.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { Course } from './course.ts'
import type { Seen } from './decide.ts'
import type { Attempt } from './ladder-sum.ts'

/** What the attempts of one request share. */
export type Climb = {
  readonly asked: Asked
  readonly seen: Seen
  readonly compiled: CompiledPolicy
  readonly world: World
  readonly course: Course
  /** Whether another rung is asked at the same time. */
  readonly isSpeculative: boolean
}

/** One rung's attempt, with what it said. */
export type Tried = Attempt & { readonly answer: Answer | null; readonly isKnown: boolean }

/** The call, again where it failed and may be asked again, then the validators. Null: its breaker is open. */
export function tryTarget(
  climb: Climb,
  target: string | null,
  rung: Rung | null,
): MaybePromise<Tried | null> {
  const { asked, world } = climb
  if (!world.isUp(target, asked)) return null
  const terms = termsOf(climb, rung)
  const name = targetName(climb, target)
  return after(world.ask(target, asked, terms), (first) =>
    delayAfter(first) === null
      ? judged(climb, name, rung, first)
      : askAgain(climb, target, terms, first).then((last) => judged(climb, name, rung, last)),
  )
}

const termsOf = ({ course, isSpeculative }: Climb, rung: Rung | null): AttemptTerms => ({
  timeoutMs: rung?.timeoutMs ?? null,
  isHeld: isSpeculative || (rung !== null && rung.validators.length > 0),
  steps: course.steps,
})

/** Null: asking again is no use. */
const delayAfter = (attempted: Attempted): number | null =>
  isFailed(attempted) ? attempted.retryAfterMs : null

type Failed = Extract<Attempted, { kind: 'failed' | 'timeout' }>
const isFailed = (attempted: Attempted): attempted is Failed =>
  attempted.kind === 'failed' || attempted.kind === 'timeout'

/** A call's retries; waits and failed attempts count into its time. */
async function askAgain(
  climb: Climb,
  target: string | null,
  terms: AttemptTerms,
  first: Attempted,
): Promise<Attempted> {
  const { asked, compiled, world, course } = climb
  const { retries } = compiled.policy.failure
  const name = targetName(climb, target)
  let attempted = first
  let waitedMs = 0
  for (let again = 0; again < retries.attempts; again++) {
    const delayMs = delayAfter(attempted)
    if (delayMs === null || waitedMs + delayMs > retries.totalMs) break
    note(course, name, attempted, 'failed', attempted.kind)
    course.spend(attempted.costNanoUsd)
    course.latencyMs += attempted.latencyMs + delayMs
    waitedMs += delayMs
    await world.wait(delayMs)
    attempted = await world.ask(target, asked, terms)
  }
  return attempted
}

function judged(
  climb: Climb,
  target: string,
  rung: Rung | null,
  attempted: Attempted,
): MaybePromise<Tried> {
  const { course } = climb
  if (isFailed(attempted)) {
    note(course, target, attempted, attempted.kind, attempted.reason)
    return triedAs(target, attempted, attempted.kind, null)
  }
  if (attempted.kind === 'unknown') {
    note(course, target, attempted, 'unknown', null)
    return triedAs(target, attempted, 'accepted', null)
  }
  const { answer } = attempted
  if (rung === null || rung.validators.length === 0 || answer === null) {
    note(course, target, attempted, 'accepted', null)
    return triedAs(target, attempted, 'accepted', answer)
  }
  return validated(climb, target, rung, attempted, answer)
}

async function validated(
  { seen, compiled, course }: Climb,
  target: string,
  rung: Rung,
  attempted: Attempted,
  answer: Answer,
): Promise<Tried> {
  const question = seen.facts.text ?? ''
  const judge = compiled.validatorOf(rung)
  const validation = await judge({ question, answer, meanLogProbability: null }, seen.asks)
  const { verdict, failed, shadow, costNanoUsd, latencyMs } = validation
  const outcome = verdict === 'fail' ? 'rejected' : 'accepted'
  note(course, target, attempted, outcome, failed)
  const watched = shadow.length === 0 ? {} : { shadow }
  course.add({ kind: 'validate', verdict, ...watched, costNanoUsd, latencyMs })
  return {
    ...triedAs(target, attempted, outcome, answer),
    validationCostNanoUsd: costNanoUsd,
    validationMs: latencyMs,
  }
}

/** An attempt that no validator has judged. */
const triedAs = (
  target: string,
  { kind, costNanoUsd, latencyMs }: Attempted,
  outcome: Attempt['outcome'],
  answer: Answer | null,
): Tried => ({
  target,
  outcome,
  costNanoUsd: costNanoUsd ?? zeroNanoUsd,
  latencyMs,
  validationCostNanoUsd: zeroNanoUsd,
  validationMs: 0,
  answer,
  isKnown: kind !== 'unknown',
})

/** A breaker is open, and there is nobody else: nothing was asked, and nothing is owed. */
export const notAsked = (climb: Climb, target: string | null): Tried => ({
  target: targetName(climb, target),
  outcome: 'failed',
  costNanoUsd: zeroNanoUsd,
  latencyMs: 0,
  validationCostNanoUsd: zeroNanoUsd,
  validationMs: 0,
  answer: null,
  isKnown: true,
})

function note(
  course: Course,
  target: string,
  { usage, costNanoUsd, latencyMs }: Attempted,
  outcome: AttemptOutcome,
  reason: string | null,
): void {
  course.add({ kind: 'attempt', target, outcome, reason, usage, costNanoUsd, latencyMs })
}

const targetName = ({ asked }: Climb, target: string | null): string =>
  target ?? asked.request.requestedModel ?? asked.request.model
