import { createHash, randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { isStreamed, sendPieces, sendText, startEvents } from '../gateways/fixture-upstream.ts'
import type { Harness } from '../gateways/harness.ts'
import { type Answered, ask, openAnswer, readUntil, wholeAnswer } from '../gateways/http-client.ts'
import { chatWire, streamOf, type Wire, wires } from '../gateways/wires.ts'
import { answer, fixtureStands, question } from './stand.ts'

/** What parsing and writing again would change: digits, order, spaces, escapes, fields that nobody knows. */
const oddFields = String.raw`"zeta" : {"ratio":1.50,"big":12345678901234567890,"e":1e3,"text":"caf\u00e9 \/ 🗼"}, "alpha":[ ],"1":null`

const odd = (json: string): string => `{ ${oddFields},${json.slice(1)}\n`

const saidBy = ({ model }: Wire) => ({ text: answer, model })

/** A stream with all that the format of events allows and few senders use. */
function oddStream(wire: Wire): string {
  const { start, content, end } = wire.events(saidBy(wire))
  const unknown = `event: event_of_tomorrow\nid: 7\nretry: 100\ndata: {"type":"event_of_tomorrow",${oddFields}}\n\n`
  const carriage = (event: string) => event.replaceAll('\n', '\r\n')
  return [
    ': ping\n\n',
    ...start,
    ...(wire.dialect === 'openai-chat' ? [] : [unknown]),
    ...content.map((event, at) => (at % 2 === 0 ? event : carriage(event))),
    ': still there\n\n',
    ...end,
  ].join('')
}

/** A streamed request to which no gateway needs to add anything. */
const streamedBody = (wire: Wire): string => {
  const options = wire.dialect === 'openai-chat' ? '"stream_options":{"include_usage":true},' : ''
  return odd(`{"stream":true,${options}${JSON.stringify(wire.ask(question)).slice(1)}`)
}

/** Asks for a stream, and gives it once it is whole. */
const stream = (url: string, wire: Wire): Promise<Answered> =>
  ask(`${url}${wire.path}`, { body: streamedBody(wire) })

/** Nothing is read and written again: what comes is passed on as it is, in both directions. */
export function describeBytes(harness: Harness): void {
  const startStand = fixtureStands(harness)

  describe.each(wires)('$dialect', (wire) => {
    test('an answer arrives byte for byte', async () => {
      const text = odd(wire.whole(saidBy(wire)))
      const { url } = await startStand((response) => sendText(response, 200, text))
      const got = await ask(`${url}${wire.path}`, { body: wire.ask(question) })
      expect(got).toMatchObject({ status: 200, text })
      expect(got.headers['content-type']).toBe('application/json')
    })

    test('an error arrives byte for byte, with its status', async () => {
      const text = odd('{"error":{"message":"no","type":"any"},"type":"error"}')
      const statuses = [400, 402, 404, 409, 418, 422, 429, 500, 504, 529]
      const { url } = await startStand((response, _, turn) =>
        sendText(response, statuses[turn] ?? 0, text, { 'retry-after': '3' }),
      )
      for (const status of statuses) {
        const got = await ask(`${url}${wire.path}`, { body: wire.ask(question) })
        expect(got).toMatchObject({ status, text })
        expect(got.headers['retry-after']).toBe('3')
      }
    })

    test('a request arrives byte for byte, streamed and not', async () => {
      const { url, upstream } = await startStand(async (response, received) => {
        if (!isStreamed(received)) return sendText(response, 200, wire.whole(saidBy(wire)))
        startEvents(response)
        response.end(streamOf(wire, saidBy(wire)))
      })
      const bodies = [odd(JSON.stringify(wire.ask(question))), streamedBody(wire)]
      for (const body of bodies)
        expect((await ask(`${url}${wire.path}?beta=true`, { body })).status).toBe(200)
      expect(upstream.received.map(({ body }) => body.toString())).toEqual(bodies)
      expect(upstream.received[0]).toMatchObject({ method: 'POST', path: `${wire.path}?beta=true` })
    })

    test('a stream arrives byte for byte: comments, pings, unknown events, any line end', async () => {
      const text = oddStream(wire)
      const { url } = await startStand((response) => {
        startEvents(response)
        response.end(text)
      })
      const got = await stream(url, wire)
      expect(got).toMatchObject({ status: 200, text, isWhole: true })
      expect(got.headers['content-type']).toMatch(/^text\/event-stream/)
    })

    test('however the bytes of a stream are cut, in the middle of a character too', async () => {
      const bytes = Buffer.from(oddStream(wire))
      const sizes = [1, 2, 3, 7, 64]
      const { url } = await startStand((response, _, turn) => {
        const size = sizes[turn] ?? 1
        // Byte by byte where characters have several, so that every one of them is cut.
        const from = size === 1 ? Math.max(0, bytes.indexOf('🗼') - 40) : 0
        const tail = Math.min(bytes.length, size === 1 ? from + 80 : bytes.length)
        const count = Math.ceil((tail - from) / size)
        const pieces = Array.from({ length: count }, (_, at) =>
          bytes.subarray(from + at * size, Math.min(tail, from + (at + 1) * size)),
        )
        startEvents(response)
        return sendPieces(response, [bytes.subarray(0, from), ...pieces, bytes.subarray(tail)])
      })
      for (const _ of sizes) expect((await stream(url, wire)).text).toBe(bytes.toString())
    })

    test('each event leaves at once: the first is there before the second is said', async () => {
      const { start, content, end } = wire.events(saidBy(wire))
      let goOn = () => {}
      const { url } = await startStand(async (response) => {
        const told = new Promise<void>((resolve) => {
          goOn = resolve
        })
        startEvents(response)
        response.write([...start, content[0]].join(''))
        await told
        response.end([...content.slice(1), ...end].join(''))
      })
      const { response } = await openAnswer(`${url}${wire.path}`, { body: streamedBody(wire) })
      const first = await readUntil(response, content[0] ?? '')
      goOn()
      expect(first + (await wholeAnswer(response)).text).toBe(streamOf(wire, saidBy(wire)))
    })

    test('an answer that is compressed can be read', async () => {
      const plain = Buffer.from(wire.whole(saidBy(wire)))
      const { url } = await startStand((response) =>
        sendText(response, 200, gzipSync(plain), { 'content-encoding': 'gzip' }),
      )
      for (const encoding of ['gzip, deflate, br', 'gzip']) {
        const headers = { 'accept-encoding': encoding }
        const got = await ask(`${url}${wire.path}`, { headers, body: wire.ask(question) })
        expect(unpacked(got)).toEqual(plain)
      }
    })

    test('so can a stream', async () => {
      const plain = Buffer.from(streamOf(wire, saidBy(wire)))
      const { url } = await startStand((response) => {
        startEvents(response, { 'content-encoding': 'gzip' })
        return sendPieces(response, [gzipSync(plain)])
      })
      const headers = { 'accept-encoding': 'gzip' }
      const got = await ask(`${url}${wire.path}`, { headers, body: streamedBody(wire) })
      expect(unpacked(got)).toEqual(plain)
    })
  })

  test('a client that asked for no usage gets the stream without its chunk, otherwise byte for byte', async () => {
    const { start, content, end } = chatWire.events(saidBy(chatWire))
    const [finish = '', usage = '', done = ''] = end
    const { url, upstream } = await startStand((response, { body }) => {
      const wantsUsage = /"include_usage"\s*:\s*true/.test(body.toString())
      startEvents(response)
      response.end([...start, ...content, finish, wantsUsage ? usage : '', done].join(''))
    })
    const bodies = [
      '{',
      '{"stream_options":{"include_usage":false},',
      '{"stream_options":null,',
    ].map((fields) =>
      odd(`${fields}"stream":true,${JSON.stringify(chatWire.ask(question)).slice(1)}`),
    )
    for (const body of bodies) {
      const got = await ask(`${url}${chatWire.path}`, { body })
      expect(got.text).toBe([...start, ...content, finish, done].join(''))
    }
    // Usage may be asked for on the way; all else is as it was.
    for (const [at, { body }] of upstream.received.entries()) {
      const text = body.toString()
      expect(text).toContain(oddFields)
      const { stream_options: _, ...rest } = JSON.parse(text)
      const { stream_options: __, ...sent } = JSON.parse(bodies[at] ?? '')
      expect(rest).toEqual(sent)
    }
  })

  test('a megabyte each way, as one value and in one event', async () => {
    const big = randomBytes(750_000).toString('base64')
    const said = { text: big, model: chatWire.model }
    const { url, upstream } = await startStand((response, received) => {
      if (!isStreamed(received)) return sendText(response, 200, chatWire.whole(said))
      startEvents(response)
      response.end(streamOf(chatWire, said))
    })
    const plain = await ask(`${url}${chatWire.path}`, { body: chatWire.ask(big) })
    expect(digest(plain.text)).toBe(digest(chatWire.whole(said)))
    const body = { ...chatWire.ask(big), stream: true, stream_options: { include_usage: true } }
    const streamed = await ask(`${url}${chatWire.path}`, { body })
    expect(digest(streamed.text)).toBe(digest(streamOf(chatWire, said)))
    const sent = [chatWire.ask(big), body].map((each) => digest(JSON.stringify(each)))
    expect(upstream.received.map((each) => digest(each.body.toString()))).toEqual(sent)
  })

  test('what the upstream says in headers arrives', async () => {
    const headers = {
      'openai-organization': 'org',
      'openai-processing-ms': '12',
      'x-ratelimit-remaining-tokens': '149984',
      'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
      'anthropic-organization-id': 'abc',
      'x-of-tomorrow': 'yes',
    }
    const { url } = await startStand((response, received) => {
      if (!isStreamed(received))
        return sendText(response, 200, chatWire.whole(saidBy(chatWire)), headers)
      startEvents(response, headers)
      response.end(streamOf(chatWire, saidBy(chatWire)))
    })
    const whole = await ask(`${url}${chatWire.path}`, { body: chatWire.ask(question) })
    expect(whole.headers).toMatchObject(headers)
    expect((await stream(url, chatWire)).headers).toMatchObject(headers)
  })
}

/** As a client reads it that goes by the headers. */
const unpacked = ({ headers, body }: Answered): Buffer => {
  const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers
  if (length !== undefined) expect(Number(length)).toBe(body.length)
  return encoding === 'gzip' ? gunzipSync(body) : body
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
