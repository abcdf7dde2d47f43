import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serveLogLine } from '../../src/report/serve-log-line.ts'
import { openServeLog, type ServeLogOptions } from '../../src/serve/serve-log.ts'
import { attempt, hit, missed, nano, servedOf } from '../support/served.ts'

const start = Date.UTC(2026, 9, 31, 14, 5, 1, 250)

function open(parts: Partial<ServeLogOptions> = {}) {
  let now = start
  const lines: string[] = []
  const log = openServeLog({
    level: 'info',
    format: null,
    now: () => now,
    to: (line) => lines.push(line),
    ...parts,
  })
  return {
    log,
    lines,
    records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    wait: (ms: number) => {
      now += ms
    },
  }
}

const cached = servedOf({
  receipt: {
    outcome: 'hit',
    steps: [missed('exact'), hit('semantic', 0.94)],
    costNanoUsd: nano(0),
    latencyMs: 1.26,
  },
})

test('a request is one line with what it was, what it cost and how long it took', () => {
  const { log, lines } = open()
  log.request(servedOf({ request: { requestedModel: 'gpt-4o', model: 'gpt-4o-2024-08-06' } }))
  log.request(cached)
  expect(lines).toEqual([
    '{"level":"info","time":"2026-10-31T14:05:01.250Z","id":"req_1","status":200,"outcome":"answered","endpoint":"/v1/chat/completions","model":"gpt-4o","target":"openai:gpt-4o","cache":"miss","costUsd":0.003,"ms":800,"msg":"request"}\n',
    '{"level":"info","time":"2026-10-31T14:05:01.250Z","id":"req_1","status":200,"outcome":"hit","endpoint":"/v1/chat/completions","model":"gpt-4o","cache":"hit-semantic","costUsd":0,"ms":1.3,"msg":"request"}\n',
  ])
})

test('how a request ended is how loud its line is', () => {
  const failed = {
    outcome: 'failed',
    steps: [attempt({ outcome: 'failed', reason: 'server: boom' })],
  } as const
  const { log, records } = open()
  log.request(servedOf({ receipt: failed, served: { statusCode: 502 } }))
  log.request(servedOf({ receipt: failed, served: { statusCode: 400 } }))
  const cancelled = { request: { status: 'cancelled' }, receipt: failed } as const
  log.request(servedOf({ ...cancelled, served: { statusCode: 499 } }))
  const steps = [{ kind: 'budget', budget: 'user a day', action: 'block' }] as const
  log.request(servedOf({ receipt: { outcome: 'blocked', steps }, served: { statusCode: 429 } }))
  const missing = { receipt: { outcome: 'failed', steps: [missed('exact')] } } as const
  log.request(servedOf({ ...missing, served: { statusCode: 504, isNotCached: true } }))
  expect(
    records().map(({ level, outcome, reason, refusedBy }) => [level, outcome, reason, refusedBy]),
  ).toEqual([
    ['error', 'failed', 'server', undefined],
    ['warn', 'failed', 'server', undefined],
    ['info', 'cancelled', 'server', undefined],
    ['warn', 'blocked', undefined, 'user a day'],
    ['info', 'failed', undefined, undefined],
  ])
})

test('no line of a request holds its text, its user or a key', () => {
  const { log, lines } = open()
  const secret = 'what is my pension'
  log.request(
    servedOf({
      request: {
        user: 'ada@example.com',
        key: 'key-of-ada',
        model: 'sk-proj-abcdefghijklmnop1234',
        prompt: { messages: [{ role: 'user', content: secret }] },
        answer: { text: secret },
        error: secret,
      },
      receipt: { outcome: 'failed', steps: [attempt({ outcome: 'failed', reason: secret })] },
      served: { endpoint: '/v1beta/models?key=AIzaSyabcdefghijk' },
    }),
  )
  for (const word of [secret, 'what', 'ada', 'sk-proj', 'AIza'])
    expect(lines.join('')).not.toContain(word)
})

test('of headers only plain ones keep their value, and keys are taken out wherever they stand', () => {
  const { log, lines, records } = open()
  log.event('warn', 'refused sk-abcdefghijklmnop', {
    headers: {
      Authorization: 'Bearer abcdefghij',
      'X-Api-Key': 'abcdefghij',
      cookie: 'abcdefghij',
      'x-my-own': 'abcdefghij',
      'User-Agent': 'curl/8',
    },
    upstream: { responseHeaders: { 'set-cookie': 'abcdefghij' } },
    error: new Error('key sk-abcdefghijklmnop is not known'),
  })
  expect(lines.join('')).not.toMatch(/abcdefghij/)
  expect(records()[0]).toMatchObject({
    msg: 'refused [key]',
    headers: { Authorization: '[hidden]', 'User-Agent': 'curl/8' },
    error: { name: 'Error', message: 'key [key] is not known' },
  })
})

