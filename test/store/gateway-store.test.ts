import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JournalEntry } from '../../src/domain/journal.ts'
import { UserError } from '../../src/domain/user-error.ts'
import { openDatabase } from '../../src/store/database.ts'
import { type GatewayStore, openGatewayStore } from '../../src/store/gateway-store.ts'
import { begun, idsOf, settled } from '../support/journal.ts'

let folder = ''
let path = ''
const open: GatewayStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-gateway-'))
  path = join(folder, 'store.db')
})
afterEach(() => {
  for (const store of open.splice(0)) store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function opened(durability: 'process' | 'power' = 'process'): Promise<GatewayStore> {
  const store = await openGatewayStore({ path, durability })
  open.push(store)
  return store
}

function closed(store: GatewayStore): void {
  open.splice(open.indexOf(store), 1)
  store.close()
}

const append = (store: GatewayStore, turn: number, ...entries: readonly JournalEntry[]) =>
  store.append(turn, JSON.stringify(entries))

const inDatabase = async (work: (sql: (text: string) => void) => void) => {
  const database = await openDatabase(`${path}.gateway`)
  work((text) => database.exec(text))
  database.close()
}

describe('the database of the gateway', () => {
  test('is readable by its owner only, and shares the secret of the store', async () => {
    const store = await opened()
    append(store, 1, begun('a'))
    for (const name of ['', '-wal', '-shm', '.lock'])
      expect(statSync(`${path}.gateway${name}`).mode & 0o777, name).toBe(0o600)
    expect(store.secret).toBe(readFileSync(`${path}.secret`, 'utf8'))
  })

  test.each([
    ['process', 1],
    ['power', 2],
  ] as const)('is written so that a turn survives the end of the %s', async (durability, level) => {
    const { database } = await opened(durability)
    expect(database.prepare('PRAGMA synchronous').get()?.['synchronous']).toBe(level)
    expect(database.prepare('PRAGMA journal_mode').get()?.['journal_mode']).toBe('wal')
  })

  test('refuses a second writer, and takes the next one when the first is gone', async () => {
    const first = await opened()
    await expect(openGatewayStore({ path, durability: 'process' })).rejects.toThrow(
      new UserError(`another llmcost serve is running on the store ${path}`, {
        hint: 'stop it first, or name another store with --db',
      }),
    )
    closed(first)
    append(await opened(), 1, begun('a'))
  })

  test('refuses what a newer version made, and the database of something else', async () => {
    closed(await opened())
    await inDatabase((sql) => sql("INSERT INTO migrations VALUES ('gateway-9999-later', 99)"))
    await expect(opened()).rejects.toThrow(/was made by a newer llmcost \(it has "gateway-9999/)
    rmSync(`${path}.gateway`)
    await inDatabase((sql) => sql('CREATE TABLE songs (name TEXT)'))
    await expect(opened()).rejects.toThrow(/is not an llmcost store/)
    writeFileSync(`${path}.gateway`, 'no database at all'.repeat(200))
    await expect(opened()).rejects.toThrow(UserError)
  })

  test('is free for the next writer after one that could not be opened', async () => {
    writeFileSync(`${path}.gateway`, 'no database at all'.repeat(200))
    await expect(opened()).rejects.toThrow(/is not an llmcost store/)
    rmSync(`${path}.gateway`)
    expect((await opened()).newestTurn()).toBe(0)
  })
})

describe('the journal', () => {
  test('gives back what was written, in order, the same after a restart', async () => {
    const store = await opened()
    append(store, 1, begun('a'), begun('b'))
    append(store, 2, settled('b'))
    append(store, 3, settled('a', { record: { text: 'a\u0000"ü\u2028😀' } }))
    const before = [...store.recover().entries]
    closed(store)
    const again = await opened()
    expect([...again.recover().entries]).toEqual(before)
    expect(idsOf(before)).toEqual(['begun a', 'begun b', 'settled b', 'settled a'])
    expect(before[3]).toEqual(settled('a', { record: { text: 'a\u0000"ü\u2028😀' } }))
    expect(again.newestTurn()).toBe(3)
  })

  test('takes a turn once', async () => {
    const store = await opened()
    append(store, 1, settled('a'))
    append(store, 1, settled('b'))
    expect(idsOf(store.recover().entries)).toEqual(['settled a'])
  })

  test('is read beside its writer, from any turn on', async () => {
    const store = await opened()
    for (let turn = 1; turn <= 200; turn++) append(store, turn, settled(`r${turn}`))
    const turns: number[] = []
    for (const { turn } of store.journalAfter(70, () => {})) {
      if (turn === 100) append(store, 201, settled('late'))
      turns.push(turn)
    }
    expect(turns).toEqual(Array.from({ length: 131 }, (_, index) => 71 + index))
  })

  test.each([
    ['is cut off', (text: string) => text.slice(0, -20)],
    ['is no list', () => '{"kind":"settled"}'],
    ['lacks a cost', (text: string) => text.replace('"costNanoUsd":210000,"spender"', '"spender"')],
    ['is empty', () => ''],
  ])('steps over a row that %s, and says where it is', async (_, damage) => {
    const store = await opened()
    for (let turn = 1; turn <= 150; turn++) append(store, turn, settled(`r${turn}`))
    const text = JSON.stringify([settled('r99')])
    expect(damage(text)).not.toBe(text)
    store.database.prepare('UPDATE journal SET entries = ? WHERE turn = 99').run(damage(text))
    const { entries, damaged } = store.recover()
    const ids = idsOf(entries)
    expect(ids).toHaveLength(149)
    expect(ids).not.toContain('settled r99')
    expect(damaged).toEqual([99])
  })

  test('steps over a row whose pages are damaged', async () => {
    const store = await opened()
    const long = (id: string) => settled(id, { record: { text: id.repeat(60_000) } })
    append(store, 1, settled('first'))
    append(store, 2, long('x'))
    append(store, 3, settled('last'))
    closed(store)
    const bytes = readFileSync(`${path}.gateway`)
    // The chain of overflow pages of the long row: its pages name a next one that the file does not have.
    const pageSize = 8192
    let broken = 0
    for (let page = 0; page < bytes.length; page += pageSize)
      if (bytes.subarray(page + 4, page + pageSize).every((byte) => byte === 0x78)) {
        bytes.writeUInt32BE(0x7fffffff, page)
        broken++
      }
    expect(broken).toBeGreaterThan(3)
    writeFileSync(`${path}.gateway`, bytes)
    const { entries, damaged } = (await opened()).recover()
    expect(idsOf(entries)).toEqual(['settled first', 'settled last'])
    expect(damaged).toEqual([2])
  })
})

describe('checkpoints', () => {
  test('are what a restart goes on from', async () => {
    const store = await opened()
    for (let turn = 1; turn <= 5; turn++) append(store, turn, settled(`r${turn}`))
    store.checkpoint(3, { spent: 3 })
    closed(store)
    const { checkpoint, entries } = (await opened()).recover()
    expect(checkpoint).toEqual({ turn: 3, state: { spent: 3 } })
    expect(idsOf(entries)).toEqual(['settled r4', 'settled r5'])
  })

  test('fall back to the one before where the newest is damaged', async () => {
    const store = await opened()
    for (let turn = 1; turn <= 9; turn++) append(store, turn, settled(`r${turn}`))
    for (const turn of [2, 4, 6]) store.checkpoint(turn, { spent: turn })
    store.database.exec('UPDATE checkpoints SET state = \'{"spent":\' WHERE turn = 6')
    const { checkpoint, entries } = store.recover()
    expect(checkpoint).toEqual({ turn: 4, state: { spent: 4 } })
    expect(idsOf(entries)).toEqual(['r5', 'r6', 'r7', 'r8', 'r9'].map((id) => `settled ${id}`))
  })

  test('keep the numbers of turns rising when no turn is left', async () => {
    const store = await opened()
    append(store, 7, settled('a'))
    store.checkpoint(7, {})
    store.checkpoint(8, {})
    store.database.exec('DELETE FROM journal')
    closed(store)
    expect((await opened()).newestTurn()).toBe(8)
  })
})

test('a transaction that fails leaves nothing', async () => {
  const store = await opened()
  expect(() =>
    store.transaction(() => {
      append(store, 1, settled('a'))
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(idsOf(store.recover().entries)).toEqual([])
})
