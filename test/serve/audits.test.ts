import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Settled } from '../../src/domain/journal.ts'
import { namedPolicy } from '../../src/serve/policy-in-force.ts'
import { Trials } from '../../src/serve/trials.ts'
import { policyOf } from '../policy/support.ts'
import { answersByLastWord, startWatchedGateway } from '../support/watched-gateway.ts'

type Options = Parameters<typeof startWatchedGateway>[0]
type Watched = Awaited<ReturnType<typeof startWatchedGateway>>
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(options: Options): Promise<Watched> {
  const gateway = await startWatchedGateway(options)
  open.push(gateway)
  return gateway
}

const caches = 'cache: { namespace: shared, exact: off, semantic: on }'
const audited = (more = '') => `${caches}\nserve: { auditShare: 100%, audit: { ${more} } }`
const script = answersByLastWord('refunds', 'returns', 'parcels', 'stamps')

const ofAudits = (entries: readonly Settled[]) => entries.filter(({ id }) => /^audit_/.test(id))

test('a semantic hit is asked again, compared, and paid for by nobody in particular', async () => {
  const gateway = await start({ policy: audited(), mock: { script } })
  const headers = { 'x-llmcost-user': 'ada', 'x-llmcost-feature': 'faq', 'x-llmcost-trace': 't1' }
  await gateway.ask('question on refunds', { headers })
  expect(await gateway.ask('question on returns', { headers })).toBe('It takes 11 days.')
  await gateway.audits.ended()
  const [first, hit, audit] = gateway.settled()
  expect(hit).toMatchObject({ costNanoUsd: 0, receipt: { outcome: 'hit' } })
  expect(audit).toMatchObject({
    id: expect.stringMatching(/^audit_/),
    spender: {},
    receipt: { outcome: 'answered' },
    record: {
      operation: 'other',
      model: 'gpt-4o-mini',
      answer: { text: 'It takes 12 days.' },
      tags: { llmcost: 'audit' },
      audit: {
        of: hit?.id,
        kind: 'hit',
        layer: 'semantic',
        group: 'faq',
        entry: first?.id,
        similarity: 0.95,
        verdict: 'wrong',
        by: 'guard',
      },
    },
  })
  // Whose question it was stays, so that it can be erased; no conversation or trace has it twice.
  expect(audit?.record).toMatchObject({ user: 'ada', feature: 'faq' })
  for (const name of ['trace', 'session']) expect(audit?.record).not.toHaveProperty(name)
  const intent = gateway.journal.find(({ kind, id }) => kind === 'begun' && id === audit?.id)
  expect(intent).toMatchObject({ attempt: 1, target: 'openai:gpt-4o-mini', spender: {} })
  expect(audit?.costNanoUsd).toBeGreaterThan(0)
  expect(gateway.paid).toEqual([['audit', audit?.costNanoUsd]])
  expect(gateway.audits.counts).toEqual({
    inFlight: 0,
    compared: 1,
    dropped: 0,
    refused: 0,
    failed: 0,
  })
  expect(gateway.trials.lines()).toMatchObject([
    { layer: 'semantic', group: 'faq', compared: 1, wrong: 1, rate: 1, mode: 'on' },
  ])
  expect(gateway.bugs).toEqual([])
})

test('what was paid for an audit is what its receipt says and what the provider billed', async () => {
  const gateway = await start({ policy: audited(), mock: { script } })
  for (const word of ['refunds', 'returns', 'parcels']) await gateway.ask(`question on ${word}`)
  await gateway.audits.ended()
  const settled = gateway.settled()
  // One asked in the first place, two hits, two audits.
  expect(settled).toHaveLength(5)
  expect(gateway.mock.tally().calls).toBe(3)
  const { inputTokens = 0, outputTokens = 0 } = gateway.mock.tally().byModel['gpt-4o-mini'] ?? {}
  const billed = inputTokens * 150 + outputTokens * 600
  expect(settled.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)).toBe(billed)
})

test('a hit of a stream is asked again as a stream, and compared by what it comes to', async () => {
  const gateway = await start({ policy: audited(), mock: { script } })
  await gateway.ask('question on refunds')
  const stream = await gateway.post({ text: 'question on returns', streams: true })
  const text = await stream.text()
  expect(text).toContain('data: [DONE]')
  expect(text).not.toContain('12')
  await gateway.audits.ended()
  expect(gateway.mock.tally()).toMatchObject({ calls: 2, streams: 1 })
  const [audit] = ofAudits(gateway.settled())
  expect(audit).toMatchObject({
    record: { answer: { text: 'It takes 12 days.' }, audit: { verdict: 'wrong' } },
  })
  expect(audit?.costNanoUsd).toBeGreaterThan(0)
})

