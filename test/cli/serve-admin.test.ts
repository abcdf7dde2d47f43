import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { run } from '../../src/cli/main.ts'
import type { AdminPorts } from '../../src/serve/admin-ports.ts'
import { adminListener } from '../../src/serve/admin-server.ts'
import { openLiveStats } from '../../src/serve/live-stats.ts'
import { listed, recordingPorts } from '../support/admin-ports.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { begun } from '../support/journal.ts'
import { gatewayState, policyFacts } from '../support/live-stats.ts'
import { startedServe, until } from '../support/running-serve.ts'

const open: Server[] = []
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  removeTerminals()
})

/** An admin port with given answers, and `llmcost serve …` asked of it. */
async function listening(parts: Partial<AdminPorts> = {}, token: string | null = null) {
  const { ports, asked } = recordingPorts(parts)
  const onBug = (error: unknown) => {
    throw error
  }
  const server = createServer(adminListener({ host: '127.0.0.1', token, ports, onBug }))
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = String((server.address() as AddressInfo).port)
  const serve = (...argv: readonly string[]) =>
    runIn(newTerminal(), 'serve', ...argv, '--admin-port', port)
  return { port, serve, asked }
}

/** A gateway that has done nothing yet. */
const idle = openLiveStats({
  policy: policyFacts({ source: null }),
  now: () => Date.UTC(2026, 9, 31),
  state: gatewayState,
}).snapshot()

describe('status', () => {
  test('of a gateway that runs, wherever its flags stand', async () => {
    const { serve, path, terminal } = await startedServe({ env: {} })
    const port = new URL(serve.gateway.adminUrl).port
    const { fingerprint } = serve.gateway.state()
    for (const argv of [
      ['status', '--admin-port', port],
      ['--admin-port', port, 'status'],
    ]) {
      const { code, out } = await runIn(newTerminal(), 'serve', ...argv)
      expect(code).toBe(0)
      expect(out).toContain(fingerprint)
      expect(out.replaceAll(/\s+/g, '')).toContain(path)
    }
    const json = await runIn(terminal, 'serve', 'status', '--format', 'json', '--admin-port', port)
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'serve-status', version: 1 })
    await serve.close(0)
  })

  test('is read where the policy file has the gateway listen, be the file broken', async () => {
    const { port } = await listening({ snapshot: () => idle })
    const terminal = newTerminal()
    const path = join(terminal.folder, 'llmcost.yaml')
    writeFileSync(path, `nonsense: 1\nserve: { adminPort: ${port} }\n`)
    const { code, out } = await runIn(terminal, 'serve', 'status', '--policy', path)
    expect([code, out]).toEqual([0, expect.stringContaining(idle.policy.fingerprint)])
    const named = { ...newTerminal({ env: { LLMCOST_POLICY: path } }) }
    expect((await runIn(named, 'serve', 'status')).code).toBe(0)
  })

  test('tells what is wrong, without what a log could do to a terminal', async () => {
    const health = {
      ...idle.health,
      status: 'degraded',
      problems: [`upstream: ${listed.namespace}`],
    }
    const { serve } = await listening({ snapshot: () => ({ ...idle, health }) })
    const { out } = await serve('status')
    expect(out).toContain('degraded')
    expect(out).toContain('upstream: a b')
  })

  test('is shown again and again until Ctrl-C, also while the gateway restarts', async () => {
    const { port } = await listening({ snapshot: () => idle })
    const terminal = newTerminal()
    let interrupt = () => {}
    const watching = {
      ...terminal,
      onInterrupt: (listener: () => void) => {
        interrupt = listener
        return () => {}
      },
    }
    const argv = ['serve', 'status', '--watch', '--format', 'json', '--admin-port', port]
    const ended = run(argv, watching)
    await until(() => terminal.out() !== '')
    const [server] = open.splice(0)
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    await until(() => terminal.err().includes('no gateway answers'))
    interrupt()
    expect(await ended).toBe(0)
    expect(terminal.out()).toMatch(/^\{"kind":"serve-status".*\}\n/)
  })
})

