import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Explanation } from '../../src/analyze/explanation.ts'
import type { Settled } from '../../src/domain/journal.ts'
import { type RequestKeys, withoutText } from '../../src/domain/keys.ts'
import { usdOf } from '../../src/domain/money.ts'
import type { Step } from '../../src/domain/receipt.ts'
import type { Request } from '../../src/domain/request.ts'
import { keyHash, requestKeys } from '../../src/engine/cache-key.ts'
import { readCanonical } from '../../src/ingest/formats/canonical.ts'
import { openGatewayStore } from '../../src/store/gateway-store.ts'
import {
  analyzeIn,
  canonicalRecord,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
} from '../support/cli.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { begun, nano, receiptOf, recordOf, settled, usageOf } from '../support/journal.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const ledgerPath = () => `${terminal.database}.gateway`

async function explained(id: string): Promise<Explanation> {
  const { code, out, err } = await runIn(terminal, 'explain', id, '--format', 'json')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Explanation
}

const attempt = (
  target: string,
  outcome: 'accepted' | 'rejected' | 'failed',
  costNanoUsd: number | null,
): Step => ({
  kind: 'attempt',
  target,
  outcome,
  reason: null,
  usage: usageOf(1000, 100),
  costNanoUsd: costNanoUsd === null ? null : nano(costNanoUsd),
  latencyMs: 100,
})