test('a share of hits is audited, by chance', async () => {
  const draws = [0.019, 0.02, 0.5]
  const gateway = await start({
    policy: `${caches}\nserve: { auditShare: 2% }`,
    mock: { script },
    parts: { chance: () => draws.shift() ?? 1 },
  })
  for (const word of ['refunds', 'returns', 'parcels', 'stamps'])
    await gateway.ask(`question on ${word}`)
  await gateway.audits.ended()
  expect(draws).toEqual([])
  expect(ofAudits(gateway.settled())).toHaveLength(1)
})

/** A provider that answers when it is told to, and shows what it was sent. */
async function startHeldUpstream() {
  const calls: { headers: IncomingHttpHeaders; body: string; response: ServerResponse }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += String(chunk)
    })
    request.on('end', () => calls.push({ headers: request.headers, body, response }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    answer(index: number, content: string) {
      const message = { role: 'assistant', content }
      const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
      calls[index]?.response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          id: 'chatcmpl-1',
          model: 'gpt-4o-mini',
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage,
        }),
      )
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  open.push(upstream)
  return upstream
}

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise(setImmediate)
}

test('a caller waits for no audit, and what comes while too many are under way is left out', async () => {
  const upstream = await startHeldUpstream()
  const gateway = await start({
    policy: audited('maxInFlight: 1'),
    env: { OPENAI_BASE_URL: upstream.url },
  })
  const first = gateway.ask('question on refunds')
  await until(() => upstream.calls.length === 1)
  upstream.answer(0, 'In May.')
  await first
  // The audit of this hit is not answered before the caller has all of it, and another hit too.
  expect(await gateway.ask('question on returns')).toBe('In May.')
  expect(await gateway.ask('question on parcels')).toBe('In May.')
  await until(() => upstream.calls.length === 2)
  expect(gateway.audits.counts).toMatchObject({ inFlight: 1, dropped: 1, compared: 0 })
  expect(gateway.state.exchanges.size).toBe(1)
  upstream.answer(1, 'In May.')
  await gateway.audits.ended()
  expect(gateway.audits.counts).toMatchObject({ inFlight: 0, dropped: 1, compared: 1 })
  expect(gateway.state.exchanges.size).toBe(0)
  expect(ofAudits(gateway.settled())).toMatchObject([{ record: { audit: { verdict: 'right' } } }])
})

test('in pass-through an audit shows the caller’s own key, with a gateway key that of the environment', async () => {
  const upstream = await startHeldUpstream()
  const env = { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: 'sk-ours', TEAM: 'lc-team' }
  const authorizations = async (policy: string, key: string) => {
    const gateway = await startWatchedGateway({ policy, env })
    const from = upstream.calls.length
    const headers = { authorization: `Bearer ${key}` }
    const first = gateway.ask('question on refunds', { headers })
    await until(() => upstream.calls.length === from + 1)
    upstream.answer(from, 'In May.')
    await first
    await gateway.ask('question on returns', { headers })
    await until(() => upstream.calls.length === from + 2)
    upstream.answer(from + 1, 'In June.')
    await gateway.audits.ended()
    await gateway.close()
    // The very bytes that the caller sent.
    expect(upstream.calls[from + 1]?.body).toContain('question on returns')
    return upstream.calls.slice(from).map((call) => call.headers.authorization)
  }
  expect(await authorizations(audited(), 'sk-caller')).toEqual([
    'Bearer sk-caller',
    'Bearer sk-caller',
  ])
  const keys = 'keys: [{ name: team, env: TEAM }]'
  const own = audited().replace('auditShare', `${keys}, auditShare`)
  expect(await authorizations(own, 'lc-team')).toEqual(['Bearer sk-ours', 'Bearer sk-ours'])
})

test('who wants an answer from the cache or none is not asked for behind their back', async () => {
  const gateway = await start({ policy: audited(), mock: { script } })
  await gateway.ask('question on refunds')
  const headers = { 'cache-control': 'only-if-cached' }
  expect(await gateway.ask('question on returns', { headers })).toBe('It takes 11 days.')
  await gateway.audits.ended()
  expect(gateway.mock.tally().calls).toBe(1)
})

