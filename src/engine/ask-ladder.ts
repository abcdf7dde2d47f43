import type { NanoUsd } from '../domain/money.ts'
import type { Outcome } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type { Asked, MaybePromise, World } from '../domain/world.ts'
import type { Ladder, Rung } from '../policy/routing.ts'
import { ofTarget } from '../prices/same-model.ts'
import { after } from './after.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { RouteDecision } from './compile-routes.ts'
import { Course } from './course.ts'
import type { Seen } from './decide.ts'
import { hasAnswer, sumLadder, sumSpeculative } from './ladder-sum.ts'
import { type Climb, notAsked, type Tried, tryTarget } from './try-target.ts'

export type Laddered = {
  readonly outcome: Outcome
  readonly answer: Answer | null
  /** Every validator that was asked spoke against it: it is given because there is no better one. */
  readonly isRejected: boolean
}

/**
 * Asks the models of the request's ladder, cheap to strong, until an answer passes its validators. A request without a
 * route goes to the model it asked for, which is a ladder of one. `isCheapest` keeps it on the first rung.
 */
export function askLadder(
  asked: Asked,
  seen: Seen,
  compiled: CompiledPolicy,
  world: World,
  course: Course,
  isCheapest: boolean,
): MaybePromise<Laddered> {
  const climb: Climb = { asked, seen, compiled, world, course, isSpeculative: false }
  const decision = compiled.routeOf(seen.facts)
  if (decision.kind === 'routed') return askRoute(climb, decision, isCheapest)
  return askClassifiers(climb, decision.classifier).then((routed) =>
    askRoute(climb, routed, isCheapest),
  )
}

type Routed = Extract<RouteDecision, { kind: 'routed' }>

/** The route, once the classifiers that its rules want have been asked. */
async function askClassifiers(climb: Climb, first: string): Promise<Routed> {
  const { asked, seen, compiled, world, course } = climb
  for (let classifier = first; ; ) {
    const { label, costNanoUsd, latencyMs } = await world.classify(classifier, asked)
    course.add({ kind: 'classify', classifier, label, costNanoUsd, latencyMs })
    course.spend(costNanoUsd)
    course.latencyMs += latencyMs
    seen.facts.setLabel(classifier, label)
    const decision = compiled.routeOf(seen.facts)
    if (decision.kind === 'routed') return decision
    classifier = decision.classifier
  }
}

function askRoute(
  climb: Climb,
  { ladder, route }: Routed,
  isCheapest: boolean,
): MaybePromise<Laddered> {
  if (ladder === null || ladder.length === 0) {
    return after(tryHome(climb), (tried) => settle(climb, [tried]))
  }
  const rungs = isCheapest ? ladder.slice(0, 1) : ladder
  climb.course.add({
    kind: 'route',
    route: route ?? '',
    targets: rungs.map(({ target }) => target),
  })
  return tryRungs(climb, rungs).then((tried) => settle(climb, tried))
}

async function tryRungs(climb: Climb, rungs: Ladder): Promise<readonly Tried[]> {
  const { speculative } = climb.compiled.policy
  const [first, second, ...above] = rungs
  if (speculative.kind === 'off' || first === undefined || second === undefined)
    return tryInTurn(climb, rungs, [])
  const both = await tryAtOnce(climb, first, second, speculative.withinMs)
  return isSettled(both) ? both : tryInTurn(climb, above, both)
}

const isSettled = (tried: readonly Tried[]): boolean =>
  tried.some(({ outcome, isKnown }) => outcome === 'accepted' || !isKnown)

async function tryInTurn(
  climb: Climb,
  rungs: Ladder,
  before: readonly Tried[],
): Promise<readonly Tried[]> {
  const tried = [...before]
  for (const rung of rungs) {
    tried.push(await tryRung(climb, rung))
    if (isSettled(tried)) break
  }
  return tried
}

/** Two rungs under way together, written down in their order. The caller need not wait for the one that is not needed. */
async function tryAtOnce(
  climb: Climb,
  first: Rung,
  second: Rung,
  withinMs: number,
): Promise<readonly Tried[]> {
  const { asked, course, world } = climb
  const [own, aside] = [new Course(asked), new Course(asked)]
  const trying = tryRung({ ...climb, course: own, isSpeculative: true }, first)
  const strong = tryRung({ ...climb, course: aside, isSpeculative: true }, second)
  // Should the first one throw, nobody waits for this one any more.
  strong.catch(() => undefined)
  const cheap = await trying
  const { outcome, validationMs, answer } = cheap
  if (outcome === 'accepted' && validationMs <= withinMs && answer !== null)
    world.accept?.(asked, answer, [...course.steps, ...own.steps, ...aside.steps])
  const both = [cheap, await strong]
  course.absorb(own)
  course.absorb(aside)
  return both
}

/** The model that was asked for, and where that failed those that may answer in its place. */
function tryHome(climb: Climb): MaybePromise<Tried> {
  return after(tryTarget(climb, null, null), (tried) => {
    const others = tried !== null && hasAnswer(tried) ? [] : fallbacksOf(climb)
    if (others.length === 0) return tried ?? notAsked(climb, null)
    return tryOthers(climb, others, null, tried).then((last) => last ?? notAsked(climb, null))
  })
}

const fallbacksOf = ({ asked, world }: Climb): readonly string[] => world.fallbacksOf?.(asked) ?? []

/** One rung: its target, and where that failed or took too long another vendor's model. All of them are paid for. */
async function tryRung(climb: Climb, rung: Rung): Promise<Tried> {
  const { target } = rung
  const { fallback } = climb.compiled.policy.failure
  const others = fallback.on ? (ofTarget(fallback.targets, target) ?? []) : []
  const tried = await tryOthers(climb, [target, ...others], rung, null)
  return tried ?? notAsked(climb, target)
}

/** One target after the other until one answers; null: nobody was asked. */
async function tryOthers(
  climb: Climb,
  targets: readonly string[],
  rung: Rung | null,
  before: Tried | null,
): Promise<Tried | null> {
  let last = before
  for (const target of targets) {
    const trying = tryTarget(climb, target, rung)
    const tried = trying instanceof Promise ? await trying : trying
    if (tried === null) continue
    last = last === null ? tried : afterFailure(last, tried)
    if (hasAnswer(tried)) return last
  }
  return last
}

/** An attempt that was made because another one came to nothing, which has to be paid and waited for too. */
const afterFailure = (failed: Tried, tried: Tried): Tried => ({
  ...tried,
  costNanoUsd: (failed.costNanoUsd + tried.costNanoUsd) as NanoUsd,
  latencyMs: failed.latencyMs + tried.latencyMs,
})

/** Adds up the attempts and says what the caller got: the last answer, where none was accepted. */
function settle({ compiled, course }: Climb, tried: readonly Tried[]): Laddered {
  const { speculative } = compiled.policy
  const sum =
    speculative.kind === 'on' ? sumSpeculative(tried, speculative.withinMs) : sumLadder(tried)
  course.spend(sum.costNanoUsd)
  course.latencyMs += sum.latencyMs
  const served = sum.served ?? sum.answered
  const answer = served === null ? undefined : tried[served]
  const isRejected = answer?.outcome === 'rejected'
  if (answer === undefined) return { outcome: 'failed', answer: null, isRejected }
  if (!answer.isKnown) return { outcome: 'unmeasured', answer: null, isRejected }
  return { outcome: 'answered', answer: answer.answer, isRejected }
}
