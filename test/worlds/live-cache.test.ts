import { describe, expect, it } from 'vitest'
import type { Embedded, Vector } from '../../src/domain/embedder.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Answer, Request } from '../../src/domain/request.ts'
import { UserError } from '../../src/domain/user-error.ts'
import type { Attempted, CacheTerms } from '../../src/domain/world.ts'
import { safeText } from '../../src/report/escape.ts'
import type { LiveCache } from '../../src/worlds/live-cache.ts'
import type { LiveEmbedder } from '../../src/worlds/text-vectors.ts'
import {
  answered,
  askedOf,
  cachingPolicy,
  failed,
  openLiveCache,
  openPlainGateway,
  question,
  servedBy,
} from '../support/live-cache.ts'
import { randomVectors } from '../vectors/random-vectors.ts'

const policy = cachingPolicy()
const terms: CacheTerms = {
  exact: true,
  semantic: true,
  coalesce: true,
  namespace: '',
  threshold: 0.8,
  exactTtlMs: 1000,
  semanticTtlMs: 1000,
  rule: null,
}

/** Leaves an answer to a question in both layers. */
function keep(
  cache: LiveCache,
  text: string,
  at: number,
  { answer = { text: `about ${text}` }, ...rest }: { answer?: Answer } & Partial<CacheTerms> = {},
): void {
  const asked = askedOf(question(text), at)
  const own = { ...terms, ...rest }
  cache.findExact(asked, own)
  void cache.findNearest(asked, own)
  const entry = { id: asked.id, bornMs: at, answer }
  cache.remember('exact', asked, own, entry)
  cache.remember('semantic', asked, own, entry)
}

const exactAt = (cache: LiveCache, text: string, at: number, space = '') =>
  cache.findExact(askedOf(question(text), at, `look ${at}`), { ...terms, namespace: space })

const nearestAt = (cache: LiveCache, text: string, at: number, rest: Partial<CacheTerms> = {}) =>
  cache.findNearest(askedOf(question(text), at, `look ${at}`), { ...terms, ...rest })

describe('a live cache', () => {
  it('refuses to keep what only a log could know', () => {
    const oracle = cachingPolicy({ semantic: { insert: 'always-oracle' } })
    expect(() => openLiveCache(oracle.cache)).toThrow(UserError)
  })

  it('keeps no answer that nobody knows', () => {
    const cache = openLiveCache(policy.cache)
    const asked = askedOf(question('x'), 1)
    cache.remember('exact', asked, terms, { id: 'a', bornMs: 1, answer: null })
    expect(exactAt(cache, 'x', 2)).toBeNull()
  })

  it('gives the age that an answer has, in the caller’s time', async () => {
    const gateway = openPlainGateway(policy)
    await gateway.ask(question('x'), 100)
    const { receipt } = await gateway.ask(question('x'), 350)
    expect(receipt.steps).toContainEqual({
      kind: 'hit',
      layer: 'exact',
      entry: 'req_100',
      similarity: 1,
      ageMs: 250,
    })
  })

  it('serves what is there when a request that came before is looked up after another', () => {
    const cache = openLiveCache(policy.cache)
    keep(cache, 'x', 10)
    exactAt(cache, 'y', 20)
    // It waited, for its budget say, while the answer came.
    expect(exactAt(cache, 'x', 5)?.id).toBe('req_10')
  })
})

describe('entries that are over', () => {
  it('are not served, however many are over at once', () => {
    const cache = openLiveCache(policy.cache)
    for (let n = 0; n < 50; n++) keep(cache, `word${n} of mine`, n)
    keep(cache, 'something of another kind', 900)
    expect(exactAt(cache, 'word49 of mine', 1049)?.id).toBe('req_49')
    expect(exactAt(cache, 'word49 of mine', 1050)).toBeNull()
    expect(nearestAt(cache, 'word49 of mine', 1050)).toMatchObject({ found: null })
  })

  it('leave memory with the requests that come after, without being asked for', () => {
    const cache = openLiveCache(policy.cache)
    for (let n = 0; n < 50; n++) keep(cache, `word${n} of mine`, n, { namespace: `space ${n}` })
    for (let n = 0; n < 30; n++) exactAt(cache, 'unheard of', 5000 + n)
    expect(cache.counts.exact).toEqual({ entries: 0, bytes: 0 })
    expect(cache.counts.semantic).toEqual({ entries: 0, bytes: 0 })
  })

  it('stay for a while where nobody else may answer', () => {
    const cache = openLiveCache(policy.cache, { staleMs: 500 })
    const asked = askedOf(question('x'), 1400)
    keep(cache, 'x', 0)
    expect(exactAt(cache, 'x', 1400)).toBeNull()
    expect(cache.lastGood(asked, terms)).toEqual({
      id: 'req_0',
      bornMs: 0,
      answer: { text: 'about x' },
    })
    expect(cache.lastGood(asked, { ...terms, namespace: 'other' })).toBeNull()
    exactAt(cache, 'x', 1501)
    expect(cache.lastGood(asked, terms)).toBeNull()
  })
})

