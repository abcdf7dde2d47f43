import { describe, expect, it, test } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Step } from '../../src/domain/receipt.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { type ToldOfAnswer, writeAnswerHeaders } from '../../src/serve/write-answer-headers.ts'

const told = (steps: readonly Step[], rest: Partial<ToldOfAnswer> = {}) => {
  const lines: string[] = ['content-type', 'application/json']
  writeAnswerHeaders(lines, {
    receipt: { id: 'req_1', steps },
    answering: null,
    target: null,
    costNanoUsd: null,
    savedNanoUsd: null,
    policy: 'abcd',
    ...rest,
  })
  return Object.fromEntries(
    lines.flatMap((name, at) => (at > 1 && at % 2 === 0 ? [[name, lines[at + 1] ?? '']] : [])),
  )
}

type AttemptStep = Extract<Step, { kind: 'attempt' }>
const attempt = (target: string, rest: Partial<AttemptStep> = {}): Step => ({
  kind: 'attempt',
  target,
  outcome: 'accepted',
  reason: null,
  usage: noUsage,
  costNanoUsd: 1000 as NanoUsd,
  latencyMs: 5,
  ...rest,
})
const miss: Step = { kind: 'miss', layer: 'exact' }
const semanticOff: Step = { kind: 'bypass', layer: 'semantic', reason: 'off' }
const exactOff: Step = { kind: 'bypass', layer: 'exact', reason: 'off' }
const always = { 'x-llmcost-request-id': 'req_1', 'x-llmcost-policy': 'abcd' }

describe('an answer says', () => {
  it('that a cache gave it, how old it is and whose it was', () => {
    const hit: Step = { kind: 'hit', layer: 'exact', entry: 'req_0', similarity: 1, ageMs: 61_900 }
    const money = { costNanoUsd: 0 as NanoUsd, savedNanoUsd: 1_234_567 as NanoUsd }
    expect(told([hit], money)).toEqual({
      ...always,
      'x-llmcost-cache': 'hit-exact',
      'x-llmcost-cache-age': '61',
      'x-llmcost-cache-source-id': 'req_0',
      'x-llmcost-attempts': '0',
      'x-llmcost-cost-usd': '0.000000000',
      'x-llmcost-saved-usd': '0.001234567',
      Age: '61',
    })
  })

  it('how similar the question of a semantic hit was', () => {
    const hit: Step = {
      kind: 'hit',
      layer: 'semantic',
      entry: 7,
      similarity: 0.98765,
      ageMs: -3,
    }
    const guarded: Step = { kind: 'guarded', guard: 'numbers', similarity: 0.99 }
    expect(told([miss, guarded, hit])).toEqual({
      ...always,
      'x-llmcost-cache': 'hit-semantic',
      'x-llmcost-similarity': '0.9877',
      'x-llmcost-cache-age': '0',
      'x-llmcost-cache-source-id': '7',
      'x-llmcost-attempts': '0',
      Age: '0',
    })
  })

  test.each<[string, readonly Step[], Readonly<Record<string, string>>]>([
    ['a plain miss', [miss, semanticOff, attempt('m')], { cache: 'miss', target: 'm' }],
    [
      'no cache at all',
      [exactOff, semanticOff, attempt('m')],
      { cache: 'bypass', reason: 'off', target: 'm' },
    ],
    [
      'why a layer was passed over',
      [miss, { kind: 'bypass', layer: 'semantic', reason: 'long-conversation' }, attempt('m')],
      { cache: 'miss', reason: 'long-conversation', target: 'm' },
    ],
    [
      'which rule forbade it',
      [
        { kind: 'bypass', layer: 'exact', reason: 'rule user-data' },
        { kind: 'bypass', layer: 'semantic', reason: 'rule user-data' },
        attempt('m'),
      ],
      { cache: 'bypass', reason: 'rule user-data', target: 'm' },
    ],
    [
      'which guard spoke against a hit',
      [miss, { kind: 'guarded', guard: 'names', similarity: 0.99 }, attempt('m')],
      { cache: 'miss', reason: 'guard names', target: 'm' },
    ],
    [
      'that it shared the call of another',
      [miss, { kind: 'coalesced', with: 'req_0', waitMs: 5 }],
      { cache: 'miss', 'cache-source-id': 'req_0', reason: 'coalesced' },
    ],
    [
      'which budget refused it',
      [{ kind: 'budget', budget: 'per-user', action: 'block' }],
      { cache: 'bypass', reason: 'budget per-user block' },
    ],
    [
      'which route it took, and why it was escalated',
      [
        miss,
        { kind: 'route', route: 'cheap', targets: ['s', 'l'] },
        attempt('s', { outcome: 'rejected', reason: 'hedge' }),
        attempt('l'),
      ],
      { cache: 'miss', target: 'l', route: 'cheap', reason: 'rejected hedge' },
    ],
    [
      'why nobody answered',
      [
        miss,
        attempt('s', { outcome: 'failed', reason: 'overloaded' }),
        attempt('s', { outcome: 'timeout' }),
      ],
      { cache: 'miss', target: 's', reason: 'timeout' },
    ],
  ])('%s', (_, steps, facts) => {
    const attempts = String(steps.filter(({ kind }) => kind === 'attempt').length)
    const named = Object.entries({ ...facts, attempts }).map(([name, value]) => [
      `x-llmcost-${name}`,
      value,
    ])
    expect(told(steps)).toEqual({ ...always, ...Object.fromEntries(named) })
  })

  it('who is answering while the stream is on its way', () => {
    const steps = [miss, attempt('s', { outcome: 'failed', reason: 'reset' })]
    expect(told(steps, { answering: 'l' })).toMatchObject({
      'x-llmcost-target': 'l',
      'x-llmcost-attempts': '2',
    })
  })

  it('no cost where a call had no known price: unknown is not free', () => {
    const priced = { costNanoUsd: 1000 as NanoUsd }
    expect(told([attempt('m')], priced)).toHaveProperty('x-llmcost-cost-usd', '0.000001000')
    const unpriced = [attempt('m'), attempt('n', { costNanoUsd: null })]
    expect(told(unpriced, priced)).not.toHaveProperty('x-llmcost-cost-usd')
  })
})

test('names that come from clients and policies cannot add headers to an answer', () => {
  const steps: readonly Step[] = [
    { kind: 'route', route: 'a\r\nSet-Cookie: b', targets: [] },
    attempt('modèle\u0000🙏'),
  ]
  expect(told(steps)).toMatchObject({
    'x-llmcost-route': 'a%0D%0ASet-Cookie: b',
    'x-llmcost-target': 'mod%C3%A8le%00%F0%9F%99%8F',
  })
})
