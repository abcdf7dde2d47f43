import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { noUsage, type Usage } from '../../../src/domain/usage.ts'
import { bodyOf, breakConnection, sendText, startEvents } from '../gateways/fixture-upstream.ts'
import { ask, openAnswer, readUntil } from '../gateways/http-client.ts'
import { nanoUsdOf } from '../gateways/wire-usage.ts'
import { chatWire, dataOf, messagesWire, streamOf, type Wire, wires } from '../gateways/wires.ts'
import { type Arena, type Complaint, singleAttempts } from './complaint.ts'

const usage: Usage = { ...noUsage, inputTokens: 200, cacheReadTokens: 800, outputTokens: 50 }
const saidBy = (wire: Wire) => ({ text: 'Paris is the capital.', model: wire.model, usage })

/** The other model of each vendor answers where the first one fails. */
const fallback = {
  failure: {
    ...singleAttempts,
    fallback: {
      on: true,
      targets: {
        [`openai:${chatWire.model}`]: [`openai:${chatWire.otherModel}`],
        [`anthropic:${messagesWire.model}`]: [`anthropic:${messagesWire.otherModel}`],
      },
    },
  },
}

type Breaking = (response: ServerResponse, wire: Wire) => void | Promise<void>
const brokenEvent = 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":\n\n'

/** How a stream that has begun goes wrong. What comes after an error is nothing that anybody may see. */
const breakings: Readonly<Record<string, Breaking>> = {
  'the connection breaks': breakConnection,
  'it ends too early': (response) => void response.end(),
  'an event is broken': (response, wire) => void response.end(`${brokenEvent}${laterOf(wire)}`),
  'it tells an error': (response, wire) => void response.end(`${wire.errorEvent}${laterOf(wire)}`),
}

const later = 'LATER'
const laterOf = (wire: Wire): string => streamOf(wire, { text: later, model: wire.model })

/** Begins a stream, says so many words of it, and lets it go wrong. */
const afterWords =
  (words: number, breaking: Breaking): Breaking =>
  (response, wire) => {
    const { start, content } = wire.events(saidBy(wire))
    startEvents(response)
    response.write([...start, ...content.slice(0, words)].join(''))
    return breaking(response, wire)
  }

const fromOther = 'From the other.'

/** The model that is asked for fails; the other one, where it is asked, answers whole. */
const startFailing = (arena: Arena, fail: Breaking) =>
  arena.upstream((response, received) => {
    const wire = wireAt(received.path)
    if (bodyOf(received)['model'] !== wire.otherModel) return fail(response, wire)
    startEvents(response)
    response.end(streamOf(wire, { text: fromOther, model: wire.otherModel }))
  })

const wireAt = (path: string): Wire => wires.find((wire) => wire.path === path) ?? chatWire

export const brokenStreamsLookWhole: Complaint = {
  name: 'a stream that breaks ends in an error of its own format, and nothing comes after it',
  async run(arena) {
    for (const breaking of Object.values(breakings)) {
      const upstream = await startFailing(arena, afterWords(2, breaking))
      const { url } = await arena.gateway({ upstream: upstream.url })
      for (const wire of wires) {
        const got = await ask(`${url}${wire.path}`, { body: wire.ask('Why?', { stream: true }) })
        expect(got).toMatchObject({ status: 200, isWhole: true })
        expect(wire.textInStream(got.text)).toBe('Paris is ')
        expect(wire.isFinished(got.text)).toBe(false)
        expect(got.text).not.toContain(later)
        expectError(wire, got.text)
      }
    }
  },
}

/** The last event of a stream is an error as this vendor's packages know it. */
function expectError(wire: Wire, stream: string): void {
  const last = dataOf(stream).at(-1)
  const message = expect.stringMatching(/\w/)
  if (wire.dialect === 'openai-chat') expect(last).toMatchObject({ error: { message } })
  else if (wire.dialect === 'anthropic-messages')
    expect(last).toMatchObject({ type: 'error', error: { type: expect.any(String), message } })
  else expect(last?.type).toMatch(/^(?:error|response\.failed)$/)
}

