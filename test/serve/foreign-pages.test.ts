import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'

const started = (policy = {}) =>
  startFixtureGateway((response) => sendText(response, 200, completion('Hello')), policy)

/** As `fetch` will not: under another name of the gateway's address. */
function askAs(url: string, host: string, method = 'POST', headers = {}) {
  const { port } = new URL(url)
  const path = '/v1/chat/completions'
  return new Promise<{ status: number; text: string; headers: object }>((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, method, headers: { host, ...headers } })
    asked.on('error', reject)
    asked.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers })
      })
    })
    asked.end(method === 'POST' ? JSON.stringify(asking('Hi')) : undefined)
  })
}

describe('without keys of its own', () => {
  test.each(['evil.example', 'evil.example:4141', '127.0.0.1.evil.example', 'localhost.evil'])(
    'a page that leads its own name here is refused: %s',
    async (host) => {
      const { gateway, upstream } = await started()
      const { status, text } = await askAs(gateway.url, host)
      expect(status).toBe(403)
      expect(text).toContain('localhost')
      expect(upstream.received).toEqual([])
    },
  )

  test.each([
    '127.0.0.1:4141',
    'localhost',
    'LOCALHOST:80',
    '[::1]:4141',
    '192.168.1.5',
    'llm.localhost',
    'host.docker.internal:4141',
  ])('a name that no page can choose is answered: %s', async (host) => {
    const { gateway } = await started()
    expect((await askAs(gateway.url, host)).status).toBe(200)
  })
})

test('with keys any name will do', async () => {
  const { gateway } = await started({
    serve: { keys: [{ name: 'a', sha256: '2'.repeat(64) }] },
  })
  expect((await askAs(gateway.url, 'llm.example.com')).status).toBe(401)
})

test.each([{}, { origin: 'https://evil.example' }, { origin: 'http://localhost:3000' }])(
  'who asks what a page may do is told that this is no API for pages: %j',
  async (origin) => {
    const { gateway, upstream } = await started()
    const asked = { ...origin, 'access-control-request-method': 'POST' }
    const { status, text, headers } = await askAs(gateway.url, '127.0.0.1', 'OPTIONS', asked)
    expect(status).toBe(405)
    expect(headers).toMatchObject({ allow: expect.stringContaining('POST') })
    expect(JSON.stringify(headers)).not.toContain('access-control')
    expect(text).toMatch(/page/)
    expect(upstream.received).toEqual([])
  },
)
