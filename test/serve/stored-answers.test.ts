import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'

const response = (turn: number) =>
  JSON.stringify({
    id: `resp_${turn}`,
    object: 'response',
    status: 'completed',
    model: 'gpt-4o-mini',
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
    ],
    usage: { input_tokens: 10, output_tokens: 1, total_tokens: 11 },
  })

const askedOf = (more: JsonObject): JsonObject => ({ model: 'gpt-4o-mini', input: 'Hi', ...more })

async function started() {
  const one = await startFixtureGateway((answering, { path }, turn) =>
    sendText(answering, 200, path === '/v1/responses' ? response(turn) : completion('Hello')),
  )
  const ask = async (path: string, body: JsonObject) => {
    const got = await one.post(path, body)
    const { id } = (await got.json()) as { id: string }
    return { id, cache: got.headers.get('x-llmcost-cache'), headers: got.headers }
  }
  return { ...one, ask }
}

describe('an answer that its provider keeps under its id', () => {
  test.each([
    ['/v1/responses', askedOf({})],
    ['/v1/responses', askedOf({ store: true })],
    ['/v1/responses', askedOf({ store: null })],
  ])('is given to whoever asked, and to nobody else: %s %j', async (path, body) => {
    const { upstream, ask, gateway } = await started()
    await ask(path, body)
    const second = await ask(path, body)
    expect(upstream.received).toHaveLength(2)
    expect(second.cache).toBe('bypass')
    expect(second.headers.get('x-llmcost-reason')).toBe('stored')
    expect(gateway.settled()[1]?.receipt.steps).toContainEqual({
      kind: 'bypass',
      layer: 'exact',
      reason: 'stored',
    })
  })

  test('is not shared with identical requests in flight either', async () => {
    const { upstream, ask } = await started()
    const both = await Promise.all([1, 2].map(() => ask('/v1/responses', askedOf({}))))
    expect(both.map(({ id }) => id).toSorted()).toEqual(['resp_0', 'resp_1'])
    expect(upstream.received).toHaveLength(2)
  })

  test.each([
    ['/v1/responses', askedOf({ store: false })],
    ['/v1/chat/completions', asking('Hi', { store: true })],
  ])('is any other: %s %j is answered from the cache', async (path, body) => {
    const { upstream, ask } = await started()
    await ask(path, body)
    expect((await ask(path, body)).cache).toBe('hit-exact')
    expect(upstream.received).toHaveLength(1)
  })
})
