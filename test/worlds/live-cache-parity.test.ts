import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Vector } from '../../src/domain/embedder.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Receipt } from '../../src/domain/receipt.ts'
import type { Answer } from '../../src/domain/request.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type {
  Asked,
  Attempted,
  MaybePromise,
  ResponseCache,
  World,
} from '../../src/domain/world.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { type Decision, decide } from '../../src/engine/decide.ts'
import { unasked } from '../../src/engine/validators.ts'
import type { Namespace } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { findNeighbours } from '../../src/worlds/find-neighbours.ts'
import { bypassReasons, type History } from '../../src/worlds/history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { LiveCache } from '../../src/worlds/live-cache.ts'
import type { LiveCacheOptions } from '../../src/worlds/live-cache-options.ts'
import type { LiveEmbedder } from '../../src/worlds/text-vectors.ts'
import { factsOf } from '../simulate/crowded-history.ts'
import { historyOf, lastUserQuestions, type PlainMoment } from '../support/history.ts'
import { plainCodec } from '../support/live-cache.ts'

/** Pairs of them differ in a number, a name, a negation or their order; the last one has no vector. */
const texts = ['pay 1', 'pay 2', 'is it on', 'is it not on', 'on is it', 'see Paris', 'see it', '']
const vectorless = texts.length - 1

