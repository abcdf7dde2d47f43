import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Vector } from '../../src/domain/embedder.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { openLoggedVectors } from '../../src/store/logged-vectors.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openVectorCache } from '../../src/store/vectors.ts'
import { canonicalRecord, newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

afterEach(removeTerminals)

async function emptyDatabase(): Promise<Database> {
  const database = await openDatabase(':memory:')
  migrate(database)
  return database
}

describe('vectors in the store', () => {
  it('come back as they were put in, bit for bit', async () => {
    const cache = openVectorCache(await emptyDatabase(), (text) => text)
    const double = fc.float64Array({ minLength: 1, maxLength: 9 })
    const single = fc.float32Array({ minLength: 1, maxLength: 9 })
    const vector: fc.Arbitrary<Vector | null> = fc.oneof(double, single, fc.constant(null))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), vector), fc.constantFrom('a', 'b'), (all, name) => {
        cache.put(name, Object.entries(all))
        expect(cache.get(name, Object.keys(all))).toEqual(Object.values(all))
      }),
    )
  })

  it('are known by their embedder and their text', async () => {
    const cache = openVectorCache(await emptyDatabase(), (text) => text)
    cache.put('one', [['text', Float64Array.of(1)]])
    cache.put('two', [['text', Float32Array.of(2)]])
    cache.put('two', [['text', Float32Array.of(3)]])
    expect(cache.get('one', ['text', 'other'])).toEqual([Float64Array.of(1), undefined])
    expect(cache.get('two', ['text'])).toEqual([Float32Array.of(3)])
    expect(cache.get('three', ['text'])).toEqual([undefined])
  })

  it('are put in together or not at all', async () => {
    const database = await emptyDatabase()
    const cache = openVectorCache(database, (text) => {
      if (text === 'bad') throw new Error('no hash')
      return text
    })
    const vector = Float32Array.of(1)
    expect(() =>
      cache.put('one', [
        ['good', vector],
        ['bad', vector],
      ]),
    ).toThrow('no hash')
    expect(cache.get('one', ['good'])).toEqual([undefined])
  })
})

const question = (user: string, text: string, embedding?: readonly number[]) =>
  canonicalRecord({
    id: `${user} ${text}`,
    user,
    prompt: { messages: [{ role: 'user', content: text }] },
    ...(embedding !== undefined && { embedding }),
  })

const logPath = (terminal: FakeTerminal) => join(terminal.folder, 'log.jsonl')

async function ingest(terminal: FakeTerminal, ...flags: string[]): Promise<void> {
  expect(await runIn(terminal, 'ingest', logPath(terminal), '--quiet', ...flags)).toMatchObject({
    code: 0,
  })
}

/** Works on the store with its own hash, as the commands do. */
async function inStore<T>(
  terminal: FakeTerminal,
  work: (database: Database, hash: (text: string) => string) => T,
): Promise<T> {
  const database = await openDatabase(terminal.database)
  const hash = keyHash(readFileSync(`${terminal.database}.secret`, 'utf8'))
  try {
    return work(database, hash)
  } finally {
    database.close()
  }
}

const putVectors = (terminal: FakeTerminal, texts: readonly string[]) =>
  inStore(terminal, (database, hash) =>
    openVectorCache(database, hash).put(
      'one',
      texts.map((text) => [text, Float32Array.of(1, 2)] as const),
    ),
  )

const knownOf = (terminal: FakeTerminal, texts: readonly string[]) =>
  inStore(terminal, (database, hash) =>
    openVectorCache(database, hash)
      .get('one', texts)
      .map((vector) => vector !== undefined),
  )

