import { zeroNanoUsd } from '../domain/money.ts'
import type { CacheLayer, Receipt, Step } from '../domain/receipt.ts'
import type { Answer } from '../domain/request.ts'
import type {
  Answered,
  Asked,
  BudgetWord,
  CacheEntry,
  CacheTerms,
  FoundEntry,
  MaybePromise,
  NearestEntry,
  World,
} from '../domain/world.ts'
import type { SemanticCache } from '../policy/caching.ts'
import { after } from './after.ts'
import { askLadder, type Laddered } from './ask-ladder.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { Course } from './course.ts'
import type { RequestFacts } from './request-facts.ts'
import type { Asks } from './validators.ts'

/** What was decided, and what the caller gets; null where nobody knows it, and where nobody answered. */
export type Decision = { readonly receipt: Receipt; readonly answer: Answer | null }

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
): Promise<Decision> {
  const course = new Course(asked)
  const word = world.ledger.admit(asked)
  const admitted = admit(word instanceof Promise ? await word : word, course)
  if (admitted === 'block') return { receipt: course.end('blocked'), answer: null }
  const terms = compiled.termsOf(seen.facts)
  const found = serveFromCache(asked, terms, course, compiled, world)
  const served = found instanceof Promise ? await found : found
  if (served !== null) {
    world.ledger.settle(asked, zeroNanoUsd)
    return served
  }
  const mayShare = asked.bypass === null && terms.coalesce
  if (mayShare) world.cache.begin(asked, terms)
  let answered: Answered | null = null
  try {
    const asking = askLadder(asked, seen, compiled, world, course, admitted === 'downgrade')
    const laddered = asking instanceof Promise ? await asking : asking
    answered = keep(asked, terms, laddered, course, world)
    return { receipt: course.end(laddered.outcome), answer: laddered.answer }
  } finally {
    if (mayShare) world.cache.end(asked, terms, answered)
    world.ledger.settle(asked, course.cost)
  }
}

/** Keeps what models answered, where it may be kept; whoever waits for it is told in any case. */
function keep(
  asked: Asked,
  terms: CacheTerms,
  { outcome, answer, isRejected }: Laddered,
  course: Course,
  world: World,
): Answered | null {
  if (asked.bypass === null && outcome === 'failed') course.bypass('not-answered')
  if (outcome === 'failed') return null
  if (asked.bypass === null && callsTools(answer)) course.bypass('tool-call')
  const answered = { at: asked.at + course.latencyMs, answer }
  // What every validator spoke against is better than nothing to its caller, and to nobody after.
  if (asked.bypass === null && mayStore(terms) && isWhole(answer) && !isRejected)
    remember(asked, terms, answered, course, world)
  return answered
}

const callsTools = (answer: Answer | null): boolean => (answer?.toolCalls ?? []).length > 0

const mayStore = ({ wishes }: CacheTerms): boolean => wishes === undefined || wishes.mayStore

/** An answer that was cut off, wants a tool called or is one of several choices would mislead whoever asks next. */
export const isWhole = (answer: Answer | null): boolean =>
  answer === null ||
  (!cutOff.has(answer.finishReason ?? '') && !callsTools(answer) && (answer.choices ?? 1) === 1)

/** As the wire formats call an answer that did not end by itself. */
const cutOff: ReadonlySet<string> = new Set(['length', 'max_tokens', 'content_filter', 'filtered'])

/** What budgets say, written down. */
function admit(word: BudgetWord | null, course: Course): 'pass' | 'downgrade' | 'block' {
  if (word === null) return 'pass'
  const { budget, action } = word
  course.add({ kind: 'budget', budget, action })
  return action === 'alert' ? 'pass' : action
}

/** What a cache, or an identical request in flight, answered; else null. */
function serveFromCache(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  { policy }: CompiledPolicy,
  world: World,
): MaybePromise<Decision | null> {
  const { insert } = policy.cache.semantic
  return after(findExact(asked, terms, course, world), (hit) =>
    hit !== null
      ? hit
      : after(join(asked, terms, course, world), (coalesced) =>
          coalesced !== null ? coalesced : findSimilar(asked, terms, course, insert, world),
        ),
  )
}

