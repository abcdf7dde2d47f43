import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Step } from '../../src/domain/receipt.ts'
import type { Answer, Request } from '../../src/domain/request.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type {
  Answered,
  Asked,
  Attempted,
  BudgetWord,
  CacheEntry,
  CacheWishes,
  InFlight,
  NearestEntry,
  World,
} from '../../src/domain/world.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { decide } from '../../src/engine/decide.ts'
import { RequestFacts } from '../../src/engine/request-facts.ts'
import { unasked } from '../../src/engine/validators.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import type { Rung } from '../../src/policy/routing.ts'

/** What the world holds before it is asked. Each target's calls come to what is listed for it, one after the other. */
type Given = {
  readonly policy?: PolicyPatch
  readonly calls?: Readonly<Record<string, readonly Attempted[]>>
  readonly down?: readonly string[]
  readonly budget?: BudgetWord
  readonly exact?: CacheEntry
  readonly inFlight?: InFlight
  readonly nearest?: NearestEntry
  readonly bypass?: Asked['bypass']
  readonly wishes?: Partial<CacheWishes>
  readonly request?: Partial<Request>
  /** Everything is answered later. */
  readonly isLater?: boolean
}

const own = 'own-model'
const at = 1000

const answered = (text = 'A good answer', cost = 100, latencyMs = 50): Attempted => ({
  kind: 'answered',
  answer: { text },
  usage: noUsage,
  costNanoUsd: cost as NanoUsd,
  latencyMs,
})
const finished = (answer: Answer): Attempted => ({ ...answered(), kind: 'answered', answer })
const unknown: Attempted = {
  kind: 'unknown',
  usage: noUsage,
  costNanoUsd: 70 as NanoUsd,
  latencyMs: 20,
}
const failed = (retryAfterMs: number | null, kind: 'failed' | 'timeout' = 'failed'): Attempted => ({
  kind,
  reason: 'overloaded',
  usage: noUsage,
  costNanoUsd: 3 as NanoUsd,
  latencyMs: 10,
  retryAfterMs,
})

/** One decision, and what it did to the world. */
async function decided(given: Given) {
  const policy = mergePolicy(defaultPolicy, given.policy ?? {})
  const request: Request = { model: own, operation: 'chat', status: 'ok', ...given.request }
  const asked: Asked = { id: 7, at, request, bypass: given.bypass ?? null }
  const facts = new RequestFacts(request, {
    countTokens: () => 0,
    contextTokens: () => undefined,
    label: () => 'unasked',
  })
  const seen = { facts, asks: async () => unasked }
  const did = { asked: [] as string[], waits: [] as number[], kept: [] as unknown[] }
  const shared: (Answered | 'begun' | null)[] = []
  const spent: number[] = []
  const maybe = <T>(value: T): T | Promise<T> => (given.isLater ? Promise.resolve(value) : value)
  const world: World = {
    cache: {
      findExact: () => maybe(given.exact ?? null),
      findInFlight: () => maybe(given.inFlight ?? null),
      findNearest: () => maybe(given.nearest ?? { kind: 'asked', found: null, guarded: null }),
      begin: () => shared.push('begun'),
      remember: (layer, _, __, { id, bornMs }) => did.kept.push([layer, id, bornMs]),
      end: (_, __, outcome) => shared.push(outcome),
    },
    ledger: { admit: () => maybe(given.budget ?? null), settle: (_, cost) => spent.push(cost) },
    ask(target) {
      const name = target ?? own
      const before = did.asked.filter((each) => each === name).length
      did.asked.push(name)
      return maybe(given.calls?.[name]?.[before] ?? answered())
    },
    isUp: (target) => given.down?.includes(target ?? own) !== true,
    classify: () => maybe({ label: 'hard', costNanoUsd: 5 as NanoUsd, latencyMs: 4 }),
    wait: (ms) => {
      did.waits.push(ms)
      return maybe(undefined)
    },
  }
  const compiled = compilePolicy(policy)
  const wishes = { exact: true, semantic: true, mayStore: true, maxAgeMs: 1e9, ...given.wishes }
  const underWishes = {
    ...compiled,
    termsOf: (each: RequestFacts) => ({ ...compiled.termsOf(each), wishes }),
  }
  const { receipt } = await decide(
    asked,
    seen,
    given.wishes === undefined ? compiled : underWishes,
    world,
  )
  return { receipt, ...did, shared, spent }
}