export const headersSentTooEarly: Complaint = {
  name: 'no byte is sent before the first content, so that another model can still answer',
  async run(arena) {
    const failures: readonly Breaking[] = [
      (response) => sendText(response, 503, '{"error":{"message":"no"}}'),
      breakConnection,
      ...Object.values(breakings).map((breaking) => afterWords(0, breaking)),
    ]
    for (const fail of failures) {
      const upstream = await startFailing(arena, fail)
      const { url } = await arena.gateway({ upstream: upstream.url, policy: fallback })
      for (const wire of wires) {
        const body = wire.ask('Why?', { stream: true })
        const got = await ask(`${url}${wire.path}`, { body })
        expect(got).toMatchObject({ status: 200, isWhole: true })
        expect(wire.textInStream(got.text)).toBe(fromOther)
        expect(wire.isFinished(got.text)).toBe(true)
        expect(got.text).not.toContain(`"model":"${wire.model}"`)
      }
      const models = upstream.received.map((each) => bodyOf(each)['model'])
      expect(models).toEqual(wires.flatMap(({ model, otherModel }) => [model, otherModel]))
    }
  },
}

export const modelSwitchedInTheMiddle: Complaint = {
  name: 'after the first content no other model goes on',
  async run(arena) {
    for (const breaking of Object.values(breakings)) {
      const upstream = await startFailing(arena, afterWords(1, breaking))
      const { url } = await arena.gateway({ upstream: upstream.url, policy: fallback })
      for (const wire of wires) {
        const body = wire.ask('Why?', { stream: true })
        const got = await ask(`${url}${wire.path}`, { body })
        expect(wire.textInStream(got.text)).toBe('Paris ')
        expect(wire.isFinished(got.text)).toBe(false)
      }
      const models = upstream.received.map((each) => bodyOf(each)['model'])
      expect(models).toEqual(wires.map(({ model }) => model))
    }
  },
}

/** So many events are sent; a client reads all that is said and leaves. With `goOn` the upstream sends the rest. */
async function leaveAfter(arena: Arena, wire: Wire, count: number, policy: JsonObject) {
  const { start, content, end } = wire.events(saidBy(wire))
  const events = [...start, ...content, ...end]
  let goOn = () => {}
  const told = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const upstream = await arena.upstream(async (response) => {
    startEvents(response)
    response.write(events.slice(0, count).join(''))
    await told
    response.end(events.slice(count).join(''))
  })
  arena.defer(goOn)
  const gateway = await arena.gateway({ upstream: upstream.url, policy })
  const { response, leave } = await openAnswer(`${gateway.url}${wire.path}`, {
    body: wire.ask('Why?', { stream: true }),
  })
  await readUntil(response, content.at(-1) ?? '')
  leave()
  return { gateway, upstream, goOn }
}

export const leavingIsFree: Complaint = {
  name: 'a caller who leaves has spent what was said by then',
  async run(arena) {
    for (const wire of wires) {
      const { start, content } = wire.events(saidBy(wire))
      const { gateway, upstream } = await leaveAfter(arena, wire, start.length + content.length, {
        serve: { onDisconnect: 'abort' },
      })
      await arena.until('the upstream is told', () => upstream.departures() === 1)
      const [record] = await arena.settled(gateway, 1)
      expect(record?.usage?.outputTokens).toBeGreaterThan(0)
      expect(record?.costNanoUsd).toBeGreaterThan(0)
      const { inputTokens = 0, cacheReadTokens = 0 } = record?.usage ?? {}
      if (wire === messagesWire)
        expect({ inputTokens, cacheReadTokens }).toMatchObject(inputOf(usage))
      else expect(inputTokens + cacheReadTokens).toBeGreaterThan(0)
    }
  },
}

const inputOf = ({ inputTokens, cacheReadTokens }: Usage) => ({ inputTokens, cacheReadTokens })

/** Time in which a gateway learns that its client has left. */
const noticing = () => sleep(50)

export const lateUsageIsLost: Complaint = {
  name: 'usage that comes after its caller has left is waited for, where the policy says so',
  async run(arena) {
    for (const wire of wires) {
      const { start, content, end } = wire.events(saidBy(wire))
      const untilUsage = start.length + content.length + end.length - 2
      const policy = { serve: { onDisconnect: { drain: '10s' } } }
      const { gateway, upstream, goOn } = await leaveAfter(arena, wire, untilUsage, policy)
      await noticing()
      goOn()
      const records = await arena.settled(gateway, 1)
      expect(records).toMatchObject([{ usage, costNanoUsd: nanoUsdOf(usage) }])
      expect(upstream.departures()).toBe(0)
    }
  },
}