test('fields that go round in circles end somewhere', () => {
  const { log, lines } = open()
  const circle: Record<string, unknown> = { name: 'x' }
  circle['self'] = [circle]
  log.event('info', 'circle', { circle })
  expect(lines.join('')).toContain('[deeper]')
})

test('a flood is counted and left out, errors apart from what went well', () => {
  const { log, records, wait } = open()
  const broken = servedOf({ receipt: { outcome: 'failed' }, served: { statusCode: 500 } })
  for (let index = 0; index < 1000; index++) log.request(cached)
  for (let index = 0; index < 5; index++) log.request(broken)
  expect(records().filter(({ level }) => level === 'info')).toHaveLength(200)
  expect(records().filter(({ level }) => level === 'error')).toHaveLength(5)
  wait(1000)
  log.request(cached)
  expect(records().slice(-2)).toMatchObject([
    { level: 'warn', msg: 'request lines left out', leftOut: 800, failedOrRefused: 0 },
    { level: 'info', msg: 'request' },
  ])
})

test('what a flood left out is said at the end, should nothing follow', async () => {
  const { log, records } = open()
  for (let index = 0; index < 300; index++) log.request(cached)
  await log.flush()
  await log.flush()
  expect(records().filter(({ msg }) => msg !== 'request')).toEqual([
    expect.objectContaining({ leftOut: 100 }),
  ])
})

test('what is below the level is not written', () => {
  const { log, lines } = open({ level: 'warn' })
  log.request(cached)
  log.event('info', 'started')
  log.event('error', 'stopped')
  expect(lines).toHaveLength(1)
})

test('lines reach a file, the last of them by flush', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-log-'))
  const path = join(folder, 'log')
  const file = openSync(path, 'w')
  const { log } = open({ to: file })
  for (let index = 0; index < 50; index++) log.request(cached)
  await log.flush()
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(50)
  closeSync(file)
  rmSync(folder, { recursive: true })
})

test.runIf(existsSync('/dev/full'))('a full disk costs lines and nothing else', async () => {
  const file = openSync('/dev/full', 'w')
  const { log } = open({ to: file })
  for (let index = 0; index < 20; index++) {
    log.event('error', 'still here')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await log.flush()
  closeSync(file)
})

test.runIf(process.platform !== 'win32')(
  'a reader that has stopped reading holds nothing up, and reads on where it was',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llmcost-log-'))
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    const { log } = open({ to: pipe })
    const long = 'x'.repeat(1000)
    for (let index = 0; index < 500; index++) log.event('info', 'line', { index, long })
    await log.flush()
    let text = ''
    const buffer = Buffer.alloc(65_536)
    while (!text.includes('"index":499')) {
      await new Promise((resolve) => setImmediate(resolve))
      try {
        text += buffer.toString('utf8', 0, readSync(pipe, buffer))
      } catch {
        // Nothing there yet.
      }
    }
    const indexes = text
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line).index]))
    expect(indexes).toEqual(Array.from({ length: 500 }, (_, index) => index))
    closeSync(pipe)
    rmSync(folder, { recursive: true })
  },
)

test('a terminal gets one readable line', () => {
  const { log, lines } = open({ format: (line) => serveLogLine(line, { color: false }) })
  log.request(servedOf({ request: { model: 'gpt-4o' } }))
  log.request(cached)
  log.event('warn', 'the policy could not be read', { file: 'llmcost.yaml', line: 14 })
  log.request(servedOf({ request: { model: '\x1b[2Jgpt\n\u202etpg' } }))
  expect(lines).toEqual([
    '14:05:01.250 200  miss  gpt-4o → openai:gpt-4o  $0.003  800 ms  req_1\n',
    '14:05:01.250 200  hit-semantic  gpt-4o  $0  1.3 ms  req_1\n',
    '14:05:01.250 the policy could not be read  file=llmcost.yaml  line=14\n',
    '14:05:01.250 200  miss  gpt tpg → openai:gpt-4o  $0.003  800 ms  req_1\n',
  ])
})

test('on a terminal of colours a warning is yellow and an error red', () => {
  const line = (level: string) => serveLogLine({ level, msg: 'x', time: '' }, { color: true })
  expect(line('warn')).toContain('\x1b[33mx')
  expect(line('error')).toContain('\x1b[31mx')
})
