import { zeroNanoUsd } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type {
  Answered,
  Asked,
  BudgetWord,
  CacheTerms,
  FoundEntry,
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
  const served = await serveFromCache(asked, terms, course, compiled, world)
  if (served !== null) {
    world.ledger.settle(asked, zeroNanoUsd)
    return served
  }
  return askModels(asked, seen, compiled, world, course, terms, admitted === 'downgrade')
}

/** The receipt of a request that goes to models; their answer is kept, and whoever waits for it is told. */
async function askModels(
  asked: Asked,
  seen: Seen,
  compiled: CompiledPolicy,
  world: World,
  course: Course,
  terms: CacheTerms,
  isCheapest: boolean,
): Promise<Receipt> {
  const mayCache = asked.bypass === null
  const mayShare = mayCache && terms.coalesce
  if (mayShare) world.cache.begin(asked, terms)
  let answered: Answered | null = null
  try {
    const { outcome, answer } = await askLadder(asked, seen, compiled, world, course, isCheapest)
    if (outcome !== 'failed') {
      answered = { at: asked.at + course.latencyMs, answer }
      if (mayCache && isWhole(answer)) remember(asked, terms, answered, course, world)
    }
    return course.end(outcome)
  } finally {
    if (mayShare) world.cache.end(asked, terms, answered)
    world.ledger.settle(asked, course.cost)
  }
}

/** An answer that was cut off, wants a tool called or is one of several choices would mislead whoever asks next. */
const isWhole = (answer: Answer | null): boolean =>
  answer === null ||
  (!cutOff.has(answer.finishReason ?? '') &&
    (answer.toolCalls ?? []).length === 0 &&
    (answer.choices ?? 1) === 1)

/** As the wire formats call an answer that did not end by itself. */
const cutOff: ReadonlySet<string> = new Set(['length', 'max_tokens', 'content_filter', 'filtered'])

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
  { policy }: CompiledPolicy,
  world: World,
): Promise<Receipt | null> {
  const identical =
    (await findExact(asked, terms, course, world)) ?? (await join(asked, terms, course, world))
  if (identical !== null) return identical
  const semantic = bypassOf(asked, terms, 'semantic')
  if (semantic !== null) {
    course.add(semantic)
    return null
  }
  const nearest = now(world.cache.findNearest(asked, terms))
  const found = entryOf(nearest instanceof Promise ? await nearest : nearest, course)
  if (found === null) return null
  if (policy.cache.semantic.insert === 'always') {
    world.cache.remember('semantic', asked, terms, { ...found.entry, bornMs: asked.at })
    course.add({ kind: 'remember', layer: 'semantic' })
  }
  return course.hit('semantic', found.entry, found.similarity)
}

/** What the semantic layer found, written down with what kept it from more. */
function entryOf(nearest: NearestEntry, course: Course): FoundEntry | null {
  if (nearest.kind === 'bypass') {
    course.add({ kind: 'bypass', layer: 'semantic', reason: nearest.reason })
    return null
  }
  const { found, guarded } = nearest
  if (guarded !== null) course.add({ kind: 'guarded', ...guarded })
  if (found === null) course.add(semanticMiss)
  return found
}

async function findExact(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  world: World,
): Promise<Receipt | null> {
  const bypass = bypassOf(asked, terms, 'exact')
  if (bypass !== null) {
    course.add(bypass)
    return null
  }
  const found = now(world.cache.findExact(asked, terms))
  const entry = found instanceof Promise ? await found : found
  if (entry !== null) return course.hit('exact', entry, 1)
  course.add(exactMiss)
  return null
}

/** Waits for an identical request in flight; where that comes to nothing the caller asks for itself. */
async function join(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  world: World,
): Promise<Receipt | null> {
  if (!terms.coalesce || asked.bypass !== null) return null
  const found = now(world.cache.findInFlight(asked, terms))
  const flight: InFlight | null = found instanceof Promise ? await found : found
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
  { at, answer }: Answered,
  course: Course,
  world: World,
): void {
  const entry = { id: asked.id, bornMs: at, answer }
  for (const layer of ['exact', 'semantic'] as const) {
    if (!terms[layer]) continue
    world.cache.remember(layer, asked, terms, entry)
    course.add({ kind: 'remember', layer })
  }
}

/** Keeps the type of what may have to be waited for. */
const now = <T>(value: MaybePromise<T>): MaybePromise<T> => value
