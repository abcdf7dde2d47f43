import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { bodyOf, type FixtureAnswer, sendText } from '../support/gateways/fixture-upstream.ts'

/** The cheapest model answers; what it says is put to a dearer one. */
const checked = (budget: JsonObject): JsonObject => ({
  budgets: [{ name: 'all', scope: 'all', window: 'day', ...budget }],
  validators: { sure: { kind: 'judge', target: 'openai:gpt-4o' } },
  routes: [
    { name: 'r', when: {}, ladder: [{ target: 'openai:gpt-4o-mini', validators: ['sure'] }] },
  ],
})

async function spentOn(judge: FixtureAnswer, budget: JsonObject) {
  const started = await startFixtureGateway((response, received, turn) => {
    const { model } = bodyOf(received)
    if (model === 'gpt-4o') return judge(response, received, turn)
    // 100 tokens in and 10 out: $0.000021.
    sendText(response, 200, completion('Yes.', { model: 'gpt-4o-mini' }))
  }, checked(budget))
  const { gateway, post, upstream } = started
  const response = await post('/v1/chat/completions', asking('Is it so?', { max_tokens: 10 }))
  expect(response.status).toBe(200)
  const judged = upstream.received.filter((each) => bodyOf(each)['model'] === 'gpt-4o')
  expect(judged).toHaveLength(1)
  const [standing] = gateway.state.ledger.standings(gateway.state.now(), 1)
  const question = JSON.stringify(bodyOf(judged[0] as (typeof judged)[number]))
  return {
    costUsd: Number(response.headers.get('x-llmcost-cost-usd')),
    spentUsd: (standing?.members[0]?.spentNanoUsd ?? 0) / 1e9,
    questionBytes: Buffer.byteLength(question),
  }
}

const soft = { limit: 1, mode: 'soft', action: 'block' }
const hard = { ...soft, mode: 'hard' }
const ownUsd = 0.000021

test('a judge that does not say what it used is paid for by its texts', async () => {
  const { usage: _, ...untold } = JSON.parse(completion('RIGHT', { model: 'gpt-4o' })) as JsonObject
  const judge: FixtureAnswer = (response) => sendText(response, 200, JSON.stringify(untold))
  const { costUsd, spentUsd, questionBytes } = await spentOn(judge, soft)
  const inputUsd = (tokens: number) => (tokens * 2.5) / 1e6
  expect(costUsd - ownUsd).toBeGreaterThan(inputUsd(questionBytes / 12))
  expect(costUsd - ownUsd).toBeLessThan(inputUsd(questionBytes))
  expect(spentUsd).toBeCloseTo(costUsd, 9)
})

test('a judge whose answer is lost costs nothing, and a hard budget counts what it may have', async () => {
  const judge: FixtureAnswer = (response) => void response.destroy()
  const { costUsd, spentUsd, questionBytes } = await spentOn(judge, hard)
  expect(costUsd).toBeCloseTo(ownUsd, 9)
  expect(spentUsd).toBeGreaterThan(ownUsd + ((questionBytes / 2) * 2.5) / 1e6)
  expect((await spentOn(judge, soft)).spentUsd).toBeCloseTo(ownUsd, 9)
})

test('a judge that refuses costs nothing', async () => {
  const judge: FixtureAnswer = (response) => sendText(response, 400, '{"error":{"message":"no"}}')
  expect((await spentOn(judge, hard)).spentUsd).toBeCloseTo(ownUsd, 9)
})