const kindsOf = (steps: readonly Step[]) =>
  steps.map((step) => (step.kind === 'attempt' ? `${step.target} ${step.outcome}` : step.kind))

const rung = (target: string, rest: Partial<Rung> = {}): Rung => ({
  target,
  validators: [],
  timeoutMs: null,
  ...rest,
})
const atLeast = (min: number) =>
  ({
    name: 'long',
    mode: 'enforce',
    maxFalsePassRate: 0.03,
    test: { kind: 'length', min, max: null },
  }) as const
const routed = (...ladder: readonly Rung[]): PolicyPatch => ({
  routes: [{ name: 'r', when: {}, to: { kind: 'ladder', ladder } }],
})
const checked = routed(rung('small', { validators: [atLeast(8)] }), rung('large'))
const bothLayers: PolicyPatch = { cache: { semantic: { on: true } } }

describe('a budget', () => {
  const word = (action: BudgetWord['action']): BudgetWord => ({ budget: 'cap', action })

  it('blocks before any cache or model is asked', async () => {
    const entry = { id: 1, bornMs: 0, answer: null }
    const { receipt, asked, spent } = await decided({ budget: word('block'), exact: entry })
    expect(receipt).toMatchObject({ outcome: 'blocked', costNanoUsd: 0, latencyMs: 0 })
    expect(receipt.steps).toEqual([{ kind: 'budget', budget: 'cap', action: 'block' }])
    expect([asked, spent]).toEqual([[], []])
  })

  it('keeps a request on the first rung, or only says so', async () => {
    const calls = { small: [answered('No.')] }
    const cheap = await decided({ budget: word('downgrade'), policy: checked, calls })
    expect(cheap.asked).toEqual(['small'])
    expect(cheap.receipt.steps).toContainEqual({ kind: 'route', route: 'r', targets: ['small'] })
    const warned = await decided({ budget: word('alert'), policy: checked, calls })
    expect(warned.asked).toEqual(['small', 'large'])
  })

  it('is charged with all that a request cost, and nothing for a hit', async () => {
    expect((await decided({})).spent).toEqual([100])
    const hit = await decided({ exact: { id: 1, bornMs: 900, answer: null } })
    expect(hit.spent).toEqual([0])
  })
})

describe('the caches', () => {
  it('serve an identical request without asking a model', async () => {
    const { receipt, asked, shared } = await decided({
      exact: { id: 1, bornMs: 900, answer: null },
    })
    expect(receipt).toEqual({
      id: 7,
      at,
      outcome: 'hit',
      servedBy: 1,
      steps: [{ kind: 'hit', layer: 'exact', entry: 1, similarity: 1, ageMs: 100 }],
      costNanoUsd: 0,
      latencyMs: 1,
    })
    expect([asked, shared]).toEqual([[], []])
  })

  it('let it wait for one in flight, and ask for itself where that came to nothing', async () => {
    const landing = { id: 3, answered: { at: at + 40, answer: null } }
    const waited = await decided({ inFlight: landing })
    expect(waited.receipt).toMatchObject({ outcome: 'coalesced', servedBy: 3, latencyMs: 40 })
    expect(kindsOf(waited.receipt.steps)).toEqual(['miss', 'coalesced'])
    const alone = await decided({ inFlight: landing, policy: { coalesce: false } })
    const lost = await decided({ inFlight: { id: 3, answered: Promise.resolve(null) } })
    for (const { receipt, asked } of [alone, lost]) {
      expect([receipt.outcome, asked]).toEqual(['answered', [own]])
    }
  })

  const found = { entry: { id: 2, bornMs: 400, answer: null }, similarity: 0.97 }

  it('serve the nearest, which is kept anew only where hits are inserted', async () => {
    const nearest = { kind: 'asked', found, guarded: null } as const
    const plain = await decided({ policy: bothLayers, nearest })
    expect(plain.receipt).toMatchObject({ outcome: 'hit', servedBy: 2 })
    expect(plain.kept).toEqual([])
    const policy = { cache: { semantic: { on: true, insert: 'always' } } } as const
    const again = await decided({ policy, nearest })
    expect(again.kept).toEqual([['semantic', 2, at]])
    expect(kindsOf(again.receipt.steps)).toEqual(['miss', 'remember', 'hit'])
  })

  it('say what a guard rejected and why a layer was not asked', async () => {
    const guarded = { guard: 'numbers', similarity: 0.99 }
    const rejected = await decided({
      policy: bothLayers,
      nearest: { kind: 'asked', found: null, guarded },
    })
    expect(rejected.receipt.steps[1]).toEqual({ kind: 'guarded', ...guarded })
    const reasonsOf = async (given: Given) =>
      (await decided(given)).receipt.steps.flatMap((step) =>
        step.kind === 'bypass' ? [`${step.layer} ${step.reason}`] : [],
      )
    expect(await reasonsOf({})).toEqual(['semantic off'])
    expect(await reasonsOf({ policy: bothLayers, bypass: 'choices' })).toEqual([
      'exact choices',
      'semantic choices',
    ])
    expect(
      await reasonsOf({ policy: bothLayers, nearest: { kind: 'bypass', reason: 'no-text' } }),
    ).toEqual(['semantic no-text'])
    const rules = [{ name: 'mine', when: { feature: ['f'] }, exact: false, semantic: false }]
    expect(await reasonsOf({ policy: { cache: { rules } }, request: { feature: 'f' } })).toEqual([
      'exact rule mine',
      'semantic rule mine',
    ])
  })
})

