import { expect, test } from 'vitest'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'

const search = { type: 'web_search_20250305', name: 'web_search' }
const mine = { name: 'look_up', input_schema: { type: 'object' } }
const cited = {
  type: 'document',
  source: { type: 'text', media_type: 'text/plain', data: 'Refunds take five days.' },
  citations: { enabled: true },
}

const message = JSON.stringify({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'refunds' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
    { type: 'text', text: 'Five days.', citations: [{ type: 'web_search_result_location' }] },
  ],
  stop_reason: 'end_turn',
  usage: { input_tokens: 10, output_tokens: 5 },
})

const claude = (more: object) =>
  asking('How long do refunds take?', { model: 'claude-haiku-4-5', max_tokens: 10, ...more })

test.each([
  ['/v1/messages', claude({ tools: [search] })],
  ['/v1/messages', claude({ messages: [{ role: 'user', content: [cited] }] })],
  ['/v1/chat/completions', asking('Hi', { web_search_options: {} })],
  ['/v1/responses', { model: 'gpt-5', input: 'Hi', store: false, tools: [{ type: 'web_search' }] }],
])(
  'an answer with what the provider looked up is given whole, or made anew: %s %#',
  async (path, body) => {
    const { upstream, post } = await startFixtureGateway((response) =>
      sendText(response, 200, path === '/v1/messages' ? message : completion('Hello')),
    )
    const texts = []
    for (const _ of [1, 2]) {
      const response = await post(path, body)
      expect(response.headers.get('x-llmcost-cache')).toBe('bypass')
      texts.push(await response.text())
    }
    expect(upstream.received).toHaveLength(2)
    expect(texts[1]).toBe(texts[0])
  },
)

test('tools that the caller runs keep nobody from the cache', async () => {
  const plain = JSON.stringify({
    ...JSON.parse(message),
    content: [{ type: 'text', text: 'Five days.' }],
  })
  const { upstream, post } = await startFixtureGateway((response) => sendText(response, 200, plain))
  for (const _ of [1, 2]) await (await post('/v1/messages', claude({ tools: [mine] }))).text()
  expect(upstream.received).toHaveLength(1)
})
