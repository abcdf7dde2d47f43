import { createServer, request as openRequest, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { UserError } from '../../src/domain/user-error.ts'
import { adminToken } from '../../src/serve/admin-guard.ts'
import type { AdminPorts } from '../../src/serve/admin-ports.ts'
import { type AdminServerOptions, adminListener } from '../../src/serve/admin-server.ts'
import { listed, recordingPorts } from '../support/admin-ports.ts'
import { begun } from '../support/journal.ts'

const open: Server[] = []
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

type Asked = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An admin port on loopback, and how to ask it with any headers whatever. */
async function started(parts: Partial<AdminPorts> = {}, options: Partial<AdminServerOptions> = {}) {
  const { ports, asked } = recordingPorts(parts)
  const bugs: unknown[] = []
  const server = createServer(
    adminListener({
      host: '127.0.0.1',
      token: null,
      ports,
      onBug: (error) => void bugs.push(error),
      ...options,
    }),
  )
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}) =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
      (resolve, reject) => {
        const sent = openRequest({ port, host: '127.0.0.1', path, method, headers }, (answer) => {
          let text = ''
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += chunk
          })
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
          )
        })
        sent.on('error', reject)
        sent.end(body)
      },
    )
  const post = (path: string, body: unknown) =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { port, ask, post, asked, bugs }
}

describe('what it shows', () => {
  test.each([
    ['/', 200, 'text/html; charset=utf-8', '<h1>hi</h1>'],
    ['/events', 200, undefined, 'data: 1\n\n'],
    ['/snapshot', 200, 'application/json', '{"kind":"serve-status"}'],
    ['/metrics', 200, 'text/plain', 'up 1\n'],
    ['/health', 200, 'application/json', '{"status":"degraded","why":["disk: 1 MiB"]}'],
    ['/ready', 200, 'application/json', '{"ready":true}'],
    ['/budgets', 200, 'application/json', '{"budgets":[]}'],
    ['/intents', 200, 'application/json', '{"intents":[]}'],
    ['/breakers', 200, 'application/json', '{"breakers":[]}'],
    [
      '/trials',
      200,
      'application/json',
      '{"trials":[{"layer":"semantic","group":"faq","threshold":0.95}]}',
    ],
    ['/cache', 200, 'application/json', '{"entries":[]}'],
  ])('GET %s', async (path, status, type, text) => {
    const { ask } = await started()
    const answer = await ask(path)
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
      status,
      type,
      text,
    ])
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    const policy = path === '/' ? "default-src 'self'" : "frame-ancestors 'none'"
    expect(answer.headers['content-security-policy']).toContain(policy)
  })

  test('that it is not ready while it ends', async () => {
    const { ask } = await started({ isReady: () => false })
    expect(await ask('/ready')).toMatchObject({ status: 503, text: '{"ready":false}' })
  })

  test('what the process holds, only where it was asked for', async () => {
    const resources = { rssBytes: 1, heapUsedBytes: 1, requestsUnderWay: 0, active: {} }
    const asked: boolean[] = []
    const shown = await started({
      resources: (collects) => {
        asked.push(collects)
        return resources
      },
    })
    expect(JSON.parse((await shown.ask('/debug/resources')).text)).toEqual(resources)
    await shown.ask('/debug/resources?collect')
    expect(asked).toEqual([false, true])
    const hidden = await started()
    expect((await hidden.ask('/debug/resources')).status).toBe(404)
  })

  test('text of requests as JSON that no browser takes for a page', async () => {
    const { ask } = await started()
    const answer = await ask('/cache/req%5F1')
    expect(answer.headers['content-type']).toBe('application/json')
    const { bornMs: _, expiresAtMs: __, ...entry } = listed
    expect(JSON.parse(answer.text)).toEqual({
      entries: [
        {
          ...entry,
          facts: { ...entry.facts, tags: { release: '41' } },
          bornAt: '2026-01-01T00:00:00.000Z',
          expiresAt: null,
        },
      ],
    })
    expect((await ask('/cache/req_2')).status).toBe(404)
  })

  test('what calls of an earlier run hold back', async () => {
    const { ask } = await started({
      intents: () => [begun('req_1'), begun('req_2', { reservedNanoUsd: null })],
    })
    const told = { at: '2026-09-21T14:13:20.000Z', target: 'openai:gpt-4o-mini' }
    const spender = { user: 'ada', feature: 'chat' }
    expect(JSON.parse((await ask('/intents')).text)).toEqual({
      intents: [
        { id: 'req_1', ...told, reservedUsd: 0.002, spender },
        { id: 'req_2', ...told, reservedUsd: null, spender },
      ],
    })
  })

  test('so many entries of one namespace as are asked for', async () => {
    const { ask, asked } = await started()
    await ask('/cache?namespace=user%3A1&limit=7')
    await ask('/cache')
    expect(asked).toEqual([
      ['list', { namespace: 'user:1', limit: 7 }],
      ['list', { limit: 50 }],
    ])
    for (const limit of ['0', '1001', '-1', 'x', '1.5', ''])
      expect([limit, (await ask(`/cache?limit=${limit}`)).status]).toEqual([limit, 400])
  })
})

