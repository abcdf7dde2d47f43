import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JournalEntry } from '../../src/domain/journal.ts'
import { journalTotals } from '../../src/domain/journal-totals.ts'
import { TurnWriter } from '../../src/serve/turn-writer.ts'
import { erasureDone, pendingErasures } from '../../src/store/erase-ledger.ts'
import { type GatewayStore, openGatewayStore } from '../../src/store/gateway-store.ts'
import { openVectorIndex } from '../../src/store/vector-index.ts'
import { analyzeIn, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { begun, recordOf, settled } from '../support/journal.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(async () => {
  terminal = newTerminal()
  await writeLedger(
    terminal,
    [begun('old', { at: june, spender: { user: 'bob', session: 's1', feature: 'chat' } })],
    [of('old', 'bob', june), of('ada', 'ada', july)],
    [of('new', 'bob', july), begun('open', { spender: { user: 'bob', trace: 't1' } })],
  )
})
afterEach(removeTerminals)

const june = Date.UTC(2026, 5, 1)
const july = Date.UTC(2026, 6, 1)
const secretOf = (user: string) => `what ${user} never told anyone`

const of = (id: string, user: string, at: number) =>
  settled(id, {
    at,
    spender: { user, session: `session of ${user}`, feature: 'chat' },
    record: recordOf(id, {
      user,
      at: new Date(at).toISOString(),
      prompt: { messages: [{ role: 'user', content: secretOf(user) }] },
    }),
  })

const ledgerPath = () => `${terminal.database}.gateway`

async function withGateway<T>(work: (gateway: GatewayStore) => T | Promise<T>): Promise<T> {
  const gateway = await openGatewayStore({ path: terminal.database, durability: 'process' })
  try {
    return await work(gateway)
  } finally {
    gateway.close()
  }
}

const entries = () =>
  withGateway((gateway): readonly JournalEntry[] => [...gateway.recover().entries])

/** Everything that lies on the disk. */
const onDisk = () =>
  ['', '-wal', '.gateway', '.gateway-wal', '.gateway.spool']
    .map((end) => {
      try {
        return readFileSync(`${terminal.database}${end}`, 'latin1')
      } catch {
        return ''
      }
    })
    .join('')

async function purged(...argv: readonly string[]): Promise<Record<string, number>> {
  const { code, out, err } = await runIn(terminal, 'purge', ...argv, '--yes', '--format', 'json')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out).deleted as Record<string, number>
}

describe.each([
  ['while no gateway runs', false],
  ['beside a gateway that runs', true],
])('purge %s', (_, isRunning) => {
  /** Purges, beside a gateway or not, and goes on when that has ended. */
  async function purgedBeside(...argv: readonly string[]): Promise<Record<string, number>> {
    return isRunning ? await withGateway(() => purged(...argv)) : await purged(...argv)
  }

  test('takes a user out of the ledger, and leaves what others and budgets need', async () => {
    const before = await entries()
    expect(onDisk()).toContain(secretOf('bob'))
    expect(await purgedBeside('--user', 'bob')).toMatchObject({ requests: 2, ledgerEntries: 2 })
    // Whom to forget is known until it is done.
    await withGateway(({ database }) => {
      for (const { id } of pendingErasures(database)) erasureDone(database, id)
    })
    const text = onDisk()
    expect(text).not.toContain('bob')
    expect(text).not.toContain('"trace":"t1"')
    expect(text).toContain(secretOf('ada'))
    const after = await entries()
    expect(journalTotals(after)).toEqual(journalTotals(before))
    expect(after.find(({ kind, id }) => kind === 'settled' && id === 'ada')).toEqual(
      of('ada', 'ada', july),
    )
    // Not on the account of those who name no user.
    const spender = { feature: 'chat', isNobodys: true }
    expect(after[1]).toMatchObject({ id: 'old', at: june, spender })
    expect((await analyzeIn(terminal)).totals.requests).toBe(1)
    expect(await purgedBeside('--user', 'bob')).toMatchObject({ requests: 0, ledgerEntries: 0 })
  })

  test('takes out what is older than a moment', async () => {
    expect(await purgedBeside('--before', '2026-06-15')).toMatchObject({
      requests: 1,
      ledgerEntries: 1,
    })
    const kept = (await entries()).filter(
      (entry) => entry.kind === 'settled' && Object.keys(entry.record).length > 0,
    )
    expect(kept.map(({ id }) => id)).toEqual(['ada', 'new'])
  })

  test('takes out all that came from the ledger, and it stays out', async () => {
    await analyzeIn(terminal)
    expect(await purgedBeside('--source', ledgerPath())).toMatchObject({ ledgerEntries: 3 })
    expect(onDisk()).not.toContain('never told anyone')
    const { totals, inputs } = await analyzeIn(terminal)
    expect(totals.requests).toBe(0)
    expect(inputs).toMatchObject([{ format: 'gateway', skipped: { purged: 3 } }])
  })

  test('takes out everything', async () => {
    expect(await purgedBeside('--all')).toMatchObject({ requests: 3, ledgerEntries: 3 })
    expect(onDisk()).not.toContain('never told anyone')
    expect(onDisk()).not.toContain('bob')
    await writeLedger(terminal, [settled('later')])
    expect((await analyzeIn(terminal)).totals.requests).toBe(1)
  })

  test('is only counted by a dry run', async () => {
    const before = await entries()
    const { out } = await runIn(terminal, 'purge', '--user', 'bob', '--dry-run')
    expect(out).toContain("2 requests in the gateway's ledger")
    expect(await entries()).toEqual(before)
  })

  test('leaves the ledger alone where another log is meant', async () => {
    const log = `${terminal.folder}/app.jsonl`
    writeFileSync(log, `${JSON.stringify(recordOf('a', { user: 'bob' }))}\n`)
    await runIn(terminal, 'ingest', log)
    expect(await purgedBeside('--source', log)).toMatchObject({ files: 1, ledgerEntries: 0 })
    expect(onDisk()).toContain(secretOf('bob'))
  })
})

