import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Request } from '../../src/domain/request.ts'
import type { CacheEntry, CacheTerms, World } from '../../src/domain/world.ts'
import { namespaceOf } from '../../src/engine/cache-terms.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { decide } from '../../src/engine/decide.ts'
import { RequestFacts } from '../../src/engine/request-facts.ts'
import { unasked } from '../../src/engine/validators.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import {
  contentUnderWishes,
  disconnectUnderWishes,
  policyUnderWishes,
  termsUnderWishes,
  worldUnderWishes,
} from '../../src/serve/under-wishes.ts'
import { noWishes, type Wishes } from '../../src/serve/wishes.ts'

const terms: CacheTerms = {
  exact: true,
  semantic: true,
  coalesce: true,
  namespace: '=acme',
  threshold: 0.92,
  exactTtlMs: 60_000,
  semanticTtlMs: 30_000,
  rule: null,
}
const under = (wishes: Partial<Wishes>) => termsUnderWishes(terms, { ...noWishes, ...wishes })

const wishes: fc.Arbitrary<Wishes> = fc.record({
  exact: fc.boolean(),
  semantic: fc.boolean(),
  mayStore: fc.boolean(),
  onlyIfCached: fc.boolean(),
  maxAgeMs: fc.constantFrom(0, 1000, Number.POSITIVE_INFINITY),
  ttlMs: fc.constantFrom(0, 45_000, 10 ** 9, Number.POSITIVE_INFINITY),
  threshold: fc.constantFrom(Number.NEGATIVE_INFINITY, 0.5, 0.95, 7),
  namespace: fc.constantFrom('', 'a', 'b'),
  totalMs: fc.constantFrom(1, 20_000, Number.POSITIVE_INFINITY),
  firstTokenMs: fc.constantFrom(1, 20_000, Number.POSITIVE_INFINITY),
  maxAttempts: fc.constantFrom(1, 2, 99, Number.POSITIVE_INFINITY),
  logRequest: fc.boolean(),
  logAnswer: fc.boolean(),
  usageEvent: fc.constantFrom(null, true),
  abortOnDisconnect: fc.boolean(),
})