describe('what it changes', () => {
  test.each([
    [{ request: 'req_1' }, { kind: 'request', id: 'req_1' }],
    [{ namespace: 'a' }, { kind: 'namespace', namespace: 'a' }],
    [{ prefix: 'user:123:*' }, { kind: 'pattern', pattern: 'user:123:*' }],
    [{ feature: 'chat' }, { kind: 'field', field: 'feature', value: 'chat' }],
    [{ documentVersion: '3' }, { kind: 'field', field: 'documentVersion', value: '3' }],
    [{ tag: { name: 'env', value: 'test' } }, { kind: 'field', field: 'tag:env', value: 'test' }],
    [{ all: true }, { kind: 'all' }],
  ])('POST /cache/invalidate %j', async (body, scope) => {
    const { post, asked } = await started()
    for (const dryRun of [false, true]) {
      const { status, text } = await post('/cache/invalidate', { ...body, dryRun })
      const removed = { exact: 2, semantic: 1, bytes: 300 }
      expect([status, JSON.parse(text)]).toEqual([200, { dryRun, removed }])
    }
    await post('/cache/invalidate', body)
    expect(asked).toEqual([false, true, false].map((dryRun) => ['invalidate', scope, { dryRun }]))
  })

  test.each([
    [{}, 'nothing is named'],
    [{ dryRun: true }, 'nothing is named'],
    [{ all: true, feature: 'chat' }, 'all, feature are more than one'],
    [{ all: false }, 'all is not true'],
    [{ all: 'yes' }, 'all is not true'],
    [{ namespace: 'a', dryRun: 'false' }, 'neither true nor false'],
    [{ namespace: '' }, 'namespace is no text'],
    [{ namespace: 7 }, 'namespace is no text'],
    [{ tag: 'env=test' }, 'tag is no'],
    [{ tag: { name: 'env' } }, 'tag.value is no text'],
    [{ features: 'chat' }, '"features" is not known'],
    [{ constructor: 'chat' }, '"constructor" is not known'],
    [[1], 'no JSON object'],
    ['text', 'no JSON object'],
  ])('removes nothing for %j', async (body, told) => {
    const { post, asked } = await started()
    const { status, text } = await post('/cache/invalidate', body)
    const { error } = JSON.parse(text)
    expect([status, error.message]).toEqual([400, expect.stringContaining(told)])
    expect(error.hint).toMatch(/\w/)
    expect(asked).toEqual([])
  })

  test('a pattern that means nothing is told as the cache tells it', async () => {
    const { ports } = recordingPorts()
    const invalidate = () => {
      throw new UserError('"nobody" is no field', { hint: 'fields are user, feature' })
    }
    const { post, bugs } = await started({ cache: { ...ports.cache, invalidate } })
    expect(await post('/cache/invalidate', { prefix: 'nobody:1' })).toMatchObject({
      status: 400,
      text: '{"error":{"message":"\\"nobody\\" is no field","hint":"fields are user, feature"}}',
    })
    expect(bugs).toEqual([])
  })

  test('a call of an earlier run is given its cost, exactly', async () => {
    const { post, asked } = await started()
    expect(await post('/budgets/reconcile', { id: 'req_1', costUsd: 0.012345678 })).toMatchObject({
      status: 200,
      text: '{"reconciled":"req_1"}',
    })
    expect((await post('/budgets/reconcile', { id: 'req_2', costUsd: 0 })).status).toBe(404)
    expect(asked).toEqual([
      ['reconcile', 'req_1', 12_345_678],
      ['reconcile', 'req_2', 0],
    ])
    for (const costUsd of [-1, '0.01', null, 1e9, undefined])
      expect((await post('/budgets/reconcile', { id: 'req_1', costUsd })).status).toBe(400)
    expect((await post('/budgets/reconcile', { costUsd: 1 })).status).toBe(400)
    expect(asked).toHaveLength(2)
  })

  test('a breaker is closed again', async () => {
    const { post } = await started()
    expect((await post('/breakers/reset', { target: 'openai:gpt-4o' })).status).toBe(200)
    expect((await post('/breakers/reset', { target: 'openai:other' })).status).toBe(404)
    expect((await post('/breakers/reset', {})).status).toBe(400)
  })

  test('what audits have done to a layer is undone', async () => {
    const { post, asked } = await started()
    expect((await post('/trials/reset', { layer: 'semantic' })).status).toBe(200)
    expect((await post('/trials/reset', { layer: 'prefix' })).status).toBe(404)
    expect((await post('/trials/reset', {})).status).toBe(400)
    expect(asked).toEqual([['resetTrials', 'semantic']])
  })

  test('a policy that cannot be taken is told with its line and hint', async () => {
    const problem = { message: 'unknown key "cach"', at: 'p.yaml:3 (cach)', hint: 'cache?' }
    const { post } = await started({ reload: async () => ({ kind: 'refused', problem }) })
    const { status, text } = await post('/reload', {})
    expect([status, JSON.parse(text)]).toEqual([
      422,
      {
        error: {
          message: 'the policy was not replaced: unknown key "cach"',
          hint: 'cache?',
          at: 'p.yaml:3 (cach)',
        },
      },
    ])
  })
})