test('a gateway that runs is asked to forget what it holds of answers', async () => {
  await withGateway(async ({ database }) => {
    expect(pendingErasures(database)).toEqual([])
    await purged('--user', 'bob', '--before', '2026-06-15')
    await purged('--all')
    expect(pendingErasures(database)).toEqual([
      { id: 1, user: 'bob', before: Date.UTC(2026, 5, 15) },
      { id: 2, user: null, before: null },
    ])
    erasureDone(database, 1)
    expect(pendingErasures(database)).toMatchObject([{ id: 2 }])
  })
})

test('of a gateway that does not run all kept answers go, with their vectors', async () => {
  await withGateway(({ database }) => {
    database.exec("CREATE TABLE answers (text TEXT); INSERT INTO answers VALUES ('a kept answer')")
    const opened = openVectorIndex(database, { name: 'questions', dimensions: 2 })
    if (opened.isAvailable) opened.index.add('q1', Float32Array.of(1, 2), 'group')
  })
  await purged('--user', 'ada')
  expect(onDisk()).not.toContain('a kept answer')
  await withGateway(({ database }) => {
    const opened = openVectorIndex(database, { name: 'questions', dimensions: 2 })
    expect(opened.isAvailable && opened.index.size()).toBe(0)
    expect(database.prepare('SELECT count(*) AS n FROM answers').get()).toEqual({ n: 0 })
  })
})

test('a gateway goes on writing while its ledger is purged', async () => {
  await withGateway(async (gateway) => {
    const writer = new TurnWriter(gateway)
    let isOver = false
    const served: string[] = []
    const serving = (async () => {
      for (let number = 0; !isOver; number++) {
        const id = `live${number}`
        await writer.begin(begun(id), { isHard: true })
        writer.settle(settled(id))
        served.push(id)
      }
    })()
    await purged('--user', 'bob')
    isOver = true
    await serving
    writer.close()
    const kept = new Set([...gateway.recover().entries].map(({ kind, id }) => `${kind} ${id}`))
    expect(served.length).toBeGreaterThan(0)
    for (const id of served) expect(kept.has(`settled ${id}`), id).toBe(true)
    expect(writer.health()).toMatchObject({ lostEntries: 0 })
  })
})

test('what is still in the spool is not passed over', async () => {
  await withGateway(async () => {
    writeFileSync(`${ledgerPath()}.spool`, '{"turn":9,"entries":[]}\n')
    const { code, err } = await runIn(terminal, 'purge', '--user', 'bob', '--yes')
    expect(code).toBe(2)
    expect(err).toContain('the gateway cannot write its ledger')
  })
})

test('turns that nobody can read do not keep what they hold', async () => {
  await withGateway(({ database }) =>
    database.exec(`UPDATE journal SET entries = '[{"text":"${secretOf('bob')}' WHERE turn = 2`),
  )
  await purged('--user', 'ada')
  expect(onDisk()).not.toContain('"text":"what bob never told anyone')
})
