import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { KeptEntry, LoadedEntries } from '../../src/domain/cached-entry.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import {
  forgetGatewayCache,
  type GatewayCache,
  openGatewayCache,
} from '../../src/store/gateway-cache.ts'

const work = mkdtempSync(join(tmpdir(), 'llmcost-gateway-cache-'))
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))
let files = 0
const newPath = () => join(work, `${files++}.gateway`)

/** A gateway's database with its one writer, which writes when it is told to. */
type Disk = {
  readonly path: string
  readonly database: Database
  readonly cache: GatewayCache
  readonly warnings: string[]
  /** Times that a write was asked for. */
  asked: number
  /** Runs what was asked for, and what that asks for, one transaction each. */
  settle(): Promise<void>
  close(): void
}

type DiskOptions = { readonly embedder?: string | null; readonly hasExtension?: boolean }

async function openDisk(
  path = newPath(),
  { embedder = 'e1', hasExtension = true }: DiskOptions = {},
): Promise<Disk> {
  const opened = await openDatabase(path, { busyTimeoutMs: 0 })
  opened.exec('PRAGMA journal_mode = WAL')
  const database: Database = hasExtension
    ? opened
    : {
        ...opened,
        loadExtension: () => {
          throw new Error('no such file')
        },
      }
  const queue: (() => void)[] = []
  const warnings: string[] = []
  const write = (work: () => void) => {
    disk.asked++
    queue.push(work)
  }
  const warn = (line: string) => warnings.push(line)
  const disk: Disk = {
    path,
    database,
    cache: openGatewayCache(database, { write, warn, embedder }),
    warnings,
    asked: 0,
    async settle() {
      while (queue.length > 0) {
        const works = queue.splice(0)
        database.transaction(() => {
          for (const each of works) each()
        })
        await new Promise(setImmediate)
      }
    },
    close: () => database.close(),
  }
  return disk
}

function load(cache: GatewayCache, at = 0): LoadedEntries & { readonly entries: KeptEntry[] } {
  const entries: KeptEntry[] = []
  return { ...cache.load(at, (entry) => entries.push(entry)), entries }
}

const entry = (serial: number, rest: Partial<KeptEntry> = {}): KeptEntry => ({
  serial,
  layer: 'exact',
  id: `req_${serial}`,
  namespace: 'user=a',
  key: `key ${serial}`,
  bornMs: serial,
  ttlMs: 1000,
  facts: { model: 'gpt-4o', user: 'a' },
  hits: 0,
  usedMs: null,
  answer: `{"text":"answer ${serial}"}`,
  compared: null,
  ...rest,
})

const compared = (serial: number, rest: Partial<KeptEntry> = {}): KeptEntry =>
  entry(serial, {
    layer: 'semantic',
    compared: { group: 'g', text: `question ${serial}`, vector: Float32Array.of(serial, 1, 0.5) },
    ...rest,
  })

const count = ({ database }: Disk, table: string): number =>
  Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])

/** Wherever they are kept. */
const vectorsIn = (disk: Disk): number =>
  ['cacheCells', 'cache_vectors']
    .filter((name) => disk.database.prepare(selectTable).get(name) !== undefined)
    .reduce((sum, name) => sum + count(disk, name), 0)
const selectTable = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"

/** sqlite-vec has binaries for the common platforms only. */
const places = [
  ...(isInstalled() ? [['with sqlite-vec', true] as const] : []),
  ['without it', false] as const,
]

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url)('sqlite-vec').getLoadablePath()
    return true
  } catch {
    return false
  }
}