describe('whom it answers', () => {
  test.each([
    ['127.0.0.1:4142', 200],
    ['localhost', 200],
    ['LOCALHOST:9', 200],
    ['[::1]:4142', 200],
    ['192.168.1.7:4142', 200],
    ['evil.example', 421],
    ['localhost.evil.example:4142', 421],
    ['127.0.0.1.evil.example', 421],
    ['evil.example@127.0.0.1', 421],
    ['127.0.0.1, evil.example', 421],
  ])('a page that came by the name %s: %i', async (host, status) => {
    const { ask } = await started()
    for (const path of ['/', '/snapshot', '/events', '/cache', '/ready'])
      expect([path, (await ask(path, { headers: { host } })).status]).toEqual([path, status])
  })

  test('nobody without a name at all', async () => {
    const { port } = await started()
    const text = await new Promise<string>((resolve) => {
      let said = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /cache HTTP/1.0\r\n\r\n'))
      socket.on('data', (chunk) => {
        said += chunk.toString()
      })
      socket.on('close', () => resolve(said))
    })
    expect(text).toMatch(/^HTTP\/1\.1 421 /)
  })

  test.each([
    ['http://127.0.0.1:PORT', 200],
    ['http://127.0.0.1:1', 403],
    ['https://evil.example', 403],
    ['null', 403],
    ['', 403],
  ])('a page of the origin %s: %i', async (origin, status) => {
    const { port, ask, asked } = await started()
    const headers = { origin: origin.replace('PORT', `${port}`) }
    const json = { ...headers, 'content-type': 'application/json' }
    const body = '{"all":true}'
    const answer = await ask('/cache/invalidate', { method: 'POST', headers: json, body })
    expect(answer.status).toBe(status)
    expect(asked).toHaveLength(status === 200 ? 1 : 0)
    expect((await ask('/snapshot', { headers })).status).toBe(status)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'no form that sends %s',
    async (type) => {
      const { ask, asked } = await started()
      const headers = { 'content-type': type }
      const answer = await ask('/cache/invalidate', {
        method: 'POST',
        headers,
        body: '{"all":true}',
      })
      expect(answer.status).toBe(415)
      expect(asked).toEqual([])
    },
  )

  test('no preflight, so that no other page may send JSON', async () => {
    const { ask } = await started()
    const headers = { 'access-control-request-method': 'POST' }
    const answer = await ask('/cache/invalidate', { method: 'OPTIONS', headers })
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, POST'])
  })
})

describe('with a token', () => {
  const token = 'a-token-of-some-length'
  const withToken = () => started({}, { token })
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  test.each([
    [`Bearer ${token}`, 200],
    [`bearer  ${token}`, 200],
    [`Bearer ${token}x`, 401],
    [`Bearer ${token.slice(1)}`, 401],
    [token, 401],
    ['Bearer', 401],
    [basic(`anybody:${token}`), 200],
    [basic(`${token}:`), 401],
    [undefined, 401],
  ])('%s: %i', async (authorization, status) => {
    const { ask } = await withToken()
    const headers = authorization === undefined ? {} : { authorization }
    for (const path of ['/', '/events', '/snapshot', '/metrics', '/health', '/cache'])
      expect([path, (await ask(path, { headers })).status]).toEqual([path, status])
  })

  test('is asked of a browser, and not to learn that the gateway is ready', async () => {
    const { ask } = await withToken()
    expect((await ask('/')).headers['www-authenticate']).toMatch(/^Basic /)
    expect((await ask('/ready')).status).toBe(200)
  })

  test('the name does not matter to who shows it', async () => {
    const { ask } = await withToken()
    const headers = { host: 'llmcost.internal:4142', authorization: `Bearer ${token}` }
    expect((await ask('/metrics', { headers })).status).toBe(200)
    expect((await ask('/ready', { headers: { host: headers.host } })).status).toBe(421)
  })

  test('is demanded where others than this machine can connect', () => {
    for (const host of ['127.0.0.1', '::1', 'localhost']) expect(adminToken(host, {})).toBeNull()
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'llmcost.internal']) {
      expect(() => adminToken(host, {})).toThrow('needs a token')
      expect(() => adminToken(host, { LLMCOST_ADMIN_TOKEN: '' })).toThrow('needs a token')
    }
    expect(() => adminToken('::', { LLMCOST_ADMIN_TOKEN: 'short' })).toThrow('shorter than 16')
    expect(adminToken('::', { LLMCOST_ADMIN_TOKEN: token })).toBe(token)
  })
})

