import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { analyzeIn, newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
beforeEach(() => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
})
afterEach(removeTerminals)

const secrets = {
  system: 'The harbour master keeps seven grey cats',
  question: 'Where did Aunt Petronella hide the marmalade',
  history: 'Earlier we spoke of the crooked lighthouse',
  answer: 'Behind the third barrel of salted herring',
  tool: 'look_up_marmalade_in_cellar',
  argument: 'barrel-of-herring-three',
  error: 'quota exceeded for the account of Petronella',
  title: 'Petronella and her marmalade secrets',
} as const

const record = (id: string, fields: object = {}): string =>
  `${JSON.stringify({
    v: 1,
    id,
    at: '2026-08-01T10:00:00Z',
    model: 'gpt-4o',
    user: 'u1',
    prompt: {
      system: secrets.system,
      messages: [
        { role: 'user', content: secrets.history },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              id: 'c1',
              type: 'function',
              function: { name: secrets.tool, arguments: secrets.argument },
            },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: secrets.question }] },
      ],
      tools: [{ type: 'function', function: { name: secrets.tool, description: secrets.system } }],
    },
    answer: { text: secrets.answer, finishReason: 'stop' },
    usage: { inputTokens: 100, outputTokens: 10 },
    ...fields,
  })}\n`

/** Everything that the store has on disk, write-ahead log and temporary files included. */
const bytesOnDisk = (): string =>
  readdirSync(terminal.folder)
    .filter((name) => name.startsWith('store.db'))
    .map((name) => readFileSync(join(terminal.folder, name), 'latin1'))
    .join('\n')

const everyOutput = async (...flags: readonly string[]): Promise<string> => {
  const commands = [
    ['analyze', '--by', 'user', ...flags],
    ['analyze', log, '-v', ...flags],
    ...['json', 'csv', 'markdown', 'html'].map((format) => [
      'analyze',
      '--format',
      format,
      ...flags,
    ]),
    ['export', '--canonical'],
    ['explain', 'a'],
    ['explain', 'failed', '--format', 'json'],
    ['sql', 'select * from v_messages', '--format', 'json'],
    ['sql', 'select * from v_requests', '--format', 'json'],
    ['sql', 'select * from v_rejects', '--format', 'json'],
    ['doctor'],
  ]
  let all = ''
  for (const argv of commands) {
    const { out, err } = await runIn(terminal, ...argv)
    all += out + err
  }
  return all
}

const writeLog = (): void =>
  writeFileSync(
    log,
    [
      record('a'),
      record('b'),
      record('failed', { status: 'error', error: secrets.error, answer: null, usage: null }),
      `{"v":1,"id":"broken","prompt":"${secrets.question}\n`,
      `${JSON.stringify({ v: 1, id: 'no-model', prompt: secrets.question })}\n`,
      record('c', { usage: { inputTokens: -5, outputTokens: 1 } }),
    ].join(''),
  )

describe.each(['hash', 'none'])('--content %s', (mode) => {
  test('keeps no text of prompts, answers, tools and errors, on disk or in any output', async () => {
    writeLog()
    await analyzeIn(terminal, log, '--content', mode)
    const found = (text: string) => Object.values(secrets).filter((secret) => text.includes(secret))
    expect(found(bytesOnDisk())).toEqual([])
    expect(found(await everyOutput())).toEqual([])
    expect(found(bytesOnDisk())).toEqual([])
  })

  test('counts the same requests and the same money as with text', async () => {
    writeLog()
    const withText = newTerminal()
    const { totals } = await analyzeIn(withText, log)
    expect((await analyzeIn(terminal, log, '--content', mode)).totals).toEqual(totals)
  })

  test('of a log that was kept with text leaves none of it behind', async () => {
    writeLog()
    await analyzeIn(terminal, log)
    expect(bytesOnDisk()).toContain(secrets.question)
    await analyzeIn(terminal, log, '--content', mode)
    const found = Object.values(secrets).filter((secret) => bytesOnDisk().includes(secret))
    expect(found).toEqual([])
  })

  test('is remembered for the file when it grows', async () => {
    writeLog()
    await analyzeIn(terminal, log, '--content', mode)
    writeFileSync(log, readFileSync(log, 'utf8') + record('late'))
    await analyzeIn(terminal, log)
    expect(Object.values(secrets).filter((secret) => bytesOnDisk().includes(secret))).toEqual([])
  })
})

describe.each(['hash', 'none'])('--content %s of parameters', (mode) => {
  test('keeps words and numbers, and no text that was asked with', async () => {
    const params = {
      temperature: 0.5,
      max_tokens: 512,
      tool_choice: 'auto',
      functions: [{ name: secrets.tool, description: secrets.system }],
      prediction: { type: 'content', content: secrets.answer },
      stop: [secrets.history],
      instructions: secrets.question,
    }
    writeFileSync(log, record('a', { params }))
    await analyzeIn(terminal, log, '--content', mode)
    const [row] = await rowsOf(terminal, 'SELECT params FROM v_requests')
    expect(JSON.parse(String(row?.['params']))).toEqual({
      temperature: 0.5,
      max_tokens: 512,
      tool_choice: 'auto',
      functions: 'withheld',
      prediction: 'withheld',
      stop: 'withheld',
      instructions: 'withheld',
    })
    expect(Object.values(secrets).filter((secret) => bytesOnDisk().includes(secret))).toEqual([])
  })
})