describe.each(places)('the entries of a gateway on disk, %s', (_, hasExtension) => {
  it('are there again as they were, in the order of birth', async () => {
    const first = await openDisk(undefined, { hasExtension })
    const kept = [
      entry(1, { bornMs: 7.5, hits: 3 }),
      compared(2, { id: 'req_1', bornMs: 7.5 }),
      entry(3, {
        id: 42,
        bornMs: 5,
        ttlMs: Number.POSITIVE_INFINITY,
        namespace: '',
        facts: { model: 'm', feature: 'f', tags: new Map([['region', 'eu']]) },
      }),
      compared(4, { bornMs: 9 }),
    ]
    for (const each of kept) first.cache.add(each)
    await first.settle()
    first.close()
    const again = await openDisk(first.path, { hasExtension })
    const found = load(again.cache)
    const [a, b, c, d] = kept
    // The answer of one request is kept once.
    expect(found.entries).toEqual([c, a, { ...b, answer: a?.answer }, d])
    expect(found).toMatchObject({ lastSerial: 4, expired: 0, corrupt: 0, otherEmbedder: 0 })
    expect(first.warnings.length).toBe(hasExtension ? 0 : 1)
    expect(again.warnings).toEqual([])
    again.close()
  })

  it('go with the last entry that holds an answer, and with their vectors', async () => {
    const disk = await openDisk(undefined, { hasExtension })
    disk.cache.add(entry(1))
    disk.cache.add(compared(2, { id: 'req_1' }))
    await disk.settle()
    disk.cache.remove(1)
    await disk.settle()
    expect(load(disk.cache).entries.map(({ serial }) => serial)).toEqual([2])
    disk.cache.remove(2)
    await disk.settle()
    expect(['cacheEntries', 'cacheAnswers'].map((table) => count(disk, table))).toEqual([0, 0])
    expect(vectorsIn(disk)).toBe(0)
    disk.close()
  })

  it('leave nothing behind when they are to be forgotten', async () => {
    const disk = await openDisk(undefined, { hasExtension })
    const secret = 'a secret that nobody may find'
    disk.cache.add(compared(1, { answer: secret, namespace: secret, key: secret }))
    await disk.settle()
    forgetGatewayCache(disk.database)
    disk.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const tables = disk.database.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'cache%'")
    expect(tables.all()).toEqual([])
    const beside = readdirSync(work).filter((name) => disk.path.endsWith(name.split('-')[0] ?? ''))
    for (const name of beside)
      expect(readFileSync(join(work, name), 'latin1')).not.toContain(secret)
    // A memory cache forgets what was never there.
    forgetGatewayCache(disk.database)
    disk.close()
  })

  it('of another embedder are gone, those of the exact layer are not', async () => {
    const disk = await openDisk(undefined, { hasExtension })
    for (const each of [entry(1), compared(2), compared(3)]) disk.cache.add(each)
    await disk.settle()
    disk.close()
    const other = await openDisk(disk.path, { hasExtension, embedder: 'e2' })
    const found = load(other.cache)
    expect(found.entries.map(({ serial }) => serial)).toEqual([1])
    expect(found.otherEmbedder).toBe(2)
    // Its vectors may be of another length.
    const vector = Float32Array.of(1, 2, 3, 4, 5)
    other.cache.add(compared(4, { compared: { group: 'g', text: 't', vector } }))
    await other.settle()
    expect(load(other.cache).entries.at(-1)?.compared?.vector).toEqual(vector)
    other.close()
  })
})

describe('the entries of a gateway on disk', () => {
  it('whose time is over are gone when they are loaded, those not born yet are not', async () => {
    const disk = await openDisk()
    for (const bornMs of [0, 100, 5000]) disk.cache.add(entry(bornMs + 1, { bornMs }))
    disk.cache.add(entry(2, { bornMs: 0, ttlMs: Number.POSITIVE_INFINITY }))
    await disk.settle()
    const found = load(disk.cache, 1100)
    expect(found.entries.map(({ serial }) => serial)).toEqual([2, 101, 5001])
    expect(found.expired).toBe(1)
    expect(count(disk, 'cacheAnswers')).toBe(3)
    disk.close()
  })

  it.each([
    ['facts that are no JSON', `facts = '{"model"'`],
    ['facts without a model', `facts = '{}'`],
    ['a birth that is no number', `bornMs = 'soon'`],
    ['a namespace that is no text', `namespace = x'00'`],
    ['another layer', `layer = 'third'`],
    ['a text that is missing', 'text = NULL'],
  ])('are dropped for %s, and counted', async (_, change) => {
    const disk = await openDisk()
    for (const each of [compared(1), compared(2)]) disk.cache.add(each)
    await disk.settle()
    disk.database.exec(`UPDATE cacheEntries SET ${change} WHERE serial = 1`)
    const found = load(disk.cache)
    expect(found.entries.map(({ serial }) => serial)).toEqual([2])
    expect(found.corrupt).toBe(1)
    expect(load(disk.cache).corrupt).toBe(0)
    await disk.settle()
    expect(vectorsIn(disk)).toBe(1)
    disk.close()
  })

  it('are dropped where their answer or their vector is missing', async () => {
    const disk = await openDisk()
    for (const each of [entry(1), compared(2), entry(3)]) disk.cache.add(each)
    await disk.settle()
    disk.database.exec("DELETE FROM cacheAnswers WHERE request = 'req_1'")
    disk.database.exec("UPDATE cacheSettings SET value = NULL WHERE name = 'dimensions'")
    const found = load(disk.cache)
    expect(found.entries.map(({ serial }) => serial)).toEqual([3])
    expect(found.corrupt).toBe(2)
    disk.close()
  })

  it('of another version are none', async () => {
    const disk = await openDisk()
    disk.cache.add(compared(1))
    await disk.settle()
    disk.database.exec(`UPDATE cacheSettings SET value = 0 WHERE name = 'version'`)
    disk.close()
    const next = await openDisk(disk.path)
    expect(load(next.cache).entries).toEqual([])
    next.cache.add(compared(2))
    await next.settle()
    expect(load(next.cache).entries.length).toBe(1)
    next.close()
  })

  it('stay in plain cells where they began there, until none are left', async () => {
    const disk = await openDisk(undefined, { hasExtension: false })
    disk.cache.add(compared(1))
    await disk.settle()
    disk.close()
    const next = await openDisk(disk.path)
    expect(load(next.cache).entries.length).toBe(1)
    next.cache.add(compared(2))
    await next.settle()
    expect(count(next, 'cacheCells')).toBe(2)
    for (const serial of [1, 2]) next.cache.remove(serial)
    await next.settle()
    next.close()
    const last = await openDisk(disk.path)
    last.cache.add(compared(3))
    await last.settle()
    expect(vectorsIn(last)).toBe(1)
    expect(load(last.cache).entries.map(({ serial }) => serial)).toEqual([3])
    last.close()
  })

  it('know when their time began anew and how often they served', async () => {
    const disk = await openDisk()
    disk.cache.add(entry(1))
    disk.cache.renew(1, 50)
    await disk.settle()
    disk.cache.renew(1, 70)
    disk.cache.noteUses(1, { hits: 9, usedMs: 5 })
    await disk.settle()
    expect(load(disk.cache).entries).toEqual([entry(1, { bornMs: 70, hits: 9, usedMs: 5 })])
    disk.close()
  })
})