describe('the size of a live cache', () => {
  const long = { text: 'x'.repeat(10_000) }
  const bounds = { maxEntries: 1000, maxBytes: 50_000 }

  it('stays below its bytes where the policy names no limit, those used last staying', () => {
    const cache = openLiveCache(policy.cache, { bounds })
    for (let n = 0; n < 20; n++) {
      keep(cache, `word${n}`, n, { answer: long })
      exactAt(cache, 'word0', n)
    }
    const { exact, semantic } = cache.counts
    expect(exact.entries).toBe(4)
    expect(exact.bytes).toBeLessThanOrEqual(50_000)
    expect(semantic.bytes).toBeLessThanOrEqual(50_000)
    expect(exactAt(cache, 'word0', 30)?.id).toBe('req_0')
    expect(exactAt(cache, 'word19', 30)?.id).toBe('req_19')
    expect(exactAt(cache, 'word5', 30)).toBeNull()
    expect(nearestAt(cache, 'word5', 30)).toMatchObject({ found: null })
  })

  it('stays below its entries, over all namespaces', () => {
    const perSpace = cachingPolicy({ exact: { maxEntries: 100, capacityPer: 'namespace' } })
    const cache = openLiveCache(perSpace.cache, { bounds: { maxEntries: 5, maxBytes: 1e9 } })
    for (let n = 0; n < 20; n++) keep(cache, 'x', n, { namespace: `space ${n}` })
    expect(cache.counts.exact.entries).toBe(5)
    expect(exactAt(cache, 'x', 20, 'space 15')?.id).toBe('req_15')
    expect(exactAt(cache, 'x', 20, 'space 14')).toBeNull()
  })

  it('is not used up by one answer', () => {
    const cache = openLiveCache(policy.cache)
    keep(cache, 'x', 0, { answer: { text: 'x'.repeat(5_000_000) } })
    exactAt(cache, 'y', 1)
    expect(cache.counts).toMatchObject({ tooLarge: 2, exact: { entries: 0 } })
  })

  it('follows another policy with the entries that were used last', () => {
    const cache = openLiveCache(policy.cache)
    for (let n = 0; n < 6; n++) keep(cache, `word${n}`, n)
    exactAt(cache, 'word0', 10)
    cache.configure(cachingPolicy({ exact: { maxEntries: 3 } }).cache)
    expect(cache.counts.exact.entries).toBe(3)
    const found = [0, 1, 2, 3, 4, 5].map((n) => exactAt(cache, `word${n}`, 11)?.id ?? null)
    expect(found).toEqual(['req_0', null, null, null, 'req_4', 'req_5'])
    expect(nearestAt(cache, 'word2', 12)).toMatchObject({ found: { entry: { id: 'req_2' } } })
    const oracle = cachingPolicy({ semantic: { insert: 'always-oracle' } })
    expect(() => cache.configure(oracle.cache)).toThrow(UserError)
  })
})