describe('the cache', () => {
  test('is listed, without what a log could do to a terminal', async () => {
    const { ports } = recordingPorts()
    const { serve } = await listening({ cache: { ...ports.cache, list: () => [listed] } })
    const { out } = await serve('cache', 'list')
    expect(out).toMatch(/req_1 +exact +a b +2026-01-01T00:00:00.000Z .*3 +812/)
    const json = await serve('cache', 'list', '--format', 'json')
    expect(JSON.parse(json.out)).toMatchObject({
      kind: 'serve-cache',
      version: 1,
      entries: [{ id: 'req_1', hits: 3, expiresAt: null }],
    })
  })

  test('is listed by namespace, and says so when nothing is there', async () => {
    const { serve, asked } = await listening()
    const { out } = await serve('cache', 'list', '--namespace', 'user:a b', '--limit', '3')
    expect(out).toBe('no cached answers\n')
    expect(asked).toEqual([['list', { namespace: 'user:a b', limit: 3 }]])
  })

  test('shows an entry with all that is told of it', async () => {
    const { serve } = await listening()
    const { out } = await serve('cache', 'show', 'req_1')
    expect(out).toMatch(/^namespace {2}a b$/m)
    expect(out).toMatch(/^user {7}<\/script><b>$/m)
    expect(out).toMatch(/^tags {7}\{"release":"41"\}$/m)
    expect(out).toMatch(/^expiresAt {2}–$/m)
    const none = await serve('cache', 'show', 'a/b?c')
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining('there is no cached answer of a/b?c\nhint:  `llmcost serve cache'),
    ])
  })

  test.each([
    [['--request', 'req_1'], { kind: 'request', id: 'req_1' }],
    [['--namespace', 'n'], { kind: 'namespace', namespace: 'n' }],
    [['--prefix', 'user:123:*'], { kind: 'pattern', pattern: 'user:123:*' }],
    [['--tag', 'release=4=1'], { kind: 'field', field: 'tag:release', value: '4=1' }],
    [['--feature', 'f'], { kind: 'field', field: 'feature', value: 'f' }],
    [['--document-version', '2'], { kind: 'field', field: 'documentVersion', value: '2' }],
    [['--all'], { kind: 'all' }],
  ])('loses what is named: %j', async (flags, scope) => {
    const { serve, asked } = await listening()
    const counted = await serve('cache', 'invalidate', ...flags, '--dry-run')
    const counts = '2 exact entries and 1 semantic entry'
    expect([counted.code, counted.out]).toEqual([0, `${counts} would be removed\n`])
    expect((await serve('cache', 'invalidate', ...flags)).out).toBe(`${counts} removed\n`)
    expect(asked).toEqual([true, false].map((dryRun) => ['invalidate', scope, { dryRun }]))
  })

  test.each([
    [[], 'say what to invalidate'],
    [['--dry-run'], 'say what to invalidate'],
    [['--all', '--feature', 'f'], 'one of --request'],
    [['--tag', 'release'], 'NAME=VALUE'],
    [['--namespace', ''], 'namespace is no text'],
  ])('loses nothing for %j', async (flags, told) => {
    const { serve, asked } = await listening()
    const { code, err } = await serve('cache', 'invalidate', ...flags)
    expect([code, err]).toEqual([2, expect.stringContaining(told)])
    expect(asked).toEqual([])
  })
})

describe('budgets', () => {
  const budget = {
    budget: 'per user',
    member: 'ada',
    window: 'day',
    limitUsd: 5,
    spentUsd: 1.25,
    reservedUsd: 0,
    action: 'block',
    resetsAt: null,
  }
  test('are shown, with the calls that may have been billed', async () => {
    const { serve } = await listening({ budgets: () => [budget], intents: () => [begun('req_1')] })
    const { out } = await serve('budgets')
    expect(out).toMatch(/per user +ada +day +1\.25 +0 +5 +block/)
    expect(out).toContain('1 call may have been billed')
    expect(out).toMatch(/req_1 .* openai:gpt-4o-mini +0\.002/)
    const json = await serve('budgets', '--format', 'json')
    expect(JSON.parse(json.out)).toMatchObject({ budgets: [budget], intents: [{ id: 'req_1' }] })
  })

  test('may be none', async () => {
    const { serve } = await listening()
    expect((await serve('budgets')).out).toBe('the policy has no budgets\n')
  })

  test('are told what a call of theirs cost', async () => {
    const { serve, asked } = await listening()
    const { out } = await serve('budgets', 'reconcile', 'req_1', '--cost', '0.01')
    expect(out).toBe('req_1 counts $0.01 from now on\n')
    expect(asked).toEqual([['reconcile', 'req_1', 10_000_000]])
    const other = await serve('budgets', 'reconcile', 'req_2', '--cost', '0')
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('no open call req_2')])
    const none = await serve('budgets', 'reconcile', 'req_1')
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('say what the call cost')])
  })
})