/** Few keys, few moments and few directions: everything happens at once, and twice. */
const step = fc.record({
  step: fc.nat(3),
  latencyMs: fc.nat(6),
  question: fc.nat(vectorless),
  partition: fc.nat(1),
  turn: fc.nat(1),
  bypass: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 3),
  insertable: fc.constantFrom(true, true, true, true, true, true, true, false),
  namespace: fc.constantFrom('a', 'b', undefined),
  user: fc.constantFrom('', 'u', undefined),
  feature: fc.constantFrom('chat', 'strict', 'never'),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const steps = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' })
const turns = fc.array(fc.nat(6), { minLength: texts.length, maxLength: texts.length })

function crowded(list: readonly Step[]): History {
  let at = 0
  return historyOf(
    list.map(
      ({ step, turn, partition, question, namespace, user, feature, ...moment }): PlainMoment => {
        at += step
        const number = partition * texts.length + question
        const earlier = turn === 0 ? [] : [{ role: 'assistant', content: 'Yes?' }]
        return {
          ...moment,
          at,
          partition,
          question: number,
          exact: number * 2 + turn,
          messages: turn + 1,
          request: {
            model: `model ${partition}`,
            prompt: { messages: [...earlier, { role: 'user', content: texts[question] ?? '' }] },
            feature,
            ...(namespace !== undefined && { namespace }),
            ...(user !== undefined && { user }),
          },
        }
      },
    ),
  )
}

const limit = fc.option(fc.integer({ min: 1, max: 4 }), { nil: null })
const layer = {
  on: fc.boolean(),
  ttlSeconds: fc.option(fc.constantFrom(0.002, 0.005, 0.01), { nil: null }),
  refreshOnHit: fc.boolean(),
  maxEntries: limit,
  capacityPer: fc.constantFrom('all', 'namespace'),
} as const
const policies = fc
  .record({
    coalesce: fc.boolean(),
    exact: fc.record(layer),
    semantic: fc.record({
      ...layer,
      threshold: fc.constantFrom(0.6, 0.8, 0.9, 0.97, 1),
      insert: fc.constantFrom('on-miss', 'always'),
      maxMessages: fc.integer({ min: 1, max: 2 }),
      guards: fc.subarray(['numbers', 'names', 'negation', 'order'] as const),
    }),
    namespace: fc.constantFrom<Namespace>(
      { kind: 'shared' },
      { kind: 'log' },
      { kind: 'fields', fields: ['user'] },
      { kind: 'fields', fields: ['tenant', 'user'] },
    ),
  })
  .map(
    ({ coalesce, exact, semantic, namespace }): Policy =>
      mergePolicy(defaultPolicy, {
        coalesce,
        cache: {
          exact,
          semantic,
          namespace,
          rules: [
            { name: 'strict', when: { feature: ['strict'] }, threshold: 0.95, ttlSeconds: 0.004 },
            { name: 'never', when: { feature: ['never'] }, exact: false, semantic: false },
          ],
        },
      } as Parameters<typeof mergePolicy>[1]),
  )

/** Nothing of it may be seen. */
const kinds = fc.record({
  isLate: fc.boolean(),
  index: fc.constantFrom('exact', 'fast'),
  staleMs: fc.constantFrom(0, 1000),
})

/** Directions in a plane, some of them the same. */
function vectorOf(turns: readonly number[], text: string): Vector | null {
  const question = texts.indexOf(text)
  if (question === vectorless) return null
  const angle = ((turns[question] ?? 0) * Math.PI) / 12
  return Float64Array.of(Math.cos(angle), Math.sin(angle))
}

const embedderOf = (turns: readonly number[]) => ({
  name: 'turns',
  fingerprint: 'turns',
  dimensions: 2,
  limits: { textsPerCall: 100, tokensPerCall: 1e6, callsAtOnce: 1 },
  isWorthStoring: false,
  embed: async (list: readonly string[]) => ({
    vectors: list.map((text) => vectorOf(turns, text)),
    tokens: 0,
  }),
  costOf: () => 0 as NanoUsd,
})

async function historyCache(history: History, policy: Policy, turns: readonly number[]) {
  const textOf = (question: number) => texts[question % texts.length] ?? ''
  const questions = { ...lastUserQuestions(history), textOf }
  const found = await findNeighbours(questions, {
    embedder: embedderOf(turns),
    floor: 0.5,
    mode: 'exact',
    guards: policy.cache.semantic.guards,
  })
  return new HistoryCache(
    history,
    { questions, neighbours: found?.neighbours ?? null },
    policy.cache,
  )
}

type Kind = Pick<LiveCacheOptions, 'index' | 'staleMs'>

const liveCache = (policy: Policy, embedder: LiveEmbedder, kind: Kind) =>
  new LiveCache({
    ...kind,
    policy: policy.cache,
    embedder,
    hash: keyHash('secret'),
    codec: plainCodec,
    now: () => 0,
    keeper: null,
  })

const answerOf = (history: History, place: number): Answer => ({
  text: `answer ${place}`,
  finishReason: history.insertable[place] === 1 ? 'stop' : 'length',
})

type Ask = (place: number, attempted: Attempted) => MaybePromise<Attempted>

/** What is decided about a request, over a cache. */
function decider(history: History, policy: Policy, cache: ResponseCache, ask: Ask) {
  const compiled = compilePolicy(policy)
  const facts = factsOf(history)
  const world: World = {
    cache,
    ledger: { admit: () => null, settle: () => {} },
    ask: (_, { id }) =>
      ask(id as number, {
        kind: 'answered',
        answer: answerOf(history, id as number),
        usage: noUsage,
        costNanoUsd: 1 as NanoUsd,
        latencyMs: history.latencyMs[id as number] as number,
      }),
    isUp: () => true,
    classify: () => ({ label: 'medium', costNanoUsd: 0 as NanoUsd, latencyMs: 0 }),
    wait: () => {},
  }
  return (place: number): Promise<Decision> => {
    const asked: Asked = {
      id: place,
      at: history.at[place] as number,
      request: history.requestAt(place),
      bypass: bypassReasons[history.bypass[place] as number] ?? null,
    }
    return decide(asked, { facts: facts(place), asks: async () => unasked }, compiled, world)
  }
}

/** One request after the other, each answered before the next is asked, whenever that answer is dated. */
async function inTurn(history: History, policy: Policy, cache: ResponseCache) {
  const decideAt = decider(history, policy, cache, (_, attempted) => attempted)
  const decisions: Decision[] = []
  for (let place = 0; place < history.count; place++) decisions.push(await decideAt(place))
  return decisions
}

/** As it would be live: a request waits for its answer while others come; what is answered by then comes first. */
async function overlapping(history: History, policy: Policy, cache: ResponseCache) {
  type Call = { readonly place: number; readonly at: number; readonly answer: () => void }
  const calls: Call[] = []
  const ask: Ask = (place, attempted) =>
    new Promise((resolve) => {
      const at = (history.at[place] as number) + attempted.latencyMs
      calls.push({ place, at, answer: () => resolve(attempted) })
      calls.sort((a, b) => a.at - b.at || a.place - b.place)
    })
  const decideAt = decider(history, policy, cache, ask)
  const answerUntil = async (at: number) => {
    for (let call = calls[0]; call !== undefined && call.at <= at; call = calls[0]) {
      calls.shift()
      call.answer()
      await new Promise(setImmediate)
    }
  }
  const decisions: Promise<Decision>[] = []
  for (let place = 0; place < history.count; place++) {
    await answerUntil(history.at[place] as number)
    decisions.push(decideAt(place))
    await new Promise(setImmediate)
  }
  await answerUntil(Number.POSITIVE_INFINITY)
  return await Promise.all(decisions)
}

const receiptsOf = (decisions: readonly Decision[]): readonly Receipt[] =>
  decisions.map(({ receipt }) => receipt)

function expectOwnAnswers(decisions: readonly Decision[]): void {
  for (const { receipt, answer } of decisions)
    expect(answer?.text).toBe(`answer ${receipt.servedBy ?? receipt.id}`)
}

describe('a live cache serves what a history of the same requests would', () => {
  const ways = [
    ['one request after the other', inTurn, 400],
    ['requests that overlap', overlapping, 150],
  ] as const
  it.each(ways)(
    '%s',
    async (_, run, numRuns) => {
      const seen = new Set<string>()
      await fc.assert(
        fc.asyncProperty(steps, turns, policies, kinds, async (list, turns, policy, kind) => {
          const history = crowded(list)
          const expected = await inTurn(history, policy, await historyCache(history, policy, turns))
          const { embed, ...rest } = embedderOf(turns)
          const embedOne = (text: string) => vectorOf(turns, text)
          const embedder = kind.isLate ? { ...rest, embed } : { ...rest, embed, embedOne }
          const live = liveCache(policy, embedder, kind)
          const decisions = await run(history, policy, live)
          expect(receiptsOf(decisions)).toEqual(receiptsOf(expected))
          expectOwnAnswers(decisions)
          expect(live.counts.inFlight).toBe(0)
          for (const { receipt } of decisions)
            for (const each of receipt.steps)
              seen.add('layer' in each ? `${each.kind} ${each.layer}` : each.kind)
        }),
        { numRuns },
      )
      const all = ['hit exact', 'hit semantic', 'guarded', 'coalesced', 'bypass semantic']
      expect(all.filter((kind) => !seen.has(kind))).toEqual([])
    },
    120_000,
  )
})