describe('a store that a gateway writes beside', () => {
  test('is reported on without any log, with the ledger named as its source', async () => {
    await writeLedger(terminal, [begun('req_1')], [settled('req_1'), begun('req_2')])
    expect(existsSync(terminal.database)).toBe(false)
    const { code, out, err } = await runIn(terminal, 'analyze')
    expect([code, err]).toEqual([0, "the gateway's ledger: 1 new request\n"])
    expect(out.split('\n\n')[0]).toContain("the gateway's ledger")
    const result = await analyzeIn(terminal)
    expect(result.totals).toMatchObject({ requests: 1, costUsd: 0.00021 })
    expect(result.inputs).toMatchObject([
      { path: ledgerPath(), format: 'gateway', requests: 1, skipped: {} },
    ])
    expect(out).not.toContain('analyze /')
  })

  test('takes in what is new, once, and costs nothing where nothing is', async () => {
    await writeLedger(terminal, [settled('req_1')], [settled('req_2')])
    expect((await analyzeIn(terminal)).totals.requests).toBe(2)
    const before = readFileSync(terminal.database)
    expect((await analyzeIn(terminal)).totals.requests).toBe(2)
    expect(readFileSync(terminal.database).equals(before)).toBe(true)
    await writeLedger(terminal, [begun('req_3')], [settled('req_3')])
    expect((await analyzeIn(terminal)).totals.requests).toBe(3)
    expect(await rowsOf(terminal, 'SELECT id, line, byteOffset FROM requests')).toEqual([
      { id: 'req_1', line: 1, byteOffset: 1 },
      { id: 'req_2', line: 2, byteOffset: 2 },
      { id: 'req_3', line: 3, byteOffset: 4 },
    ])
  })

  test('is read while the gateway is running', async () => {
    const gateway = await openGatewayStore({ path: terminal.database, durability: 'process' })
    try {
      gateway.append(1, JSON.stringify([settled('req_1')]))
      expect((await analyzeIn(terminal)).totals.requests).toBe(1)
      gateway.append(2, JSON.stringify([settled('req_2')]))
      expect((await analyzeIn(terminal)).totals.requests).toBe(2)
    } finally {
      gateway.close()
    }
  })

  test.each([
    ['sql', 'select id from v_requests'],
    ['export', '--canonical'],
    ['explain', 'req_1'],
    ['simulate', '--no-write'],
    ['simulate', '--threshold', '0.9'],
  ])('is completed by %s too', async (...argv) => {
    if (argv.includes('--no-write')) return
    await writeLedger(terminal, [settled('req_1')], [settled('req_2')])
    const { code, out, err } = await runIn(terminal, ...argv)
    expect([code, code === 0 ? '' : err]).toEqual([0, ''])
    if (argv[0] !== 'simulate') expect(out).toContain('req_1')
    const [{ n } = {}] = await rowsOf(terminal, 'SELECT count(*) AS n FROM requests')
    expect(n).toBe(2)
  })

  test('keeps it apart from the logs that are named', async () => {
    await writeLedger(terminal, [settled('req_1')])
    const log = join(terminal.folder, 'app.jsonl')
    writeFileSync(log, `${canonicalRecord({ id: 'a' })}\n`)
    expect((await analyzeIn(terminal, log)).inputs).toMatchObject([{ format: 'canonical' }])
    expect((await analyzeIn(terminal)).inputs).toMatchObject([
      { format: 'gateway' },
      { format: 'canonical' },
    ])
    expect((await analyzeIn(terminal, terminal.folder)).totals.requests).toBe(2)
    expect((await analyzeIn(terminal, ledgerPath())).totals.requests).toBe(1)
    expect((await analyzeIn(terminal, ledgerPath(), '--content', 'hash')).totals.requests).toBe(1)
    const files = await rowsOf(terminal, 'SELECT path, byteOffset FROM files ORDER BY id')
    expect(files[0]).toEqual({ path: ledgerPath(), byteOffset: 1 })
  })

  test('counts a call once that the application has logged as well', async () => {
    const record = recordOf('req_1', { responseId: 'chatcmpl-1' })
    await writeLedger(terminal, [settled('req_1', { record })])
    const log = join(terminal.folder, 'app.jsonl')
    const usage = { inputTokens: 1000, outputTokens: 100 }
    const logged = { id: 'own', responseId: 'chatcmpl-1', model: 'gpt-4o-mini', usage }
    writeFileSync(log, `${canonicalRecord(logged)}\n`)
    await runIn(terminal, 'ingest', log)
    expect((await analyzeIn(terminal)).totals).toMatchObject({ requests: 1, costUsd: 0.00021 })
    expect((await explained('req_1')).receipt).not.toBeNull()
  })

  test('takes a ledger that begins anew for another one', async () => {
    await writeLedger(terminal, [settled('req_1')], [settled('req_2')], [settled('req_3')])
    await analyzeIn(terminal)
    for (const end of ['', '-wal', '-shm']) rmSync(`${ledgerPath()}${end}`, { force: true })
    await writeLedger(terminal, [settled('req_4')])
    const { totals, inputs } = await analyzeIn(terminal)
    expect(totals.requests).toBe(4)
    expect(inputs.map(({ requests }) => requests)).toEqual([3, 1])
  })

  test('says so where the ledger is damaged, and reports on the rest', async () => {
    await writeLedger(terminal, [settled('req_1')], [settled('req_2')], [settled('req_3')])
    const gateway = await openGatewayStore({ path: terminal.database, durability: 'process' })
    gateway.database.exec("UPDATE journal SET entries = '[{' WHERE turn = 2")
    gateway.close()
    const { inputs, totals } = await analyzeIn(terminal)
    expect(totals.requests).toBe(2)
    expect(inputs).toMatchObject([{ skipped: { 'damaged-turn': 1 } }])
    expect(await rowsOf(terminal, 'SELECT byteOffset, reason FROM rejects')).toEqual([
      { byteOffset: 2, reason: 'damaged-turn' },
    ])
    writeFileSync(ledgerPath(), 'no database at all'.repeat(1000))
    const after = await runIn(terminal, 'analyze')
    expect([after.code, after.err]).toEqual([
      0,
      `warning: not all of the gateway's ledger is taken in: ${ledgerPath()} is not an llmcost store\n`,
    ])
  })

  test('brings in what a gateway that is gone could only spool', async () => {
    await writeLedger(terminal, [settled('req_1')])
    const line = `{"turn":2,"entries":${JSON.stringify([settled('req_2')])}}\n`
    writeFileSync(`${ledgerPath()}.spool`, line)
    expect((await analyzeIn(terminal)).totals.requests).toBe(2)
    expect(existsSync(`${ledgerPath()}.spool`)).toBe(false)
  })

  test('leaves the spool to a gateway that is running', async () => {
    const gateway = await openGatewayStore({ path: terminal.database, durability: 'process' })
    gateway.append(1, JSON.stringify([settled('req_1')]))
    const line = `{"turn":2,"entries":${JSON.stringify([settled('req_2')])}}\n`
    writeFileSync(`${ledgerPath()}.spool`, line)
    expect((await analyzeIn(terminal)).totals.requests).toBe(1)
    expect(readFileSync(`${ledgerPath()}.spool`, 'utf8')).toBe(line)
    gateway.close()
  })
})

