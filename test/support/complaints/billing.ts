import { expect } from 'vitest'
import { noUsage, type Usage } from '../../../src/domain/usage.ts'
import {
  type FixtureAnswer,
  isStreamed,
  sendPieces,
  sendText,
  startEvents,
} from '../gateways/fixture-upstream.ts'
import { ask } from '../gateways/http-client.ts'
import { nanoUsdOf } from '../gateways/wire-usage.ts'
import { chatWire, messagesWire, streamOf, type Wire, wires } from '../gateways/wires.ts'
import type { Arena, Complaint } from './complaint.ts'

const text = 'Paris is the capital of France.'
const openaiUsage: Usage = {
  ...noUsage,
  inputTokens: 200,
  cacheReadTokens: 800,
  outputTokens: 50,
  reasoningTokens: 20,
}
const anthropicUsage: Usage = {
  ...noUsage,
  inputTokens: 200,
  cacheReadTokens: 800,
  cacheWrite5mTokens: 60,
  cacheWrite1hTokens: 40,
  outputTokens: 50,
}
const usageIn = ({ dialect }: Wire): Usage =>
  dialect === 'anthropic-messages' ? anthropicUsage : openaiUsage

const answerWith =
  (wire: Wire, usage: Usage): FixtureAnswer =>
  (response, received) => {
    const said = { text, model: wire.model, usage }
    if (!isStreamed(received)) return sendText(response, 200, wire.whole(said))
    startEvents(response)
    response.end(streamOf(wire, said))
  }

/** Asks once whole and once streamed, and expects exactly this in the ledger. */
async function expectBooked(arena: Arena, wire: Wire, usage: Usage): Promise<void> {
  const upstream = await arena.upstream(answerWith(wire, usage))
  const gateway = await arena.gateway({ upstream: upstream.url })
  for (const stream of [false, true])
    await ask(`${gateway.url}${wire.path}`, { body: wire.ask('Why?', { stream }) })
  const records = await arena.settled(gateway, 2)
  const booked = { status: 200, model: wire.model, usage, costNanoUsd: nanoUsdOf(usage) }
  expect(records).toEqual([expect.objectContaining(booked), expect.objectContaining(booked)])
}

export const cachedTokensBilledTwice: Complaint = {
  name: 'tokens from the prompt cache are billed once, whether the vendor counts them as input or not',
  async run(arena) {
    for (const wire of wires) await expectBooked(arena, wire, usageIn(wire))
  },
}

export const laterCountsOverwrite: Complaint = {
  name: 'the last event of a message does not overwrite the input that its first one told',
  async run(arena) {
    const { inputTokens: input_tokens, outputTokens: output_tokens } = anthropicUsage
    const told = { input_tokens, cache_read_input_tokens: 800, cache_creation_input_tokens: 100 }
    const endings = [
      { output_tokens },
      { output_tokens, input_tokens: 0, cache_read_input_tokens: 0 },
      { output_tokens, input_tokens: null, cache_creation_input_tokens: null },
      { output_tokens, ...told },
    ]
    const upstream = await arena.upstream((response, _, turn) => {
      const said = { text, model: messagesWire.model, usage: anthropicUsage }
      const plain = `"usage":${JSON.stringify({ output_tokens })}`
      startEvents(response)
      response.end(
        streamOf(messagesWire, said).replace(plain, `"usage":${JSON.stringify(endings[turn])}`),
      )
    })
    const gateway = await arena.gateway({ upstream: upstream.url })
    const body = messagesWire.ask('Why?', { stream: true })
    for (const _ of endings) await ask(`${gateway.url}${messagesWire.path}`, { body })
    const records = await arena.settled(gateway, endings.length)
    expect(records.map(({ usage }) => usage)).toEqual(endings.map(() => anthropicUsage))
  },
}

export const zeroReplacedByEstimate: Complaint = {
  name: 'usage of zero that a vendor tells is zero, not an estimate',
  run: (arena) => expectBooked(arena, chatWire, noUsage),
}

export const splitUsageMissed: Complaint = {
  name: 'usage is booked wherever the network cuts the event that tells it',
  async run(arena) {
    const said = { text, model: chatWire.model, usage: openaiUsage }
    const bytes = Buffer.from(streamOf(chatWire, said))
    const from = bytes.indexOf('"finish_reason":"stop"')
    const cuts = Array.from(
      { length: Math.ceil((bytes.length - from) / 5) },
      (_, at) => from + 5 * at,
    )
    const upstream = await arena.upstream((response, _, turn) => {
      const cut = cuts[turn % cuts.length] ?? 0
      startEvents(response)
      return sendPieces(response, [bytes.subarray(0, cut), bytes.subarray(cut)], 1)
    })
    const gateway = await arena.gateway({ upstream: upstream.url })
    for (const stream_options of [{ include_usage: true }, null]) {
      for (const _ of cuts) {
        const body = chatWire.ask('Why?', { stream: true, stream_options })
        const got = await ask(`${gateway.url}${chatWire.path}`, { body })
        expect(chatWire.textInStream(got.text)).toBe(text)
        expect(got.text.includes('"usage"')).toBe(stream_options !== null)
        expect(got.text.endsWith('data: [DONE]\n\n')).toBe(true)
      }
    }
    const records = await arena.settled(gateway, 2 * cuts.length)
    expect(records).toHaveLength(2 * cuts.length)
    for (const { usage } of records) expect(usage).toEqual(openaiUsage)
  },
}

export const unpricedIsFree: Complaint = {
  name: 'a model that nobody has a price for does not cost nothing: its cost is unknown, or it is refused',
  async run(arena) {
    const model = 'model-of-tomorrow'
    const upstream = await arena.upstream(answerWith({ ...chatWire, model }, openaiUsage))
    const body = chatWire.ask('Why?', { model })
    const warned = await arena.gateway({ upstream: upstream.url, policy: { prices: [] } })
    expect((await ask(`${warned.url}${chatWire.path}`, { body })).status).toBe(200)
    expect(await arena.settled(warned, 1)).toMatchObject([
      { usage: openaiUsage, costNanoUsd: null },
    ])
    const refused = await arena.gateway({
      upstream: upstream.url,
      policy: { prices: [], serve: { onUnpriced: 'refuse' } },
    })
    const got = await ask(`${refused.url}${chatWire.path}`, { body })
    expect(got.status).toBeGreaterThanOrEqual(400)
    expect(got.status).toBeLessThan(500)
    expect(upstream.received).toHaveLength(1)
  },
}
