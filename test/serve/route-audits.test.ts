import { afterEach, expect, test } from 'vitest'
import type { RouteComparison } from '../../src/domain/comparison.ts'
import { startWatchedGateway } from '../support/watched-gateway.ts'

type Options = Parameters<typeof startWatchedGateway>[0]
type Watched = Awaited<ReturnType<typeof startWatchedGateway>>
let gateway: Watched
const open: Watched[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const start = async (options: Options) => {
  gateway = await startWatchedGateway(options)
  open.push(gateway)
  return gateway
}

const routed = (audit: string, rest = '', ladder = '[gpt-4o-mini, gpt-4o]') => `
cache: { exact: off, semantic: off }
routes: [{ name: all, ladder: ${ladder} }]
serve: { audit: { routeShare: 100%, ${audit} }${rest} }`

/** The small model is wrong about returns; the judge prefers what holds the word that it is told. */
const models = (verdict = 'TIE') => [
  {
    match: 'gpt-4o-mini',
    script: [
      { when: 'refunds$', answer: 'It takes 11 days.' },
      { when: 'returns$', answer: 'It takes 99 days.' },
      { when: 'either$', answer: 'By post, or at any of our shops.' },
    ],
  },
  {
    match: 'gpt-4o',
    script: [
      { when: 'refunds$', answer: 'It takes 11 days.' },
      { when: 'returns$', answer: 'It takes 12 days.' },
      { when: 'either$', answer: 'Both ways are open to you: parcels go by mail as well.' },
    ],
  },
  { match: 'gpt-5-mini', script: [{ answer: `Reasons.\nVERDICT: ${verdict}` }] },
]

const comparisons = () =>
  gateway.settled().flatMap(({ record }) => (record['audit'] as RouteComparison | undefined) ?? [])

test('a cheaper answer is held against the strongest model of its ladder', async () => {
  await start({ policy: routed(''), mock: { models: models() } })
  expect(await gateway.ask('about refunds', { model: 'gpt-4o' })).toBe('It takes 11 days.')
  await gateway.audits.ended()
  expect(await gateway.ask('about returns', { model: 'gpt-4o' })).toBe('It takes 99 days.')
  await gateway.audits.ended()
  const plain = { kind: 'route', group: 'all', target: 'gpt-4o-mini', strong: 'gpt-4o' }
  expect(comparisons()).toMatchObject([
    { ...plain, difference: 0, by: 'identical', validators: [] },
    { ...plain, difference: -1, by: 'guard' },
  ])
  expect(gateway.mock.tally().byModel).toMatchObject({
    'gpt-4o-mini': { calls: 2 },
    'gpt-4o': { calls: 2 },
  })
  expect(gateway.trials.lines()).toMatchObject([
    { layer: 'routes', group: 'all', compared: 2, wrong: 1, better: 0, rate: 0.5 },
  ])
  expect(gateway.paid).toHaveLength(2)
})

test('a route of one cheap model is held against the model that was asked for', async () => {
  const policy = routed('', '', '[gpt-4o-mini]')
  await start({ policy, mock: { models: models() } })
  await gateway.ask('about returns', { model: 'gpt-4o' })
  await gateway.ask('about returns', { model: 'gpt-4o-mini' })
  await gateway.audits.ended()
  expect(comparisons()).toMatchObject([
    { target: 'gpt-4o-mini', strong: 'openai:gpt-4o', difference: -1 },
  ])
})

test('an answer of the strongest model itself is not asked again', async () => {
  const policy = routed('', '', '[{ target: gpt-4o-mini, validators: [none] }, gpt-4o]').replace(
    'routes:',
    'validators: { none: { kind: length, min: 1000, mode: enforce } }\nroutes:',
  )
  await start({ policy, mock: { models: models() } })
  expect(await gateway.ask('about returns', { model: 'gpt-4o' })).toBe('It takes 12 days.')
  await gateway.audits.ended()
  expect(gateway.mock.tally().calls).toBe(2)
  expect(comparisons()).toEqual([])
})

test('only what validators said of the answer that the caller got is held against it', async () => {
  const rungs = [
    '{ target: gpt-4o-mini, validators: [long, odd] }',
    '{ target: gpt-4.1-mini, validators: [blind] }',
    'gpt-4o',
  ]
  const policy = routed('', '', `[${rungs.join(', ')}]`).replace(
    'routes:',
    `validators:
  long: { kind: length, min: 1000, mode: enforce }
  odd: { kind: regex, pattern: "99", must: not-match, mode: shadow }
  blind: { kind: length, min: 1, mode: shadow }
routes:`,
  )
  await start({ policy, mock: { models: models() } })
  await gateway.ask('about returns', { model: 'gpt-4o' })
  await gateway.audits.ended()
  expect(comparisons()).toMatchObject([
    { target: 'gpt-4.1-mini', strong: 'gpt-4o', validators: [{ name: 'blind', verdict: 'pass' }] },
  ])
})

test('a judge says what computing cannot, in both orders, and is paid for on an account of its own', async () => {
  for (const [verdict, difference] of [
    ['TIE', 0],
    ['A', 0],
    ['nothing', null],
  ] as const) {
    await start({
      policy: routed('judge: gpt-5-mini'),
      mock: { models: models(verdict) },
      env: { OPENAI_API_KEY: 'sk-ours' },
    })
    await gateway.ask('about either', { model: 'gpt-4o' })
    await gateway.audits.ended()
    // "A" in both orders is a flip: it prefers a place.
    expect(comparisons()).toMatchObject([
      { difference, by: difference === null ? null : 'judge:gpt-5-mini' },
    ])
    expect(gateway.mock.tally().byModel['gpt-5-mini']).toMatchObject({ calls: 2 })
    // People find both answers by it.
    const [{ fresh } = {}] = comparisons() as readonly { readonly fresh?: string }[]
    expect(gateway.settled().find(({ id }) => id === fresh)).toMatchObject({
      id: expect.stringMatching(/^audit_/),
      record: { answer: { text: expect.stringContaining('Both ways') } },
    })
    const judged = gateway.settled().at(-1)
    expect(judged).toMatchObject({
      id: expect.stringMatching(/^judge_/),
      spender: {},
      record: { operation: 'other', model: 'gpt-5-mini', tags: { llmcost: 'judge' }, status: 'ok' },
    })
    const intents = gateway.journal.filter(({ kind, id }) => kind === 'begun' && id === judged?.id)
    expect(intents).toMatchObject([{ attempt: 1 }, { attempt: 2 }])
    expect(judged?.costNanoUsd).toBeGreaterThan(0)
    expect(gateway.paid.map(([purpose]) => purpose)).toEqual(['audit', 'judge'])
    expect(JSON.stringify(judged)).not.toContain('shops')
    expect(gateway.bugs).toEqual([])
  }
})

test('a judge that finds no room in a budget is not asked', async () => {
  await start({
    policy: `${routed('judge: gpt-5-mini')}
budgets: [{ scope: all, window: lifetime, limit: $0.001, action: block, mode: hard }]`,
    mock: { models: models() },
    env: { OPENAI_API_KEY: 'sk-ours' },
  })
  // gpt-4o-mini and gpt-4o with a few tokens fit; two judgements of 1,000 tokens each do not.
  const body = JSON.stringify({
    model: 'gpt-4o',
    max_tokens: 10,
    messages: [{ role: 'user', content: 'about either' }],
  })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-caller' }
  await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body })
  await gateway.audits.ended()
  expect(gateway.audits.counts).toMatchObject({ refused: 1, compared: 0 })
  expect(gateway.mock.tally().byModel).not.toHaveProperty('gpt-5-mini')
  expect(gateway.trials.lines()).toEqual([])
})