describe('a caller’s wish', () => {
  const exact = { id: 1, bornMs: 900, answer: null }
  const nearest = {
    kind: 'asked',
    found: { entry: { id: 2, bornMs: 400, answer: null }, similarity: 0.97 },
    guarded: null,
  } as const

  it('for a fresh answer passes the layers over, and leaves them the new one', async () => {
    const { receipt, asked, kept } = await decided({
      policy: bothLayers,
      wishes: { exact: false, semantic: false },
      exact,
      nearest,
    })
    expect(receipt.steps.slice(0, 2)).toEqual([
      { kind: 'bypass', layer: 'exact', reason: 'caller' },
      { kind: 'bypass', layer: 'semantic', reason: 'caller' },
    ])
    expect([asked, kept]).toEqual([
      [own],
      [
        ['exact', 7, at + 50],
        ['semantic', 7, at + 50],
      ],
    ])
  })

  it('for one layer leaves the other', async () => {
    const wishes = { exact: false }
    const { receipt } = await decided({ policy: bothLayers, wishes, exact, nearest })
    expect(receipt).toMatchObject({ outcome: 'hit', servedBy: 2 })
  })

  it('that its answer be not kept is served all the same', async () => {
    const wishes = { mayStore: false }
    const missed = await decided({ policy: bothLayers, wishes })
    expect([missed.receipt.outcome, missed.kept]).toEqual(['answered', []])
    expect((await decided({ wishes, exact })).receipt.servedBy).toBe(1)
    const policy = { cache: { semantic: { on: true, insert: 'always' } } } as const
    const similar = await decided({ policy, wishes, nearest })
    expect([similar.receipt.servedBy, similar.kept]).toEqual([2, []])
  })

  it('for a young answer takes none that is older, in either layer', async () => {
    const servedBy = async (maxAgeMs: number, rest: Given) =>
      (await decided({ policy: bothLayers, wishes: { maxAgeMs }, ...rest })).receipt.servedBy
    expect(await servedBy(100, { exact })).toBe(1)
    expect(await servedBy(99, { exact })).toBeNull()
    expect(await servedBy(600, { nearest })).toBe(2)
    expect(await servedBy(599, { nearest })).toBeNull()
    const old = await decided({ policy: bothLayers, wishes: { maxAgeMs: 0 }, exact, nearest })
    expect(kindsOf(old.receipt.steps).slice(0, 2)).toEqual(['miss', 'miss'])
  })

  it('does not bring back what the policy keeps from caches', async () => {
    const rules = [{ name: 'never', when: {}, exact: false, semantic: false }]
    const { receipt, kept } = await decided({
      policy: { cache: { rules } },
      wishes: { mayStore: true },
      exact,
    })
    expect(receipt.steps[0]).toEqual({ kind: 'bypass', layer: 'exact', reason: 'rule never' })
    expect(kept).toEqual([])
  })
})

