import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { BackgroundBook } from '../../src/serve/background-book.ts'
import { startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'

const usage = { input_tokens: 1000, output_tokens: 2000, total_tokens: 3000 }
/** $0.15 and $0.60 for a million tokens. */
const costNanoUsd = 1000 * 150 + 2000 * 600

const responseOf = (status: string, more: object = {}): string =>
  JSON.stringify({
    id: 'resp_1',
    object: 'response',
    background: true,
    model: 'gpt-4o-mini',
    output: [],
    status,
    usage: status === 'completed' ? usage : null,
    ...more,
  })

const body: JsonObject = { model: 'gpt-4o-mini', input: 'Hi', background: true }

/** It is queued, under way when it is first looked up, and done from then on. */
async function started(policy: JsonObject = {}, more: object = {}, parts = {}) {
  const one = await startFixtureGateway(
    (response, { method }, turn) => {
      const status = method === 'POST' ? 'queued' : turn === 1 ? 'in_progress' : 'completed'
      sendText(response, 200, responseOf(status, more))
    },
    policy,
    parts,
  )
  const look = async (path = '/v1/responses/resp_1') =>
    (await fetch(`${one.gateway.url}${path}`)).text()
  const spent = () => {
    const { ledger, now } = one.gateway.state
    return ledger.standings(now(), 1)[0]?.members[0]?.spentNanoUsd ?? 0
  }
  return { ...one, look, spent }
}

describe('a response that goes on in the background', () => {
  test('has no known cost until it is done, and is paid for once, by whoever looks it up', async () => {
    const { gateway, post, look } = await started()
    await (await post('/v1/responses', body)).text()
    for (let count = 0; count < 4; count++) await look()
    const [asked, ...looked] = gateway.settled()
    expect(asked?.record['usage']).toBeUndefined()
    expect(asked?.receipt.steps).toContainEqual(
      expect.objectContaining({ kind: 'attempt', costNanoUsd: null }),
    )
    expect(looked.map((each) => each.costNanoUsd)).toEqual([0, costNanoUsd, 0, 0])
    expect(looked[1]?.record).toMatchObject({
      model: 'gpt-4o-mini',
      responseId: 'resp_1',
      usage: { inputTokens: 1000, outputTokens: 2000 },
    })
  })

  test('spends its bound of a hard budget meanwhile', async () => {
    const limit = { scope: 'all', window: 'day', limit: 5, mode: 'hard', action: 'block' }
    const { post, spent } = await started({ budgets: [{ name: 'all', ...limit }] })
    await (await post('/v1/responses', { ...body, max_output_tokens: 10_000 })).text()
    expect(spent()).toBeGreaterThan(10_000 * 600)
  })

  test('is not paid for again after a restart', async () => {
    const first = await started()
    await (await first.post('/v1/responses', body)).text()
    for (let count = 0; count < 2; count++) await first.look()
    for (const restore of ['checkpoint', 'journal']) {
      const book = new BackgroundBook()
      if (restore === 'checkpoint')
        book.restore(JSON.parse(JSON.stringify(first.gateway.state.backgrounds.state())))
      else for (const entry of first.gateway.settled()) book.replay(entry)
      const next = await started({}, {}, { backgrounds: book })
      for (let count = 0; count < 4; count++) await next.look()
      expect(next.gateway.settled().map((each) => each.costNanoUsd)).toEqual([0, 0, 0, 0])
    }
  })

  test('that was not one is paid for when it is made, and not when it is looked up', async () => {
    const { gateway, look } = await started({}, { background: false })
    for (let count = 0; count < 3; count++) await look()
    expect(gateway.settled().map((each) => each.costNanoUsd)).toEqual([0, 0, 0])
  })
})
