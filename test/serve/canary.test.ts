import { afterEach, expect, test } from 'vitest'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import type { Canary } from '../../src/policy/serving.ts'
import { Trials } from '../../src/serve/trials.ts'
import { policyOf } from '../policy/support.ts'
import { answersByLastWord, startWatchedGateway } from '../support/watched-gateway.ts'

type Options = Parameters<typeof startWatchedGateway>[0]
let gateway: Awaited<ReturnType<typeof startWatchedGateway>>

const start = async (options: Options) => {
  gateway = await startWatchedGateway(options)
  return gateway
}

afterEach(() => gateway?.close())

const trialsOf = (canary: Canary | null) => {
  const policy = { ...defaultPolicy, serve: { ...defaultPolicy.serve, canary } }
  const trials = new Trials({ policy, now: () => 0, onEvent: () => undefined })
  const watch = (request: object, id: string) =>
    trials.watchOf(policy.serve, { model: 'm', operation: 'chat', status: 'ok', ...request }, id)
  return { trials, watch }
}

const canary = (more: Partial<Canary> = {}): Canary => ({
  share: 0.1,
  by: 'session',
  layers: ['semantic'],
  promote: null,
  ...more,
})

test('so many members get the layer, the others watch it', () => {
  const { watch } = trialsOf(canary())
  const members = Array.from({ length: 5_000 }, (_, index) => `s${index}`)
  const chosen = members.filter((session) => !watch({ session }, 'r').semantic)
  // 5,000 draws of 10 %: three standard deviations are 64.
  expect(Math.abs(chosen.length - 500)).toBeLessThan(64)
  expect(members.every((session) => !watch({ session }, 'r').exact)).toBe(true)
})

test('a member is chosen for good, whatever request it makes and whichever gateway it asks', () => {
  const { watch } = trialsOf(canary())
  const other = trialsOf(canary({ layers: ['semantic', 'routes'] })).watch
  for (let index = 0; index < 200; index++) {
    const session = `s${index}`
    const { semantic } = watch({ session }, 'req_1')
    expect(watch({ session, user: 'u', feature: 'f' }, 'req_2').semantic).toBe(semantic)
    expect(other({ session }, 'req_3')).toEqual({ exact: false, semantic, routes: semantic })
  }
})

test('a larger share keeps those who were chosen before', () => {
  const small = trialsOf(canary({ by: 'user' })).watch
  const large = trialsOf(canary({ by: 'user', share: 0.4 })).watch
  for (let index = 0; index < 500; index++) {
    const user = `u${index}`
    if (!small({ user }, 'r').semantic) expect(large({ user }, 'r').semantic).toBe(false)
  }
})

test('whoever has no session is drawn request by request', () => {
  const { watch } = trialsOf(canary({ share: 0.5 }))
  const drawn = Array.from({ length: 400 }, (_, index) => watch({}, `req_${index}`).semantic)
  const watched = drawn.filter((each) => each).length
  expect(watched).toBeGreaterThan(140)
  expect(watched).toBeLessThan(260)
})

test('a share of nobody and of everybody', () => {
  expect(trialsOf(canary({ share: 0 })).watch({ session: 's' }, 'r').semantic).toBe(true)
  expect(trialsOf(canary({ share: 1 })).watch({ session: 's' }, 'r').semantic).toBe(false)
})

const script = [
  ...answersByLastWord('refunds', 'returns'),
  { when: 'again$', answer: 'It takes 11 days.' },
]
const caches = 'cache: { namespace: shared, exact: off, semantic: on }'
const serving = (promote: string) => `${caches}
serve: { canary: { share: 0%, by: user, layers: [semantic], promote: { ${promote} } } }`

/** Evidence of a promise at 30 % and 80 %: right ones multiply it by 0.94/0.7, five of them reach 1/0.2 and six 1/0.17. */
const quick = 'minHits: 3, maxWrongPerHit: 30%, confidence: 80%'

const askRight = async (count: number, from = 0) => {
  for (let index = from; index < from + count; index++) {
    await gateway.ask(`topic${index} on refunds`)
    await gateway.ask(`topic${index} once again`)
  }
}

test('a layer that keeps its promise is told of, and given to nobody', async () => {
  await start({ policy: serving(quick), mock: { script } })
  await askRight(5)
  expect(gateway.events).toEqual([])
  await askRight(1, 5)
  expect(gateway.events).toMatchObject([
    {
      kind: 'promote',
      layer: 'semantic',
      group: null,
      compared: 6,
      wrong: 0,
      limit: 0.3,
      text: 'semantic cache: 0 of 6 compared hits are wrong, the rate is below 30% with 80% confidence; all may get it',
    },
  ])
  const { calls } = gateway.mock.tally()
  await gateway.ask('topic0 again and again')
  expect(gateway.mock.tally().calls).toBe(calls + 1)
  expect(gateway.trials.lines()).toContainEqual(
    expect.objectContaining({ purpose: 'promotion', mode: 'canary', isProved: true, evidence: 1 }),
  )
})

