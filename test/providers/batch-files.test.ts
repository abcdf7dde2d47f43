import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Call } from '../../src/domain/call.ts'
import { type BatchCall, batchIdOf, writeBatchFiles } from '../../src/providers/batch-files.ts'
import { readBatchResults } from '../../src/providers/batch-results.ts'
import { resolveTarget } from '../../src/providers/resolve-target.ts'
import { plainCall } from '../support/calls.ts'
import { wireAnswers } from './wire-answers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'batch-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const responses = {
  name: 'openai',
  dialect: 'openai-responses',
  baseUrl: 'https://api.openai.com/v1',
  apiKeyEnv: 'OPENAI_API_KEY',
  models: [],
} as const
const azure = { AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com' }
const resolve = (target: string) => resolveTarget(target, [], azure)
const call = (key: string, target: string, fields: Partial<Call> = {}): BatchCall => ({
  key,
  target,
  call: plainCall(fields),
})
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const write = (calls: readonly BatchCall[], more: object = {}) =>
  writeBatchFiles(calls, { folder, resolve, ...more })

describe('batch files', () => {
  it('are a file for each model of OpenAI and one for Anthropic, in their own shapes', () => {
    const streamed = { streamed: true, serviceTier: 'flex', more: { stream_options: {} } }
    const { files, refused } = write([
      call('a', 'openai:gpt-4o', streamed),
      call('b', 'openai:gpt-4o-mini'),
      call('c', 'anthropic:claude-sonnet-4-5', { maxOutputTokens: 9 }),
      call('d', 'azure:my-deployment'),
      call('e', 'anthropic:claude-haiku-4-5', { maxOutputTokens: 9 }),
    ])
    expect(refused).toEqual([])
    expect(
      files.map(({ path, provider, requests }) => [basename(path), provider, requests]),
    ).toEqual([
      ['001-openai-gpt-4o.jsonl', 'openai', 1],
      ['002-openai-gpt-4o-mini.jsonl', 'openai', 1],
      ['003-anthropic.jsonl', 'anthropic', 2],
      ['004-azure-my-deployment.jsonl', 'azure', 1],
    ])
    const messages = [{ role: 'user', content: 'Hi' }]
    const [first, , anthropic, onAzure] = files.map(({ path }) => linesOf(path))
    expect(first).toEqual([
      {
        custom_id: 'a',
        method: 'POST',
        url: '/v1/chat/completions',
        body: { model: 'gpt-4o', messages },
      },
    ])
    expect(anthropic).toEqual([
      { custom_id: 'c', params: { model: 'claude-sonnet-4-5', max_tokens: 9, messages } },
      { custom_id: 'e', params: { model: 'claude-haiku-4-5', max_tokens: 9, messages } },
    ])
    expect(onAzure?.[0]).toMatchObject({
      url: '/chat/completions',
      body: { model: 'my-deployment' },
    })
    for (const { path, bytes } of files) {
      expect(statSync(path).size).toBe(bytes)
      expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  it('speak Responses where the provider does', () => {
    const { files } = writeBatchFiles([call('a', 'openai:gpt-5')], {
      folder,
      resolve: () => ({ provider: responses, model: 'gpt-5' }),
    })
    expect(linesOf(files[0]?.path ?? '')[0]).toMatchObject({
      url: '/v1/responses',
      body: { model: 'gpt-5' },
    })
  })

  it('are followed by another where one is full, by requests or by bytes', () => {
    const three = ['a', 'b', 'c'].map((key) => call(key, 'openai:gpt-4o'))
    const counts = (limits: object) =>
      write(three, { limits, folder: mkdtempSync(join(folder, 'x-')) }).files.map(
        ({ requests }) => requests,
      )
    expect(counts({ requests: 2, bytes: 1e6 })).toEqual([2, 1])
    const [{ bytes = 0 } = {}] = write([three[0] as BatchCall]).files
    expect(counts({ requests: 9, bytes: 2 * bytes })).toEqual([2, 1])
    expect(counts({ requests: 9, bytes: 2 * bytes - 1 })).toEqual([1, 1, 1])
    const { refused, files } = write(three.slice(1), {
      limits: { requests: 9, bytes: bytes - 1 },
      folder: join(folder, 'y'),
    })
    expect(refused.map(({ key, why }) => [key, why])).toEqual([
      ['b', `it is larger than a batch may be (${bytes} bytes)`],
      ['c', `it is larger than a batch may be (${bytes} bytes)`],
    ])
    expect(files.map(({ requests }) => requests)).toEqual([])
  })

  it('count models apart whose names no file can have', () => {
    write([call('a', 'openai:ft:gpt-4'), call('b', 'openai:ft_gpt-4')])
    expect(readdirSync(folder).sort()).toEqual([
      '001-openai-ft_gpt-4.jsonl',
      '002-openai-ft_gpt-4.jsonl',
    ])
  })

  it('say what is refused and what is lost', () => {
    const { files, refused, losses } = write([
      call('a', 'anthropic:claude-sonnet-4-5', { seed: 1, maxOutputTokens: 9 }),
      call('b', 'anthropic:claude-sonnet-4-5', { seed: 2, maxOutputTokens: 9 }),
      call('c', 'anthropic:claude-sonnet-4-5', {
        tools: [{ kind: 'foreign', wire: { type: 'web_search' } }],
      }),
      call('d', 'ollama:llama3'),
    ])
    expect(files.map(({ requests }) => requests)).toEqual([2])
    expect(losses.map(({ field, level, target }) => [field, level, target])).toEqual([
      ['seed', 'warned', 'anthropic:claude-sonnet-4-5'],
    ])
    expect(refused.map(({ key }) => key)).toEqual(['c', 'd'])
    expect(refused[0]?.why).toContain('anthropic-messages cannot say')
    expect(refused[1]?.why).toBe('no batch service of ollama is known')
  })

  it('never replace what is there', () => {
    write([call('a', 'openai:gpt-4o')])
    expect(() => write([call('a', 'openai:gpt-4o')])).toThrow('is there already')
  })

  it('name each key once, by an id that both services take', () => {
    const long = `${'k'.repeat(80)} openai:gpt-4o 0`
    const { files } = write([call(long, 'openai:gpt-4o'), call(long, 'openai:gpt-4o')])
    const [line, ...others] = linesOf(files[0]?.path ?? '')
    expect(others).toEqual([])
    expect(line.custom_id).toBe(batchIdOf(long))
    expect(line.custom_id).toMatch(/^[\w-]{43}$/)
    expect(batchIdOf('a-1_B')).toBe('a-1_B')
  })
})

const results = (...records: readonly unknown[]) =>
  readBatchResults(
    records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))),
  )
const openAi = (id: string, status: number, body: object) => ({
  id: `batch_req_${id}`,
  custom_id: id,
  response: { status_code: status, request_id: 'req', body },
  error: null,
})

describe('batch results', () => {
  it.each([
    ['openai-chat', (body: object) => openAi('x', 200, body)],
    ['openai-responses', (body: object) => openAi('x', 200, body)],
    [
      'anthropic-messages',
      (message: object) => ({ custom_id: 'x', result: { type: 'succeeded', message } }),
    ],
  ] as const)('of %s are answers with their usage', (dialect, wrap) => {
    const { answers, problems } = results(wrap(wireAnswers[dialect].whole))
    expect(problems).toEqual([])
    expect(answers).toMatchObject([
      {
        id: 'x',
        answer: {
          kind: 'answered',
          reply: { blocks: [{ kind: 'text', text: 'Paris is it.' }], usage: { outputTokens: 4 } },
        },
      },
    ])
  })

  const errored = (error: object) => ({ custom_id: 'x', result: { type: 'errored', error } })
  const unmade = (code: string) => ({
    custom_id: 'x',
    response: null,
    error: { code, message: 'This request could not be executed.' },
  })
  it.each([
    ['rate-limit', openAi('x', 429, { error: { message: 'slow', code: 'rate_limit_exceeded' } })],
    [
      'context-length',
      openAi('x', 400, { error: { message: 'long', code: 'context_length_exceeded' } }),
    ],
    ['server', openAi('x', 500, { error: { message: 'oops', type: 'server_error' } })],
    ['malformed', openAi('x', 200, {})],
    ['timeout', unmade('batch_expired')],
    ['cancelled', unmade('batch_cancelled')],
    [
      'bad-request',
      errored({ type: 'error', error: { type: 'invalid_request_error', message: 'no' } }),
    ],
    ['overloaded', errored({ type: 'overloaded_error', message: 'busy' })],
    ['timeout', { custom_id: 'x', result: { type: 'expired' } }],
    ['cancelled', { custom_id: 'x', result: { type: 'canceled' } }],
    ['malformed', { custom_id: 'x', result: { type: 'succeeded', message: {} } }],
  ])('are a fault "%s" of %j', (kind, record) => {
    const { answers } = results(record)
    expect(answers).toMatchObject([{ id: 'x', answer: { kind: 'failed', fault: { kind } } }])
  })

  it('locate lines that are none', () => {
    const { answers, problems } = results(
      { custom_id: 'x', method: 'POST', url: '/v1/chat/completions', body: {} },
      '',
      '{"custom_id": "y", "resp',
      { result: { type: 'expired' } },
      { custom_id: 'z' },
    )
    expect(answers).toEqual([])
    expect(problems).toEqual([
      { line: 1, reason: 'is a request: the results are in another file' },
      { line: 3, reason: 'is no JSON object' },
      { line: 4, reason: 'has no custom_id' },
      { line: 5, reason: 'is no result of a batch' },
    ])
  })

  it('find their calls again', () => {
    const keys = ['plain', 'with: colons and spaces', 'ß']
    const { files } = write(keys.map((key) => call(key, 'openai:gpt-4o')))
    const asked = linesOf(files[0]?.path ?? '')
    const body = wireAnswers['openai-chat'].whole
    const { answers } = results(
      ...asked.toReversed().map(({ custom_id }) => openAi(custom_id, 200, body)),
    )
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(keys.map(batchIdOf)))
  })
})