describe('--content hash', () => {
  test('gives way where another log with the same conversation is kept whole', async () => {
    const other = join(terminal.folder, 'other.jsonl')
    writeFileSync(log, record('r1'))
    writeFileSync(other, record('r2'))
    await runIn(terminal, 'ingest', log, '--content', 'hash')
    const withText = () => rowsOf(terminal, 'SELECT count(*) AS n FROM contents')
    expect(await withText()).toEqual([{ n: 0 }])
    await runIn(terminal, 'ingest', other, '--content', 'full')
    expect(await withText()).toEqual([{ n: 6 }])
  })

  test('still tells which requests repeat', async () => {
    writeLog()
    const { facts } = await analyzeIn(terminal, log, '--content', 'hash')
    expect(facts.find(({ kind }) => kind === 'exact-repeats')?.requests).toBe(1)
  })

  test('makes hashes that two stores do not share', async () => {
    writeLog()
    const other = newTerminal()
    await analyzeIn(terminal, log, '--content', 'hash')
    await analyzeIn(other, log, '--content', 'hash')
    const keys = 'SELECT DISTINCT exactKey FROM requests'
    expect(await rowsOf(terminal, keys)).not.toEqual(await rowsOf(other, keys))
  })
})

describe('--redact', () => {
  const personal = {
    mail: 'petronella.grey+1@harbour-lights.example',
    phone: '+49 (30) 1234-5678',
    card: '4111 1111 1111 1111',
    key: 'sk-proj-abcdefghijklmnop1234567890',
    ip: '203.0.113.77',
    token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N',
  } as const
  const text = `Write to ${personal.mail}, call ${personal.phone}, pay with ${personal.card}, use ${personal.key} from ${personal.ip} as ${personal.token}.`
  const lines = (): string =>
    [
      record('a', { prompt: text, answer: { text: `I wrote: ${text}` } }),
      record('b', { prompt: text, answer: { text } }),
      record('other', { prompt: text.replace('petronella', 'prudence'), answer: { text } }),
      record('failed', { prompt: text, status: 'error', error: text, answer: null, usage: null }),
      record('tools', {
        prompt: {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text },
                { type: 'text', text: 'x' },
              ],
            },
          ],
        },
        answer: {
          text: null,
          toolCalls: [
            { function: { name: 'mail', arguments: JSON.stringify({ to: personal.mail, text }) } },
          ],
        },
      }),
      record('params', {
        params: { user: personal.mail, metadata: { note: text } },
        tags: { note: text },
      }),
      record('paths', { paths: [`/home/${personal.mail}/x`] }),
      `{"v":1,"broken":"${text}\n`,
      record('rejected', { prompt: text, usage: { inputTokens: -1 } }),
    ].join('')

  test('leaves nothing personal on disk or in any output', async () => {
    writeFileSync(log, lines())
    await analyzeIn(terminal, log, '--redact')
    const found = (where: string) =>
      Object.entries(personal).flatMap(([name, value]) => (where.includes(value) ? [name] : []))
    expect(found(bytesOnDisk())).toEqual([])
    expect(found(await everyOutput())).toEqual([])
    expect(bytesOnDisk()).toContain('[EMAIL]')
  })

  test('hides who asked, and still tells them apart', async () => {
    const people = ['petronella@harbour.example', 'prudence@harbour.example']
    const fields = (user: string) => ({
      user,
      session: `${user}/1`,
      trace: `t ${user}`,
      feature: `mail of ${user}`,
      team: user,
      answerLabel: user,
      tags: { owner: user },
    })
    writeFileSync(
      log,
      people.map((user, index) => record(`r${index}-${user}`, fields(user))).join('') +
        record('again', fields(people[0] ?? '')),
    )
    const { groups } = await analyzeIn(terminal, log, '--redact', '--by', 'user')
    expect(groups.map(({ requests }) => requests).sort()).toEqual([1, 2])
    for (const group of groups) expect(group.by['user']).toMatch(/^\[EMAIL\]#/)
    for (const by of ['session', 'trace', 'feature', 'team', 'tag:owner'])
      expect((await analyzeIn(terminal, log, '--by', by)).groupCount).toBe(2)
    const outputs = (await everyOutput()) + bytesOnDisk()
    for (const user of people) expect(outputs.includes(user)).toBe(false)
  })

  test('keeps apart what was apart, and together what repeats', async () => {
    writeFileSync(log, lines())
    await analyzeIn(terminal, log, '--redact')
    const rows = await rowsOf(
      terminal,
      "SELECT id, exactKey FROM requests WHERE id IN ('a', 'b', 'other') ORDER BY id",
    )
    const [a, b, other] = rows.map(({ exactKey }) => exactKey)
    expect([a === b, a === other]).toEqual([true, false])
  })
})

describe('a key that a log holds', () => {
  const key = 'sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2M3n4'
  test('goes nowhere: not by its field, its headers, its tags or its rejected line', async () => {
    const pair = {
      timestamp: '2026-08-01T10:00:00Z',
      api_key: key,
      key,
      metadata: { key, api_key: key, authorization: `Bearer ${key}` },
      tags: [`key:${key}`],
      headers: { Authorization: `Bearer ${key}` },
      request: {
        model: 'gpt-4o',
        api_key: key,
        extra_headers: { Authorization: `Bearer ${key}` },
        messages: [{ role: 'user', content: 'Hi' }],
      },
      response: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        model: 'gpt-4o',
        choices: [
          { index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' },
        ],
        usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
      },
    }
    writeFileSync(log, `${JSON.stringify(pair)}\n${record('a', { key, tags: { key } })}`)
    await analyzeIn(terminal, log)
    expect(bytesOnDisk().includes(key)).toBe(false)
    expect((await everyOutput('--where', 'model=gpt-4o')).includes(key)).toBe(false)
  })
})

test('a store in use has all of its files for its owner only', async () => {
  writeLog()
  await analyzeIn(terminal, log)
  expect(existsSync(terminal.database)).toBe(true)
  expect(bytesOnDisk()).toContain(secrets.question)
})
