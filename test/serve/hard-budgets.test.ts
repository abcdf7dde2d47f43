import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { UnwrittenError } from '../../src/serve/turn-writer.ts'
import { asking, completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { bodyOf, type FixtureAnswer, sendText } from '../support/gateways/fixture-upstream.ts'
import { until } from '../support/gateways/harness.ts'

type Started = Awaited<ReturnType<typeof startFixtureGateway>>

const budget = (limit: number, mode = 'hard'): JsonObject => ({
  budgets: [{ name: 'all', scope: 'all', window: 'day', limit, mode, action: 'block' }],
})

/** What the one budget counts as spent, and what it holds back, dollars. */
function standing({ gateway }: Started): { spent: number; held: number } {
  const [one] = gateway.state.ledger.standings(gateway.state.now(), 1)
  const [member] = one?.members ?? []
  return {
    spent: (member?.spentNanoUsd ?? 0) / 1e9,
    held: (member?.reservedNanoUsd ?? 0) / 1e9,
  }
}

const models = ({ upstream }: Started) => upstream.received.map((each) => bodyOf(each)['model'])

/** Some 100 tokens in and 10 out, whoever is asked. */
const answers: FixtureAnswer = (response, received) =>
  sendText(response, 200, completion('UNSURE', { model: bodyOf(received)['model'] as string }))

const short = asking('Hi', { max_tokens: 10 })
/** Neither simple nor hard by its looks. */
const neither = asking('Three people saw the brown fox near the river last Tuesday, in the rain.', {
  max_tokens: 10,
})
/** Dearer than all that `short` may cost at gpt-4o-mini, cheaper than a question to gpt-4. */
const limit = 0.001

describe('what a hard budget has no room for is not asked', () => {
  test.each([
    ['a judge', { kind: 'judge', target: 'openai:gpt-4' }],
    ['a self-check', { kind: 'self-check', target: 'openai:gpt-4' }],
  ])('%s', async (_, validator) => {
    const started = await startFixtureGateway(answers, {
      ...budget(limit),
      validators: { close: validator },
      routes: [
        { name: 'r', when: {}, ladder: [{ target: 'openai:gpt-4o-mini', validators: ['close'] }] },
      ],
    })
    expect((await started.post('/v1/chat/completions', short)).status).toBe(200)
    expect(models(started)).toEqual(['gpt-4o-mini'])
    expect(standing(started).spent).toBeLessThan(limit)
    expect(standing(started).held).toBe(0)
  })

  test('a classifier, and its request is of medium difficulty', async () => {
    const started = await startFixtureGateway(answers, {
      ...budget(limit),
      classifiers: { c: { kind: 'model', target: 'openai:gpt-4' } },
      routes: [
        {
          name: 'r',
          when: {},
          classifier: 'c',
          ladders: {
            simple: ['openai:gpt-4o'],
            medium: ['openai:gpt-4o-mini'],
            hard: ['openai:gpt-4o'],
          },
        },
      ],
    })
    expect((await started.post('/v1/chat/completions', neither)).status).toBe(200)
    expect(models(started)).toEqual(['gpt-4o-mini'])
    expect(standing(started).held).toBe(0)
  })

  test('a fallback, beside a call that is under way', async () => {
    const gates = new Map<unknown, () => void>()
    const started = await startFixtureGateway(
      async (response, received, turn) => {
        const { model } = bodyOf(received)
        await new Promise<void>((resolve) => gates.set(model, resolve))
        if (model === 'gpt-4o-mini') sendText(response, 503, '{"error":{"message":"busy"}}')
        else await answers(response, received, turn)
      },
      {
        // So much for the two rungs together, and for each of the calls beside one other.
        ...budget(0.0012),
        speculative: 'on',
        failure: {
          retries: { attempts: 0 },
          fallback: { on: true, targets: { 'openai:gpt-4o-mini': ['openai:gpt-4.1'] } },
        },
        validators: { close: { kind: 'length', min: 1 } },
        routes: [
          {
            name: 'r',
            when: {},
            ladder: [
              { target: 'openai:gpt-4o-mini', validators: ['close'] },
              { target: 'openai:gpt-4o' },
            ],
          },
        ],
      },
    )
    const answering = started.post('/v1/chat/completions', asking('Hi', { max_tokens: 50 }))
    await until('both rungs are asked', () => gates.size === 2)
    gates.get('gpt-4o-mini')?.()
    const [exchange] = started.gateway.state.exchanges.values()
    await until('the fallback is asked or refused', () => {
      return gates.size === 3 || exchange?.attempts.length === 2
    })
    for (const open of gates.values()) open()
    expect((await answering).status).toBe(200)
    expect(models(started).toSorted()).toEqual(['gpt-4o', 'gpt-4o-mini'])
    expect(standing(started).held).toBe(0)
  })
})

test('a judge is not asked where nothing can be written that a hard budget must count', async () => {
  const started = await startFixtureGateway(
    answers,
    {
      ...budget(5),
      validators: { close: { kind: 'judge', target: 'openai:gpt-4' } },
      routes: [
        { name: 'r', when: {}, ladder: [{ target: 'openai:gpt-4o-mini', validators: ['close'] }] },
      ],
    },
    {
      journal: {
        begin: ({ attempt }, { isHard = false } = {}) =>
          isHard && attempt > 1 ? Promise.reject(new UnwrittenError('full')) : Promise.resolve(),
        settle: () => undefined,
      },
    },
  )
  expect((await started.post('/v1/chat/completions', short)).status).toBe(200)
  expect(models(started)).toEqual(['gpt-4o-mini'])
})

test('what classifiers and judges may cost is held back while they are asked', async () => {
  let seen: number[] = []
  const started = await startFixtureGateway(
    (response, received, turn) => {
      seen = [...seen, standing(started).held]
      return answers(response, received, turn)
    },
    {
      ...budget(5),
      validators: { close: { kind: 'judge', target: 'openai:gpt-4' } },
      routes: [
        { name: 'r', when: {}, ladder: [{ target: 'openai:gpt-4o-mini', validators: ['close'] }] },
      ],
    },
  )
  expect((await started.post('/v1/chat/completions', short)).status).toBe(200)
  const [own = 0, judging = 0] = seen
  // $30 a million: some 250 bytes at least, and 16 tokens of output at $60.
  expect(judging - own).toBeGreaterThan(0.007)
  expect(standing(started).held).toBe(0)
})