describe('the terms of a cache', () => {
  it('are the policy’s own where nothing is wished', () => {
    expect(termsUnderWishes(terms, noWishes)).toBe(terms)
  })

  test.each<[string, Partial<Wishes>, Partial<CacheTerms>]>([
    ['a TTL is cut, never stretched', { ttlMs: 45_000 }, { exactTtlMs: 45_000 }],
    ['a threshold is raised', { threshold: 0.97 }, { threshold: 0.97 }],
    ['and never lowered', { threshold: 0.5 }, {}],
    ['a namespace is a part of the policy’s', { namespace: 'x' }, { namespace: '=acme\n+x' }],
    ['a fresh answer waits for no other', { exact: false, semantic: false }, { coalesce: false }],
    ['an answer for nobody else is shared with nobody', { mayStore: false }, { coalesce: false }],
  ])('%s', (_, wished, changed) => {
    expect(under(wished)).toMatchObject({ ...terms, ...changed })
  })

  it('are never wider than the policy’s, whatever a client wishes', () => {
    fc.assert(
      fc.property(wishes, (wished) => {
        const narrow = termsUnderWishes(terms, wished)
        expect(narrow.threshold).toBeGreaterThanOrEqual(terms.threshold)
        expect(narrow.exactTtlMs).toBeLessThanOrEqual(terms.exactTtlMs)
        expect(narrow.semanticTtlMs).toBeLessThanOrEqual(terms.semanticTtlMs)
        expect(narrow.namespace.startsWith(terms.namespace)).toBe(true)
        const off = { ...terms, exact: false, semantic: false, coalesce: false }
        expect(termsUnderWishes(off, wished)).toMatchObject({
          exact: false,
          semantic: false,
          coalesce: false,
        })
      }),
    )
  })

  it('keep parts apart from each other and from the namespaces of every policy', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '=', '+', '\n'), maxLength: 4 })
    const user = fc.option(text, { nil: undefined })
    const part = fc.string({ unit: fc.constantFrom('a', '=', '+'), maxLength: 3 })
    const fields = { kind: 'fields', fields: ['user', 'team'] } as const
    const asked = fc.record({ user, team: user, part })
    const plain = { model: 'm', operation: 'chat', status: 'ok' } as const
    const spaceOf = (each: { user?: string; team?: string; part: string }) => {
      const { part: wished, ...who } = each
      const namespace = namespaceOf(fields, { ...plain, ...who } as Request)
      return termsUnderWishes({ ...terms, namespace }, { ...noWishes, namespace: wished }).namespace
    }
    fc.assert(
      fc.property(asked, asked, (one, two) => {
        expect(spaceOf(one as never) === spaceOf(two as never)).toBe(
          one.user === two.user && one.team === two.team && one.part === two.part,
        )
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a policy under wishes', () => {
  const compiled = compilePolicy(defaultPolicy)
  const retriesWith = (maxAttempts: number) =>
    policyUnderWishes(compiled, { ...noWishes, maxAttempts }).policy.failure.retries.attempts

  it('is itself where nothing is wished', () => {
    expect(policyUnderWishes(compiled, noWishes)).toBe(compiled)
  })

  it('makes fewer attempts if asked, and never more', () => {
    expect(defaultPolicy.failure.retries.attempts).toBe(2)
    expect([1, 2, 3, 50].map(retriesWith)).toEqual([0, 1, 2, 2])
  })
})

describe('an answer that only a cache may give', () => {
  const request: Request = { model: 'm', operation: 'chat', status: 'ok' }
  const entry: CacheEntry = { id: 1, bornMs: 0, answer: { text: 'kept' } }
  const refuse = () => {
    throw new Error('asked a model')
  }

  async function decided(found: CacheEntry | null) {
    const world: World = {
      cache: {
        findExact: () => found,
        findNearest: () => ({ kind: 'bypass', reason: 'off' }),
        findInFlight: () => null,
        begin: () => {},
        remember: refuse,
        end: () => {},
      },
      ledger: { admit: () => null, settle: () => {} },
      ask: refuse,
      isUp: () => true,
      classify: refuse,
      wait: () => {},
    }
    const facts = new RequestFacts(request, {
      countTokens: () => 0,
      contextTokens: () => undefined,
      label: () => 'unasked',
    })
    const to = { kind: 'classifier', classifier: 'word', ladders: byLabel } as const
    const policy = mergePolicy(defaultPolicy, { routes: [{ name: 'r', when: {}, to }] })
    const wished = { ...noWishes, onlyIfCached: true }
    const asked = { id: 'r-1', at: 5, request, bypass: null }
    const seen = { facts, asks: async () => unasked }
    const compiled = policyUnderWishes(compilePolicy(policy), wished)
    return decide(asked, seen, compiled, worldUnderWishes(world, wished))
  }

  const rung = { target: 'small', validators: [], timeoutMs: null }
  const byLabel = { simple: [rung], medium: [rung], hard: [rung] }

  it('comes from it, or costs nothing', async () => {
    expect(await decided(entry)).toMatchObject({
      receipt: { outcome: 'hit' },
      answer: { text: 'kept' },
    })
    expect(await decided(null)).toMatchObject({
      receipt: { outcome: 'failed', costNanoUsd: 0 },
      answer: null,
    })
  })
})

test('a client that leaves may end its call, and cannot have it read on', () => {
  const drain = { kind: 'drain', maxMs: 100 } as const
  const abort = { ...noWishes, abortOnDisconnect: true }
  expect(disconnectUnderWishes(drain, abort)).toEqual({ kind: 'abort' })
  expect(disconnectUnderWishes(drain, noWishes)).toBe(drain)
})

test('less text is kept if asked, and never more', () => {
  const wished = { ...noWishes, logAnswer: false }
  expect(contentUnderWishes('full', wished)).toEqual({ request: 'full', answer: 'none' })
  expect(contentUnderWishes('hash', noWishes)).toEqual({ request: 'hash', answer: 'hash' })
})
