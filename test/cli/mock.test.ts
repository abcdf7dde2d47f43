import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'

afterEach(removeTerminals)

/** `llmcost mock` on a free port, until Ctrl-C. */
async function startedMock(
  argv: (folder: string) => readonly string[],
  work: (url: string) => Promise<void>,
) {
  const terminal = newTerminal()
  let interrupt = () => {}
  const listening = {
    ...terminal,
    onInterrupt: (listener: () => void) => {
      interrupt = listener
      return () => {}
    },
  }
  const ended = run(['mock', '--port', '0', ...argv(terminal.folder)], listening)
  let isOver = false
  void ended.finally(() => {
    isOver = true
  })
  while (!terminal.out().includes('ANTHROPIC_BASE_URL') && !isOver)
    await new Promise((resolve) => setImmediate(resolve))
  const [, url = ''] = /OPENAI_BASE_URL=(\S+)\/v1\n/.exec(terminal.out()) ?? []
  try {
    if (!isOver) await work(url)
  } finally {
    interrupt()
  }
  return { code: await ended, out: terminal.out(), err: terminal.err() }
}

const ask = async (url: string, content: string, model = 'gpt-4o') => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const messages = [{ role: 'user' as const, content }]
  const { choices } = await client.chat.completions.create({ model, messages })
  return choices[0]?.message.content
}

test('prints the base URLs alone on stdout, serves until Ctrl-C, and frees the port', async () => {
  let served = ''
  const { code, out, err } = await startedMock(
    () => ['--verbose'],
    async (url) => {
      served = url
      expect(await ask(url, 'hello')).toMatch(/\w/)
    },
  )
  expect(code).toBe(0)
  expect(out).toBe(`OPENAI_BASE_URL=${served}/v1\nANTHROPIC_BASE_URL=${served}\n`)
  expect(err).toMatch(/^POST \/v1\/chat\/completions 200 gpt-4o answered [\d.]+ ms$/m)
  expect(err).toContain('1 call: 0 failed, 0 left by the caller')
  await expect(fetch(served)).rejects.toThrow()
})

test('--echo repeats the answers of a log, by conversation, else by question', async () => {
  const record = (messages: object[], answer: string) =>
    JSON.stringify({
      request: { model: 'gpt-4o', messages },
      response: {
        id: `chatcmpl-${answer.length}`,
        object: 'chat.completion',
        model: 'gpt-4o',
        choices: [{ message: { role: 'assistant', content: answer }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      },
    })
  const user = (content: string) => ({ role: 'user', content })
  const log = [
    record([user('Where is my parcel?')], 'On its way.'),
    record(
      [user('Hi'), { role: 'assistant', content: 'Hello!' }, user('Where is my parcel?')],
      'Which one?',
    ),
  ].join('\n')
  await startedMock(
    (folder) => {
      const path = join(folder, 'log.jsonl')
      writeFileSync(path, `${log}\n`)
      return ['--echo', path]
    },
    async (url) => {
      expect(await ask(url, ' Where is  my parcel?', 'another-model')).toBe('On its way.')
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' })
      const got = await client.chat.completions.create({
        model: 'gpt-4o',
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hello!' },
          { role: 'user', content: [{ type: 'text', text: 'Where is my parcel?' }] },
        ],
      })
      expect(got.choices[0]?.message.content).toBe('Which one?')
      expect(await ask(url, 'something else')).not.toMatch(/way|one\?/)
    },
  )
})

test('flags go before the file of settings', async () => {
  const file = `
accuracy: 1
faults: { 500: 1 }
models:
  - match: mini-*
    faults: { 503: 1 }
    latency: { p50Ms: 5 }
script:
  - when: refund
    answer: Within 30 days.
`
  await startedMock(
    (folder) => {
      const path = join(folder, 'mock.yaml')
      writeFileSync(path, file)
      return ['--config', path, '--error-rate', '429=100%']
    },
    async (url) => {
      expect(await ask(url, 'a refund?')).toBe('Within 30 days.')
      await expect(ask(url, 'else')).rejects.toMatchObject({ status: 429 })
      await expect(ask(url, 'else', 'mini-4')).rejects.toMatchObject({ status: 503 })
    },
  )
})

describe('mistakes', () => {
  test.each([
    [['--error-rate', 'nonsense=0.5'], 'nonsense'],
    [['--error-rate', '429=0.7,500=0.7'], 'sum to more than 1'],
    [['--latency', '900,300'], 'p95Ms is at least p50Ms'],
    [['--rate-limit', '60'], '60/min'],
    [['--accuracy', '2'], '64%'],
    [['--config', 'nowhere.yaml'], 'no such file'],
    [['--echo', 'nowhere.jsonl'], 'nowhere.jsonl'],
  ])('%j', async (flags, told) => {
    const { code, err } = await runIn(newTerminal(), 'mock', '--port', '0', ...flags)
    expect(code).toBe(2)
    expect(err).toContain(told)
  })
})
