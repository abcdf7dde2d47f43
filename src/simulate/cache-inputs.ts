import type { BypassReason } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import type { CacheTerms } from '../domain/world.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import type { CapacityPer, Namespace, NamespaceField } from '../policy/caching.ts'
import { bypassReasons, type History } from '../worlds/history.ts'
import type { SemanticInputs } from '../worlds/history-cache.ts'
import type { CacheInputs } from './cache-run.ts'
import { canServeBetween } from './can-serve.ts'
import { Slots, slotNeighbours } from './slots.ts'

/** What keeps each request from each layer, by place; null: nothing. */
export type Bypasses = {
  readonly exact: readonly (BypassReason | null)[]
  readonly semantic: readonly (BypassReason | null)[]
}

export type PreparedCache = {
  readonly inputs: CacheInputs
  readonly bypasses: Bypasses
  /** Number of each request's namespace. */
  readonly namespace: Uint32Array
}

/** The cache rule that holds for each request, by its place in the policy; -1: none. */
export function cacheRules(
  { count }: Pick<History, 'count'>,
  { policy, terms }: CompiledPolicy,
  factsAt: (place: number) => RequestFacts,
): Int16Array {
  const rules = new Int16Array(count).fill(-1)
  if (policy.cache.rules.length === 0) return rules
  for (let place = 0; place < count; place++) rules[place] = terms.ruleOf(factsAt(place))
  return rules
}

/** Puts a policy's terms to every request of a history, and numbers the keys that they leave. */
export function prepareCache(
  history: History,
  semantic: SemanticInputs,
  compiled: CompiledPolicy,
  rules: Int16Array,
): PreparedCache {
  const { cache } = compiled.policy
  const preparing = new Preparing(history, semantic, cache.semantic.maxMessages)
  const termsAt = termsOver(history, compiled, rules)
  for (let place = 0; place < history.count; place++) preparing.add(place, termsAt(place))
  const { exactSlots, semanticSlots, namespace } = preparing
  const timed = {
    count: history.count,
    at: history.at,
    born: history.born,
    ...arrivalsOf(history),
    insertable: history.insertable,
    semanticSlot: preparing.semanticSlot,
    semanticTtlMs: preparing.semanticTtlMs,
    insert: cache.semantic.insert,
    refreshSemantic: cache.semantic.refreshOnHit,
  }
  const inputs: CacheInputs = {
    ...timed,
    exactSlot: preparing.exactSlot,
    flightSlot: preparing.flightSlot,
    exactSlots: exactSlots.count,
    semanticSlots: semanticSlots.count,
    exactScope: scopeOf(exactSlots, cache.exact.capacityPer),
    semanticScope: scopeOf(semanticSlots, cache.semantic.capacityPer),
    exactTtlMs: preparing.exactTtlMs,
    ownThreshold: preparing.ownThreshold(cache.semantic.threshold),
    exactCapacity: cache.exact.maxEntries ?? Number.POSITIVE_INFINITY,
    semanticCapacity: cache.semantic.maxEntries ?? Number.POSITIVE_INFINITY,
    refreshExact: cache.exact.refreshOnHit,
    neighbours: slotNeighbours(
      semanticSlots,
      semantic.neighbours,
      canServeBetween(timed, semanticSlots.count),
    ),
  }
  const { bypasses } = preparing
  return { inputs, bypasses, namespace }
}

/**
 * The terms of each request. Where namespaces tell apart nothing but users, or nothing but what stands in profiles, the
 * store's numbers stand for the words: only whether two are the same matters here, and looking words up takes longer
 * than all the rest.
 */
function termsOver(
  { columns, requestAt }: Pick<History, 'columns' | 'requestAt'>,
  { policy: { cache }, terms }: CompiledPolicy,
  rules: Int16Array,
): (place: number) => CacheTerms {
  const kinds = [cache.namespace, ...cache.rules.flatMap(({ namespace = [] }) => namespace)]
  const column = columnTelling(kinds)
  if (column === null)
    return (place) => terms.termsUnder(rules[place] as number, () => requestAt(place))
  const asked = (place: number, value: number): Request => {
    if (column === 'profile') return requestAt(place)
    return (Number.isNaN(value) ? {} : { user: String(value) }) as Request
  }
  const known = new Map<number, Map<number, CacheTerms>>()
  return (place) => {
    const rule = rules[place] as number
    const value = columns[column][place] as number
    const byValue = known.get(rule) ?? new Map<number, CacheTerms>()
    known.set(rule, byValue)
    const before = byValue.get(value)
    if (before !== undefined) return before
    const found = terms.termsUnder(rule, () => asked(place, value))
    byValue.set(value, found)
    return found
  }
}

/** Fields that never stand with a request alone. */
const profileFields: ReadonlySet<NamespaceField> = new Set([
  'tenant',
  'key',
  'team',
  'feature',
  'plan',
  'promptVersion',
] as const)

/** The column whose numbers are the same where the namespaces are; null: there is none. */
function columnTelling(kinds: readonly Namespace[]): 'profile' | 'user' | null {
  const fields = kinds.flatMap((kind): readonly NamespaceField[] => {
    if (kind.kind === 'fields') return kind.fields
    return kind.kind === 'log' ? ['tenant'] : []
  })
  if (fields.every((field) => profileFields.has(field))) return 'profile'
  return fields.every((field) => field === 'user') ? 'user' : null
}