/** 20 % lost at 80 % confidence: each worse answer multiplies the evidence by 1.4. */
const quick = 'maxLoss: 20%, confidence: 80%'

test('a route that loses more than it may is told of, and taken out where the policy says so', async () => {
  for (const action of ['tighten', 'disable']) {
    await start({
      policy: routed(`${quick}, action: ${action}`),
      mock: { models: models() },
    })
    for (let count = 0; count < 6; count++) {
      await gateway.ask('about returns', { model: 'gpt-4o' })
      await gateway.audits.ended()
    }
    const isOff = action === 'disable'
    expect(gateway.events).toMatchObject([
      {
        kind: isOff ? 'disabled' : 'exceeded',
        layer: 'routes',
        group: 'all',
        rate: 1,
        limit: 0.2,
        text: expect.stringContaining('audited answers are worse than the strongest model'),
      },
    ])
    const answer = await gateway.ask('about returns', { model: 'gpt-4o' })
    expect(answer).toBe(isOff ? 'It takes 12 days.' : 'It takes 99 days.')
    if (isOff)
      expect(gateway.settled().at(-1)?.record['shadow']).toMatchObject([
        { kind: 'route', route: 'all' },
      ])
  }
})

test('a validator in the shadow that catches all wrong answers may be enforced', async () => {
  const policy = routed(
    `confidence: 80%, action: alert`,
    '',
    '[{ target: gpt-4o-mini, validators: [odd, blind] }, gpt-4o]',
  ).replace(
    'routes:',
    `validators:
  odd: { kind: regex, pattern: "99", must: not-match, mode: shadow, maxFalsePass: 40% }
  blind: { kind: length, min: 1, mode: shadow, maxFalsePass: 40% }
routes:`,
  )
  await start({ policy, mock: { models: models() } })
  for (let count = 0; count < 5; count++) {
    await gateway.ask('about returns', { model: 'gpt-4o' })
    await gateway.ask('about refunds', { model: 'gpt-4o' })
    await gateway.audits.ended()
  }
  // (1 - 0.08)/(1 - 0.4) = 1.53: four wrong answers caught are evidence of 5.5, over 1/0.2.
  const promoted = gateway.events.filter(({ layer }) => layer === 'validator')
  expect(promoted).toMatchObject([
    {
      kind: 'promote',
      group: 'odd',
      compared: 4,
      wrong: 0,
      limit: 0.4,
      text: 'validator odd: 0 of 4 wrong answers passed, the rate is below 40% with 80% confidence; it may be enforced',
    },
  ])
})
