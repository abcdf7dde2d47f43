import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { startedServe } from '../support/running-serve.ts'

/** The semantic layer is off, but for requests that a rule names. */
const allowlist = (rule: string): string => `
cache:
  semantic: { on: false, threshold: 0.6 }
  rules: [{ name: faq, when: {}, semantic: on${rule} }]
`

const ask = (content: string) => ({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] })

let mock: MockServer
beforeEach(async () => {
  mock = await startMockServer({ settings: defaultMockSettings })
})
afterEach(async () => {
  await mock.close()
  removeTerminals()
})

describe('a semantic cache that only a rule switches on', () => {
  test('needs a namespace that is written down too', async () => {
    const started = startedServe({ env: {}, policy: allowlist('') })
    await expect(started).rejects.toThrow('needs a namespace that is written down')
  })

  test('compares', async () => {
    const { serve, ask: post } = await startedServe({
      env: { OPENAI_BASE_URL: `${mock.url}/v1` },
      policy: allowlist(', namespace: shared'),
    })
    const words: (string | null)[] = []
    for (const end of ['?', ', please?']) {
      const answer = await post(ask(`How long do refunds take at your shop${end}`))
      await answer.text()
      words.push(answer.headers.get('x-llmcost-cache'))
    }
    await serve.close(0)
    expect(words).toEqual(['miss', 'hit-semantic'])
  })
})

test('a gateway takes one policy file', async () => {
  const { code, err } = await runIn(
    newTerminal(),
    'serve',
    '--policy',
    'a.yaml',
    '--policy',
    'b.yaml',
  )
  expect([code, err]).toEqual([2, expect.stringContaining('a gateway runs one policy')])
})
