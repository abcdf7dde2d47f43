import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JournalEntry } from '../../src/domain/journal.ts'
import { TurnWriter, UnwrittenError } from '../../src/serve/turn-writer.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { type GatewayStore, openGatewayStore } from '../../src/store/gateway-store.ts'
import { begun, idsOf, settled } from '../support/journal.ts'

let folder = ''
let path = ''
let store: GatewayStore
let writer: TurnWriter
const closing: (() => void)[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-turns-'))
  path = join(folder, 'store.db')
  await start()
})
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close()
  rmSync(folder, { recursive: true, force: true })
})

const spoolPath = () => `${path}.gateway.spool`

async function start(mostBytes?: number): Promise<void> {
  store = await openGatewayStore({ path, durability: 'process' })
  closing.push(store.close)
  openWriter(mostBytes)
}

function openWriter(mostBytes?: number): void {
  writer = new TurnWriter(store, mostBytes === undefined ? {} : { mostSpoolBytes: mostBytes })
  const opened = writer
  closing.push(() => opened.close())
}

function stop(): void {
  for (const close of closing.splice(0).reverse()) close()
}

/** As a kill leaves it: the files are there, nobody has closed anything. */
async function crash(mostBytes?: number): Promise<void> {
  const left = existsSync(spoolPath()) ? readFileSync(spoolPath()) : null
  stop()
  if (left !== null) appendFileSync(spoolPath(), left)
  await start(mostBytes)
}

const turns = () =>
  Array.from(
    store.journalAfter(0, () => {}),
    ({ entries }) => idsOf(entries),
  )
const ids = () => turns().flat()

const filler = 1_000_000

/** Keeps the database from being written, as another process or a full disk does. */
const troubles = {
  'another process holds the database': async () => {
    const other: Database = await openDatabase(`${path}.gateway`)
    other.exec('BEGIN IMMEDIATE')
    return () => other.close()
  },
  'the disk is full': async () => {
    const { database } = store
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count'])
    database.exec(`PRAGMA max_page_count = ${pages}`)
    // What is free in the last page is taken as well.
    const fill = () => {
      for (let turn = filler; ; turn++) store.append(turn, '[]')
    }
    expect(fill).toThrow('full')
    return () => {
      database.exec(`PRAGMA max_page_count = 1000000; DELETE FROM journal WHERE turn >= ${filler}`)
    }
  },
} as const

describe('a turn', () => {
  test('is one row, written before the next turn of the event loop', async () => {
    const first = writer.begin(begun('a'))
    const second = writer.begin(begun('b'))
    writer.settle(settled('c'))
    expect(ids()).toEqual([])
    await Promise.all([first, second])
    expect(turns()).toEqual([['begun a', 'begun b', 'settled c']])
    writer.settle(settled('a'))
    await nextTurn()
    expect(turns()).toEqual([['begun a', 'begun b', 'settled c'], ['settled a']])
  })

  test('holds what an entry was when it was given', async () => {
    const entry = settled('a')
    writer.settle(entry)
    ;(entry as { id: string }).id = 'changed'
    writer.flush()
    expect(ids()).toEqual(['settled a'])
  })

  test('shares its transaction with the other writes, which learn its number', async () => {
    store.database.exec('CREATE TABLE kept (turn INTEGER)')
    const insert = store.database.prepare('INSERT INTO kept VALUES (?)')
    writer.settle(settled('a'))
    writer.flush()
    writer.write((turn) => insert.run(turn))
    writer.settle(settled('b'))
    writer.write((turn) => store.checkpoint(turn, { seen: 2 }))
    await nextTurn()
    expect(store.database.prepare('SELECT turn FROM kept').all()).toEqual([{ turn: 2 }])
    expect(store.recover().checkpoint).toEqual({ turn: 2, state: { seen: 2 } })
    writer.write((turn) => insert.run(turn))
    await nextTurn()
    expect(store.database.prepare('SELECT turn FROM kept').all()).toEqual([
      { turn: 2 },
      { turn: 2 },
    ])
  })

  test('is written without the other writes where these are what fails', async () => {
    writer.write(() => store.database.exec('INSERT INTO nothing VALUES (1)'))
    await writer.begin(begun('a'), { isHard: true })
    expect(ids()).toEqual(['begun a'])
    expect(writer.health()).toMatchObject({ state: 'ok', droppedWrites: 1, lostEntries: 0 })
    writer.write(() => {
      throw new TypeError('no')
    })
    await nextTurn()
    expect(writer.health()).toMatchObject({ state: 'ok', droppedWrites: 2 })
  })

  test('goes on behind the last one after a restart', async () => {
    writer.settle(settled('a'))
    stop()
    await start()
    writer.settle(settled('b'))
    writer.flush()
    expect(turns()).toEqual([['settled a'], ['settled b']])
    expect(existsSync(spoolPath())).toBe(true)
    stop()
    expect(existsSync(spoolPath())).toBe(false)
  })
})

