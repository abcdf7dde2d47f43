import { Agent, type IncomingMessage, request } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Settled } from '../../src/domain/journal.ts'
import type { Usage } from '../../src/domain/usage.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { removeTerminals } from '../support/cli.ts'
import {
  bodyOf,
  type FixtureUpstream,
  startEvents,
  startFixtureUpstream,
} from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'
import { ask } from '../support/gateways/http-client.ts'
import { chatWire } from '../support/gateways/wires.ts'
import { journalOf, type StartedServe, settledIn, startedServe } from '../support/running-serve.ts'

const callers = 100
const atOnce = 10
const longestMs = 100
const firstMs = 20
const eventMs = 5
const usage = { inputTokens: 31, outputTokens: 40 }
const words = { text: 'Because. ', model: chatWire.model }
const events = chatWire.events({ ...words, usage: { ...noTokens(), ...usage } })

/** A moment, with how long this process has worked, and has had a processor for it, all in milliseconds. */
type Moment = { readonly at: number; readonly activeMs: number; readonly cpuMs: number }

function now(): Moment {
  const { user, system } = process.cpuUsage()
  const { active } = performance.eventLoopUtilization()
  return { at: performance.now(), activeMs: active, cpuMs: (user + system) / 1000 }
}

/** How long it took, without the time in which this process had work to do and no processor to do it. */
function tookMs(from: Moment, to: Moment): number {
  const starvedMs = to.activeMs - from.activeMs - (to.cpuMs - from.cpuMs)
  return to.at - from.at - Math.max(0, starvedMs)
}

/** When each stream's caller was gone, as its upstream saw it, by the question; milliseconds of this process. */
const goneAt = new Map<string, Moment>()
/** Questions that have arrived there. */
const arrived = new Set<string>()
let upstream: FixtureUpstream
let gateway: StartedServe
/** Streams go on to their end only where somebody waits for that. */
let isEndless = true

beforeEach(async () => {
  goneAt.clear()
  arrived.clear()
  upstream = await startFixtureUpstream(async (response, received) => {
    const body = bodyOf(received)
    if (body['stream'] !== true) {
      response.setHeader('content-type', 'application/json')
      response.end(chatWire.whole(words))
      return
    }
    const question = JSON.stringify(body['messages'])
    let isOver = false
    response.once('close', () => {
      isOver = true
      if (!response.writableFinished) goneAt.set(question, now())
    })
    arrived.add(question)
    await pause(firstMs)
    startEvents(response)
    for (const event of events.start) response.write(event)
    const [content = ''] = events.content
    for (let count = 0; !isOver && (isEndless || count < 40); count++) {
      response.write(content)
      await pause(eventMs)
    }
    for (const event of events.end) response.write(event)
    response.end()
  })
})
afterEach(async () => {
  await gateway.serve.close(0)
  await upstream.close()
  removeTerminals()
})

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const start = async (onDisconnect: object | string) => {
  const policy = JSON.stringify({ serve: { onDisconnect } })
  const env = { OPENAI_BASE_URL: `${upstream.url}/v1` }
  gateway = await startedServe({ env, policy })
  return gateway.serve.gateway.url
}

type Left = { readonly question: string; readonly leftAt: Moment; readonly heard: string }

type Leaving = {
  readonly content: string
  /** False: it may leave before the first word. */
  readonly hearsSome: boolean
  readonly staysMs: number
}

/** Asks for a stream and leaves some time after it has arrived upstream, or after the first words are here. */
function leave(url: string, agent: Agent, leaving: Leaving): Promise<Left> {
  const { content, hearsSome, staysMs } = leaving
  const body = Buffer.from(JSON.stringify(chatWire.ask(content, { stream: true })))
  const question = JSON.stringify(chatWire.ask(content)['messages'])
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const asked = request(`${url}${chatWire.path}`, { method: 'POST', agent, headers })
    let heard = ''
    asked.on('error', () => undefined)
    asked.on('response', (response: IncomingMessage) => {
      response.on('error', () => undefined)
      response.on('data', (chunk: Buffer) => {
        heard += chunk.toString()
      })
    })
    asked.end(body)
    const go = async () => {
      await until('the question is upstream', () => arrived.has(question))
      if (hearsSome) await until('some of it is heard', () => heard.includes('Because'))
      await pause(staysMs)
      const leftAt = now()
      asked.destroy()
      resolve({ question, leftAt, heard })
    }
    go().catch(reject)
  })
}

/** A hundred callers leave, ten at a time, over connections that have served before. */
async function leaveAll(url: string, count: number): Promise<readonly Left[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const next = randomFrom('leaving')
  const left: Left[] = []
  let number = 0
  const caller = async () => {
    while (number < count) {
      const content = `What is parcel ${++number}?`
      const first = chatWire.ask(`Before that: ${content}`)
      expect((await ask(`${url}${chatWire.path}`, { agent, body: first })).status).toBe(200)
      const leaving = { content, hearsSome: number % 2 === 0, staysMs: next() * 60 }
      left.push(await leave(url, agent, leaving))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  agent.destroy()
  return left
}

const streamed = ({ serve }: StartedServe): readonly Settled[] =>
  settledIn(journalOf(serve.store)).filter(({ record }) => record['streamed'] === true)

describe('callers who leave', () => {
  test('are gone upstream within 100 ms, all hundred of them, and have spent what they heard', async () => {
    isEndless = true
    const left = await leaveAll(await start('abort'), callers)
    await until('all are gone upstream', () => goneAt.size === callers)
    const times = left.map(({ question, leftAt }) => tookMs(leftAt, goneAt.get(question) as Moment))
    expect(times.filter((ms) => ms > longestMs)).toEqual([])
    expect(upstream.departures()).toBe(callers)

    await until('all are settled', () => streamed(gateway).length === callers)
    const heard = left.filter((each) => each.heard.includes('Because'))
    expect(heard.length).toBeGreaterThanOrEqual(callers / 2)
    const records = streamed(gateway)
    expect(new Set(records.map(({ record }) => record['status']))).toEqual(new Set(['cancelled']))
    const usages = records.map(({ record }) => record['usage'] as Usage)
    // All had reached the provider, which may bill what it read.
    expect(records.filter(({ costNanoUsd }) => costNanoUsd === 0)).toEqual([])
    expect(usages.filter(({ inputTokens }) => inputTokens === 0)).toEqual([])
    const answered = usages.filter(({ outputTokens }) => outputTokens > 0)
    expect(answered.length).toBeGreaterThanOrEqual(heard.length)
    expect(gateway.serve.gateway.state().exchanges.size).toBe(0)
  }, 60_000)

  test('are read for to the end where the policy says so, and the usage is complete', async () => {
    isEndless = false
    const count = 20
    await leaveAll(await start({ drain: '20s' }), count)
    await until('all are settled', () => streamed(gateway).length === count)
    expect(upstream.departures()).toBe(0)
    for (const { record, costNanoUsd } of streamed(gateway)) {
      expect(record).toMatchObject({ status: 'cancelled', usage })
      expect(record['usageEstimated']).toBeUndefined()
      // gpt-4o-mini: $0.15 and $0.60 for a million tokens.
      expect(costNanoUsd).toBe(31 * 150 + 40 * 600)
    }
  }, 60_000)
})

function noTokens(): Usage {
  return {
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  }
}