describe('calls under way', () => {
  /** Answers when it is told to. */
  function heldUpstream() {
    const calls: ((attempted: Attempted) => void)[] = []
    const gateway = openPlainGateway(
      policy,
      openLiveCache(policy.cache),
      () => new Promise<Attempted>((resolve) => calls.push(resolve)),
    )
    return { gateway, calls }
  }
  const turn = () => new Promise(setImmediate)

  it('are shared: fifty identical requests make one', async () => {
    const { gateway, calls } = heldUpstream()
    const all = Array.from({ length: 50 }, (_, n) => gateway.ask(question('x'), 100 + n))
    await turn()
    expect(calls.length).toBe(1)
    calls[0]?.(answered('once', 400))
    const decisions = await Promise.all(all)
    expect(decisions.map(({ answer }) => answer?.text)).toEqual(Array(50).fill('once'))
    expect(decisions.slice(1).every((each) => servedBy(each) === 'coalesced')).toBe(true)
    expect(decisions[7]?.receipt.latencyMs).toBe(393)
    expect(gateway.cache.counts.inFlight).toBe(0)
  })

  it('let those that waited ask for themselves where the answer does not come', async () => {
    const { gateway, calls } = heldUpstream()
    const all = [1, 2, 3].map((n) => gateway.ask(question('x'), n))
    await turn()
    calls[0]?.({ ...failed })
    await turn()
    expect(calls.length).toBe(3)
    calls[1]?.(answered('second', 10))
    calls[2]?.(answered('third', 20))
    const outcomes = (await Promise.all(all)).map(({ receipt }) => receipt.outcome)
    expect(outcomes).toEqual(['failed', 'answered', 'answered'])
    expect(gateway.cache.counts.inFlight).toBe(0)
  })

  it('stay open to others when an earlier one of the same ends', async () => {
    const cache = openLiveCache(policy.cache)
    const [first, second] = [askedOf(question('x'), 1), askedOf(question('x'), 2)]
    cache.begin(first, terms)
    cache.begin(second, terms)
    cache.end(first, terms, { at: 3, answer: { text: 'first' } })
    const joined = await cache.findInFlight(askedOf(question('x'), 4), terms)
    expect(joined?.id).toBe('req_2')
    cache.end(second, terms, { at: 5, answer: { text: 'second' } })
    expect(await joined?.answered).toEqual({ at: 5, answer: { text: 'second' } })
    expect(cache.findInFlight(askedOf(question('x'), 5), terms)).toBeNull()
  })

  it('are shared too while an embedder lets wait, which is asked once', async () => {
    const embedded: string[] = []
    const embedder: LiveEmbedder = {
      fingerprint: 'slow',
      async embed(texts) {
        embedded.push(...texts)
        await new Promise(setImmediate)
        return { vectors: texts.map((text) => Float64Array.of(1, text.length)), tokens: 1 }
      },
      costOf: () => 0 as NanoUsd,
    }
    const cache = openLiveCache(policy.cache, { embedder })
    let calls = 0
    const gateway = openPlainGateway(policy, cache, async () => {
      calls++
      await new Promise(setImmediate)
      return answered('once', 50)
    })
    const all = [1, 2, 3, 4, 5].map((n) => gateway.ask(question('x'), n))
    const decisions = await Promise.all(all)
    expect(decisions.map(servedBy)).toEqual(['model', ...Array(4).fill('coalesced')])
    expect([calls, embedded]).toEqual([1, ['x']])
    // What a look-up finds is found by all that come meanwhile.
    const later = await Promise.all([1, 2, 3].map((n) => gateway.ask(question('y'), 60 + n)))
    expect(later.map(servedBy)).toEqual(['semantic', 'semantic', 'semantic'])
    expect([calls, embedded, cache.counts.inFlight]).toEqual([1, ['x', 'y', 'y'], 0])
  })

  it('are not shared between namespaces', () => {
    const cache = openLiveCache(policy.cache)
    cache.begin(askedOf(question('x'), 1), { ...terms, namespace: 'user=a' })
    const other = { ...terms, namespace: 'user=b' }
    expect(cache.findInFlight(askedOf(question('x'), 2), other)).toBeNull()
  })
})

