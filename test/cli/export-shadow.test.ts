import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ShadowHit } from '../../src/domain/comparison.ts'
import type { Settled } from '../../src/domain/journal.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { nano, receiptOf, recordOf, settled } from '../support/journal.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const chat = (content: string) => ({ messages: [{ role: 'user', content }] })
const answer = (text: string) => ({ text, finishReason: 'stop' })

let minute = 0
const asked = (id: string, question: string, said: string, more: JsonObject = {}): Settled => {
  const at = Date.UTC(2026, 8, 21, 10, ++minute)
  const record = recordOf(id, {
    at: new Date(at).toISOString(),
    prompt: chat(question),
    answer: answer(said),
    ...more,
  })
  return settled(id, { at, record, receipt: receiptOf(id, { at }) })
}

const wouldBe = (entry: string, similarity = 0.97): ShadowHit => ({
  kind: 'hit',
  layer: 'semantic',
  group: null,
  entry,
  similarity,
  ageMs: 60_000,
  verdict: 'unsettled',
  by: null,
})

const auditOf = (id: string, of: string, question: string, said: string): Settled =>
  asked(id, question, said, {
    operation: 'other',
    tags: { llmcost: 'audit' },
    audit: { ...wouldBe('req_1', 0.94), of },
  })

const refund = 'How does one get a refund for a broken lamp?'
const refunds = 'How does one get refunds for a broken lamp?'
const money = 'What becomes of money that was paid?'

const ledger = () => [
  asked('req_1', refund, 'Write to support within two weeks.'),
  asked('req_2', refunds, 'Within 14 days, by writing to us.', { shadow: [wouldBe('req_1')] }),
  asked('req_3', money, 'Write to support within two weeks.', { servedFromCache: true }),
  auditOf('audit_4', 'req_3', money, 'Your bank can call the payment back.'),
]

const csvPath = () => join(terminal.folder, 'pairs.csv')

async function exported(...flags: readonly string[]) {
  const run = await runIn(terminal, 'export', '--shadow', ...flags)
  expect(run.code).toBe(0)
  return run
}

test('pairs of a shadow and of audits go to people, and their verdicts to the simulation', async () => {
  await writeLedger(terminal, ledger())
  const { err } = await exported('--out', csvPath())
  expect(err).toContain('2 pairs written to')
  const [head = '', ...lines] = readFileSync(csvPath(), 'utf8').trimEnd().split('\n')
  expect(head).toBe(
    'request,servedBy,similarity,question,servedQuestion,ownAnswer,servedAnswer,verdict,sample,pair',
  )
  const cells = lines.map((line) => line.split(',')).sort(([a], [b]) => Number(a) - Number(b))
  const requests = await rowsOf(terminal, 'SELECT id, seq FROM requests')
  const seqs = new Map(requests.map((row) => [row['id'], row['seq']]))
  expect(cells.map((row) => row.slice(0, 3))).toEqual([
    [seqs.get('req_2'), seqs.get('req_1'), 0.97].map(String),
    [seqs.get('audit_4'), seqs.get('req_1'), 0.94].map(String),
  ])
  expect(lines.join('\n')).toContain('Within 14 days')
  expect(lines.join('\n')).toContain('Your bank can call')
  // Nobody loses what was filled in.
  const again = await runIn(terminal, 'export', '--shadow', '--out', csvPath())
  expect(again).toMatchObject({ code: 2 })
  expect(again.err).toContain('is there already')

  const filled = lines.map((line) => line.replace(',,drawn,', ',right,drawn,'))
  writeFileSync(csvPath(), [head, ...filled].join('\n'))
  const imported = await runIn(terminal, 'label', '--import', csvPath(), '--by', 'ada')
  expect(imported).toMatchObject({ code: 0 })
  expect(imported.out).toContain('2 verdicts: 2 right, 0 wrong')
  const { err: left } = await exported()
  expect(left).toContain('no pair is left to judge')
  expect(left).toContain('2 pairs left out: somebody has judged them')

  const flags = ['--threshold', '0.9', '--namespace', 'shared', '--format', 'json']
  const simulated = await runIn(terminal, 'simulate', ...flags)
  expect(simulated.code).toBe(0)
  const { semantic } = JSON.parse(simulated.out).layers
  expect(semantic).toMatchObject({ hits: 1, rungs: { human: 1 } })
})

test('explain says what a shadow would have done, and what an audit found', async () => {
  await writeLedger(terminal, ledger())
  const said = async (id: string) => (await runIn(terminal, 'explain', id)).out.replace(/\s+/g, ' ')
  expect(await said('req_2')).toContain(
    'shadow semantic cache, the answer of req_1, similarity 0.9700: unsettled',
  )
  expect(await said('audit_4')).toContain('audit of req_3: the cached answer of req_1 is unsettled')
})

test('a gateway’s own questions are paid for, and no cache of a simulation holds them', async () => {
  const audits = [1, 2, 3].map((n) => auditOf(`audit_${n}`, 'req_1', refund, 'Yes.'))
  await writeLedger(terminal, [asked('req_1', refund, 'Yes.'), ...audits])
  const simulated = await runIn(terminal, 'simulate', '--namespace', 'shared', '--format', 'json')
  const { layers, bypasses } = JSON.parse(simulated.out)
  expect(layers.exact).toMatchObject({ cacheable: 1, hits: 0 })
  for (const layer of ['exact', 'semantic'])
    expect(bypasses).toContainEqual({ layer, reason: 'operation', requests: 3, share: 0.75 })
  const analyzed = await runIn(terminal, 'analyze', '--by', 'tag:llmcost', '--format', 'json')
  const { totals, groups } = JSON.parse(analyzed.out)
  expect(totals).toMatchObject({ requests: 4, costUsd: 4 * 0.00021 })
  expect(JSON.stringify(groups)).toContain('audit')
})

test('pairs without text are counted and left out', async () => {
  const bare = (entry: Settled): Settled => {
    const { prompt: _, answer: __, ...record } = entry.record
    return { ...entry, record }
  }
  await writeLedger(terminal, ledger().map(bare))
  const { out, err } = await exported('--out', csvPath())
  expect(out).toBe('')
  expect(existsSync(csvPath())).toBe(false)
  expect(err).toContain('2 pairs left out: the text of both is not kept')
})

test('the same two answers are asked about once, and so many at most', async () => {
  const repeated = Array.from({ length: 5 }, (_, n) =>
    asked(`req_1${n}`, refunds, 'Within 14 days.', { shadow: [wouldBe('req_1')] }),
  )
  await writeLedger(terminal, [...ledger(), ...repeated])
  const all = await exported()
  expect(all.out.trimEnd().split('\n')).toHaveLength(4)
  const two = await exported('--limit', '2')
  expect(two.out.trimEnd().split('\n')).toHaveLength(3)
  // A random order for good: a larger sample begins with the smaller one.
  expect(all.out.startsWith(two.out.trimEnd())).toBe(true)
})

test('--shadow goes with no other choice of what to export', async () => {
  await writeLedger(terminal, [settled('req_1', { costNanoUsd: nano(0) })])
  for (const flags of [['--receipts'], ['--since', '7d'], ['--escalations']]) {
    const { code, err } = await runIn(terminal, 'export', '--shadow', ...flags)
    expect([code, err]).toEqual([2, expect.stringContaining('--shadow')])
  }
  expect((await runIn(terminal, 'export', '--limit', '5')).err).toContain('--limit is for --shadow')
})
