import { expect, test } from 'vitest'
import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { removeTerminals } from '../support/cli.ts'
import { question, startedServe } from '../support/running-serve.ts'

test('a stream that a validator saw first has each header once', async () => {
  const mock = await startMockServer({ settings: defaultMockSettings })
  const { serve, ask } = await startedServe({
    env: { OPENAI_BASE_URL: `${mock.url}/v1` },
    policy:
      'routes: [{ name: r, when: {}, ladder: [{ target: gpt-4o-mini, validators: [{ kind: length, min: 1 }] }] }]\n',
  })
  const answer = await ask({ ...question, stream: true })
  const text = await answer.text()
  await serve.close(0)
  await mock.close()
  removeTerminals()
  expect(text).toMatch(/data: \[DONE\]\n\n$/)
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-cache, no-transform')
  expect(answer.headers.get('x-accel-buffering')).toBe('no')
})