describe('purging', () => {
  const texts = ['shared question', 'question of ann', 'question of bob', 'a text of no request']

  async function filled(): Promise<FakeTerminal> {
    const terminal = newTerminal()
    const lines = [
      question('ann', 'question of ann'),
      question('ann', 'shared question'),
      question('bob', 'shared question'),
      question('bob', 'question of bob'),
    ]
    writeFileSync(logPath(terminal), `${lines.join('\n')}\n`)
    await ingest(terminal)
    await putVectors(terminal, texts)
    return terminal
  }

  it('takes the vectors of texts that go, and of texts that no request asks', async () => {
    const terminal = await filled()
    await runIn(terminal, 'purge', '--user', 'bob', '--yes')
    expect(await knownOf(terminal, texts)).toEqual([true, true, false, false])
  })

  it('takes all of them with everything', async () => {
    const terminal = await filled()
    await runIn(terminal, 'purge', '--all', '--yes')
    expect(await rowsOf(terminal, 'SELECT * FROM vectors')).toEqual([])
    expect(await rowsOf(terminal, 'SELECT * FROM embedders')).toEqual([])
  })

  it('leaves them with --dry-run', async () => {
    const terminal = await filled()
    await runIn(terminal, 'purge', '--user', 'bob', '--dry-run')
    expect(await knownOf(terminal, texts)).toEqual([true, true, true, true])
  })

  it('takes them when a log is read again to keep its hashes alone', async () => {
    const terminal = await filled()
    await ingest(terminal, '--content', 'hash')
    expect(await knownOf(terminal, texts)).toEqual([false, false, false, false])
  })
})

describe('vectors that came with a log', () => {
  async function logged(lines: readonly string[], ...flags: string[]): Promise<FakeTerminal> {
    const terminal = newTerminal()
    writeFileSync(logPath(terminal), `${lines.join('\n')}\n`)
    await ingest(terminal, ...flags)
    return terminal
  }

  const seen = (terminal: FakeTerminal) =>
    inStore(terminal, (database, hash) => {
      const vectors = openLoggedVectors(database, hash)
      if (vectors === null) return null
      return {
        ...vectors,
        byRequest: [1, 2, 3, 4].map((seq) => vectors.ofRequest(seq)),
        byText: ['a', 'b', 'c'].map((text) => vectors.ofText(text)),
      }
    })

  it('are found by request and by question, exactly as logged', async () => {
    const terminal = await logged([
      question('ann', 'a', [0.1, -0.29688]),
      question('bob', 'a', [7, 8]),
      question('ann', 'b'),
      question('ann', 'c', [0, 0]),
    ])
    expect(await seen(terminal)).toMatchObject({
      count: 3,
      dimensions: 2,
      byRequest: [Float64Array.of(0.1, -0.29688), Float64Array.of(7, 8), null, null],
      byText: [Float64Array.of(0.1, -0.29688), null, null],
    })
  })

  it('count in their most frequent length', async () => {
    const terminal = await logged([
      question('ann', 'a', [1, 2, 3]),
      question('ann', 'b', [1, 2]),
      question('ann', 'c', [3, 4]),
    ])
    expect(await seen(terminal)).toMatchObject({
      count: 2,
      dimensions: 2,
      byText: [null, Float64Array.of(1, 2), Float64Array.of(3, 4)],
    })
  })

  it('have another fingerprint when one is added', async () => {
    const terminal = await logged([question('ann', 'a', [1, 2])])
    const before = await seen(terminal)
    expect(await seen(terminal)).toMatchObject({ fingerprint: before?.fingerprint })
    appendFileSync(logPath(terminal), `${question('ann', 'b', [1, 2])}\n`)
    await ingest(terminal)
    expect((await seen(terminal))?.fingerprint).not.toBe(before?.fingerprint)
  })

  it('are nowhere when no request has one, or when no content is kept', async () => {
    expect(await seen(await logged([question('ann', 'a')]))).toBeNull()
    for (const content of ['hash', 'none']) {
      const terminal = await logged([question('ann', 'a', [1, 2])], '--content', content)
      expect(await seen(terminal)).toBeNull()
    }
  })
})