describe('what a request of a gateway cost', () => {
  const cost = async (entry: Partial<Settled>, ...argv: readonly string[]) => {
    await writeLedger(terminal, [settled('req_1', entry)])
    return (await analyzeIn(terminal, ...argv)).totals
  }

  test('is what the ledger says, other calls for it included, under every price', async () => {
    const steps = [
      attempt('openai:gpt-4o-mini', 'rejected', 210_000),
      attempt('openai:gpt-4o', 'accepted', 3_500_000),
    ]
    const costNanoUsd = nano(3_710_000)
    const entry = {
      costNanoUsd,
      record: recordOf('req_1', { model: 'gpt-4o' }),
      receipt: receiptOf('req_1', { steps, costNanoUsd }),
    }
    expect(await cost(entry)).toMatchObject({ costUsd: 0.00371, loggedCostUsd: 0.00371 })
    expect((await explained('req_1')).usage.at(-1)).toMatchObject({
      name: 'other calls',
      costUsd: 0.00021,
    })
    const logged = await analyzeIn(terminal, '--price-mode', 'logged')
    expect(logged.totals.costUsd).toBe(0.00371)
    const prices = join(terminal.folder, 'half.json')
    const half = { target: 'gpt-4o', rates: { input: 1.25, output: 5 } }
    writeFileSync(prices, JSON.stringify({ prices: [half] }))
    const cheaper = await analyzeIn(terminal, '--prices', prices)
    expect(cheaper.totals.costUsd).toBe(0.00196)
  })

  test('is not known where a call had no price', async () => {
    const steps = [attempt('own:model-x', 'accepted', null)]
    const receipt = receiptOf('req_1', { steps, costNanoUsd: nano(0) })
    const record = recordOf('req_1', { model: 'model-x', provider: 'own' })
    const totals = await cost({ costNanoUsd: nano(0), record, receipt })
    expect(totals).toMatchObject({ unpricedRequests: 1, loggedCostUsd: null })
  })

  test('is what a cached answer needed to be found, and nothing for the answer', async () => {
    const steps: readonly Step[] = [
      { kind: 'hit', layer: 'exact', entry: 'req_0', similarity: 1, ageMs: 1000 },
    ]
    const receipt = receiptOf('req_1', { outcome: 'hit', steps, costNanoUsd: nano(40) })
    const record = recordOf('req_1', { servedFromCache: true })
    const totals = await cost({ costNanoUsd: nano(40), record, receipt })
    expect(totals).toMatchObject({
      requests: 1,
      servedFromCacheRequests: 1,
      costUsd: 0.00000004,
      unpricedRequests: 0,
    })
  })

  test('adds up to the ledger, whatever was tried', async () => {
    const amount = fc.integer({ min: 0, max: 5_000_000 })
    const tried = fc.record({
      others: fc.array(amount, { maxLength: 3 }),
      hit: fc.boolean(),
      lookUp: amount,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(tried, { minLength: 1, maxLength: 8 }), async (requests) => {
        const place = newTerminal()
        let sum = 0
        const entries = requests.map(({ others, hit, lookUp }, index) => {
          const id = `req_${index}`
          const steps: readonly Step[] = hit
            ? []
            : [
                ...others.map((each) => attempt('openai:gpt-4o', 'rejected', each)),
                attempt('openai:gpt-4o-mini', 'accepted', 210_000),
              ]
          const spent = hit ? lookUp : 210_000 + others.reduce((all, each) => all + each, 0)
          sum += spent
          return settled(id, {
            costNanoUsd: nano(spent),
            record: recordOf(id, { servedFromCache: hit }),
            receipt: receiptOf(id, { steps, costNanoUsd: nano(spent) }),
          })
        })
        await writeLedger(place, entries)
        expect((await analyzeIn(place)).totals.costUsd).toBe(usdOf(sum))
        place.remove()
      }),
      { numRuns: 15 },
    )
  })
})

