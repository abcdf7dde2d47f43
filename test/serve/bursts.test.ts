import { expect, test } from 'vitest'
import { openBursts } from '../../src/serve/bursts.ts'
import type { Inbound } from '../../src/serve/inbound.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'

const came = (at: number, feature: string, system?: string): Inbound =>
  ({
    at,
    bytes: Buffer.from('{}'),
    request: { feature, prompt: { messages: [], ...(system !== undefined && { system }) } },
  }) as unknown as Inbound

test('counts what came in the minute up to a request, of its feature and system prompt', () => {
  const bursts = openBursts()
  const counts = [0, 10_000, 59_999, 60_000, 70_000, 200_000].map((at) => bursts.of(came(at, 'a')))
  expect(counts).toEqual([1, 2, 3, 3, 3, 1])
  expect(bursts.of(came(200_001, 'b'))).toBe(1)
  expect(bursts.of(came(200_002, 'a', 'You are brief.'))).toBe(1)
  const one = came(200_003, 'a')
  expect([bursts.of(one), bursts.of(one), bursts.of({ ...one, id: 'audit_1' })]).toEqual([2, 2, 2])
})

test('a route of bursts takes the third of a minute', async () => {
  const policy = {
    coalesce: false,
    cache: { exact: false, semantic: { on: false } },
    routes: [
      { name: 'bursts', when: { burstPerMinute: { atLeast: 3 } }, ladder: ['gpt-4.1-nano'] },
    ],
  }
  const { post } = await startFixtureGateway((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(completion('Yes.'))
  }, policy)
  const targets: (string | null)[] = []
  for (const content of ['a', 'b', 'c']) {
    const answer = await post('/v1/chat/completions', asking(content))
    await answer.text()
    targets.push(answer.headers.get('x-llmcost-target'))
  }
  expect(targets).toEqual(['openai:gpt-4o-mini', 'openai:gpt-4o-mini', 'openai:gpt-4.1-nano'])
})
