import { afterEach, beforeEach, expect, test } from 'vitest'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { removeTerminals, runIn } from '../support/cli.ts'
import { startedServe } from '../support/running-serve.ts'

let mock: MockServer
beforeEach(async () => {
  mock = await startMockServer({ settings: defaultMockSettings })
})
afterEach(async () => {
  await mock.close()
  removeTerminals()
})

test('what was changed in a request is named by its receipt, in explain and in sql', async () => {
  const { serve, ask, terminal } = await startedServe({
    env: { OPENAI_BASE_URL: `${mock.url}/v1` },
    policy:
      'routes: [{ name: small, when: {}, ladder: [gpt-4.1-nano] }]\noutputCap: [{ name: short, when: {}, maxTokens: 50 }]\n',
  })
  const answer = await ask()
  await answer.text()
  const id = answer.headers.get('x-llmcost-request-id') as string
  await serve.close(0)
  const rewrites = ['output-cap', 'model']
  const explained = await runIn(terminal, 'explain', id, '--format', 'json')
  expect(JSON.parse(explained.out).receipt.rewrites.toSorted()).toEqual(rewrites.toSorted())
  const { out } = await runIn(terminal, 'explain', id)
  expect(out).toMatch(/changed in the request: (output-cap, model|model, output-cap)/)
  const query = "select extra ->> '$.receipt.rewrites[0]' as first from v_requests"
  const rows = await runIn(terminal, 'sql', query, '--format', 'json')
  expect(rewrites).toContain(JSON.parse(rows.out).rows[0].first)
})