describe('the receipt of a request', () => {
  test('is explained by the id that the gateway gave it', async () => {
    await writeLedger(terminal, [settled('req_1'), settled('req_2')])
    const { code, out } = await runIn(terminal, 'explain', 'req_1')
    expect(code).toBe(0)
    expect(out).toContain('store.db.gateway, line 1\ngateway\n')
    expect(out).toMatch(
      /RECEIPT {2}answered\n {3}1 {2}exact cache: miss\n {3}2 {2}openai:gpt-4o-mini: accepted, \$0\.00021\d*, 800 ms\n {2}\$0\.00021\d* {2}812 ms/,
    )
    const { receipt, place } = await explained('req_1')
    expect(place).toEqual({ file: ledgerPath(), line: 1, byteOffset: null })
    expect(receipt).toMatchObject({
      v: 1,
      id: 'req_1',
      outcome: 'answered',
      steps: [{ kind: 'miss' }, { kind: 'attempt', costUsd: 0.00021 }],
    })
  })

  test('is not there for a request of a log', async () => {
    const log = join(terminal.folder, 'app.jsonl')
    writeFileSync(log, `${canonicalRecord({ id: 'a', receipt: { steps: 'none' } })}\n`)
    await runIn(terminal, 'ingest', log)
    expect((await explained('a')).receipt).toBeNull()
    expect((await runIn(terminal, 'explain', 'a')).out).not.toContain('RECEIPT')
  })
})

describe('what may not be kept', () => {
  const secret = 'My name is Ada Lovelace, ada@example.org'
  const whole = (id: string) =>
    recordOf(id, {
      prompt: { system: 'Be brief.', messages: [{ role: 'user', content: secret }] },
      answer: { text: `Hello Ada ${secret}`, finishReason: 'stop' },
    })

  async function keysOf(id: string): Promise<RequestKeys> {
    const gateway = await openGatewayStore({ path: terminal.database, durability: 'process' })
    gateway.close()
    return requestKeys(readCanonical(whole(id)) as Request, keyHash(gateway.secret))
  }

  const keyColumns = `SELECT exactKey, questionKey, promptTip, answerKey, systemKey, historyKey FROM requests
    ORDER BY seq`

  test('is known by its keys, as a request whose text is kept', async () => {
    const keys = await keysOf('req_1')
    const { prompt: _, answer, ...bare } = whole('req_1')
    const record = {
      ...bare,
      answer: { finishReason: (answer as { finishReason: string }).finishReason },
    }
    await writeLedger(
      terminal,
      [settled('req_1', { record, keys: withoutText(keys) })],
      [settled('req_2', { record: { ...whole('req_2'), at: '2026-09-21T13:40:00.000Z' } })],
    )
    await analyzeIn(terminal)
    const [hashed, kept] = await rowsOf(terminal, keyColumns)
    expect(hashed).toEqual(kept)
    expect(hashed?.['exactKey']).toBe(keys.exactKey)
    const simulated = await runIn(terminal, 'simulate', '--no-semantic', '--format', 'json')
    expect(JSON.parse(simulated.out)).toMatchObject({ layers: { exact: { hits: 1 } } })
  })

  test('stays out of the store', async () => {
    const keys = withoutText(await keysOf('req_1'))
    expect(JSON.stringify(keys)).not.toContain('Ada')
    const { prompt: _, answer: __, ...record } = whole('req_1')
    await writeLedger(terminal, [settled('req_1', { record, keys })])
    await analyzeIn(terminal)
    const messages = await rowsOf(terminal, 'SELECT role, content FROM v_messages')
    expect(messages.map(({ role }) => role).sort()).toEqual(['assistant', 'system', 'user'])
    expect(messages.map(({ content }) => content)).toEqual([null, null, null])
    expect((await runIn(terminal, 'explain', 'req_1')).out).toContain('not kept in this store')
  })

  test('is kept as far as it is redacted, under the keys of the whole', async () => {
    const keys = withoutText(await keysOf('req_1'))
    const text = JSON.stringify(whole('req_1')).replaceAll('ada@example.org', '[EMAIL]')
    const record = JSON.parse(text) as Settled['record']
    await writeLedger(
      terminal,
      [settled('req_1', { record, keys })],
      [settled('req_2', { record: whole('req_2') })],
    )
    await analyzeIn(terminal)
    const [redacted, kept] = await rowsOf(terminal, keyColumns)
    expect(redacted).toEqual(kept)
    const { prompt, answer } = await explained('req_1')
    expect(prompt).toBe('system: Be brief.\n\nuser: My name is Ada Lovelace, [EMAIL]')
    expect(answer).toBe('Hello Ada My name is Ada Lovelace, [EMAIL]')
  })
})

