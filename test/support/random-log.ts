import fc from 'fast-check'

/** Pairs of them are alike, and some of those differ in a number, a negation, a name or their order. */
const texts = [
  'How do I reset the password?',
  'How can I reset the password?',
  'How do I reset the 2 passwords?',
  'Where do I find the list of invoices?',
  'Where can I find the list of invoices?',
  'Where can I not find the list of invoices?',
  'Does the office in Paris open on Monday?',
  'Does the office in Rome open on Monday?',
]

/** Few texts, people and moments: everything happens at once, and twice. */
const row = fc.record({
  stepMs: fc.constantFrom(0, 0, 300, 1000, 2500),
  latencyMs: fc.constantFrom(0, 1, 700, 2000, 6000),
  text: fc.nat(texts.length - 1),
  model: fc.constantFrom('gpt-4o', 'gpt-4o', 'gpt-4o', 'claude-sonnet-4-5'),
  system: fc.constantFrom(undefined, undefined, 'Be brief.'),
  hasHistory: fc.constantFrom(false, false, false, true),
  streamed: fc.boolean(),
  temperature: fc.constantFrom(undefined, undefined, undefined, 0.5),
  choices: fc.constantFrom(1, 1, 1, 1, 1, 1, 2),
  user: fc.constantFrom('ann', 'bob', 'Zoë', undefined),
  namespace: fc.constantFrom('a', 'b', undefined),
  feature: fc.constantFrom('chat', 'chat', 'strict', 'never'),
  trace: fc.constantFrom('t1', 't2', undefined),
  documentVersion: fc.constantFrom(undefined, undefined, '2'),
  area: fc.constantFrom('sales', undefined),
  end: fc.constantFrom<'stop' | 'length' | 'tool_calls' | 'error' | 'timeout'>(
    ...['stop', 'stop', 'stop', 'stop', 'stop', 'stop'].map(() => 'stop' as const),
    ...(['length', 'tool_calls', 'error', 'timeout'] as const),
  ),
})
export type Row = typeof row extends fc.Arbitrary<infer T> ? T : never
export const randomLogs = fc.array(row, { minLength: 50, maxLength: 80, size: 'max' })

/** Canonical records. */
export function recordsOf(rows: readonly Row[]): readonly object[] {
  let at = Date.parse('2026-09-01T10:00:00Z')
  return rows.map((each, index) => {
    const { latencyMs, model, streamed, user, namespace, feature, trace, documentVersion } = each
    at += each.stepMs
    return {
      id: String(index),
      at: new Date(at).toISOString(),
      provider: model === 'gpt-4o' ? 'openai' : 'anthropic',
      ...{ latencyMs, model, streamed, user, namespace, feature, trace, documentVersion },
      ...askedBy(each),
      ...cameOf(each, index),
    }
  })
}

const earlier = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hello, how can I help?' },
]

/** Absent where undefined: JSON leaves it out. */
const askedBy = ({ text, model, system, hasHistory, temperature, choices, area }: Row) => ({
  prompt: {
    system,
    messages: [...(hasHistory ? earlier : []), { role: 'user', content: texts[text] }],
  },
  params: {
    temperature,
    n: choices > 1 ? choices : undefined,
    max_tokens: model === 'gpt-4o' ? undefined : 500,
  },
  tags: area === undefined ? undefined : { area },
})

function cameOf({ text, end }: Row, index: number): object {
  if (end === 'error' || end === 'timeout') return { status: end, usage: {} }
  const usage = { inputTokens: 100 + index, outputTokens: 20 }
  const answer =
    end === 'tool_calls'
      ? { toolCalls: [{ name: 'look_up', input: {} }] }
      : { text: `About ${texts[text]}` }
  return { status: 'ok', usage, answer: { ...answer, finishReason: end } }
}

const limit = fc.constantFrom(undefined, 2, 4)
const layer = {
  ttl: fc.constantFrom('1s', '3s', '1h'),
  refreshOnHit: fc.boolean(),
  maxEntries: limit,
  capacityPer: fc.constantFrom('all', 'namespace'),
}
export const randomPolicies = fc
  .record({
    coalesce: fc.boolean(),
    namespace: fc.constantFrom<unknown>('shared', 'tenant', 'user', ['tenant', 'tag:area']),
    exact: fc.record(layer),
    semantic: fc.record({
      ...layer,
      threshold: fc.constantFrom(0.7, 0.85, 0.92),
      insert: fc.constantFrom('on-miss', 'always'),
      maxMessages: fc.constantFrom(1, 2, 6),
      guards: fc.constantFrom<readonly string[]>([], ['numbers', 'names', 'negation', 'order']),
    }),
    maxCalls: fc.constantFrom(5, 1000),
  })
  .map(({ coalesce, maxCalls, ...cache }) => ({
    coalesce: coalesce ? 'on' : 'off',
    cache: {
      ...cache,
      rules: [
        { name: 'strict', when: { feature: ['strict'] }, threshold: 0.95, ttl: '2s' },
        { name: 'never', when: { feature: ['never'] }, exact: 'off', semantic: 'off' },
      ],
    },
    loopGuard: { maxCalls, action: 'alert' },
  }))