test('with auto all get it from then on, over a restart, until the policy is read again', async () => {
  const policy = serving(`${quick}, auto: true`)
  await start({ policy, mock: { script } })
  await askRight(6)
  expect(gateway.events).toMatchObject([{ kind: 'promoted' }])
  const { calls } = gateway.mock.tally()
  expect(await gateway.ask('topic0 on returns')).toBe('It takes 11 days.')
  expect(gateway.mock.tally().calls).toBe(calls)
  const { policy: named } = gateway.state.compiled
  const watched = (trials: Trials) =>
    trials.watchOf(named.serve, { model: 'm', operation: 'chat', status: 'ok' }, 'r').semantic
  const again = new Trials({ policy: named, now: () => 0, onEvent: () => undefined })
  again.restore(JSON.parse(JSON.stringify(gateway.trials.state())))
  expect(watched(again)).toBe(false)
  again.reload(named)
  expect(watched(again)).toBe(true)
})

test('fewer hits than asked for promise nothing, whatever the evidence', async () => {
  await start({ policy: serving(quick.replace('minHits: 3', 'minHits: 8')), mock: { script } })
  await askRight(7)
  expect(gateway.events).toEqual([])
  await askRight(1, 7)
  expect(gateway.events).toMatchObject([{ kind: 'promote', compared: 8 }])
})

test('what nobody can tell counts against a promise, as if it were wrong', async () => {
  const vague = [
    { when: 'refunds$', answer: 'By post, or at any of our shops.' },
    { when: 'again$', answer: 'Parcels are best left with a neighbour.' },
  ]
  await start({ policy: serving(quick), mock: { script: vague } })
  await askRight(8)
  expect(gateway.events).toEqual([])
  expect(gateway.trials.lines()).toContainEqual(
    expect.objectContaining({
      purpose: 'promotion',
      compared: 8,
      unsettled: 8,
      rate: null,
      evidence: 0,
    }),
  )
})

test('another policy begins anew where the layer is another one, and keeps what was done where it is not', async () => {
  const audited = (more: string, threshold = 0.92) => `
cache: { namespace: shared, exact: off, semantic: { on: true, threshold: ${threshold} } }
serve: { auditShare: 100%, audit: { maxWrongPerHit: 30%, confidence: 80% ${more} } }`
  await start({ policy: audited(''), mock: { script } })
  for (const topic of ['one', 'two', 'three']) {
    await gateway.ask(`${topic} on refunds`)
    await gateway.ask(`${topic} on returns`)
    await gateway.audits.ended()
  }
  const { trials } = gateway
  expect(trials.thresholdOf(undefined)).toBe(0.96)
  trials.reload(policyOf(audited(', judge: gpt-5-mini')))
  expect(trials.thresholdOf(undefined)).toBe(0.96)
  trials.reload(policyOf(audited('').replace('30%', '20%')))
  expect(trials.thresholdOf(undefined)).toBe(0.96)
  trials.reload(policyOf(audited('', 0.95)))
  expect(trials.thresholdOf(undefined)).toBeNull()
  expect(trials.hasActed).toBe(false)
})

test('people may undo what audits have done to a layer, and to no other', async () => {
  const policy = `
cache: { namespace: shared, exact: off, semantic: on }
serve: { auditShare: 100%, audit: { maxWrongPerHit: 30%, confidence: 80% } }`
  await start({ policy, mock: { script } })
  for (const topic of ['one', 'two', 'three']) {
    await gateway.ask(`${topic} on refunds`)
    await gateway.ask(`${topic} on returns`)
    await gateway.audits.ended()
  }
  const { trials } = gateway
  trials.reset('routes')
  expect(trials.thresholdOf(undefined)).toBe(0.96)
  trials.reset('semantic')
  expect([trials.thresholdOf(undefined), trials.hasActed, trials.lines()]).toEqual([
    null,
    false,
    [],
  ])
})

test('a layer in the shadow for all cannot be given to some', () => {
  const text = 'serve: { shadow: [semantic], canary: { share: 10%, layers: [semantic] } }'
  expect(() => policyOf(text)).toThrow('is in the shadow for everybody')
})
