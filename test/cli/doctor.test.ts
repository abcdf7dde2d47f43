import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { readers } from '../../src/ingest/readers.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openGatewayStore } from '../../src/store/gateway-store.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { settled } from '../support/journal.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminals: FakeTerminal[]
beforeEach(() => {
  terminals = []
})
afterEach(() => {
  for (const terminal of terminals) terminal.remove()
})

function open(env: Readonly<Record<string, string>> = {}): FakeTerminal {
  const terminal = fakeTerminal({ env })
  terminals.push(terminal)
  return terminal
}

type Report = {
  readonly warnings: number
  readonly checks: readonly { name: string; status: string; value: string; advice: string | null }[]
  readonly formats: readonly { readonly name: string }[]
}

async function doctor(terminal: FakeTerminal): Promise<Report> {
  terminal.clear()
  expect(await run(['doctor', '--format', 'json'], terminal)).toBe(0)
  return JSON.parse(terminal.out()) as Report
}

const find = ({ checks }: Report, name: string) => checks.find((check) => check.name === name)

async function withStore(env?: Readonly<Record<string, string>>): Promise<FakeTerminal> {
  const terminal = open(env)
  await run(['ingest', 'fixtures/logs/formats/canonical.jsonl', '--quiet'], terminal)
  return terminal
}

describe('llmcost doctor', () => {
  it('tells versions, prices, formats and output without a store, and makes none', async () => {
    const terminal = open()
    const report = await doctor(terminal)
    expect(find(report, 'node')?.value).toContain(process.version.slice(1))
    expect(find(report, 'sqlite')?.value).toMatch(/^3\.\d+\.\d+ by /)
    expect(find(report, 'store')?.value).toContain('none yet')
    expect(find(report, 'prices')?.value).toContain('genai-prices')
    expect(report.formats.map(({ name }) => name)).toEqual(readers.map(({ name }) => name))
    expect(find(report, 'output')?.value).toBe('a pipe or file, 80 columns, no colour, unicode')
    expect(existsSync(terminal.database)).toBe(false)
  })

  it('tells of the ledger of a gateway, and of what it could not take', async () => {
    const terminal = open()
    await writeLedger(terminal, [settled('req_1')], [settled('req_2')])
    const alone = await doctor(terminal)
    expect(find(alone, 'ledger')?.value).toMatch(
      /store\.db\.gateway, \d+\.\d MB, 2 turns, no gateway is running$/,
    )
    expect(find(alone, 'spool')).toBeUndefined()
    writeFileSync(`${terminal.database}.gateway.spool`, '{"turn":3,"entries":[]}\n')
    const gateway = await openGatewayStore({ path: terminal.database, durability: 'process' })
    const running = await doctor(terminal)
    gateway.close()
    expect(find(running, 'ledger')?.value).toContain('a gateway is running')
    expect(find(running, 'spool')).toMatchObject({ status: 'warn' })
    expect(existsSync(terminal.database)).toBe(false)
    writeFileSync(`${terminal.database}.gateway`, 'no database at all'.repeat(1000))
    expect(find(await doctor(terminal), 'ledger')).toMatchObject({ status: 'warn' })
  })

  it('tells what is in the store', async () => {
    const report = await doctor(await withStore())
    expect(report.warnings).toBe(0)
    expect(find(report, 'content')?.value).toMatch(/^18 requests of 1 file, 2026-/)
    expect(find(report, 'load')?.value).toBe('complete')
    expect(find(report, 'mode')?.value).toMatch(/^0600 /)
  })

  it('prints a line per check, and what to do below', async () => {
    const terminal = open()
    expect(await run(['doctor'], terminal)).toBe(0)
    expect(terminal.out()).toMatch(/^ok {4}llmcost +\d/)
    expect(terminal.out()).toMatch(/\n +llmcost ingest logs\.jsonl makes it\n/)
    expect(terminal.out()).toMatch(/\nnothing to mend\n$/)
  })

  it('shows that a key is set and never the key', async () => {
    const terminal = open({ OPENAI_API_KEY: 'sk-very-secret', ANTHROPIC_API_KEY: '' })
    const report = await doctor(terminal)
    expect(find(report, 'OPENAI_API_KEY')?.value).toBe('set')
    expect(find(report, 'ANTHROPIC_API_KEY')?.value).toBe('not set')
    expect(terminal.out()).not.toContain('secret')
  })

  it.skipIf(process.platform === 'win32')('warns of a store that others can read', async () => {
    const terminal = await withStore()
    chmodSync(terminal.database, 0o644)
    expect(find(await doctor(terminal), 'mode')).toMatchObject({
      status: 'warn',
      advice: `chmod 600 ${terminal.database}`,
    })
  })

  it('warns of a load that was cut off', async () => {
    const terminal = await withStore()
    const database = await openDatabase(terminal.database)
    database.exec('UPDATE files SET complete = 0')
    database.close()
    expect(find(await doctor(terminal), 'load')?.value).toContain('1 file not read to the end')
  })

  it('warns of old prices and of files it cannot use', async () => {
    const old = open({ SOURCE_DATE_EPOCH: String(Date.UTC(2028, 0, 1) / 1000) })
    expect(find(await doctor(old), 'prices')?.status).toBe('warn')
    const lost = open({ LLMCOST_PRICES: 'no-such-prices.yaml' })
    expect(find(await doctor(lost), 'prices')).toMatchObject({
      status: 'warn',
      value: 'no such file: no-such-prices.yaml',
    })
    const damaged = open()
    writeFileSync(join(damaged.folder, 'prices.json'), '{')
    expect(find(await doctor(damaged), 'prices')?.value).toContain('is damaged')
  })

  it('names the files whose prices are in force', async () => {
    const terminal = open()
    expect(find(await doctor(terminal), 'overrides')?.value).toBe('none')
    const path = join(terminal.folder, 'llmcost.yaml')
    writeFileSync(path, 'prices:\n  - { target: "openai:own", rates: { input: 3, output: 9 } }\n')
    Object.assign(terminal.env, { LLMCOST_POLICY: path })
    expect(find(await doctor(terminal), 'overrides')?.value).toBe(`1 in ${path}`)
  })

  it('warns of a file that is no store', async () => {
    const terminal = open()
    writeFileSync(terminal.database, 'something else entirely, and long enough to be looked at')
    expect(find(await doctor(terminal), 'content')).toMatchObject({ status: 'warn' })
  })
})