const scopeOf = (slots: Slots, per: CapacityPer): Uint32Array | null =>
  per === 'all' ? null : slots.namespaces()

type Arrivals = Pick<CacheInputs, 'arrivals' | 'arrivedBefore'>

/** By the moments of a history's answers: policies change nothing in their order. */
const knownArrivals = new WeakMap<Float64Array, Arrivals>()

function arrivalsOf(history: Pick<History, 'count' | 'at' | 'born'>): Arrivals {
  const arrivals = knownArrivals.get(history.born) ?? inOrderOfArrival(history)
  knownArrivals.set(history.born, arrivals)
  return arrivals
}

/** Requests by when their answers were there, ties by their own order, and how many of them are before each request. */
function inOrderOfArrival({ count, at, born }: Pick<History, 'count' | 'at' | 'born'>): Arrivals {
  const arrivals = Uint32Array.from({ length: count }, (_, place) => place)
  arrivals.sort((a, b) => (born[a] as number) - (born[b] as number) || a - b)
  const arrivedBefore = new Uint32Array(count)
  let arrived = 0
  for (let place = 0; place < count; place++) {
    const now = at[place] as number
    for (; arrived < count; arrived++) {
      const other = arrivals[arrived] as number
      if (other >= place || (born[other] as number) > now) break
    }
    arrivedBefore[place] = arrived
  }
  return { arrivals, arrivedBefore }
}

/** The terms of a history's requests, as they come. */
class Preparing {
  readonly exactSlots: Slots
  readonly semanticSlots: Slots
  readonly namespaces = new Map<string, number>()
  readonly namespace: Uint32Array
  readonly exactSlot: Int32Array
  readonly semanticSlot: Int32Array
  readonly flightSlot: Int32Array
  readonly exactTtlMs: Float64Array
  readonly semanticTtlMs: Float64Array
  readonly bypasses: { exact: (BypassReason | null)[]; semantic: (BypassReason | null)[] } = {
    exact: [],
    semantic: [],
  }
  readonly #thresholds: Float64Array
  readonly #history: History
  readonly #semantic: SemanticInputs
  readonly #maxMessages: number

  constructor(history: History, semantic: SemanticInputs, maxMessages: number) {
    const { count } = history
    this.#history = history
    this.#semantic = semantic
    this.#maxMessages = maxMessages
    this.exactSlots = new Slots(count)
    this.semanticSlots = new Slots(count)
    this.namespace = new Uint32Array(count)
    this.exactSlot = new Int32Array(count).fill(-1)
    this.semanticSlot = new Int32Array(count).fill(-1)
    this.flightSlot = new Int32Array(count).fill(-1)
    this.exactTtlMs = new Float64Array(count)
    this.semanticTtlMs = new Float64Array(count)
    this.#thresholds = new Float64Array(count)
  }

  add(place: number, terms: CacheTerms): void {
    const namespace = this.#namespaceOf(terms.namespace)
    this.namespace[place] = namespace
    this.exactTtlMs[place] = terms.exactTtlMs
    this.semanticTtlMs[place] = terms.semanticTtlMs
    this.#thresholds[place] = terms.threshold
    const own = bypassReasons[this.#history.bypass[place] as number] ?? null
    const exact = ruledOut(terms, 'exact') ?? own
    const semantic = ruledOut(terms, 'semantic') ?? own ?? this.#withoutText(place)
    this.bypasses.exact.push(exact)
    this.bypasses.semantic.push(semantic)
    const key = this.#history.exact[place] as number
    if (exact === null || (terms.coalesce && own === null)) {
      const slot = this.exactSlots.of(key, namespace)
      if (exact === null) this.exactSlot[place] = slot
      if (terms.coalesce && own === null) this.flightSlot[place] = slot
    }
    const question = this.#semantic.questions.at[place] as number
    if (semantic === null) this.semanticSlot[place] = this.semanticSlots.of(question, namespace)
  }

  /** Null where every request takes the policy's threshold. */
  ownThreshold(threshold: number): Float64Array | null {
    const own = this.#thresholds.map((each) => (each === threshold ? Number.NaN : each))
    return own.every(Number.isNaN) ? null : own
  }

  #namespaceOf(name: string): number {
    const known = this.namespaces.get(name)
    if (known !== undefined) return known
    this.namespaces.set(name, this.namespaces.size)
    return this.namespaces.size - 1
  }

  #withoutText(place: number): BypassReason | null {
    const { questions, neighbours } = this.#semantic
    const question = questions.at[place] as number
    if (question === -1) return 'no-text'
    if ((this.#history.messages[place] as number) > this.#maxMessages) return 'long-conversation'
    if (neighbours === null) return 'no-text'
    return neighbours.hasVector(question) ? null : 'no-vector'
  }
}

function ruledOut(terms: CacheTerms, layer: 'exact' | 'semantic'): BypassReason | null {
  if (terms[layer]) return null
  return terms.rule === null ? 'off' : `rule ${terms.rule}`
}
