import { describe, expect, onTestFinished, test } from 'vitest'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { headerOf, sendText, startFixtureUpstream } from '../support/gateways/fixture-upstream.ts'

/** A gateway without keys of its own, and beside OpenAI and Anthropic a vendor that speaks like OpenAI. */
async function besideAnother(apiKeyEnv: string | null = null) {
  const other = await startFixtureUpstream((response) =>
    sendText(response, 200, completion('Hello', { model: 'deepseek-chat' })),
  )
  onTestFinished(() => other.close())
  const deepseek = {
    name: 'deepseek',
    dialect: 'openai-chat',
    baseUrl: `${other.url}/v1`,
    models: ['deepseek-*'],
    ...(apiKeyEnv !== null && { apiKeyEnv }),
  }
  const started = await startFixtureGateway(
    (response) => sendText(response, 200, completion('Hello')),
    { serve: { providers: [deepseek] } },
  )
  return { ...started, other }
}

const ofOpenAi = { authorization: 'Bearer sk-of-openai' }
const embedding = { model: 'deepseek-embed', input: 'Hi' }
const old = { model: 'deepseek-coder', prompt: 'Hi' }

describe('a client’s key of one vendor is never shown to another', () => {
  test.each([
    ['/v1/chat/completions', asking('Hi', { model: 'deepseek-chat' })],
    ['/v1/chat/completions', asking('Hi', { model: 'deepseek:deepseek-chat' })],
    ['/v1/responses', { model: 'deepseek-chat', input: 'Hi' }],
    ['/v1/embeddings', embedding],
    ['/v1/completions', old],
  ])('whatever model %s is asked for: %#', async (path, body) => {
    const { other, post } = await besideAnother()
    await (await post(path, body, { headers: ofOpenAi })).text()
    expect(other.received).toHaveLength(1)
    expect(JSON.stringify(other.received[0]?.headers)).not.toContain('sk-of-openai')
  })

  test('nor Anthropic’s to one that speaks like OpenAI, nor OpenAI’s to Anthropic', async () => {
    const { upstream, other, post } = await besideAnother()
    const ofAnthropic = {
      'x-api-key': 'sk-of-anthropic',
      authorization: 'Bearer sk-of-anthropic',
      'anthropic-version': '2023-06-01',
    }
    const counted = asking('Hi', { model: 'deepseek-chat' })
    await (await post('/v1/messages/count_tokens', counted, { headers: ofAnthropic })).text()
    expect(other.received).toHaveLength(1)
    const claude = { model: 'claude-haiku-4-5', input: 'Hi' }
    expect((await post('/v1/embeddings', claude, { headers: ofOpenAi })).status).toBe(401)
    expect(upstream.received).toEqual([])
    expect(JSON.stringify(other.received[0]?.headers)).not.toContain('sk-of-')
  })

  test('and of a gateway without a key for it the client is told what to do', async () => {
    const { other, post } = await besideAnother('NOT_SET')
    const body = asking('Hi', { model: 'deepseek-chat' })
    const response = await post('/v1/chat/completions', body, { headers: ofOpenAi })
    expect(response.status).toBe(401)
    expect(await response.text()).toMatch(/\/deepseek\/v1.*NOT_SET/)
    expect(other.received).toEqual([])
  })
})

test.each([
  ['/deepseek/v1/chat/completions', {}],
  ['/v1/chat/completions', { 'x-llmcost-provider': 'deepseek' }],
])('it goes on to the provider that the request names: %s %j', async (path, named) => {
  const { other, post } = await besideAnother('NOT_SET')
  const headers = { ...ofOpenAi, ...named }
  await (await post(path, asking('Hi', { model: 'deepseek-chat' }), { headers })).text()
  expect(other.received.map((each) => headerOf(each, 'authorization'))).toEqual([
    'Bearer sk-of-openai',
  ])
})

test.each([
  ['/v1/chat/completions', asking('Hi'), 'authorization', 'Bearer sk-own'],
  ['/v1/messages', asking('Hi', { model: 'claude-haiku-4-5' }), 'x-api-key', 'sk-own'],
])('it goes on to the vendor whose API is asked: %s', async (path, body, header, value) => {
  const { upstream, post } = await besideAnother()
  await (await post(path, body, { headers: { [header]: value } })).text()
  expect(upstream.received.map((each) => headerOf(each, header))).toEqual([value])
})
