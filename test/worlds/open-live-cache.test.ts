import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Vector } from '../../src/domain/embedder.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { openLexicalEmbedder } from '../../src/embed/lexical-embedder.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { openDatabase } from '../../src/store/database.ts'
import {
  keepsOnDisk,
  type OpenCacheOptions,
  openLiveCache,
} from '../../src/worlds/open-live-cache.ts'
import {
  answered,
  askedOf,
  cachingPolicy,
  factsFor,
  openPlainGateway,
  plainCodec,
  question,
  servedBy,
} from '../support/live-cache.ts'

const work = mkdtempSync(join(tmpdir(), 'llmcost-open-cache-'))
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))
let files = 0
const newPath = () => join(work, `${files++}.gateway`)

/** A gateway on a file, until it is stopped. */
async function start(
  path: string,
  policy: Policy,
  options: Partial<Omit<OpenCacheOptions, 'policy' | 'now'>> = {},
  from = 0,
) {
  const database = await openDatabase(path)
  const works: (() => void)[] = []
  const warnings: string[] = []
  let at = from
  const opened = openLiveCache({
    database,
    policy: policy.cache,
    content: 'full',
    embedder: openLexicalEmbedder(),
    hash: keyHash('secret'),
    codec: plainCodec,
    now: () => at,
    write: (each) => works.push(each),
    warn: (line) => warnings.push(line),
    ...options,
  })
  const gateway = openPlainGateway(policy, opened.cache, ({ id, request }) =>
    answered(`${id} on ${JSON.stringify(request.prompt?.messages[0]?.content)}`, 2),
  )
  return {
    ...opened,
    warnings,
    database,
    ask: (...asked: Parameters<typeof gateway.ask>) => gateway.ask(...asked),
    /** How many entries are on disk then. */
    stop(now: number): number {
      at = now
      opened.cache.close()
      database.transaction(() => {
        for (const each of works.splice(0)) each()
        opened.disk?.writeAll()
      })
      const rows = opened.disk && database.prepare('SELECT count(*) AS n FROM cacheEntries').get()
      database.close()
      return Number(rows?.['n'] ?? 0)
    },
  }
}

const moment = fc.record({
  step: fc.nat(4),
  text: fc.constantFrom('pay 1', 'pay 2', 'is it on', 'it is on', 'see Paris', 'see it'),
  user: fc.constantFrom('a', 'b'),
  feature: fc.constantFrom('chat', 'short'),
})
const texts = ['pay 1', 'pay 2', 'is it on', 'it is on', 'see Paris', 'see it']

/** Directions that float32 has without a loss. */
const directions = [
  [4, 3],
  [3, 4],
  [1, 0],
  [12, 5],
  [4, 3],
] as const

const policies = fc
  .record({
    insert: fc.constantFrom('on-miss', 'always'),
    threshold: fc.constantFrom(0.7, 0.9, 0.97),
    ttlSeconds: fc.option(fc.constantFrom(0.004, 0.02), { nil: null }),
    refreshOnHit: fc.boolean(),
  })
  .map(({ insert, threshold, ttlSeconds, refreshOnHit }) =>
    cachingPolicy({
      namespace: { kind: 'fields', fields: ['user'] },
      exact: { ttlSeconds, refreshOnHit },
      semantic: { insert, threshold, ttlSeconds, refreshOnHit },
      rules: [{ name: 'short', when: { feature: ['short'] }, ttlSeconds: 0.002 }],
    }),
  )