test('a caller who leaves leaves no audit behind', async () => {
  const upstream = await startHeldUpstream()
  const gateway = await start({ policy: audited(), env: { OPENAI_BASE_URL: upstream.url } })
  const first = gateway.ask('question on refunds')
  await until(() => upstream.calls.length === 1)
  upstream.answer(0, 'In May.')
  await first
  const leaving = new AbortController()
  const answer = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'question on returns' }],
    }),
  })
  const response = await answer
  leaving.abort()
  await response.text().catch(() => undefined)
  await until(() => upstream.calls.length === 2)
  upstream.answer(1, 'In May.')
  await gateway.audits.ended()
  expect(gateway.audits.counts.inFlight).toBe(0)
  expect(gateway.state.exchanges.size).toBe(0)
  expect(gateway.bugs).toEqual([])
})

test('an audit that finds no room in a budget of all is not made, and members do not pay for others', async () => {
  const policy = (limit: string, scope: string) => `
    ${audited()}
budgets: [{ name: b, scope: ${scope}, window: lifetime, limit: "${limit}", action: downgrade, mode: soft }]`
  const long = [{ when: 'refunds$', answer: 'word '.repeat(400) }, ...script]
  const run = async (text: string) => {
    const gateway = await start({ policy: text.trim(), mock: { script: long } })
    const headers = { 'x-llmcost-user': 'ada' }
    await gateway.ask('question on refunds', { headers })
    const before = gateway.state.ledger.standings(gateway.state.now(), 1)[0]?.members[0]
    await gateway.ask('question on returns', { headers })
    await gateway.audits.ended()
    const after = gateway.state.ledger.standings(gateway.state.now(), 1)[0]?.members[0]
    return { gateway, spent: (after?.spentNanoUsd ?? 0) - (before?.spentNanoUsd ?? 0), after }
  }
  const wide = await run(policy('$1', 'all'))
  const audit = ofAudits(wide.gateway.settled())[0]
  expect(wide.spent).toBe(audit?.costNanoUsd)
  expect(wide.after?.reservedNanoUsd).toBe(0)
  const ofUser = await run(policy('$1', 'user'))
  expect(ofUser.gateway.audits.counts.compared).toBe(1)
  expect(ofUser.spent).toBe(0)
  // The first answer took three quarters of it: from there on requests have to do with less.
  const narrow = await run(policy('$0.0004', 'all'))
  expect(narrow.gateway.audits.counts).toMatchObject({ refused: 1, compared: 0 })
  expect(ofAudits(narrow.gateway.settled())).toEqual([])
  expect(narrow.gateway.mock.tally().calls).toBe(1)
  expect(narrow.spent).toBe(0)
})

test('an audit that gets no answer is counted, and proves nothing', async () => {
  const failing = [...script.slice(0, 1), { when: 'returns$', fault: '400' as const }]
  const gateway = await start({ policy: audited(), mock: { script: failing } })
  await gateway.ask('question on refunds')
  expect(await gateway.ask('question on returns')).toBe('It takes 11 days.')
  await gateway.audits.ended()
  expect(gateway.audits.counts).toMatchObject({ compared: 0, failed: 1 })
  expect(ofAudits(gateway.settled())[0]?.record).not.toHaveProperty('audit')
  expect(gateway.trials.lines()).toEqual([])
})

/** Three wrong hits prove, with 80 % confidence, that more than 30 % are wrong: 2 × 2 × 2 ≥ 5. */
const quick = 'maxWrongPerHit: 30%, confidence: 80%'
const topics = ['one', 'two', 'three']
const provoke = async (gateway: Watched) => {
  for (const topic of topics) {
    await gateway.ask(`${topic} on refunds`)
    await gateway.ask(`${topic} on returns`)
    await gateway.audits.ended()
  }
}

