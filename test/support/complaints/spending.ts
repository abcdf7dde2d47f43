import { Agent } from 'node:http'
import { expect } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { sendText } from '../gateways/fixture-upstream.ts'
import { type Answered, ask } from '../gateways/http-client.ts'
import { chatWire, messagesWire, responsesWire } from '../gateways/wires.ts'
import type { Complaint } from './complaint.ts'

const budget = (limit: string, mode: 'hard' | 'soft') => ({
  budgets: [{ scope: 'all', window: 'lifetime', limit, action: 'block', mode }],
})

const requests: readonly (readonly [path: string, body: JsonObject])[] = [
  ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'Why?' }],
  ['/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Why?', max_tokens: 10 }],
  [chatWire.path, chatWire.ask('Why?', { max_tokens: 10 })],
  [responsesWire.path, responsesWire.ask('Why?', { max_output_tokens: 16 })],
  [messagesWire.path, messagesWire.ask('Why?', { max_tokens: 10 })],
  ['/v1/images/generations', { model: 'gpt-image-1', prompt: 'Why?' }],
  ['/v1/audio/speech', { model: 'tts-1', input: 'Why?', voice: 'alloy' }],
]

export const passedThroughIsFree: Complaint = {
  name: 'whatever is passed through to a provider counts against budgets, and is stopped by them',
  async run(arena) {
    // $0.12 each, by the input rate of a dollar per million tokens.
    const answered = '{"data":[],"usage":{"prompt_tokens":120000,"total_tokens":120000}}'
    const upstream = await arena.upstream((response) => sendText(response, 200, answered))
    const gateway = await arena.gateway({ upstream: upstream.url, policy: budget('$1', 'soft') })
    const post = (at: number) => {
      const [path = '', body] = requests[at] ?? []
      return ask(`${gateway.url}${path}`, { body })
    }
    let refusedAfter = 0
    while (refusedAfter < 20 && (await post(refusedAfter % 2)).status === 200) refusedAfter++
    expect(refusedAfter).toBeGreaterThan(7)
    expect(refusedAfter).toBeLessThan(10)
    const asked = upstream.received.length
    for (const at of requests.keys()) {
      const got = await post(at)
      expect(got.status).toBe(429)
      expect(JSON.parse(got.text).error.message).toMatch(/budget/i)
    }
    expect(upstream.received).toHaveLength(asked)
  },
}

export const budgetsRaced: Complaint = {
  name: 'however many ask at once, a hard budget is not passed',
  async run(arena) {
    const latency = { p50Ms: 20, p95Ms: 30, tokensPerSecond: null, spikeShare: 0, spikeFactor: 1 }
    const mock = await arena.mock({ latency, outputTokens: { median: 90, sigma: 0.1 } })
    const gateway = await arena.gateway({ upstream: mock.url, policy: budget('$0.05', 'hard') })
    const got = await askMany(300, 300, gateway.url)
    const answered = got.filter(({ status }) => status === 200).length
    expect(answered).toBeGreaterThan(10)
    expect(got.filter(({ status }) => status === 429)).toHaveLength(300 - answered)
    await arena.until('all is counted', () => mock.tally().calls === answered)
    const { costNanoUsd = null } = mock.tally().byModel[chatWire.model] ?? {}
    expect(costNanoUsd).toBeGreaterThan(0)
    expect(costNanoUsd).toBeLessThanOrEqual(0.05e9)
    const records = await arena.settled(gateway, 300)
    expect(records.reduce((sum, each) => sum + (each.costNanoUsd ?? 0), 0)).toBe(costNanoUsd)
  },
}

export const recordsDropped: Complaint = {
  name: 'of two thousand requests every one is in the ledger, once',
  async run(arena) {
    const said = { text: 'Because.', model: chatWire.model }
    const upstream = await arena.upstream((response, _, turn) =>
      sendText(
        response,
        200,
        chatWire.whole({ ...said, usage: { ...noUsage, inputTokens: turn } }),
      ),
    )
    const gateway = await arena.gateway({ upstream: upstream.url })
    await askMany(2_000, 50, gateway.url)
    const records = await arena.settled(gateway, 2_000)
    expect(records).toHaveLength(2_000)
    expect(new Set(records.map(({ id }) => id)).size).toBe(2_000)
    // Each has its own number of tokens.
    const booked = records.map(({ usage }) => usage?.inputTokens ?? -1).sort((a, b) => a - b)
    expect(booked).toEqual(booked.map((_, turn) => turn))
  },
}

export const recordsLostAtTheEnd: Complaint = {
  name: 'what was answered before the gateway stopped is in the ledger',
  async run(arena) {
    const mock = await arena.mock()
    const gateway = await arena.gateway({ upstream: mock.url })
    await askMany(120, 20, gateway.url)
    await gateway.close()
    expect(await gateway.records()).toHaveLength(120)
  },
}

/** Asks so many questions, so many at once. */
async function askMany(count: number, atOnce: number, url: string): Promise<readonly Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const answers: Answered[] = []
  let next = 0
  const askOn = async () => {
    while (next < count) {
      const body = chatWire.ask(`Question ${next++}?`, { max_tokens: 100 })
      answers.push(await ask(`${url}${chatWire.path}`, { body, agent }))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askOn))
  agent.destroy()
  return answers
}