describe('a live cache on disk', () => {
  it('serves after a restart what it would have served without one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(moment, { minLength: 2, maxLength: 30, size: 'max' }),
        fc.array(fc.nat(directions.length - 1), { minLength: 6, maxLength: 6 }),
        policies,
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        async (moments, turns, policy, breaks) => {
          const embedOne = (text: string): Vector =>
            Float64Array.from(directions[turns[texts.indexOf(text)] ?? 0] ?? [1, 0])
          const embedder = {
            fingerprint: 'few',
            embedOne,
            embed: () => Promise.reject(new Error()),
            costOf: () => 0 as NanoUsd,
          }
          const run = async (restarts: boolean) => {
            const path = newPath()
            let gateway = await start(path, policy, { embedder })
            const decided: unknown[] = []
            let at = 0
            for (const [n, { step, text, user, feature }] of moments.entries()) {
              at += step
              if (breaks[n] === true) {
                // Nothing is on its way, so that nothing is lost.
                at += 2
                if (restarts) {
                  gateway.stop(at)
                  gateway = await start(path, policy, { embedder }, at)
                }
              }
              const request = question(text, { user, feature })
              const { receipt, answer } = await gateway.ask(request, at, `req_${n}`)
              decided.push([receipt, answer])
            }
            const rows = gateway.stop(at)
            const { exact, semantic } = gateway.cache.counts
            expect(rows).toBe(exact.entries + semantic.entries)
            return decided
          }
          expect(await run(true)).toEqual(await run(false))
        },
      ),
      { numRuns: 30 },
    )
  }, 120_000)

  it('serves an answer that cannot be read to nobody, and the next similar one in its place', async () => {
    const path = newPath()
    const policy = cachingPolicy({ semantic: { threshold: 0.5 } })
    const first = await start(path, policy)
    await first.ask(question('How long is the notice period?'), 0)
    await first.ask(question('Which notice applies to me as a tenant of the flat?'), 1)
    first.stop(100)
    const database = await openDatabase(path)
    database.exec(`UPDATE cacheAnswers SET answer = '{"te' WHERE request = 'req_0'`)
    database.close()
    const { cache, loaded, ask, stop } = await start(path, policy)
    expect(loaded).toMatchObject({ corrupt: 0 })
    const similar = question('How long is the notice period of the flat as a tenant?')
    expect((await ask(similar, 200)).receipt.servedBy).toBe('req_1')
    expect(servedBy(await ask(question('How long is the notice period?'), 201))).not.toBe('exact')
    expect(cache.counts.corrupt).toBe(2)
    stop(300)
    const again = await start(path, policy)
    expect(again.cache.desk.find('req_0')).toEqual([])
    again.stop(400)
  })

  it('knows how often entries served before', async () => {
    const path = newPath()
    const policy = cachingPolicy()
    const first = await start(path, policy)
    for (const at of [0, 10, 20]) await first.ask(question('x'), at)
    first.stop(100)
    const { cache, stop } = await start(path, policy, {}, 100)
    expect(cache.desk.find('req_0').map(({ hits }) => hits)).toEqual([2, 0])
    stop(200)
  })

  it('has answers whose time is over for as long as one of them may still be the last resort', async () => {
    const path = newPath()
    const policy = cachingPolicy({ exact: { ttlSeconds: 0.1 }, semantic: { ttlSeconds: 0.1 } })
    const staleMs = 500
    const first = await start(path, policy, { staleMs })
    await first.ask(question('x'), 0)
    first.stop(300)
    const second = await start(path, policy, { staleMs }, 400)
    const asked = askedOf(question('x'), 400)
    const terms = compilePolicy(policy).termsOf(factsFor(question('x')))
    expect(second.cache.findExact(asked, terms)).toBeNull()
    expect(second.cache.lastGood(asked, terms)).toMatchObject({ id: 'req_0', bornMs: 2 })
    second.stop(500)
    const third = await start(path, policy, { staleMs }, 603)
    expect(third.loaded).toMatchObject({ expired: 2 })
    expect(third.cache.lastGood(asked, terms)).toBeNull()
    third.stop(700)
  })

  it('lets go first of what was used longest ago, over a restart too', async () => {
    const path = newPath()
    const policy = cachingPolicy({ exact: { maxEntries: 3 }, semantic: { on: false } })
    const first = await start(path, policy)
    for (const [at, text] of ['a', 'b', 'c'].entries()) await first.ask(question(text), at * 10)
    await first.ask(question('a'), 50)
    first.stop(100)
    const again = await start(path, policy, {}, 100)
    await again.ask(question('d'), 110)
    again.cache.close()
    const served = async (text: string, at: number) => servedBy(await again.ask(question(text), at))
    expect([await served('a', 130), await served('c', 131)]).toEqual(['exact', 'exact'])
    expect(await served('b', 132)).toBe('model')
    again.stop(200)
  })

  it('does not keep what may not be kept there', async () => {
    const path = newPath()
    const policy = cachingPolicy()
    const first = await start(path, policy, { mayKeep: ({ user }) => user !== 'secretive' })
    await first.ask(question('x', { user: 'secretive' }), 0)
    await first.ask(question('y'), 1)
    expect(servedBy(await first.ask(question('x'), 10))).toBe('exact')
    first.stop(100)
    const { ask, stop } = await start(path, policy)
    expect(servedBy(await ask(question('x'), 200))).toBe('model')
    expect(servedBy(await ask(question('y'), 201))).toBe('exact')
    stop(300)
  })

  it('has forgotten what was erased', async () => {
    const path = newPath()
    const policy = cachingPolicy()
    const first = await start(path, policy)
    await first.ask(question('x', { user: 'a' }), 0)
    await first.ask(question('y', { user: 'b' }), 1)
    first.stop(100)
    const second = await start(path, policy, {}, 100)
    second.cache.invalidate({ kind: 'field', field: 'user', value: 'a' }, { dryRun: false })
    second.stop(200)
    const { cache, stop } = await start(path, policy, {}, 200)
    expect(cache.desk.list({ limit: 9 }).map(({ id }) => id)).toEqual(['req_1', 'req_1'])
    stop(300)
  })
})