describe.each(Object.entries(troubles))('while %s', (_, begin) => {
  test('calls go on, and what they are is in the spool', async () => {
    writer.settle(settled('before'))
    writer.flush()
    const end = await begin()
    const large = settled('a', { record: { text: 'x'.repeat(20_000) } })
    await writer.begin(begun('a'), { isHard: true })
    writer.settle(large)
    writer.flush()
    const health = writer.health()
    expect(health).toMatchObject({ state: 'spooling', lostEntries: 0 })
    expect(health.spooledTurns).toBeGreaterThan(0)
    expect(health.reason).toMatch(/locked|full/)
    end()
    await ended()
    expect(writer.health()).toMatchObject({ state: 'ok', reason: null, spooledTurns: 0 })
    expect(ids()).toEqual(['settled before', 'begun a', 'settled a'])
  })

  test('what comes while the spool is brought in keeps its place behind it', async () => {
    const end = await begin()
    const expected: string[] = []
    const put = (id: string, text = '') => {
      writer.settle(settled(id, { record: { text } }))
      writer.flush()
      expected.push(`settled ${id}`)
    }
    for (let index = 0; index < 10; index++) put(`early${index}`, 'x'.repeat(400_000))
    end()
    for (let index = 0; writer.health().state !== 'ok'; index++) {
      put(`late${index}`)
      await new Promise((resume) => setTimeout(resume, 1))
    }
    put('last')
    expect(ids()).toEqual(expected)
  })

  test('other writes wait, and are made once all that came before is in', async () => {
    const end = await begin()
    writer.settle(settled('a', { record: { text: 'x'.repeat(20_000) } }))
    writer.write((turn) => store.checkpoint(turn, { covers: ids().length }))
    writer.flush()
    end()
    await ended()
    writer.flush()
    expect(store.recover().checkpoint?.state).toEqual({ covers: 1 })
    expect(writer.health()).toMatchObject({ droppedWrites: 0 })
    expect(ids()).toEqual(['settled a'])
  })

  test('a crash loses nothing: the next start brings the spool in', async () => {
    const end = await begin()
    for (const id of ['a', 'b']) {
      await writer.begin(begun(id))
      writer.settle(settled(id, { record: { text: 'x'.repeat(20_000) } }))
    }
    writer.flush()
    end()
    await crash()
    expect(ids()).toEqual(['begun a', 'settled a', 'begun b', 'settled b'])
    expect(writer.health()).toMatchObject({ state: 'ok', damagedLines: 0 })
  })

  test('and the spool is full, a hard budget stops calls and others go on, counted', async () => {
    stop()
    await start(1000)
    const end = await begin()
    const large = settled('a', { record: { text: 'x'.repeat(20_000) } })
    writer.settle(large)
    const soft = writer.begin(begun('soft'))
    const hard = writer.begin(begun('hard'), { isHard: true })
    await expect(hard).rejects.toThrow(UnwrittenError)
    await soft
    expect(writer.health()).toMatchObject({ state: 'losing', lostEntries: 3 })
    expect(writer.health().reason).toMatch(/(locked|full).*; the spool is full/)
    end()
    await ended()
    expect(writer.health()).toMatchObject({ state: 'ok', lostEntries: 3 })
    expect(ids()).toEqual([])
  })
})

/** Until the writer has tried again. */
async function ended(): Promise<void> {
  while (writer.health().state !== 'ok') await new Promise((resume) => setTimeout(resume, 5))
}

test('a turn that is in the database and in the spool counts once', async () => {
  writer.settle(settled('a'))
  writer.flush()
  const line = `{"turn":1,"entries":${JSON.stringify([settled('a')])}}\n`
  stop()
  appendFileSync(
    spoolPath(),
    `${line}${line}{"turn":2,"entries":${JSON.stringify([settled('b')])}}\n`,
  )
  await start()
  expect(ids()).toEqual(['settled a', 'settled b'])
})

test('a line of the spool that a crash cut off is left out and told', async () => {
  stop()
  appendFileSync(
    spoolPath(),
    `{"turn":1,"entries":[${JSON.stringify(settled('a'))}]}\n{"turn":2,"entr`,
  )
  await start()
  expect(ids()).toEqual(['settled a'])
  expect(writer.health()).toMatchObject({ state: 'ok', damagedLines: 1 })
})

test('where not even the spool can be written, calls go on and are counted as lost', async () => {
  stop()
  symlinkSync('/dev/full', spoolPath())
  await start()
  const end = await troubles['another process holds the database']()
  await writer.begin(begun('a'))
  expect(writer.health()).toMatchObject({ state: 'losing', lostEntries: 1 })
  expect(writer.health().reason).toMatch(/ENOSPC/)
  end()
  await ended()
  const entry: JournalEntry = settled('b')
  writer.settle(entry)
  writer.flush()
  expect(ids()).toEqual(['settled b'])
})