describe('embedders', () => {
  const vectorOf = (text: string): Vector => Float32Array.of(1, text.length / 100)
  const network = (embed: (text: string) => Promise<Embedded>): LiveEmbedder => ({
    fingerprint: 'network',
    embed: ([text = '']) => embed(text),
    costOf: (tokens) => (tokens * 20) as NanoUsd,
  })

  it('that take their time are waited for, and paid', async () => {
    const embedder = network(async (text) => ({ vectors: [vectorOf(text)], tokens: 3 }))
    const gateway = openPlainGateway(policy, openLiveCache(policy.cache, { embedder }))
    const decisions = [await gateway.ask(question('how?')), await gateway.ask(question('how so?'))]
    expect(decisions.map(servedBy)).toEqual(['model', 'semantic'])
    expect(gateway.cache.counts.lookUps).toEqual({
      texts: 2,
      tokens: 6,
      costNanoUsd: 120,
      failed: 0,
    })
  })

  it.each([
    ['throw', () => Promise.reject(new Error('no network'))],
    ['give vectors of no use', async () => ({ vectors: [Float32Array.of(Number.NaN)], tokens: 1 })],
    ['know no vector', async () => ({ vectors: [null], tokens: 1 })],
  ] as const)('that %s are no reason not to answer', async (_, embed) => {
    const cache = openLiveCache(policy.cache, { embedder: network(embed) })
    const gateway = openPlainGateway(policy, cache)
    for (let n = 0; n < 2; n++) {
      const { receipt } = await gateway.ask(question(`how ${n}?`))
      expect(receipt.outcome).toBe('answered')
    }
    const { receipt } = await gateway.ask(question('how 2?'))
    expect(receipt.steps.some(({ kind }) => kind === 'hit')).toBe(false)
    expect(cache.counts.semantic.entries).toBe(0)
  })

  it('that fail are counted, and the layer was not asked', async () => {
    const embedder = network(() => Promise.reject(new Error('no network')))
    const cache = openLiveCache(policy.cache, { embedder })
    const asked = askedOf(question('x'), 1)
    expect(await cache.findNearest(asked, terms)).toEqual({ kind: 'bypass', reason: 'no-vector' })
    expect(cache.counts.lookUps?.failed).toBe(1)
  })

  it('whose vectors change their length are counted as failing', () => {
    let length = 2
    const embedOne = () => Float32Array.from({ length }, () => 1)
    const embedder = { ...network(() => Promise.reject(new Error())), embedOne }
    const cache = openLiveCache(policy.cache, { embedder })
    keep(cache, 'x', 0)
    length = 3
    expect(nearestAt(cache, 'y', 1)).toEqual({ kind: 'bypass', reason: 'no-vector' })
    expect(cache.counts.lookUps?.failed).toBe(1)
  })

  it('may begin with a vector of another length, while nothing is kept', () => {
    let length = 2
    const embedOne = () => Float32Array.from({ length }, () => 1)
    const embedder = { ...network(() => Promise.reject(new Error())), embedOne }
    const cache = openLiveCache(policy.cache, { embedder })
    expect(nearestAt(cache, 'x', 0)).toMatchObject({ kind: 'asked', found: null })
    length = 3
    keep(cache, 'x', 1)
    expect(nearestAt(cache, 'y', 2)).toMatchObject({ found: { entry: { id: 'req_1' } } })
  })

  it('need not be there', () => {
    const cache = openLiveCache(policy.cache, { embedder: null })
    keep(cache, 'x', 0)
    expect(nearestAt(cache, 'x', 1)).toEqual({ kind: 'bypass', reason: 'no-vector' })
    expect(exactAt(cache, 'x', 1)?.id).toBe('req_0')
  })
})

describe('guards in a live cache', () => {
  it('let a less similar entry serve, and name the one they passed over', () => {
    const cache = openLiveCache(cachingPolicy({ semantic: { threshold: 0.5 } }).cache)
    keep(cache, 'How do I return item 12 to the shop?', 0)
    keep(cache, 'How do I bring back item 13 to the shop?', 1)
    const found = nearestAt(cache, 'How do I return item 13 to the shop?', 2, { threshold: 0.5 })
    expect(found).toMatchObject({
      kind: 'asked',
      found: { entry: { id: 'req_1' } },
      guarded: { guard: 'numbers' },
    })
  })

  it('do not read texts that would take long, and let only the very same one pass', () => {
    const cache = openLiveCache(policy.cache)
    const long = 'word '.repeat(4000)
    keep(cache, long, 0)
    expect(nearestAt(cache, `${long}more`, 1)).toMatchObject({
      found: null,
      guarded: { guard: 'length' },
    })
    expect(nearestAt(cache, long, 1)).toMatchObject({ found: { entry: { id: 'req_0' } } })
  })

  it('stop after some texts that they have to read, and go on from there the next time', () => {
    const cache = openLiveCache(cachingPolicy({ semantic: { guards: [] } }).cache)
    const item = (n: number) => `What is the status of item ${n} in the warehouse of the shop?`
    for (let n = 0; n < 200; n++) keep(cache, item(n + 100), n, { threshold: 1 })
    cache.configure(policy.cache)
    const cut = [1, 2, 3, 4, 5].map((n) => {
      expect(nearestAt(cache, item(900), 300 + n)).toMatchObject({
        found: null,
        guarded: { guard: 'numbers' },
      })
      return cache.counts.cutShort
    })
    // 64 of 200 texts each time.
    expect(cut).toEqual([1, 2, 3, 3, 3])
  })
})