describe('where a live cache is kept', () => {
  it.each([
    ['disk', 'none', true],
    ['memory', 'full', false],
    ['auto', 'full', true],
    ['auto', 'hash', false],
    ['auto', 'none', false],
  ] as const)('is, with storage %s and content %s, on disk: %s', (storage, content, isOnDisk) => {
    expect(keepsOnDisk({ storage }, content)).toBe(isOnDisk)
  })

  it('leaves nothing on disk when it moves to memory', async () => {
    const path = newPath()
    const first = await start(path, cachingPolicy())
    await first.ask(question('x'), 0)
    first.stop(100)
    const second = await start(path, cachingPolicy({ storage: 'memory' }))
    expect([second.loaded, second.disk]).toEqual([null, null])
    await second.ask(question('y'), 200)
    second.stop(300)
    const third = await start(path, cachingPolicy())
    expect(third.loaded?.lastSerial).toBe(0)
    third.stop(400)
  })

  it('is begun anew where it cannot be read', async () => {
    const path = newPath()
    const first = await start(path, cachingPolicy())
    await first.ask(question('x'), 0)
    first.stop(100)
    const database = await openDatabase(path)
    database.exec('ALTER TABLE cacheEntries DROP COLUMN hits')
    database.close()
    const second = await start(path, cachingPolicy())
    expect(second.warnings).toEqual([expect.stringMatching(/cannot be read, and are dropped/)])
    expect(servedBy(await second.ask(question('x'), 200))).toBe('model')
    second.stop(300)
    const third = await start(path, cachingPolicy())
    expect(third.warnings).toEqual([])
    expect(servedBy(await third.ask(question('x'), 400))).toBe('exact')
    third.stop(500)
  })

  it('is memory where the database cannot be written to', async () => {
    const path = newPath()
    const holder = await openDatabase(path)
    holder.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE')
    const database = await openDatabase(path, { busyTimeoutMs: 0 })
    const { warnings, ask, disk } = await start(newPath(), cachingPolicy(), { database })
    expect(warnings.length).toBe(2)
    expect(disk).toBeNull()
    await ask(question('x'), 0)
    expect(servedBy(await ask(question('x'), 100))).toBe('exact')
    database.close()
    holder.close()
  })
})