function findExact(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  world: World,
): MaybePromise<Decision | null> {
  const bypass = bypassOf(asked, terms, 'exact')
  if (bypass !== null) {
    course.add(bypass)
    return null
  }
  return after(world.cache.findExact(asked, terms), (entry) => {
    if (entry !== null && isYoung(entry, asked, terms))
      return { receipt: course.hit('exact', entry, 1), answer: entry.answer }
    course.add(exactMiss)
    return null
  })
}

/** Whether an entry may serve a caller who wants none that is older than so. */
export const isYoung = (entry: CacheEntry, { at }: Asked, { wishes }: CacheTerms): boolean =>
  wishes === undefined || at - entry.bornMs <= wishes.maxAgeMs

/** Waits for an identical request in flight; where that comes to nothing the caller asks for itself. */
function join(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  world: World,
): MaybePromise<Decision | null> {
  if (!terms.coalesce || asked.bypass !== null) return null
  return after(world.cache.findInFlight(asked, terms, course.steps), (flight) =>
    flight === null
      ? null
      : after(flight.answered, (answered) =>
          answered === null
            ? null
            : { receipt: course.coalesced(flight.id, answered.at), answer: answered.answer },
        ),
  )
}

function findSimilar(
  asked: Asked,
  terms: CacheTerms,
  course: Course,
  insert: SemanticCache['insert'],
  world: World,
): MaybePromise<Decision | null> {
  const bypass = bypassOf(asked, terms, 'semantic')
  if (bypass !== null) {
    course.add(bypass)
    return null
  }
  return after(world.cache.findNearest(asked, terms), (nearest) => {
    const found = entryOf(nearest, asked, terms, course)
    if (found === null) return null
    if (insert === 'always' && mayStore(terms)) {
      world.cache.remember('semantic', asked, terms, { ...found.entry, bornMs: asked.at })
      course.add(remembered.semantic)
    }
    return {
      receipt: course.hit('semantic', found.entry, found.similarity),
      answer: found.entry.answer,
    }
  })
}

/** What the semantic layer found, written down with what kept it from more. */
function entryOf(
  nearest: NearestEntry,
  asked: Asked,
  terms: CacheTerms,
  course: Course,
): FoundEntry | null {
  if (nearest.kind === 'bypass') {
    course.add({ kind: 'bypass', layer: 'semantic', reason: nearest.reason })
    return null
  }
  const { found, guarded } = nearest
  if (guarded !== null) course.add({ kind: 'guarded', ...guarded })
  if (found !== null && isYoung(found.entry, asked, terms)) return found
  course.add(semanticMiss)
  return null
}

// Steps that say the same of many requests are shared by their receipts.
const exactMiss: Step = { kind: 'miss', layer: 'exact' }
const semanticMiss: Step = { kind: 'miss', layer: 'semantic' }
const remembered = {
  exact: { kind: 'remember', layer: 'exact' },
  semantic: { kind: 'remember', layer: 'semantic' },
} as const satisfies Record<CacheLayer, Step>
const off = {
  exact: { kind: 'bypass', layer: 'exact', reason: 'off' },
  semantic: { kind: 'bypass', layer: 'semantic', reason: 'off' },
} as const satisfies Record<CacheLayer, Step>
const unwished = {
  exact: { kind: 'bypass', layer: 'exact', reason: 'caller' },
  semantic: { kind: 'bypass', layer: 'semantic', reason: 'caller' },
} as const satisfies Record<CacheLayer, Step>

/** Why a layer is not asked, or null. */
function bypassOf({ bypass }: Asked, terms: CacheTerms, layer: CacheLayer): Step | null {
  if (!terms[layer]) {
    if (terms.rule === null) return off[layer]
    return { kind: 'bypass', layer, reason: `rule ${terms.rule}` }
  }
  if (bypass !== null) return { kind: 'bypass', layer, reason: bypass }
  return terms.wishes === undefined || terms.wishes[layer] ? null : unwished[layer]
}

function remember(
  asked: Asked,
  terms: CacheTerms,
  { at, answer }: Answered,
  course: Course,
  world: World,
): void {
  const entry = { id: asked.id, bornMs: at, answer }
  for (const layer of layers) {
    if (!terms[layer]) continue
    world.cache.remember(layer, asked, terms, entry)
    course.add(remembered[layer])
  }
}

const layers = ['exact', 'semantic'] as const satisfies readonly CacheLayer[]