describe('an answer', () => {
  it('is kept by each layer from its birth on, and given to whoever waits', async () => {
    const { receipt, kept, shared } = await decided({ policy: bothLayers })
    expect(kept).toEqual([
      ['exact', 7, at + 50],
      ['semantic', 7, at + 50],
    ])
    expect(shared).toEqual(['begun', { at: at + 50, answer: { text: 'A good answer' } }])
    expect(kindsOf(receipt.steps)).toEqual([
      'miss',
      'miss',
      `${own} accepted`,
      'remember',
      'remember',
    ])
  })

  it.each<[string, Attempted]>([
    ['was cut off', finished({ text: 'Half', finishReason: 'length' })],
    ['was filtered', finished({ text: '', finishReason: 'content_filter' })],
    ['wants a tool called', finished({ toolCalls: [{ name: 'f' }] })],
    ['is one of several choices', finished({ text: 'One', choices: 2 })],
  ])('that %s is given and not kept', async (_, attempt) => {
    const { receipt, kept, shared } = await decided({ calls: { [own]: [attempt] } })
    expect([receipt.outcome, kept]).toEqual(['answered', []])
    expect(shared).toHaveLength(2)
  })

  it('that never came leaves nothing behind', async () => {
    const { receipt, kept, shared, spent } = await decided({ calls: { [own]: [failed(null)] } })
    expect(receipt).toMatchObject({ outcome: 'failed', costNanoUsd: 3, latencyMs: 10 })
    expect([kept, shared, spent]).toEqual([[], ['begun', null], [3]])
  })

  it('to a request that may not be cached is neither kept nor shared', async () => {
    const { receipt, kept, shared } = await decided({ bypass: 'choices' })
    expect([receipt.outcome, kept, shared]).toEqual(['answered', [], []])
  })

  it('that nobody knows is unmeasured, and ends the ladder', async () => {
    const { receipt, asked } = await decided({ policy: checked, calls: { small: [unknown] } })
    expect(receipt).toMatchObject({ outcome: 'unmeasured', costNanoUsd: 70, latencyMs: 20 })
    expect(asked).toEqual(['small'])
  })
})

describe('a call that fails', () => {
  const once = [failed(30), failed(30), answered()]

  it('is made again after each wait, all of it paid and waited for', async () => {
    const { receipt, waits, spent } = await decided({ calls: { [own]: once } })
    expect(kindsOf(receipt.steps).slice(2, 5)).toEqual([
      `${own} failed`,
      `${own} failed`,
      `${own} accepted`,
    ])
    expect(receipt).toMatchObject({ costNanoUsd: 106, latencyMs: 10 + 30 + 10 + 30 + 50 })
    expect([waits, spent]).toEqual([[30, 30], [106]])
  })

  it.each<[string, PolicyPatch, number]>([
    ['as often as it may be', { failure: { retries: { attempts: 1 } } }, 2],
    ['while the waits fit', { failure: { retries: { totalMs: 59 } } }, 2],
    ['never where it may not', { failure: { retries: { attempts: 0 } } }, 1],
  ])('is made again %s', async (_, policy, calls) => {
    const { receipt, asked } = await decided({ policy, calls: { [own]: once } })
    expect(asked).toHaveLength(calls)
    expect(receipt.outcome).toBe('failed')
  })

  const fallback = { failure: { fallback: { on: true, targets: { small: ['other', 'third'] } } } }
  const onward = { ...checked, ...fallback }

  it('goes to other vendors in turn, then up', async () => {
    const one = await decided({ policy: onward, calls: { small: [failed(null)] } })
    expect(one.asked).toEqual(['small', 'other'])
    const all = { small: [failed(null)], other: [failed(null)], third: [failed(null)] }
    const none = await decided({ policy: onward, calls: all })
    expect(none.asked).toEqual(['small', 'other', 'third', 'large'])
    expect(none.receipt).toMatchObject({ outcome: 'answered' })
    expect((await decided({ policy: checked, calls: all })).asked).toEqual(['small', 'large'])
  })

  it('goes there after a timeout as after a failure, and pays and waits for both', async () => {
    for (const kind of ['failed', 'timeout'] as const) {
      const { receipt, asked } = await decided({
        policy: onward,
        calls: { small: [failed(null, kind)], other: [failed(null, kind)] },
      })
      expect(asked).toEqual(['small', 'other', 'third'])
      // Twice 3 nano-dollars and 10 ms for nothing, then the answer.
      expect(receipt).toMatchObject({ outcome: 'answered', costNanoUsd: 106, latencyMs: 70 })
    }
  })

  it('is not made while a breaker is open', async () => {
    expect((await decided({ policy: onward, down: ['small'] })).asked).toEqual(['other'])
    // What failed before it is paid all the same.
    const calls = { small: [failed(null)] }
    const paid = await decided({ policy: onward, calls, down: ['other', 'third', 'large'] })
    expect(paid.receipt).toMatchObject({ outcome: 'failed', costNanoUsd: 3 })
    const { receipt, asked } = await decided({ down: [own] })
    expect([receipt.outcome, receipt.costNanoUsd, asked]).toEqual(['failed', 0, []])
  })
})