describe('whoever looks after a live cache', () => {
  const ask = (text: string, rest: Partial<Request>) => question(text, rest)
  const tagged = (region: string) => ({ tags: new Map([['region', region]]) })

  function filled(now = 100) {
    const cache = openLiveCache(policy.cache, { now: () => now })
    const requests = [
      ask('one', { user: '123', feature: 'chat', ...tagged('eu') }),
      ask('two', { user: '123', feature: 'search', documentVersion: 'v1' }),
      ask('three', { user: '1234', feature: 'chat', ...tagged('us') }),
      ask('four', { feature: 'chat', namespace: 'acme', documentVersion: 'v2' }),
    ]
    for (const [n, request] of requests.entries()) {
      const asked = askedOf(request, n)
      const own = { ...terms, namespace: request.user === undefined ? '' : `user=${request.user}` }
      void cache.findNearest(asked, own)
      const entry = { id: asked.id, bornMs: n, answer: { text: 'yes' } }
      cache.remember('exact', asked, own, entry)
      cache.remember('semantic', asked, own, entry)
    }
    return cache
  }

  it('sees living entries without what was asked and answered, those used last in front', () => {
    const cache = filled()
    const [first, ...rest] = cache.desk.list({ limit: 3 })
    expect(first).toEqual({
      layer: 'exact',
      id: 'req_3',
      key: expect.any(String),
      namespace: '',
      facts: { model: 'gpt-4o', feature: 'chat', namespace: 'acme', documentVersion: 'v2' },
      bornMs: 3,
      ageMs: 97,
      expiresAtMs: 1003,
      hits: 0,
      bytes: expect.any(Number),
    })
    expect(rest.map(({ id }) => id)).toEqual(['req_2', 'req_1'])
    expect(JSON.stringify(cache.desk.list({ limit: 100 }))).not.toMatch(/yes|three/)
    expect(cache.desk.list({ namespace: 'user=123', limit: 100 }).map(({ id }) => id)).toEqual([
      'req_1',
      'req_0',
      'req_1',
      'req_0',
    ])
    expect(filled(5000).desk.list({ limit: 100 })).toEqual([])
  })

  it('knows a namespace of several fields as lists show it', () => {
    const cache = openLiveCache(policy.cache)
    const namespaces = [
      'tenant\nuser=bob',
      'tenant\nuser=bob b',
      'tenant=a\nuser=bob\n\n\u00a0x',
      'tenant=a',
    ]
    for (const [n, namespace] of namespaces.entries()) keep(cache, `${n}`, n, { namespace })
    for (const [n, namespace] of namespaces.entries())
      for (const name of [namespace, safeText(namespace)]) {
        const listed = cache.desk.list({ namespace: name, limit: 100 })
        expect(new Set(listed.map((entry) => entry.namespace))).toEqual(new Set([namespace]))
        const scope = { kind: 'namespace', namespace: name } as const
        expect(cache.desk.erase(scope, 10, { dryRun: true })).toMatchObject({ exact: 1 })
        expect(listed[0]?.id).toBe(`req_${n}`)
      }
    cache.desk.erase({ kind: 'namespace', namespace: 'tenant user=bob' }, 10, { dryRun: false })
    const left = cache.desk.list({ limit: 100 }).map(({ namespace }) => namespace)
    expect(new Set(left)).toEqual(new Set(namespaces.slice(1)))
  })

  it('finds entries by request and by key, with how often they served', () => {
    const cache = filled()
    const asked = askedOf(ask('one', {}), 50)
    cache.findExact(asked, { ...terms, namespace: 'user=123' })
    const found = cache.desk.find('req_0')
    expect(found.map(({ layer, hits }) => [layer, hits])).toEqual([
      ['exact', 1],
      ['semantic', 0],
    ])
    expect(cache.desk.find(found[0]?.key ?? '')).toEqual(found.slice(0, 1))
    expect(cache.desk.find('nothing')).toEqual([])
  })

  const scopes = [
    [{ kind: 'all' }, [0, 1, 2, 3]],
    [{ kind: 'request', id: 'req_1' }, [1]],
    [{ kind: 'namespace', namespace: 'user=123' }, [0, 1]],
    [{ kind: 'field', field: 'feature', value: 'chat' }, [0, 2, 3]],
    [{ kind: 'field', field: 'documentVersion', value: 'v1' }, [1]],
    [{ kind: 'field', field: 'tag:region', value: 'eu' }, [0]],
    [{ kind: 'pattern', pattern: 'user:123:*' }, [0, 1]],
    [{ kind: 'pattern', pattern: 'user:123' }, [0, 1]],
    [{ kind: 'pattern', pattern: 'user:123*' }, [0, 1, 2]],
    [{ kind: 'pattern', pattern: 'user:123*:feature:chat' }, [0, 2]],
    [{ kind: 'pattern', pattern: 'tag:region:*' }, [0, 2]],
    [{ kind: 'pattern', pattern: 'tenant:acme:*' }, [3]],
    [{ kind: 'pattern', pattern: 'user:*' }, [0, 1, 2]],
  ] as const

  it.each(scopes)('erases what %o means, and nothing else', (scope, gone) => {
    const cache = filled()
    const idsOf = () => new Set(cache.desk.list({ limit: 100 }).map(({ id }) => id))
    const dry = cache.invalidate(scope, { dryRun: true })
    expect(dry).toMatchObject({ exact: gone.length, semantic: gone.length })
    expect(dry.bytes).toBeGreaterThan(0)
    expect(idsOf().size).toBe(4)
    expect(cache.invalidate(scope, { dryRun: false })).toEqual(dry)
    const left = [0, 1, 2, 3].filter((n) => !(gone as readonly number[]).includes(n))
    expect(idsOf()).toEqual(new Set(left.map((n) => `req_${n}`)))
    expect(cache.counts.exact.entries).toBe(left.length)
    expect(cache.invalidate(scope, { dryRun: false })).toEqual({ exact: 0, semantic: 0, bytes: 0 })
  })

  it.each(['', '*', 'user', 'user:', 'who:123', 'user:1:2', 'tag:region'])(
    'is told that "%s" means nothing',
    (pattern) => {
      const erase = () => filled().invalidate({ kind: 'pattern', pattern }, { dryRun: false })
      expect(erase).toThrow(UserError)
    },
  )

  it('does not get back what was on its way when it was erased', async () => {
    const cache = openLiveCache(policy.cache)
    const [before, after] = [1, 2].map((at) => askedOf(ask('x', { documentVersion: 'v1' }), at))
    if (before === undefined || after === undefined) return
    void cache.findNearest(before, terms)
    cache.begin(before, terms)
    const waiting = await cache.findInFlight(askedOf(before.request, 1.5), terms)
    cache.invalidate({ kind: 'field', field: 'documentVersion', value: 'v1' }, { dryRun: false })
    // Nobody else waits for an answer that may be out of date; whoever waits already gets it.
    expect(cache.findInFlight(after, terms)).toBeNull()
    const entry = { id: before.id, bornMs: 3, answer: { text: 'old' } }
    cache.remember('exact', before, terms, entry)
    cache.remember('semantic', before, terms, entry)
    cache.end(before, terms, { at: 3, answer: entry.answer })
    expect(await waiting?.answered).toMatchObject({ answer: { text: 'old' } })
    expect(cache.findExact(askedOf(before.request, 4), terms)).toBeNull()
    cache.remember('exact', after, terms, { ...entry, answer: { text: 'new' } })
    expect(cache.findExact(askedOf(before.request, 5), terms)?.answer?.text).toBe('new')
  })
})

describe('the audit of hashes', () => {
  it('says how many neighbours of the last look-ups they miss', async () => {
    const vectors = randomVectors({ count: 500, dimensions: 64, seed: 1 })
    const embedOne = (text: string) => {
      const row = Number(text.match(/\d+/)?.[0] ?? 0) % 500
      return vectors.subarray(row * 64, (row + 1) * 64)
    }
    const embedder: LiveEmbedder = {
      fingerprint: 'sines',
      embedOne,
      embed: () => Promise.reject(new Error()),
      costOf: () => 0 as NanoUsd,
    }
    const unguarded = cachingPolicy({ semantic: { guards: [] } })
    const counted = async (index: 'exact' | 'fast') => {
      const cache = openLiveCache(unguarded.cache, { embedder, index, now: () => 3000 })
      for (let n = 0; n < 3000; n++) keep(cache, `text ${n}`, n, { semanticTtlMs: 1e9 })
      return await cache.missedHits()
    }
    const { looked, missed } = await counted('fast')
    // Six of each direction, of which a look-up does not count itself.
    expect(looked).toBe(64 * 5)
    expect(missed).toBe(0)
    expect(await counted('exact')).toEqual({ lookUps: 64, looked: 0, missed: 0 })
  })
})
