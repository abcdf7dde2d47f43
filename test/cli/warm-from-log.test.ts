import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ServeFlags } from '../../src/cli/serve.ts'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { newTerminal, removeTerminals } from '../support/cli.ts'
import { type StartedServe, startedServe } from '../support/running-serve.ts'
import { writeLog } from '../support/write-log.ts'

let mock: MockServer
const open: StartedServe[] = []
beforeEach(async () => {
  mock = await startMockServer({ settings: defaultMockSettings })
})
afterEach(async () => {
  for (const { serve } of open.splice(0)) await serve.close(0)
  await mock.close()
  removeTerminals()
})

const shared = `
cache:
  namespace: shared
  semantic: { threshold: 0.6 }
`

const logged = (minutesAgo: number, prompt: string, rest: object = {}) => ({
  at: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
  provider: 'openai',
  model: 'gpt-4o-mini',
  latencyMs: 800,
  usage: { inputTokens: 100, outputTokens: 10 },
  prompt,
  answer: { text: `From the log: ${prompt}`, finishReason: 'stop' },
  ...rest,
})

const asking = (content: string) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content }],
})

const logOf = (records: readonly ReturnType<typeof logged>[]): string =>
  writeLog(newTerminal(), records)

async function started(policy: string, warmFromLog: string[], flags: ServeFlags = {}) {
  const env = { OPENAI_BASE_URL: `${mock.url}/v1` }
  const serve = await startedServe({ env, policy, flags: { ...flags, warmFromLog } })
  open.push(serve)
  return serve
}

async function answered({ ask }: StartedServe, content: string) {
  const response = await ask(asking(content))
  const body = (await response.json()) as {
    readonly choices: readonly [{ readonly message: { readonly content: string } }]
  }
  return [response.headers.get('x-llmcost-cache'), body.choices[0].message.content]
}

describe('a gateway that is warmed from a log', () => {
  test('answers from both layers before any model was asked', async () => {
    const log = logOf([logged(10, 'How long do refunds take at your shop?')])
    const serve = await started(shared, [log])
    const text = 'From the log: How long do refunds take at your shop?'
    expect(await answered(serve, 'How long do refunds take at your shop?')).toEqual([
      'hit-exact',
      text,
    ])
    expect(await answered(serve, 'How long do refunds take at your shop, please?')).toEqual([
      'hit-semantic',
      text,
    ])
    expect(serve.terminal.err()).toContain(
      'cache: 1 answers of the log taken over (1 exact and 1 semantic entries now)',
    )
    // The same paths as for answers of its own: an id, an age, and nothing to pay.
    const { entries } = (await (await fetch(`${serve.serve.gateway.adminUrl}/cache`)).json()) as {
      readonly entries: readonly { readonly id: string; readonly ageMs: number }[]
    }
    expect(entries.map(({ id }) => id.startsWith('log_'))).toEqual([true, true])
    expect(entries.every(({ ageMs }) => ageMs >= 10 * 60_000 - 800)).toBe(true)
  })

  test('says what it left out: too old, ruled out, without words', async () => {
    const log = logOf([
      logged(60 * 48, 'What was it two days ago?'),
      logged(5, 'Where is my order?'),
      logged(4, 'Cut off', { answer: { text: 'It is', finishReason: 'length' } }),
      logged(3, 'Kept?'),
    ])
    const serve = await started(shared, [log])
    const err = serve.terminal.err()
    expect(err).toContain('cache: 1 answers of the log taken over')
    expect(err).toContain('1 older than their time to live')
    expect(err).toContain('1 without a whole answer in words')
    expect(err).toContain('1 ruled out by the policy')
    expect((await answered(serve, 'Where is my order?'))[0]).toBe('bypass')
    expect((await answered(serve, 'Kept?'))[0]).toBe('hit-exact')
  })

  test('keeps to the namespace: nobody is served what another user asked', async () => {
    const log = logOf([logged(5, 'What is a heap?', { user: 'ann' })])
    const serve = await started('cache: { namespace: [user] }\n', [log])
    const as = async (user: string) => {
      const answer = await serve.ask({ ...asking('What is a heap?'), user })
      await answer.text()
      return answer.headers.get('x-llmcost-cache')
    }
    expect([await as('bob'), await as('ann')]).toEqual(['miss', 'hit-exact'])
  })

  test('takes nothing that redaction has altered or would alter', async () => {
    const log = logOf([
      logged(5, 'Write to ann@example.com'),
      logged(4, 'Whom do I write to?', { answer: { text: 'ann@example.com' } }),
      logged(3, 'What is a heap?'),
    ])
    const serve = await started(`${shared}privacy: { redact: true }\n`, [log])
    expect(serve.terminal.err()).toContain('cache: 1 answers of the log taken over')
    expect((await answered(serve, 'Whom do I write to?'))[0]).toBe('miss')
  })

  test('warms from the store, and from the same log again, without mixing answers up', async () => {
    const first = await started(shared, [logOf([logged(9, 'What is a heap?')])])
    await first.serve.close(0)
    open.splice(0)
    const { terminal, path } = first
    const { startServe } = await import('../../src/cli/start-serve.ts')
    const flags = { port: 0, adminPort: 0, policy: [path] }
    terminal.clear()
    const again = await startServe({ ...flags, warmFromLog: ['store'] }, terminal)
    expect(terminal.err()).toContain(
      'cache: 0 answers of the log taken over (1 exact and 1 semantic',
    )
    expect(terminal.err()).toContain('1 in the cache already')
    await again.close(0)
  })

  test('refuses what cannot be meant', async () => {
    const log = logOf([logged(1, 'a')])
    await expect(
      started('cache: { exact: off, semantic: { on: false } }\n', [log]),
    ).rejects.toThrow('no cache to warm')
    await expect(started(shared, [log, 'store'])).rejects.toThrow('or the word store')
  })
})
