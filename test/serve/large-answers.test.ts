import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FixtureUpstream, startFixtureUpstream } from '../support/gateways/fixture-upstream.ts'
import { openAnswer } from '../support/gateways/http-client.ts'
import { chatWire } from '../support/gateways/wires.ts'
import { startLiveGateway } from '../support/live-gateway.ts'

/** Many times what a connection takes before it asks its writer to wait. */
const bytes = 8e6
const { start, content, end } = chatWire.events({ text: 'x'.repeat(1000), model: chatWire.model })
const middle = content.join('')
const stream = [...start, middle.repeat(Math.ceil(bytes / middle.length)), ...end].join('')

let upstream: FixtureUpstream
let gateway: Awaited<ReturnType<typeof startLiveGateway>>
beforeEach(async () => {
  upstream = await startFixtureUpstream((response, { path, headers }) => {
    const isZipped = headers.some(([name]) => name === 'x-zip')
    response.writeHead(200, {
      'content-type': path.includes('chat') ? 'text/event-stream' : 'application/octet-stream',
      ...(isZipped && { 'content-encoding': 'gzip' }),
    })
    response.end(isZipped ? gzipSync(stream) : stream)
  })
  gateway = await startLiveGateway({ env: { OPENAI_BASE_URL: `${upstream.url}/v1` } })
})
afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

test.each([
  ['a stream that comes at once', '/v1/chat/completions', {}],
  ['a stream that comes compressed', '/v1/chat/completions', { 'x-zip': '1' }],
  ['a file that is passed through', '/v1/files/one/content', {}],
] as const)('%s arrives whole, whoever waits for whom', async (_, path, headers) => {
  for (const pausesEvery of [Number.POSITIVE_INFINITY, 1e6]) {
    const isChat = path.includes('chat')
    const { response } = await openAnswer(`${gateway.url}${path}`, {
      headers,
      ...(isChat && { body: chatWire.ask(`Why? ${pausesEvery}`, { stream: true }) }),
    })
    let [heard, unpaused] = [0, 0]
    for await (const chunk of response as AsyncIterable<Buffer>) {
      heard += chunk.length
      unpaused += chunk.length
      if (unpaused < pausesEvery) continue
      unpaused = 0
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(heard).toBeGreaterThanOrEqual(isChat ? stream.length - 1000 : stream.length)
    expect(heard).toBeLessThanOrEqual(stream.length)
  }
})