describe('a ladder of models', () => {
  it('is climbed where a validator rejects, both rungs paid', async () => {
    const { receipt, kept } = await decided({
      policy: checked,
      calls: { small: [answered('No.')] },
    })
    expect(kindsOf(receipt.steps).slice(2)).toEqual([
      'route',
      'small rejected',
      'validate',
      'large accepted',
      'remember',
    ])
    expect(receipt.steps[3]).toMatchObject({ reason: 'long' })
    expect(receipt).toMatchObject({ outcome: 'answered', costNanoUsd: 200, latencyMs: 100 })
    expect(kept).toEqual([['exact', 7, at + 100]])
  })

  it('gives the last answer where every one was rejected, and keeps it for nobody else', async () => {
    const validators = [atLeast(8)]
    const policy = routed(rung('small', { validators }), rung('large', { validators }))
    const calls = { small: [answered('No.')], large: [answered('Never.')] }
    const { receipt, shared, kept } = await decided({ policy, calls })
    expect(receipt.outcome).toBe('answered')
    expect(kept).toEqual([])
    expect(shared[1]).toMatchObject({ answer: { text: 'Never.' } })
  })

  it('has its first two rungs asked at once where the policy speculates', async () => {
    const speculative = { kind: 'on', withinMs: 200 } as const
    const calls = { small: [answered('A good answer', 10, 40)], large: [answered('B', 90, 300)] }
    const { receipt, asked } = await decided({ policy: { ...checked, speculative }, calls })
    expect(asked).toEqual(['small', 'large'])
    expect(receipt).toMatchObject({ costNanoUsd: 100, latencyMs: 40 })
  })

  it('is chosen by a classifier that is asked once and paid', async () => {
    const ladders = { simple: [rung('small')], medium: [rung('small')], hard: [rung('large')] }
    const to = { kind: 'classifier', classifier: 'word', ladders } as const
    const { receipt, asked } = await decided({
      policy: { routes: [{ name: 'r', when: {}, to }] },
    })
    expect(asked).toEqual(['large'])
    expect(receipt.steps.filter(({ kind }) => kind === 'classify')).toHaveLength(1)
    expect(receipt).toMatchObject({ costNanoUsd: 105, latencyMs: 54 })
  })
})

it('decides alike whether the world answers at once or later', async () => {
  const attempt = fc.constantFrom(
    answered(),
    answered('No.'),
    unknown,
    failed(null),
    failed(5),
    failed(null, 'timeout'),
  )
  const given = fc.record(
    {
      policy: fc.constantFrom<PolicyPatch>({}, bothLayers, checked, { ...checked, ...bothLayers }),
      calls: fc.dictionary(fc.constantFrom(own, 'small', 'large'), fc.array(attempt)),
      budget: fc.record({
        budget: fc.constant('cap'),
        action: fc.constantFrom('alert', 'downgrade', 'block'),
      }),
      exact: fc.constant({ id: 1, bornMs: 900, answer: null }),
      inFlight: fc.constant({ id: 3, answered: { at: at + 40, answer: null } }),
      bypass: fc.constant('choices' as const),
      wishes: fc.record({ exact: fc.boolean(), mayStore: fc.boolean() }),
      down: fc.subarray([own, 'small', 'large']),
    },
    { requiredKeys: ['policy', 'calls'] },
  )
  await fc.assert(
    fc.asyncProperty(given, async (each) => {
      expect(await decided({ ...each, isLater: true })).toEqual(await decided(each))
    }),
  )
})
