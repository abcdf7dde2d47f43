import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Measurement } from '../../src/domain/measurement.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { putMeasurements } from '../../src/store/measurements.ts'
import { openReplies } from '../../src/store/replies.ts'
import {
  canonicalRecord,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
  withDatabase,
} from '../support/cli.ts'
import { measurementOf } from '../support/measurements.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
let policy: string
beforeEach(async () => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
  policy = join(terminal.folder, 'llmcost.yaml')
  const record = (index: number) =>
    canonicalRecord({
      id: `r${index}`,
      model: 'gpt-4o-2024-08-06',
      user: index < 5 ? 'bob' : 'ann',
      prompt: { messages: [{ role: 'user', content: `question ${index}` }] },
      answer: { text: `answer ${index}`, finishReason: 'stop' },
    })
  writeFileSync(log, `${Array.from({ length: 20 }, (_, index) => record(index)).join('\n')}\n`)
  writeFileSync(
    policy,
    'tiers: { small: openai:gpt-4o-mini, medium: openai:gpt-4o, large: openai:gpt-4o }\nroutes: [{ name: all, ladder: [small] }]\n',
  )
  expect((await runIn(terminal, 'ingest', log, '-q')).code).toBe(0)
})
afterEach(removeTerminals)

async function simulated(...flags: readonly string[]): Promise<SimulateResult> {
  const { code, out, err } = await runIn(
    terminal,
    ...['simulate', log, '--policy', policy, '--format', 'json', '-q', '--no-semantic', ...flags],
  )
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as SimulateResult
}

/** Both models on the first requests: the cheap one fails every fourth, writes twice as much and counts 10 % more. */
async function measure(count: number, fields: Partial<Measurement> = {}): Promise<void> {
  const requests = await rowsOf(terminal, 'SELECT seq, promptTip, questionKey FROM requests')
  const rows = requests.slice(0, count).flatMap((request, index) => {
    const shared = {
      caseId: `#${request['seq']}`,
      seq: Number(request['seq']),
      promptKey: String(request['promptTip']),
      questionKey: String(request['questionKey']),
      question: `question ${index}`,
      costNanoUsd: null,
    }
    return [
      measurementOf({
        ...shared,
        target: 'openai:gpt-4o-2024-08-06',
        score: 1,
        output: `secret of strong ${index}`,
        inputTokens: 100,
        outputTokens: 50,
        ...fields,
      }),
      measurementOf({
        ...shared,
        target: 'openai:gpt-4o-mini',
        score: index % 4 === 0 ? 0 : 1,
        output: `secret of weak ${index}`,
        inputTokens: 110,
        outputTokens: 100,
        ...fields,
      }),
    ]
  })
  await withDatabase(terminal, (database) => putMeasurements(database, rows))
}

describe('what replays measured', () => {
  it('says how good a policy is where nobody knew', async () => {
    const before = await simulated()
    expect([before.quality.status, before.quality.n]).toEqual(['unmeasured', 0])
    await measure(16)
    const { quality, layers } = await simulated()
    expect([quality.status, quality.n, quality.delta]).toEqual(['measured', 16, -0.25])
    expect(quality.note).toContain('measured by replay (exact)')
    expect(quality.note).toContain('4 more requests are unmeasured')
    expect(layers.routing.assumptions.join()).toContain(
      'counts 1.10 times and writes 2.00 times the tokens',
    )
    const { out } = await runIn(terminal, 'simulate', log, '--policy', policy, '-q')
    expect(out).toContain('measured by replay (exact)')
  })

  it('is left out with --no-measured', async () => {
    const comparable = ({ generatedAt: _, ...rest }: SimulateResult) => rest
    const before = comparable(await simulated())
    await measure(16)
    expect(comparable(await simulated('--no-measured'))).toEqual(before)
  })

  it('is part of the key of what is kept from run to run', async () => {
    const presets = async () =>
      (await simulated()).layers.routing.presets.map(({ quality }) => quality)
    await measure(16)
    const first = await presets()
    expect(first.join()).toContain('of 20 requests that evidence knows')
    expect(await presets()).toEqual(first)
    await measure(16, { score: 1, run: 'r-2' })
    expect(await presets()).not.toEqual(first)
  })

  it('gives way to a file that scores the same question', async () => {
    await measure(16)
    const file = join(terminal.folder, 'scores.jsonl')
    const row = { prompt: 'question 0', scores: { 'gpt-4o-2024-08-06': 0, 'gpt-4o-mini': 1 } }
    writeFileSync(file, `${JSON.stringify(row)}\n`)
    const { quality } = await simulated('--evidence', file)
    expect([quality.n, quality.delta]).toEqual([16, (1 - 3) / 16])
    expect(quality.note).toContain(
      'on 16 requests, 15 of them measured by replay (exact), the rest in files',
    )
  })

  it('is known under the dated and the undated name of a model', async () => {
    await measure(16)
    await withDatabase(terminal, (database) =>
      database.exec(
        "UPDATE measurements SET target = 'openai:gpt-4o' WHERE target LIKE '%08-06' AND seq > 8",
      ),
    )
    const { quality, layers } = await simulated()
    expect(quality.n).toBe(16)
    expect(layers.routing.assumptions.join()).toContain('on 16 questions')
  })
})

describe('purge', () => {
  const answered = (text: string) => ({
    kind: 'answered' as const,
    reply: {
      id: null,
      model: null,
      blocks: [{ kind: 'text' as const, text }],
      finish: 'stop' as const,
      usage: null,
    },
    latencyMs: 1,
    firstTokenMs: null,
  })

  async function replay(): Promise<void> {
    await measure(16)
    await withDatabase(terminal, (database) => {
      const replies = openReplies(database)
      const rows = database.prepare('SELECT seq FROM requests').all()
      for (const seq of [...rows.map((row) => Number(row['seq'])), null]) {
        const key = { callKey: `c${seq}`, target: 't', turn: 0 }
        const reply = { ...key, answer: answered(`reply ${seq}`), isBatch: false }
        replies.settle({ ...reply, costNanoUsd: 1 as NanoUsd }, { run: 'r', seq })
      }
    })
  }
  const counts = async () =>
    (
      await rowsOf(
        terminal,
        'SELECT (SELECT count(*) FROM replies) AS replies, (SELECT count(*) FROM measurements) AS measurements',
      )
    )[0]

  it('erases what replays asked and measured of the requests that go', async () => {
    await replay()
    const { out } = await runIn(terminal, 'purge', '--user', 'bob', '--yes')
    expect(out).toContain('5 replayed answers, 10 measured scores')
    expect(await counts()).toEqual({ replies: 16, measurements: 22 })
    const left = await rowsOf(terminal, 'SELECT output FROM measurements')
    expect(left.map((row) => row['output'])).not.toContain('secret of weak 3')
  })

  it('says what would go and keeps it, in a dry run', async () => {
    await replay()
    const { out } = await runIn(terminal, 'purge', '--user', 'bob', '--dry-run', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({ deleted: { replies: 5, measurements: 10 } })
    expect(await counts()).toEqual({ replies: 21, measurements: 32 })
  })

  it('erases all of them with --all, also where no log was ever read', async () => {
    await replay()
    await runIn(terminal, 'purge', '--all', '--yes')
    expect(await counts()).toEqual({ replies: 0, measurements: 0 })
    await withDatabase(terminal, (database) => putMeasurements(database, [measurementOf()]))
    const { code, out } = await runIn(terminal, 'purge', '--all', '--yes')
    expect([code, out.includes('1 measured score')]).toEqual([0, true])
    expect(await counts()).toEqual({ replies: 0, measurements: 0 })
  })
})
