import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { bodyOf, type FixtureAnswer, sendText } from '../support/gateways/fixture-upstream.ts'

/** So little that any request is over it from the beginning. */
const usedUp = (action: string, mode: string): JsonObject => ({
  budgets: [{ name: 'all', scope: 'all', window: 'day', limit: 0.000001, mode, action }],
})

const answers: FixtureAnswer = (response, received) =>
  sendText(response, 200, completion('Yes.', { model: bodyOf(received)['model'] as string }))

const short = asking('Hi', { max_tokens: 10, model: 'gpt-4o' })

async function served(policy: JsonObject, answer: FixtureAnswer = answers) {
  const { upstream, post } = await startFixtureGateway(answer, policy)
  const { status } = await post('/v1/chat/completions', short)
  return { status, models: upstream.received.map((each) => bodyOf(each)['model']) }
}

const long = { kind: 'length', min: 1000 }
const ladders = {
  'no route': {},
  'a ladder of one rung': { routes: [{ name: 'r', when: {}, ladder: ['openai:gpt-4o-mini'] }] },
  'a ladder of two': {
    validators: { long },
    routes: [
      {
        name: 'r',
        when: {},
        ladder: [{ target: 'openai:gpt-4o-mini', validators: ['long'] }, 'openai:gpt-4o'],
      },
    ],
  },
}
const kept = {
  'no route': ['gpt-4o'],
  'a ladder of one rung': ['gpt-4o-mini'],
  'a ladder of two': ['gpt-4o-mini'],
}

test.each(
  (['soft', 'hard'] as const).flatMap((mode) =>
    (Object.keys(ladders) as (keyof typeof ladders)[]).map((name) => ({ mode, name })),
  ),
)('a $mode budget that is used up and downgrades keeps $name to its first rung', async (of) => {
  const policy = { ...usedUp('downgrade', of.mode), ...ladders[of.name] } as JsonObject
  expect(await served(policy)).toEqual({ status: 200, models: kept[of.name] })
})

test('what is kept on the first rung may be asked for there again', async () => {
  const busyOnce: FixtureAnswer = (response, received, turn) =>
    turn === 0
      ? sendText(response, 503, '{"error":{"message":"busy"}}', { 'retry-after': '0' })
      : answers(response, received, turn)
  const policy = { ...usedUp('downgrade', 'soft'), ...ladders['a ladder of two'] } as JsonObject
  const { status, models } = await served(policy, busyOnce)
  expect({ status, models }).toEqual({ status: 200, models: ['gpt-4o-mini', 'gpt-4o-mini'] })
})

test('a first rung dearer than the model that was asked for is no reason to refuse', async () => {
  const policy = {
    budgets: [
      // Room for the estimate of gpt-4o-mini, not for that of gpt-4o.
      { name: 'all', scope: 'all', window: 'day', limit: 0.001, mode: 'soft', action: 'downgrade' },
    ],
    routes: [{ name: 'r', when: {}, ladder: ['openai:gpt-4o'] }],
  }
  const { upstream, post } = await startFixtureGateway(answers, policy)
  const { status } = await post('/v1/chat/completions', asking('Hi'))
  expect(status).toBe(200)
  expect(upstream.received.map((each) => bodyOf(each)['model'])).toEqual(['gpt-4o'])
})

test('a budget that only alerts lets all pass', async () => {
  const policy = { ...usedUp('alert', 'hard'), ...ladders['a ladder of two'] } as JsonObject
  expect(await served(policy)).toEqual({ status: 200, models: ['gpt-4o-mini', 'gpt-4o'] })
})