describe('a cached answer', () => {
  test('counts as a request with its answer, in analyze and in simulate', async () => {
    const asked = (id: string, minute: number, fields: object = {}) =>
      settled(id, {
        record: recordOf(id, {
          at: `2026-09-21T13:0${minute}:00.000Z`,
          prompt: { messages: [{ role: 'user', content: 'What is a ledger?' }] },
          answer: { text: 'A book.', finishReason: 'stop' },
          ...fields,
        }),
      })
    const hit = asked('req_2', 1, { servedFromCache: true, usage: undefined })
    await writeLedger(terminal, [asked('req_1', 0)], [{ ...hit, costNanoUsd: nano(0) }])
    const { totals } = await analyzeIn(terminal)
    expect(totals).toMatchObject({ requests: 2, servedFromCacheRequests: 1, costUsd: 0.00021 })
    const { out } = await runIn(terminal, 'simulate', '--no-semantic', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({
      layers: { exact: { hits: 1 } },
      baseline: { requests: 2, costUsd: 0.00021 },
    })
    const answers = await rowsOf(terminal, 'SELECT DISTINCT answerKey FROM requests')
    expect(answers).toHaveLength(1)
    expect((await explained('req_2')).answer).toBe('A book.')
  })
})

describe('what several models said', () => {
  const attempts = [
    { target: 'openai:gpt-4o-mini', outcome: 'rejected', answer: { text: 'Oslo' } },
    { target: 'openai:gpt-4o', outcome: 'accepted', answer: { text: 'Rome' } },
  ]

  test('is an example to learn from, and survives an export', async () => {
    await writeLedger(terminal, [
      settled('req_1', { record: recordOf('req_1', { attempts }) }),
      settled('req_2', { record: recordOf('req_2', { attempts: attempts.slice(1) }) }),
      settled('req_3'),
    ])
    const { code, out, err } = await runIn(terminal, 'export', '--escalations')
    expect(code).toBe(0)
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        messages: [
          { role: 'user', content: 'What is meant by req_1?' },
          { role: 'assistant', content: 'Rome' },
        ],
      },
    ])
    expect(err).toContain('1 example')
    const exported = await runIn(terminal, 'export', '--canonical')
    const [first] = exported.out.split('\n')
    expect(JSON.parse(first as string)).toMatchObject({ id: 'gateway:req_1', attempts })
  })

  test('is no example where its text is not kept', async () => {
    const bare = attempts.map(({ answer: _, ...rest }) => rest)
    await writeLedger(terminal, [
      settled('req_1', { record: recordOf('req_1', { attempts: bare }) }),
    ])
    const { out, err } = await runIn(terminal, 'export', '--escalations')
    expect(out).toBe('')
    expect(err).toContain('1 case left out: the text is not kept, or is no text')
  })
})
