import { expect, test } from 'vitest'
import { startFixtureGateway } from '../support/fixture-gateway.ts'
import { bodyOf, sendText } from '../support/gateways/fixture-upstream.ts'

test('a route is for chats: what is only passed on goes where it was sent, once and as it came', async () => {
  const { upstream, post, gateway } = await startFixtureGateway(
    (response) => sendText(response, 200, '{"object":"list","data":[]}'),
    {
      validators: { some: { kind: 'length', min: 1 } },
      routes: [
        {
          name: 'all',
          when: {},
          ladder: [{ target: 'openai:gpt-4o-mini', validators: ['some'] }, 'openai:gpt-4o'],
        },
      ],
    },
  )
  const received = () => upstream.received.slice(-1).map(bodyOf)[0]
  const embedding = { model: 'text-embedding-3-small', input: 'Hi' }
  const legacy = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' }
  for (const [path, body] of [
    ['/v1/embeddings', embedding],
    ['/v1/completions', legacy],
    ['/v1/files', { purpose: 'batch' }],
  ] as const) {
    const response = await post(path, body)
    expect(response.headers.get('x-llmcost-route')).toBeNull()
    expect(received()).toEqual(body)
  }
  await fetch(`${gateway.url}/v1/models`)
  expect(upstream.received).toHaveLength(4)
})
