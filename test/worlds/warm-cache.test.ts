import { afterEach, describe, expect, it } from 'vitest'
import { openLexicalEmbedder } from '../../src/embed/lexical-embedder.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { historyFacts } from '../../src/worlds/history-facts.ts'
import { type WarmOptions, warmFromHistory } from '../../src/worlds/warm-cache.ts'
import {
  cachingPolicy,
  openLiveCache,
  openPlainGateway,
  question,
  servedBy,
} from '../support/live-cache.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const open: StoredHistory[] = []
afterEach(() => {
  for (const stored of open.splice(0)) stored.close()
})

const start = Date.parse('2026-08-01T10:00:00Z')
const minute = 60_000
const now = start + 120 * minute

const record = (at: number, text: string, rest: object = {}) => ({
  at: new Date(start + at * minute).toISOString(),
  provider: 'openai',
  model: 'gpt-4o',
  latencyMs: 800,
  usage: { inputTokens: 1000, outputTokens: 100 },
  prompt: { messages: [{ role: 'user', content: text }] },
  answer: { text: `At ${at}: about ${text}`, finishReason: 'stop' },
  ...rest,
})

async function warmed(
  records: readonly object[],
  cachePolicy: Parameters<typeof cachingPolicy>[0] = {},
  options: Partial<WarmOptions> = {},
) {
  const stored = await storedHistory(records)
  open.push(stored)
  const policy = cachingPolicy(cachePolicy)
  const cache = openLiveCache(policy.cache, { hash: keyHash(stored.secret), now: () => now })
  const result = await warmFromHistory(stored.history, {
    cache,
    compiled: compilePolicy(policy),
    factsAt: historyFacts(stored.history, policy, { label: () => 'unasked' }),
    embedder: openLexicalEmbedder(),
    now,
    ...options,
  })
  return { ...result, cache, gateway: openPlainGateway(policy, cache) }
}

