import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JournalEntry } from '../../src/domain/journal.ts'
import { journalTotals } from '../../src/domain/journal-totals.ts'
import { TurnWriter } from '../../src/serve/turn-writer.ts'
import { openGatewayStore } from '../../src/store/gateway-store.ts'

const main = resolve(import.meta.dirname, 'turn-writer-main.ts')
const kills = 10

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-ledger-crash-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Said = { readonly what: string; readonly id: string; readonly cost: number }

/** Runs a ledger under load until it has said so many lines, then kills it. */
async function killedAfter(path: string, run: number, lines: number): Promise<readonly Said[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', main, path, `run${run}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<NodeJS.Signals | null>((resolveEnded) => {
    child.once('close', (_, signal) => resolveEnded(signal))
  })
  const said: Said[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [what = '', id = '', cost] = line.split(' ')
    if (what !== 'ready') said.push({ what, id, cost: Number(cost) })
    if (said.length === lines) child.kill('SIGKILL')
  }
  expect(await ended).toBe('SIGKILL')
  return said
}

/** As the next gateway finds it. */
async function recovered(path: string): Promise<readonly JournalEntry[]> {
  const store = await openGatewayStore({ path, durability: 'process' })
  const writer = new TurnWriter(store)
  try {
    const { entries, damaged } = store.recover()
    const found = [...entries]
    expect(damaged).toEqual([])
    const { state, damagedLines } = writer.health()
    expect(state).toBe('ok')
    // A kill may cut the line being written, of a turn that nobody was told of.
    expect(damagedLines).toBeLessThanOrEqual(1)
    return found
  } finally {
    writer.close()
    store.close()
  }
}

test('a ledger killed again and again under load loses no settled call, and keeps no half of one', async () => {
  const path = join(folder, 'store.db')
  const settled = new Map<string, number>()
  const billed = new Map<string, number>()
  let spooledAtKill = 0
  for (let run = 0; run < kills; run++) {
    for (const { what, id, cost } of await killedAfter(path, run, 150 + run * 171))
      (what === 'settled' ? settled : billed).set(id, cost)
    if (spoolHoldsLines(path)) spooledAtKill++
    const entries = await recovered(path)
    const kept = entries.filter((entry) => entry.kind === 'settled')
    expect(new Set(kept.map(({ id }) => id)).size, 'each once').toBe(kept.length)
    const keptCosts = new Map(kept.map(({ id, costNanoUsd }) => [id, costNanoUsd as number]))
    for (const [id, cost] of settled) expect(keptCosts.get(id), id).toBe(cost)
    const begun = new Set(entries.filter(({ kind }) => kind === 'begun').map(({ id }) => id))
    for (const id of billed.keys()) expect(begun.has(id), id).toBe(true)
    const tally = BigInt([...billed.values()].reduce((sum, cost) => sum + cost, 0))
    const { settledNanoUsd, openNanoUsd } = journalTotals(entries)
    expect(settledNanoUsd + openNanoUsd).toBeGreaterThanOrEqual(tally)
  }
  expect(settled.size).toBeGreaterThan(1000)
  expect(spooledAtKill, 'some kills met a spool in use').toBeGreaterThan(0)
}, 120_000)

const spoolHoldsLines = (path: string): boolean =>
  existsSync(`${path}.gateway.spool`) && readFileSync(`${path}.gateway.spool`)[0] === brace

const brace = 0x7b