describe('what it refuses', () => {
  test('other paths and methods, with a hint', async () => {
    const { ask, post, asked } = await started()
    for (const path of ['/nowhere', '//', '/cache/a/b', '/cache/%zz', '/v1/models', '/../etc'])
      expect([path, (await ask(path)).status]).toEqual([path, 404])
    expect(await ask('/cache', { method: 'DELETE' })).toMatchObject({ status: 405 })
    expect((await ask('/reload')).headers['allow']).toBe('POST')
    expect((await post('/health', {})).headers['allow']).toBe('GET')
    expect(JSON.parse((await ask('/nowhere')).text)).toEqual({
      error: { message: 'there is no page /nowhere', hint: expect.stringContaining('/health') },
    })
    expect(asked).toEqual([])
  })

  test('bodies over 64 kB, whether or not they say so', async () => {
    const { ask, asked } = await started()
    const body = JSON.stringify({ namespace: 'x'.repeat(65_536) })
    const headers = { 'content-type': 'application/json' }
    const whole = await ask('/cache/invalidate', { method: 'POST', headers, body })
    expect(whole.status).toBe(413)
    const chunked = { ...headers, 'transfer-encoding': 'chunked' }
    expect(
      (await ask('/cache/invalidate', { method: 'POST', headers: chunked, body })).status,
    ).toBe(413)
    expect(asked).toEqual([])
  })

  test('to say more of a mistake of its own than that there was one', async () => {
    const { ask, bugs } = await started({
      snapshot: () => {
        throw new Error('a secret')
      },
    })
    const { status, text } = await ask('/snapshot')
    expect([status, text.includes('secret')]).toEqual([500, false])
    expect(bugs).toHaveLength(1)
  })

  test('nothing more of who leaves while they send', async () => {
    const { port, ask, bugs } = await started()
    await new Promise<void>((resolve) => {
      const head = 'POST /reload HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json'
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(`${head}\r\ncontent-length: 100\r\n\r\n{"a`, () => socket.destroy())
      })
      socket.on('close', () => resolve())
    })
    expect((await ask('/health')).status).toBe(200)
    expect(bugs).toEqual([])
  })
})