describe('writing the entries of a gateway', () => {
  it('is asked for once for all that changes in a turn, and does only so much at a time', async () => {
    const disk = await openDisk()
    for (let n = 1; n <= 450; n++) disk.cache.add(entry(n))
    expect(disk.asked).toBe(1)
    await disk.settle()
    expect(disk.asked).toBe(3)
    expect(count(disk, 'cacheEntries')).toBe(450)
    disk.close()
  })

  it('writes nothing of what came and went before', async () => {
    const disk = await openDisk()
    disk.cache.add(entry(1))
    disk.cache.remove(1)
    await disk.settle()
    expect(count(disk, 'cacheEntries')).toBe(0)
    disk.close()
  })

  it('removes all at once, so that nothing erased comes back', async () => {
    const disk = await openDisk()
    for (let n = 1; n <= 1000; n++) disk.cache.add(compared(n))
    await disk.settle()
    const before = disk.asked
    for (let n = 1; n <= 1000; n++) disk.cache.remove(n)
    expect(disk.asked).toBe(before + 1)
    disk.database.transaction(() => disk.cache.writeAll())
    expect(count(disk, 'cacheEntries')).toBe(0)
    expect(vectorsIn(disk)).toBe(0)
    disk.close()
  })

  it('that fails is said once, counted, and made up for later', async () => {
    const disk = await openDisk()
    disk.cache.add(compared(1))
    await disk.settle()
    disk.database.exec('ALTER TABLE cacheAnswers RENAME TO elsewhere')
    disk.cache.add(compared(2))
    disk.cache.remove(1)
    await disk.settle()
    disk.cache.add(compared(3))
    await disk.settle()
    expect(disk.warnings).toEqual([expect.stringMatching(/^cached answers cannot be written: /)])
    expect(disk.cache.failed).toBe(2)
    // Nothing of a batch is written by half.
    expect(disk.database.prepare('SELECT serial FROM cacheEntries').all()).toEqual([{ serial: 1 }])
    disk.database.exec('ALTER TABLE elsewhere RENAME TO cacheAnswers')
    disk.cache.add(compared(4))
    await disk.settle()
    expect(load(disk.cache).entries.map(({ serial }) => serial)).toEqual([2, 3, 4])
    disk.close()
  })

  it('survives that its first tables of vectors were undone', async () => {
    const disk = await openDisk()
    disk.cache.add(compared(1))
    expect(() =>
      disk.database.transaction(() => {
        disk.cache.writeAll()
        throw new Error('the disk is full')
      }),
    ).toThrow()
    disk.cache.add(compared(2))
    await disk.settle()
    disk.cache.add(compared(3))
    await disk.settle()
    expect(load(disk.cache).entries.map(({ serial }) => serial)).toEqual([2, 3])
    disk.close()
  })

  it('leaves out a vector that has no cosine with the others', async () => {
    const disk = await openDisk()
    const vector = Float32Array.of(1, 2)
    disk.cache.add(compared(1))
    disk.cache.add(compared(2, { compared: { group: 'g', text: 't', vector } }))
    disk.cache.add(compared(3))
    await disk.settle()
    expect(disk.cache.failed).toBe(0)
    expect(load(disk.cache).entries.map(({ serial }) => serial)).toEqual([1, 3])
    disk.close()
  })
})
