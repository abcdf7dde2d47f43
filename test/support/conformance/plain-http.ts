import { Agent } from 'node:http'
import { expect, test } from 'vitest'
import { headerOf, sendText } from '../gateways/fixture-upstream.ts'
import { type Harness, until } from '../gateways/harness.ts'
import { ask, exchange, openConnection } from '../gateways/http-client.ts'
import { chatWire } from '../gateways/wires.ts'
import { answer, fixtureStands, question } from './stand.ts'

const whole = chatWire.whole({ text: answer, model: chatWire.model })
const body = JSON.stringify(chatWire.ask(question))

/** What HTTP itself asks of a server in the middle. */
export function describePlainHttp(harness: Harness): void {
  const startStand = fixtureStands(harness)
  const startPlain = () => startStand((response) => sendText(response, 200, whole))

  test('connections are used again, on both sides', async () => {
    const { url, upstream } = await startPlain()
    const agent = new CountingAgent({ keepAlive: true, maxSockets: 1 })
    for (let turn = 0; turn < 20; turn++)
      expect((await ask(`${url}${chatWire.path}`, { body, agent })).text).toBe(whole)
    agent.destroy()
    expect(agent.opened).toBe(1)
    expect(upstream.received).toHaveLength(20)
    expect(upstream.connections()).toBeLessThanOrEqual(2)
  })

  test('requests that are sent without waiting are answered in their order', async () => {
    const { url } = await startStand((response, { path }) =>
      sendText(response, 200, JSON.stringify({ path })),
    )
    const get = (path: string, connection: string) =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`
    const got = await exchange(url, get('/v1/files/a', 'keep-alive') + get('/v1/files/b', 'close'))
    expect(got.match(/\/v1\/files\/[ab]/g)).toEqual(['/v1/files/a', '/v1/files/b'])
  })

  test('a body that comes in chunks of unknown length arrives whole', async () => {
    const { url, upstream } = await startPlain()
    const chunks = (body.match(/.{1,20}/gs) ?? []).map(
      (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`,
    )
    const head = `POST ${chatWire.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
    const got = await exchange(
      url,
      `${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunks.join('')}0\r\n\r\n`,
    )
    expect(got).toMatch(/^HTTP\/1.1 200 /)
    expect(upstream.received.map((each) => each.body.toString())).toEqual([body])
  })

  test('a client that asks before it sends its body is told to go on', async () => {
    const { url, upstream } = await startPlain()
    const connection = await openConnection(url)
    connection.write(
      `POST ${chatWire.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
    )
    await until('it is told to go on', () => connection.heard().includes('100 Continue'))
    connection.write(body)
    await connection.closed
    expect(connection.heard()).toContain('HTTP/1.1 200 ')
    expect(upstream.received).toHaveLength(1)
  })

  test('other paths of a provider are passed on, whatever the method', async () => {
    const { url, upstream } = await startStand((response, { method }) =>
      sendText(response, method === 'DELETE' ? 404 : 200, `{"method":"${method}"}`),
    )
    const multipart = Buffer.from(
      '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n\xff\x00\r\n--x--',
    )
    const type = 'multipart/form-data; boundary=x'
    const got = [
      await ask(`${url}/v1/files?limit=2&after=a%2Fb`),
      await ask(`${url}/v1/responses/resp_1`, { method: 'DELETE' }),
      await ask(`${url}/v1/files`, { headers: { 'content-type': type }, body: multipart }),
    ]
    expect(got.map(({ status, text }) => `${status} ${text}`)).toEqual([
      '200 {"method":"GET"}',
      '404 {"method":"DELETE"}',
      '200 {"method":"POST"}',
    ])
    expect(upstream.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/files?limit=2&after=a%2Fb',
      'DELETE /v1/responses/resp_1',
      'POST /v1/files',
    ])
    expect(upstream.received[2]?.body).toEqual(multipart)
    expect(headerOf(upstream.received[2] ?? { headers: [] }, 'content-type')).toBe(type)
  })

  test('an answer without a body ends', async () => {
    const { url } = await startStand((response) => void response.writeHead(204).end())
    expect(await ask(`${url}/v1/files/a`, { method: 'DELETE' })).toMatchObject({
      status: 204,
      text: '',
      isWhole: true,
    })
  })

  test.each(['HEAD', 'OPTIONS', 'GET', 'POST'])(
    '%s is answered wherever it asks, and the connection lives on',
    async (method) => {
      const { url } = await startStand((response, received) =>
        sendText(response, 404, received.method === 'HEAD' ? '' : '{"error":{"message":"no"}}'),
      )
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (const path of ['/', '/v2/nothing', '/favicon.ico', '/v1/models']) {
        const got = await ask(`${url}${path}`, { method, agent })
        expect(got.isWhole).toBe(true)
        expect(got.status).toBeGreaterThanOrEqual(200)
        expect(got.status).toBeLessThan(500)
        if (method === 'HEAD') expect(got.body).toHaveLength(0)
        else if (got.status >= 400) expect(JSON.parse(got.text).error.message).toMatch(/\w/)
      }
      agent.destroy()
    },
  )
}

class CountingAgent extends Agent {
  opened = 0

  override createConnection(...given: Parameters<Agent['createConnection']>) {
    this.opened++
    return super.createConnection(...given)
  }
}
