import { afterAll, expect, test } from 'vitest'
import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { removeTerminals } from '../support/cli.ts'
import { parsePrometheusText } from '../support/prometheus-text.ts'
import { question, startedServe, until } from '../support/running-serve.ts'

afterAll(removeTerminals)

const key = 'a-key-of-the-gateway-itself-4711'
const policy = `serve:
  keys: [{ name: team, env: TEAM_KEY }]
  maxBodyBytes: 1000
  rateLimits: [{ per: all, requestsPerMinute: 1 }]
`

test('who is turned away is in the log, the metrics and the status, by reason and without a secret', async () => {
  const mock = await startMockServer({ settings: defaultMockSettings, isWaiting: false })
  const env = { OPENAI_BASE_URL: `${mock.url}/v1`, OPENAI_API_KEY: 'k', TEAM_KEY: key }
  const { serve, terminal } = await startedServe({ env, policy })
  const { url, adminUrl } = serve.gateway
  const post = (path: string, body: string, shown: string) =>
    fetch(`${url}${path}?api_key=hidden-in-the-query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${shown}` },
      body,
    })
  const ask = async (body: string, shown = key) => {
    const response = await post('/v1/chat/completions', body, shown)
    await response.text()
    return response.status
  }
  try {
    const good = JSON.stringify(question)
    expect(await ask(good, 'sk-wrong-and-secret')).toBe(401)
    expect(await ask('what is my pension')).toBe(400)
    expect(await ask('x'.repeat(2000))).toBe(413)
    const unread = await post('/v1/complete', '{"query":"Hi","my salary is low":1}', key)
    expect(unread.status).toBe(400)
    expect(await unread.text()).toContain('my salary is low: not known; it takes query, system')
    expect(await ask(good)).toBe(200)
    expect(await ask(good)).toBe(429)
    expect(await ask(good)).toBe(429)
    const lines = () =>
      terminal
        .err()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg === 'turned away')
    await until(() => lines().length === 6)
    expect(lines().map(({ status, reason }) => [status, reason])).toEqual([
      [401, 'authentication'],
      [400, 'bad-request'],
      [413, 'too-large'],
      [400, 'bad-request'],
      [429, 'rate-limit'],
      [429, 'rate-limit'],
    ])
    expect(lines()[3].said).toMatch(/^A field of the body is not known; it takes query, system/)
    expect(lines()[4]).toMatchObject({
      level: 'warn',
      endpoint: '/v1/chat/completions',
      said: 'You have reached the limit of 1 requests a minute of this gateway.',
    })
    for (const word of ['sk-wrong', key, 'pension', 'salary', 'hidden', 'xxxx'])
      expect(terminal.err()).not.toContain(word)
    const metrics = parsePrometheusText(await (await fetch(`${adminUrl}/metrics`)).text())
    const family = metrics.get('llmcost_turned_away_requests_total')
    expect(family?.samples.map(({ labels, value }) => [labels, value])).toEqual([
      [{ reason: 'authentication', status: '401' }, 1],
      [{ reason: 'bad-request', status: '400' }, 2],
      [{ reason: 'rate-limit', status: '429' }, 2],
      [{ reason: 'too-large', status: '413' }, 1],
    ])
    const snapshot = await (await fetch(`${adminUrl}/snapshot`)).json()
    const { turnedAway, requests } = (snapshot as never as Snapshot).windows.hour
    expect(requests).toBe(1)
    expect(turnedAway).toEqual([
      { reason: 'bad-request', requests: 2 },
      { reason: 'rate-limit', requests: 2 },
      { reason: 'authentication', requests: 1 },
      { reason: 'too-large', requests: 1 },
    ])
  } finally {
    await serve.close(1000)
    await mock.close()
  }
})

type Snapshot = { readonly windows: { readonly hour: { turnedAway: object[]; requests: number } } }
