import { afterEach, expect, test } from 'vitest'
import { alikeCache } from '../support/alike-cache.ts'
import { answersByLastWord, startWatchedGateway } from '../support/watched-gateway.ts'

type Watched = Awaited<ReturnType<typeof startWatchedGateway>>
let gateway: Watched
const open: Watched[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const start = async (...options: Parameters<typeof startWatchedGateway>) => {
  gateway = await startWatchedGateway(...options)
  open.push(gateway)
  return gateway
}

const caches = `
cache: { namespace: shared, exact: on, semantic: on }
`
const script = answersByLastWord('refunds', 'returns')

const lastShadow = ({ settled }: Watched) => settled().at(-1)?.record['shadow']

test('a semantic cache in the shadow serves nothing and says what it would have served', async () => {
  const { ask, mock } = await start({
    policy: `${caches}\nserve: { shadow: [semantic] }`,
    mock: { script },
  })
  expect(await ask('question on refunds')).toBe('It takes 11 days.')
  expect(await ask('question on returns')).toBe('It takes 12 days.')
  expect(mock.tally().calls).toBe(2)
  const [first, second] = gateway.settled()
  expect(first?.record).not.toHaveProperty('shadow')
  expect(second?.receipt).toMatchObject({ outcome: 'answered', servedBy: null })
  expect(second?.receipt.steps.map(({ kind }) => kind)).not.toContain('hit')
  expect(second?.record['shadow']).toEqual([
    {
      kind: 'hit',
      layer: 'semantic',
      group: null,
      entry: first?.id,
      similarity: 0.95,
      ageMs: expect.any(Number),
      verdict: 'wrong',
      by: 'guard',
    },
  ])
  expect(gateway.served.at(-1)?.request.shadow).toEqual(second?.record['shadow'])
  expect(gateway.bugs).toEqual([])
})

test('the bytes of an answer do not change with the shadow, streamed or not', async () => {
  const bytesOf = async (policy: string, streams: boolean) => {
    const own = await start({ policy, mock: { script } })
    await own.ask('question on refunds')
    const bytes = await (await own.post({ text: 'question on returns', streams })).text()
    const shadow = own.settled().at(-1)?.record['shadow']
    return { bytes: bytes.replace(/"created":\d+/g, ''), shadow }
  }
  for (const streams of [false, true]) {
    const off = await bytesOf('cache: { exact: off, semantic: off }', streams)
    const shadow = await bytesOf(`${caches}\nserve: { shadow: [exact, semantic] }`, streams)
    expect(shadow.bytes).toBe(off.bytes)
    expect(off.shadow).toBeUndefined()
    expect(shadow.shadow).toHaveLength(1)
  }
})

test('a shadow is left as the cache would be: what would have been served leaves nothing', async () => {
  const { ask, held } = await start({
    policy: `${caches}\nserve: { shadow: [exact, semantic] }`,
    mock: { script },
  })
  await ask('question on refunds')
  await ask('question on refunds')
  await ask('question on returns')
  const [first] = gateway.settled()
  expect(held('exact').map(({ id }) => id)).toEqual([first?.id])
  expect(held('semantic').map(({ id }) => id)).toEqual([first?.id])
  const layers = gateway.settled().map(({ record }) => {
    const [note] = (record['shadow'] ?? []) as { layer: string; verdict: string }[]
    return note === undefined ? null : `${note.layer} ${note.verdict}`
  })
  expect(layers).toEqual([null, 'exact right', 'semantic wrong'])
})

test('an exact shadow beside a semantic cache that serves does not stop it', async () => {
  const { ask, mock } = await start({
    policy: `${caches}\nserve: { shadow: [exact] }`,
    mock: { script },
  })
  await ask('question on refunds')
  await ask('question on refunds')
  expect(mock.tally().calls).toBe(1)
  const last = gateway.settled().at(-1)
  expect(last?.receipt.outcome).toBe('hit')
  // What another layer served is no fresh answer to hold it against.
  expect(lastShadow(gateway)).toMatchObject([{ layer: 'exact', verdict: null }])
})

test('a shadow answers nobody, also where nobody else does', async () => {
  const failure = 'failure: { retries: { attempts: 0 }, fallback: { stale: true } }'
  const headers = { 'x-mock-fault': '500' }
  for (const [shadow, status] of [
    ['', 200],
    ['serve: { shadow: [exact] }', 500],
  ] as const) {
    const cache = 'cache: { namespace: shared, exact: { on: true, ttl: 1s }, semantic: off }'
    const own = await start({
      policy: `${cache}\n${failure}\n${shadow}`,
      mock: { script },
      // What the exact layer holds is over for it, and only the last resort looks at it.
      parts: { cache: stale(alikeCache(() => 0).cache) },
    })
    await own.ask('question on refunds')
    expect((await own.post({ text: 'question on refunds', headers })).status).toBe(status)
  }
})

const stale = (cache: ReturnType<typeof alikeCache>['cache']) => ({
  ...cache,
  findExact: () => null,
})

test('answers that call tools are not compared: no cache holds them', async () => {
  const lookUp = { name: 'look', input: '{}' }
  const { ask } = await start({
    policy: `${caches}\nserve: { shadow: [semantic] }`,
    mock: { script: [...script.slice(0, 1), { when: 'returns$', tool: lookUp }] },
  })
  await ask('question on refunds')
  await ask('question on returns')
  expect(lastShadow(gateway)).toMatchObject([{ layer: 'semantic', verdict: null, by: null }])
})

test('a caller who wants no old answer is not said to have been given one', async () => {
  const { ask } = await start({
    policy: `${caches}\nserve: { shadow: [exact, semantic] }`,
    mock: { script },
  })
  await ask('question on refunds')
  await ask('question on refunds', { headers: { 'cache-control': 'max-age=0' } })
  await ask('question on refunds', { headers: { 'cache-control': 'no-cache' } })
  expect(gateway.settled().map(({ record }) => record['shadow'])).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('routes in the shadow leave requests where they were meant to go, and say what they would cost', async () => {
  const { ask, mock } = await start({
    policy: `
      cache: { exact: off, semantic: off }
      routes: [{ name: short, when: { characters: { below: 100 } }, ladder: [gpt-4o-mini, gpt-4o] }]
      serve: { shadow: [routes] }`,
    mock: { script },
  })
  await ask('question on refunds', { model: 'gpt-4o' })
  expect(Object.keys(mock.tally().byModel)).toEqual(['gpt-4o'])
  const [entry] = gateway.settled()
  expect(entry?.receipt.steps.map(({ kind }) => kind)).not.toContain('route')
  const cost = entry?.costNanoUsd as number
  const shadow = entry?.record['shadow'] as { targets: { costNanoUsd: number }[] }[]
  expect(shadow).toMatchObject([
    { kind: 'route', route: 'short', targets: [{ target: 'gpt-4o-mini' }, { target: 'gpt-4o' }] },
  ])
  const [mini, strong] = shadow[0]?.targets ?? []
  expect(strong?.costNanoUsd).toBe(cost)
  // $0.15 and $0.60 a million against $2.50 and $10.
  expect(mini?.costNanoUsd).toBeCloseTo(cost * 0.06, -1)
})

test('a route in the shadow asks no classifier on its behalf', async () => {
  const { ask, mock } = await start({
    policy: `
      cache: { exact: off, semantic: off }
      classifiers: { words: { kind: model, target: gpt-4o-mini } }
      routes:
        - name: by difficulty
          classifier: words
          ladders: { simple: [gpt-4o-mini], medium: [gpt-4o-mini], hard: [gpt-4o] }
      serve: { shadow: [routes] }`,
    mock: { script },
  })
  await ask('tell me about the long history of how companies came to think of refunds', {
    model: 'gpt-4o',
  })
  expect(mock.tally().calls).toBe(1)
  expect(lastShadow(gateway)).toEqual([
    { kind: 'route', route: null, targets: [], classifier: 'words' },
  ])
})

test('validators in the shadow reject nothing, and their words are written down', async () => {
  const { ask } = await start({
    policy: `
      cache: { exact: off, semantic: off }
      validators:
        long: { kind: length, min: 500, mode: shadow }
        short: { kind: length, max: 500, mode: enforce }
      routes:
        - name: all
          ladder: [{ target: gpt-4o-mini, validators: [long, short] }, gpt-4o]`,
    mock: { script },
  })
  expect(await ask('question on refunds', { model: 'gpt-4o' })).toBe('It takes 11 days.')
  const { steps } = gateway.settled()[0]?.receipt ?? { steps: [] }
  expect(steps.filter(({ kind }) => kind === 'validate')).toEqual([
    {
      kind: 'validate',
      verdict: 'pass',
      shadow: [{ name: 'long', verdict: 'fail' }],
      costNanoUsd: 0,
      latencyMs: 0,
    },
  ])
})

test('a policy without a shadow writes none', async () => {
  const { ask } = await start({ policy: caches, mock: { script } })
  await ask('question on refunds')
  await ask('question on returns')
  for (const { record } of gateway.settled()) expect(record).not.toHaveProperty('shadow')
  expect(gateway.settled().at(-1)?.receipt.outcome).toBe('hit')
})
