import { zeroNanoUsd } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type {
  Asked,
  CacheTerms,
  InFlight,
  MaybePromise,
  NearestEntry,
  World,
} from '../domain/world.ts'
import { askLadder } from './ask-ladder.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { Course } from './course.ts'
import type { RequestFacts } from './request-facts.ts'
import type { Asks } from './validators.ts'

/** How a request is seen by rules, and whom validators may ask: what a world adds to its answers. */
export type Seen = { readonly facts: RequestFacts; readonly asks: Asks }

/**
 * Decides one request: budget → exact cache → semantic cache → route → ladder of attempts → remember → settle. It is
 * the same for history, a sample and live traffic; whatever differs between them the world answers. A world that
 * answers at once is never waited for.
 */
export async function decide(
  asked: Asked,
  seen: Seen,
  compiled: CompiledPolicy,
  world: World,
): Promise<Receipt> {
  const course = new Course(asked)
  const admitted = await admit(asked, course, world)
  if (admitted === 'block') return course.end('blocked')
  const terms = compiled.termsOf(seen.facts)
  const served = await serveFromCache(asked, terms, course, world)
  if (served !== null) {
    world.ledger.settle(asked, zeroNanoUsd)
    return served
  }
  const mayCache = asked.bypass === null
  if (mayCache) world.cache.begin(asked, terms)
  let answer: Answer | null = null
  try {
    const laddered = await askLadder(asked, seen, compiled, world, course, admitted === 'downgrade')
    answer = laddered.answer
    if (mayCache && laddered.outcome === 'answered')
      remember(asked, terms, laddered.answer, course, world)
    return course.end(laddered.outcome)
  } finally {
    if (mayCache) world.cache.end(asked, terms, answer)
    world.ledger.settle(asked, course.cost)
  }
}

async function admit(
  asked: Asked,
  course: Course,
  world: World,
): Promise<'pass' | 'downgrade' | 'block'> {
  const word = now(world.ledger.admit(asked))
  const verdict: BudgetWord | null = word instanceof Promise ? await word : word
  if (verdict === null) return 'pass'
  const { budget, action } = verdict
  course.add({ kind: 'budget', budget, action })
  return action === 'alert' ? 'pass' : action
}

/** The receipt of a request that a cache, or an identical request in flight, answered; else null. */
async function serveFromCache(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  world: World,
): Promise<Receipt | null> {
  const exact = bypassOf(asked, terms, 'exact')
  if (exact === null) {
    const answer = now(world.cache.findExact(asked, terms))
    const entry = answer instanceof Promise ? await answer : answer
    if (entry !== null) return course.hit('exact', entry, 1)
  }
  course.add(exact ?? exactMiss)
  if (terms.coalesce && asked.bypass === null) {
    const flight = now(world.cache.findInFlight(asked, terms))
    const waited = await waitFor(flight instanceof Promise ? await flight : flight, course)
    if (waited !== null) return waited
  }
  const semantic = bypassOf(asked, terms, 'semantic')
  if (semantic !== null) {
    course.add(semantic)
    return null
  }
  const nearest = now(world.cache.findNearest(asked, terms))
  return serveNearest(nearest instanceof Promise ? await nearest : nearest, course)
}

function serveNearest(nearest: NearestEntry, course: Course): Receipt | null {
  if (nearest.kind === 'bypass') {
    course.add({ kind: 'bypass', layer: 'semantic', reason: nearest.reason })
    return null
  }
  const { found, guarded } = nearest
  if (guarded !== null) course.add({ kind: 'guarded', ...guarded })
  if (found !== null) return course.hit('semantic', found.entry, found.similarity)
  course.add(semanticMiss)
  return null
}

/** Waits for an identical request; where that came to nothing the caller asks for itself. */
async function waitFor(flight: InFlight | null, course: Course): Promise<Receipt | null> {
  if (flight === null) return null
  const answered = now(flight.answered)
  const outcome = answered instanceof Promise ? await answered : answered
  return outcome === null ? null : course.coalesced(flight.id, outcome.at)
}

const exactMiss: Step = { kind: 'miss', layer: 'exact' }
const semanticMiss: Step = { kind: 'miss', layer: 'semantic' }

/** Why a layer is not asked, or null. */
function bypassOf(
  { bypass }: Asked,
  terms: CacheTerms,
  layer: 'exact' | 'semantic',
): Extract<Step, { kind: 'bypass' }> | null {
  if (!terms[layer]) {
    return { kind: 'bypass', layer, reason: terms.rule === null ? 'off' : `rule ${terms.rule}` }
  }
  return bypass === null ? null : { kind: 'bypass', layer, reason: bypass }
}

function remember(
  asked: Asked,
  terms: CacheTerms,
  answer: Answer | null,
  course: Course,
  world: World,
): void {
  const entry = { id: asked.id, bornMs: asked.at + course.latencyMs, answer }
  for (const layer of ['exact', 'semantic'] as const) {
    if (!terms[layer]) continue
    world.cache.remember(layer, asked, terms, entry)
    course.add({ kind: 'remember', layer })
  }
}

/** Keeps the type of what may have to be waited for. */
const now = <T>(value: MaybePromise<T>): MaybePromise<T> => value