describe('a cache warmed from a log', () => {
  it('serves the newest answers in both layers from the first request on', async () => {
    const { gateway, kept, skipped } = await warmed([
      record(0, 'How long is the notice period?'),
      record(5, 'How long is the notice period?'),
      record(9, 'What does it cost?', { user: 'u', tags: { region: 'eu' } }),
    ])
    expect(kept).toBe(2)
    expect(skipped).toMatchObject({ repeated: 1, expired: 0 })
    const again = await gateway.ask(question('How long is the notice period?'), now)
    expect([servedBy(again), again.answer]).toEqual([
      'exact',
      { text: 'At 5: about How long is the notice period?', finishReason: 'stop' },
    ])
    // Seq 2, born 800 ms after it was asked.
    expect(again.receipt.steps).toContainEqual({
      kind: 'hit',
      layer: 'exact',
      entry: 2,
      similarity: 1,
      ageMs: 115 * minute - 800,
    })
    const similar = await gateway.ask(question('What does it cost us?'), now)
    expect([servedBy(similar), similar.answer?.text]).toEqual([
      'semantic',
      'At 9: about What does it cost?',
    ])
    expect(gateway.cache.desk.find('3')[0]?.facts).toEqual({
      model: 'gpt-4o',
      user: 'u',
      tags: new Map([['region', 'eu']]),
    })
  })

  it('holds what is still alive, as old as it is', async () => {
    const { gateway, kept, skipped } = await warmed([record(0, 'old'), record(65, 'new')], {
      exact: { ttlSeconds: 3600 },
      semantic: { ttlSeconds: 3600 },
    })
    expect([kept, skipped.expired]).toEqual([1, 1])
    expect(servedBy(await gateway.ask(question('new'), now))).toBe('exact')
    const later = start + 125 * minute + 801
    expect(servedBy(await gateway.ask(question('new'), later))).toBe('model')
  })

  it('takes the rules of the policy: who shares, for how long, and what not', async () => {
    const { gateway, skipped } = await warmed(
      [
        record(1, 'one', { feature: 'never' }),
        record(2, 'two', { feature: 'short' }),
        record(3, 'three', { user: 'ann' }),
      ],
      {
        namespace: { kind: 'fields', fields: ['user'] },
        rules: [
          { name: 'never', when: { feature: ['never'] }, exact: false, semantic: false },
          { name: 'short', when: { feature: ['short'] }, ttlSeconds: 60 },
        ],
      },
    )
    expect(skipped).toMatchObject({ 'ruled-out': 1, expired: 1 })
    expect(servedBy(await gateway.ask(question('three'), now))).toBe('model')
    expect(servedBy(await gateway.ask(question('three', { user: 'ann' }), now + 1))).toBe('exact')
  })

  it('says what it leaves out, and why', async () => {
    const { prompt: _, ...withoutPrompt } = record(1, 'no prompt')
    const { answer: __, ...withoutAnswer } = record(2, 'no answer')
    const { kept, skipped } = await warmed([
      withoutPrompt,
      withoutAnswer,
      record(3, 'an error', { status: 'error' }),
      record(4, 'cut off', { answer: { text: 'It is', finishReason: 'length' } }),
      record(5, 'filtered', { answer: { text: 'No', finishReason: 'content_filter' } }),
      record(6, 'tool', { answer: { toolCalls: [{ id: 'c' }], finishReason: 'tool_calls' } }),
      record(7, 'kept'),
    ])
    expect(kept).toBe(1)
    expect(skipped).toMatchObject({ 'not-whole': 5, 'no-text': 1 })
  })

  it('takes no more than it may, the newest first', async () => {
    const { gateway, kept, skipped } = await warmed(
      [1, 2, 3].map((at) => record(at, `question ${at}`)),
      {},
      { most: 2 },
    )
    expect([kept, skipped['over-limit']]).toEqual([2, 1])
    expect(servedBy(await gateway.ask(question('question 3'), now))).toBe('exact')
    expect(servedBy(await gateway.ask(question('question 1'), now))).toBe('model')
  })

  it('takes no more than the cache can hold, the newest first', async () => {
    const records = [1, 2, 3].map((at) => record(at, `question ${at}`))
    const { gateway, kept, skipped } = await warmed(records, {
      exact: { maxEntries: 2 },
      semantic: { maxEntries: 1 },
    })
    expect([kept, skipped['over-limit']]).toEqual([2, 1])
    expect(gateway.cache.counts).toMatchObject({ exact: { entries: 2 }, semantic: { entries: 1 } })
  })

  it('keeps for identical questions what it can where the embedder fails', async () => {
    const broken = {
      ...openLexicalEmbedder(),
      embed: async () => {
        throw new Error('the endpoint is away')
      },
    }
    const { gateway, kept, embedderFault } = await warmed(
      [record(1, 'What does it cost?')],
      {},
      { embedder: broken },
    )
    expect([kept, embedderFault]).toEqual([1, 'the endpoint is away'])
    expect(servedBy(await gateway.ask(question('What does it cost?'), now))).toBe('exact')
    expect(servedBy(await gateway.ask(question('What does it cost us?'), now))).toBe('model')
  })

  it('keeps answers as whoever serves them wants them, and what it has that is newer', async () => {
    const stored = await storedHistory([record(1, 'x'), record(2, 'y'), record(3, 'z')])
    open.push(stored)
    const policy = cachingPolicy()
    const cache = openLiveCache(policy.cache, { hash: keyHash(stored.secret), now: () => now })
    const gateway = openPlainGateway(policy, cache)
    await gateway.ask(question('x'), now)
    const { kept, skipped } = await warmFromHistory(stored.history, {
      cache,
      compiled: compilePolicy(policy),
      factsAt: historyFacts(stored.history, policy, { label: () => 'unasked' }),
      embedder: null,
      now,
      answerOf: ({ text }, { model }) =>
        text?.includes('about z') === true ? null : { text: `${model} said: ${text}` },
    })
    expect([kept, skipped['no-text'], skipped.held]).toEqual([1, 1, 1])
    expect((await gateway.ask(question('y'), now + 1)).answer?.text).toBe(
      'gpt-4o said: At 2: about y',
    )
    const own = await gateway.ask(question('x'), now + 2)
    expect(own.answer?.text).toBe(`answer to req_${now}`)
  })
})
