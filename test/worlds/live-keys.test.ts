import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Request } from '../../src/domain/request.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import type { CachePolicy, CacheText } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import type { History } from '../../src/worlds/history.ts'
import { withoutIgnored } from '../../src/worlds/ignored-keys.ts'
import { compileLiveKeys } from '../../src/worlds/live-keys.ts'
import { questionsOf } from '../../src/worlds/questions.ts'
import { storedHistory } from '../support/stored-history.ts'

const text = fc.constantFrom('', 'go on', 'What does it eat?', '<doc>cats</doc> What does it eat?')
const content = fc.oneof(
  text,
  text.map((one) => [{ type: 'text', text: one }]),
  text.map((one) => [
    { type: 'text', text: one, cache_control: { type: 'ephemeral' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
  ]),
  fc.constant([{ type: 'tool_result', tool_use_id: 't', content: 'fish' }]),
)
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'user', 'assistant', 'tool'), content }),
  fc.record({ role: fc.constant('system'), content: fc.constantFrom('Be kind.', 'Be short.') }),
)
const record = fc.record(
  {
    model: fc.constantFrom('gpt-4o', 'gpt-4o-mini'),
    params: fc.constantFrom({ temperature: 0 }, { temperature: 1 }, { temperature: 0, user: 'u' }),
    documentVersion: fc.constantFrom('1', '2'),
    tags: fc.constantFrom({ file: 'a' }, { file: 'b' }),
    prompt: fc.record(
      {
        messages: fc.array(message, { minLength: 1, maxLength: 3 }),
        tools: fc.constantFrom([], [{ type: 'function', function: { name: 'look' } }]),
      },
      { requiredKeys: ['messages'] },
    ),
  },
  { requiredKeys: ['model', 'prompt'] },
)
const compared: readonly CacheText[] = [
  { kind: 'last-user' },
  { kind: 'conversation' },
  { kind: 'pattern', pattern: 'What (.*)' },
  { kind: 'template', template: '{metadata.file} {prompt.last-user}' },
]
const ignores: readonly CachePolicy['keyIgnore'][] = [
  [],
  // Some have no version: theirs counts.
  [{ field: 'messages', pattern: '<doc>[^<]*</doc> ', coveredBy: 'documentVersion' }],
  // Nothing tells users apart: this one must not count.
  [{ field: 'messages', pattern: '.*', coveredBy: 'user' }],
]
const policies = fc
  .record({ cacheText: fc.constantFrom(...compared), keyIgnore: fc.constantFrom(...ignores) })
  .map(({ cacheText, keyIgnore }) =>
    mergePolicy(defaultPolicy, {
      cache: { namespace: { kind: 'shared' }, keyIgnore, semantic: { cacheText } },
    } as Parameters<typeof mergePolicy>[1]),
  )

/** The first place with the same name, for each place. */
const firstOf = (names: readonly unknown[]): readonly number[] =>
  names.map((name) => names.indexOf(name))

/** Absent numbers as names that nothing else has. */
const numbered = (numbers: Int32Array): readonly number[] => firstOf([...numbers])

function keysOfHistory(history: History, { cacheText }: CachePolicy['semantic']) {
  const questions = questionsOf(history, cacheText)
  return {
    exact: numbered(history.exact),
    group: numbered(history.partition),
    semantic: numbered(questions.at),
    hasText: [...questions.at].map((question) => question !== -1),
    text: [...questions.at].map((question) =>
      question === -1 ? null : questions.textOf(question),
    ),
    messages: [...history.messages],
  }
}

describe('the keys of live requests', () => {
  it('tell apart what the keys of a history do, and compare the same texts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 2, maxLength: 24, size: 'max' }),
        policies,
        async (records, policy) => {
          const stored = await storedHistory(
            records.map((each, index) => ({
              ...each,
              id: `${index}`,
              at: '2026-08-01T10:00:00Z',
              answer: { text: 'Yes.' },
            })),
          )
          try {
            const keysOf = compileLiveKeys(policy.cache, keyHash(stored.secret))
            const live = Array.from({ length: stored.history.count }, (_, place) =>
              keysOf(stored.history.requestAt(place)),
            )
            const { history } = withoutIgnored(stored.history, policy.cache)
            expect({
              exact: firstOf(live.map(({ exactKey }) => exactKey)),
              group: firstOf(live.map(({ group }) => group)),
              semantic: firstOf(live.map(({ semanticKey }) => semanticKey)),
              hasText: live.map(({ semanticKey }) => semanticKey !== null),
              text: live.map(({ semanticKey, text }) => (semanticKey === null ? null : text)),
              messages: live.map(({ messages }) => messages),
            }).toEqual(keysOfHistory(history, policy.cache.semantic))
          } finally {
            stored.close()
          }
        },
      ),
      { numRuns: 25 },
    )
  }, 120_000)

  const ask = (content: string, rest: Partial<Request> = {}): Request => ({
    model: 'gpt-4o',
    operation: 'chat',
    status: 'ok',
    prompt: { messages: [{ role: 'user', content }] },
    ...rest,
  })
  const cacheWith = (patch: object): CachePolicy =>
    mergePolicy(defaultPolicy, { cache: patch } as Parameters<typeof mergePolicy>[1]).cache
  const hash = keyHash('')

  it('are none without a prompt', () => {
    const { prompt: _, ...bare } = ask('x')
    expect(compileLiveKeys(defaultPolicy.cache, hash)(bare)).toMatchObject({
      exactKey: null,
      semanticKey: null,
      text: null,
    })
  })

  it('are like none that another cacheText or keyIgnore made', () => {
    const policies = [
      cacheWith({}),
      cacheWith({ semantic: { cacheText: { kind: 'conversation' } } }),
      cacheWith({
        keyIgnore: [{ field: 'messages', pattern: 'z', coveredBy: 'documentVersion' }],
      }),
    ]
    const keys = policies.map((policy) => compileLiveKeys(policy, hash)(ask('x')))
    expect(new Set(keys.map(({ semanticKey }) => semanticKey)).size).toBe(3)
    expect(new Set(keys.map(({ group }) => group)).size).toBe(3)
    expect(keys[2]?.exactKey).not.toBe(keys[0]?.exactKey)
  })

  it('take keys that were made before', () => {
    const keysOf = compileLiveKeys(defaultPolicy.cache, hash)
    const made = { ...keysOf(ask('x')), exactKey: 'made before' }
    const keys = {
      chain: [],
      exactKey: 'made before',
      questionKey: null,
      stepKey: null,
      answer: null,
      prefix: {
        systemKey: null,
        historyKey: null,
        systemBytes: 0,
        historyBytes: 0,
        promptBytes: 0,
      },
    }
    expect(keysOf(ask('x'), keys).exactKey).toBe(made.exactKey)
  })
})