describe('breakers', () => {
  test('are shown and reset', async () => {
    const breaker = { target: 'openai:gpt-4o', state: 'open', failures: 5 } as const
    const { serve } = await listening({
      breakers: () => [{ ...breaker, nextTryAt: '2026-01-01T00:00:00.000Z' }],
    })
    expect((await serve('breakers')).out).toMatch(/openai:gpt-4o +open +5 +2026-01-01T00:00:00/)
    const reset = await serve('breakers', 'reset', 'openai:gpt-4o')
    expect(reset.out).toBe('openai:gpt-4o is asked again\n')
    expect((await serve('breakers', 'reset', 'openai:x')).err).toContain('no breaker of openai:x')
  })
})

describe('trials', () => {
  test('are shown and reset', async () => {
    const { serve, asked } = await listening()
    expect((await serve('trials')).out).toMatch(/semantic +faq .*0\.95/)
    expect((await serve('trials', 'reset', 'semantic')).out).toBe(
      'semantic: as the policy has it, and counted anew\n',
    )
    expect(asked).toEqual([['resetTrials', 'semantic']])
    expect((await serve('trials', 'reset', 'prefix')).err).toContain('no layer prefix')
  })
})

test('reload says which policy is in force, or what keeps the new one from it', async () => {
  const { serve: running, path } = await startedServe({ env: {} })
  const port = new URL(running.gateway.adminUrl).port
  const reload = () => runIn(newTerminal(), 'serve', 'reload', '--admin-port', port)
  expect((await reload()).out).toContain('the file says nothing else')
  writeFileSync(path, 'coalesce: yes please\n')
  const broken = await reload()
  expect([broken.code, broken.err]).toEqual([
    2,
    expect.stringMatching(
      /^error: the policy was not replaced: .* at .*llmcost\.yaml:1 \(coalesce\)/,
    ),
  ])
  writeFileSync(path, 'coalesce: true\n')
  expect((await reload()).out).toMatch(/^policy \w{16} is in force, in place of \w{16}\n$/)
  await running.close(0)
})

describe('no gateway', () => {
  test('at a port where nobody listens', async () => {
    const { port } = await listening()
    const [server] = open.splice(0)
    await new Promise((resolve) => server?.close(resolve))
    for (const argv of [['status'], ['cache', 'list'], ['budgets'], ['breakers'], ['reload']]) {
      const { code, err } = await runIn(newTerminal(), 'serve', ...argv, '--admin-port', port)
      expect([argv, code, err]).toEqual([
        argv,
        2,
        `error: no gateway answers at http://127.0.0.1:${port} (ECONNREFUSED)\nhint:  start one with \`llmcost serve\`, or name the admin port of the one that runs with --admin-port\n`,
      ])
    }
  })

  test.each([
    [
      'something else',
      (response: { end(text: string): void }) => response.end('<html>hello</html>'),
    ],
    ['the data port', (response: { end(text: string): void }) => response.end('{"error":"no"')],
  ])('at a port where %s listens', async (_, answer) => {
    const server = createServer((__, response) => answer(response))
    open.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = String((server.address() as AddressInfo).port)
    const { code, err } = await runIn(newTerminal(), 'serve', 'status', '--admin-port', port)
    expect([code, err]).toEqual([2, expect.stringContaining('is not the admin port of llmcost')])
  })

  test('at a port that breaks off', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    })
    open.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = String((server.address() as AddressInfo).port)
    const { code, err } = await runIn(newTerminal(), 'serve', 'status', '--admin-port', port)
    expect([code, err]).toEqual([2, expect.stringContaining('no gateway answers')])
  })

  test('answers without its token', async () => {
    const token = 'a-token-of-some-length'
    const { port } = await listening({}, token)
    const argv = ['serve', 'breakers', '--admin-port', port]
    const without = await runIn(newTerminal(), ...argv)
    expect([without.code, without.err]).toEqual([2, expect.stringContaining('LLMCOST_ADMIN_TOKEN')])
    const terminal = newTerminal({ env: { LLMCOST_ADMIN_TOKEN: token } })
    expect((await runIn(terminal, ...argv)).code).toBe(0)
  })
})

test.each([
  'status',
  'cache',
  'cache list',
  'cache show',
  'cache invalidate',
  'budgets',
  'budgets reconcile',
  'breakers',
  'breakers reset',
  'trials',
  'trials reset',
  'reload',
])('the help of serve %s has examples', async (words) => {
  const { code, out } = await runIn(newTerminal(), 'serve', ...words.split(' '), '--help')
  expect(code).toBe(0)
  expect(out).toMatch(/Examples?:\n {2}llmcost serve /)
})