test('proven wrong hits raise the threshold above them, for good', async () => {
  const gateway = await start({ policy: audited(quick), mock: { script } })
  await provoke(gateway)
  expect(gateway.events).toEqual([
    {
      kind: 'tightened',
      layer: 'semantic',
      group: null,
      at: expect.any(Number),
      compared: 3,
      wrong: 3,
      unsettled: 0,
      rate: 1,
      limit: 0.3,
      confidence: expect.closeTo(0.8),
      threshold: 0.96,
      text: 'semantic cache: 3 of 3 compared hits are wrong, the rate is above 30% with 80% confidence; the threshold is 0.96 from now on',
    },
  ])
  const calls = gateway.mock.tally().calls
  expect(await gateway.ask('one on parcels')).toBe('It takes 13 days.')
  expect(gateway.mock.tally().calls).toBe(calls + 1)
  expect(gateway.settled().at(-1)?.receipt.steps).toContainEqual({
    kind: 'miss',
    layer: 'semantic',
  })
  // Who is alike enough is served as before.
  expect(await gateway.ask('one on parcels')).toBe('It takes 13 days.')
  expect(gateway.mock.tally().calls).toBe(calls + 1)
})

test('what was tightened is so after a restart: by a checkpoint, or by the journal alone', async () => {
  const policy = audited(quick)
  const gateway = await start({ policy, mock: { script } })
  await provoke(gateway)
  const told: unknown[] = []
  const reopened = () =>
    new Trials({
      policy: namedPolicy(policyOf(policy)).policy,
      now: () => 0,
      onEvent: (event) => told.push(event),
    })
  const byCheckpoint = reopened()
  byCheckpoint.restore(JSON.parse(JSON.stringify(gateway.trials.state())))
  const byJournal = reopened()
  for (const entry of JSON.parse(JSON.stringify(gateway.settled()))) byJournal.replay(entry)
  for (const trials of [byCheckpoint, byJournal]) {
    expect(trials.thresholdOf(undefined)).toBe(0.96)
    expect(trials.state()).toEqual(gateway.trials.state())
  }
  // What was told before the restart is not told again.
  expect(told).toEqual([])
})

test('a layer that was switched off goes on in the shadow, and its wrong hits are served no more', async () => {
  const gateway = await start({ policy: audited(`${quick}, action: disable`), mock: { script } })
  await provoke(gateway)
  expect(gateway.events).toMatchObject([{ kind: 'disabled', layer: 'semantic', threshold: null }])
  expect(await gateway.ask('one on parcels')).toBe('It takes 13 days.')
  expect(gateway.settled().at(-1)?.record['shadow']).toMatchObject([
    { layer: 'semantic', verdict: 'wrong' },
  ])
})

test('with the action alert nothing is changed, and it is told once', async () => {
  const gateway = await start({ policy: audited(`${quick}, action: alert`), mock: { script } })
  await provoke(gateway)
  await gateway.ask('one on parcels')
  await gateway.audits.ended()
  expect(gateway.events).toMatchObject([{ kind: 'exceeded', threshold: null }])
  expect(gateway.settled().at(-1)?.receipt.outcome).not.toBe('failed')
  expect(await gateway.ask('two on stamps')).toBe('It takes 11 days.')
})

test('features are held apart: one of them tightens, another is served as before', async () => {
  const gateway = await start({ policy: audited(quick), mock: { script } })
  for (const topic of topics) {
    const headers = { 'x-llmcost-feature': 'billing' }
    await gateway.ask(`${topic} on refunds`, { headers })
    await gateway.ask(`${topic} on returns`, { headers })
    await gateway.audits.ended()
  }
  expect(gateway.trials.thresholdOf('billing')).toBe(0.96)
  expect(gateway.trials.thresholdOf('search')).toBeNull()
  const other = { headers: { 'x-llmcost-feature': 'search' } }
  expect(await gateway.ask('one on parcels', other)).toBe('It takes 11 days.')
})

test('where content is none, no text of question or answer is written down anywhere', async () => {
  const gateway = await start({
    policy: `${audited(`${quick}`).replace('auditShare', 'shadow: [exact], auditShare')}\nprivacy: { content: none }`,
    mock: {
      script: [
        { when: 'refunds$', answer: 'marigold 11' },
        { when: 'returns$', answer: 'tulip 12' },
      ],
    },
  })
  for (const word of ['refunds', 'returns', 'returns']) await gateway.ask(`question on ${word}`)
  await gateway.audits.ended()
  expect(gateway.settled().length).toBeGreaterThan(3)
  const written = JSON.stringify([
    gateway.journal,
    gateway.trials.state(),
    gateway.trials.lines(),
    gateway.events,
  ])
  expect(written).toContain('"verdict":"wrong"')
  for (const word of ['question on', 'refunds', 'returns', 'marigold', 'tulip'])
    expect(written).not.toContain(word)
})
