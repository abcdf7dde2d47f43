import { writeFileSync } from 'node:fs'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { startServe } from '../../src/cli/start-serve.ts'
import { chooseTiers } from '../../src/policy/tiers.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'
import { newTerminal, removeTerminals } from '../support/cli.ts'
import { asking, completion } from '../support/fixture-gateway.ts'
import { bodyOf, sendText, startFixtureUpstream } from '../support/gateways/fixture-upstream.ts'

afterEach(removeTerminals)

const caching = (ttl: string) => `cache: { exact: { ttl: ${ttl} }, semantic: off }\n`

test('figures know the models of tiers from the start on, and not only once a policy was read again', async () => {
  const upstream = await startFixtureUpstream((response, received) =>
    sendText(response, 200, completion('Hello', { model: String(bodyOf(received)['model']) })),
  )
  onTestFinished(() => upstream.close())
  const env = { OPENAI_BASE_URL: `${upstream.url}/v1`, OPENAI_API_KEY: 'sk-of-the-gateway' }
  const terminal = newTerminal({ env })
  const path = `${terminal.folder}/llmcost.yaml`
  writeFileSync(path, caching('1h'))
  const serve = await startServe({ port: 0, adminPort: 0, policy: [path], log: 'json' }, terminal)
  onTestFinished(async () => void (await serve.close(0)))
  const tiersAfter = async (content: string) => {
    const { small } = chooseTiers({ small: null, medium: null, large: null }, null).tiers
    const model = small.replace('openai:', '')
    const answer = await fetch(`${serve.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
      body: JSON.stringify(asking(content, { model })),
    })
    await answer.text()
    const snapshot = await fetch(`${serve.gateway.adminUrl}/snapshot`)
    const { windows } = (await snapshot.json()) as GatewaySnapshot
    return windows.start.routing.tiers.filter(({ requests }) => requests > 0)
  }
  expect(await tiersAfter('one')).toMatchObject([{ tier: 'small', requests: 1 }])
  writeFileSync(path, caching('2h'))
  await serve.watcher.reload()
  expect(await tiersAfter('two')).toMatchObject([{ tier: 'small', requests: 2 }])
})
