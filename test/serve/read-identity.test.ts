import { describe, expect, it, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { namespaceOf } from '../../src/engine/cache-terms.ts'
import type { Namespace } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import type { Headers } from '../../src/serve/header-text.ts'
import { type Caller, readIdentity } from '../../src/serve/read-identity.ts'
import { type TagSpelling, tagSpelling } from '../../src/serve/tag-spelling.ts'

const nobody: Caller = {
  key: null,
  user: null,
  team: null,
  plan: null,
  tenant: null,
  defaultTenant: null,
}

type Given = {
  readonly headers?: Headers
  readonly body?: JsonObject | null
  readonly caller?: Partial<Caller>
  readonly spelling?: TagSpelling
}

const read = ({ headers = {}, body = null, caller = {}, spelling = new Map() }: Given) =>
  readIdentity({ caller: { ...nobody, ...caller }, headers, body, spelling })

const contextOf = (given: Given) => {
  const { tags, ...context } = read(given).context
  return tags === undefined ? context : { ...context, tags: Object.fromEntries(tags) }
}

const session = '6f1c0d0e-1111-4222-8333-944455556666'

describe('who asked', () => {
  it('is nobody where nothing says so', () => {
    expect(read({ headers: { accept: '*/*' }, body: { model: 'm' } })).toEqual({
      context: {},
      hint: null,
      timeoutClass: null,
    })
  })

  test.each<[string, Given, JsonObject]>([
    [
      'our headers',
      {
        headers: {
          'x-llmcost-user': 'u-1',
          'x-llmcost-feature': 'search',
          'x-llmcost-plan': 'gold',
          'x-llmcost-team': 'core',
          'x-llmcost-session': 's-1',
          'x-llmcost-trace': 't-1',
          'x-llmcost-tenant': 'acme',
          'x-llmcost-document-version': 'd-7',
          'x-llmcost-prompt-version': 'p-3',
          'x-llmcost-task': 'triage',
          'x-llmcost-agent-role': 'planner',
          'x-llmcost-requires-reasoning': 'true',
          'x-llmcost-scenario': 'demo',
          'x-llmcost-tag-area': 'legal',
        },
      },
      {
        user: 'u-1',
        feature: 'search',
        plan: 'gold',
        team: 'core',
        session: 's-1',
        trace: 't-1',
        namespace: 'acme',
        documentVersion: 'd-7',
        promptVersion: 'p-3',
        task: 'triage',
        agentRole: 'planner',
        requiresReasoning: true,
        tags: { scenario: 'demo', area: 'legal' },
      },
    ],
    [
      'Helicone’s',
      {
        headers: {
          'helicone-user-id': 'u-1',
          'helicone-session-id': 's-1',
          'helicone-session-name': 'search',
          'helicone-prompt-id': 'p-3',
          'helicone-property-plan': 'gold',
          'helicone-property-area': 'legal',
        },
      },
      {
        user: 'u-1',
        session: 's-1',
        feature: 'search',
        promptVersion: 'p-3',
        plan: 'gold',
        tags: { plan: 'gold', area: 'legal' },
      },
    ],
    [
      'Cloudflare’s metadata, names in any case',
      { headers: { 'cf-aig-metadata': '{"User_ID":"u-1","teamId":"core","beta":true,"n":3}' } },
      { user: 'u-1', team: 'core', tags: { beta: 'true', n: '3' } },
    ],
    [
      'Portkey’s',
      {
        headers: {
          'x-portkey-metadata': '{"_user":"u-1","environment":"prod"}',
          'x-portkey-trace-id': 't-1',
        },
      },
      { user: 'u-1', trace: 't-1', tags: { environment: 'prod' } },
    ],
    [
      'LiteLLM’s',
      {
        headers: {
          'x-litellm-end-user-id': 'u-1',
          'x-litellm-customer-id': 'u-2',
          'x-litellm-trace-id': 't-1',
          'x-litellm-tags': 'beta, area:legal',
          'x-litellm-spend-logs-metadata': '{"feature":"search"}',
        },
      },
      { user: 'u-1', trace: 't-1', feature: 'search', tags: { beta: 'true', area: 'legal' } },
    ],
    [
      'Bifrost’s',
      { headers: { 'x-bf-customer-id': 'u-1', 'x-bf-dim-area': 'legal' } },
      { user: 'u-1', tags: { area: 'legal' } },
    ],
    [
      'a trace of OpenTelemetry',
      { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
      { trace: '0af7651916cd43dd8448eb211c80319c' },
    ],
    ['a coding agent’s session', { headers: { 'x-claude-code-session-id': session } }, { session }],
    [
      'OpenAI’s body',
      { body: { user: 'u-1', metadata: { feature: 'search', area: 'legal' } } },
      { user: 'u-1', feature: 'search', tags: { area: 'legal' } },
    ],
    [
      'OpenAI’s newer body',
      { body: { safety_identifier: 'u-1', conversation: { id: 'conv_1' } } },
      { user: 'u-1', session: 'conv_1' },
    ],
    ['Anthropic’s body', { body: { metadata: { user_id: 'u-1' } } }, { user: 'u-1' }],
  ])('is read from %s', (_, given, context) => {
    expect(contextOf(given)).toEqual(context)
  })

  test.each<[string, Given, JsonObject]>([
    [
      'our header before another gateway’s, whatever comes first',
      { headers: { 'helicone-user-id': 'other', 'x-llmcost-user': 'ours' } },
      { user: 'ours' },
    ],
    [
      'a header before metadata in one',
      { headers: { 'cf-aig-metadata': '{"user":"meta"}', 'helicone-user-id': 'plain' } },
      { user: 'plain' },
    ],
    [
      'a header before the body',
      {
        headers: { 'cf-aig-metadata': '{"user":"head","area":"a"}' },
        body: { user: 'body', metadata: { area: 'b', feature: 'search' } },
      },
      { user: 'head', feature: 'search', tags: { area: 'a' } },
    ],
    [
      'our trace before that of OpenTelemetry',
      {
        headers: {
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          'x-portkey-trace-id': 't-2',
        },
      },
      { trace: 't-2' },
    ],
  ])('is believed in this order: %s', (_, given, context) => {
    expect(contextOf(given)).toEqual(context)
  })

  test.each([
    ['a trace of zeroes', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }],
    ['a broken trace', { traceparent: 'abc' }],
    ['metadata that is no JSON', { 'cf-aig-metadata': '{"user":' }],
    ['metadata that is a list', { 'cf-aig-metadata': '["user"]' }],
    ['an empty header', { 'x-llmcost-user': '  ' }],
    ['a tag without a name', { 'x-llmcost-tag-': 'x' }],
  ])('is not told by %s', (_, headers: Headers) => {
    expect(contextOf({ headers })).toEqual({})
  })

  test.each<[string, string]>([
    ['its older form', `user_${'ab'.repeat(32)}_account_acc-1_session_${session}`],
    [
      'its newer form',
      JSON.stringify({ device_id: 'd', account_uuid: 'acc-1', session_id: session }),
    ],
  ])('is one user over all sessions of a coding agent, in %s', (_, id) => {
    const context = contextOf({ body: { metadata: { user_id: id.replace('acc-1', 'ac1') } } })
    expect(context).toEqual({ user: 'ac1', session })
  })
})

describe('a key’s own words', () => {
  const caller = { key: 'team-a', user: 'u-key', team: 'core', plan: 'gold', tenant: 'acme' }
  const headers = {
    'x-llmcost-user': 'u-2',
    'x-llmcost-team': 'other',
    'x-llmcost-plan': 'free',
    'x-llmcost-tenant': 'victim',
  }

  it('cannot be overridden by a client to reach another tenant’s answers or budget', () => {
    const body = { user: 'u-3', metadata: { tenant: 'victim', team: 'other', key: 'team-b' } }
    expect(contextOf({ headers, body, caller })).toEqual({
      key: 'team-a',
      user: 'u-key',
      team: 'core',
      plan: 'gold',
      namespace: 'acme',
    })
  })

  it('leave to the client what they do not say', () => {
    const said = contextOf({ headers, caller: { key: 'team-a', team: 'core' } })
    expect(said).toEqual({
      key: 'team-a',
      user: 'u-2',
      team: 'core',
      plan: 'free',
      namespace: 'victim',
    })
  })

  it('give a tenant by default where nobody names one', () => {
    expect(contextOf({ caller: { defaultTenant: 'key-1' } })).toEqual({ namespace: 'key-1' })
    const named = contextOf({ headers, caller: { defaultTenant: 'key-1' } })
    expect(named).toMatchObject({ namespace: 'victim' })
  })

  it('are the only ones about the key: no client spends on the budget of another key', () => {
    const names = { key: 'k', key_alias: 'k', api_key_name: 'k', 'API-Key-Alias': 'k' }
    const after = { route: 'r', target: 't', answer_label: 'a', output_used: true }
    const body = { metadata: { ...names, ...after } }
    const spoken = { 'x-llmcost-tag-key': 'k', 'cf-aig-metadata': JSON.stringify(names) }
    expect(contextOf({ body, headers: spoken })).toEqual({ tags: { key: 'k' } })
  })
})

describe('what clients send without measure', () => {
  it('is kept in bounded length and number, our own tags first', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`t${i}`, 'v']))
    const { context } = read({
      headers: { 'x-llmcost-tag-mine': 'x'.repeat(5000), 'x-llmcost-user': 'u'.repeat(5000) },
      body: { metadata: { ...many, paths: Array.from({ length: 5000 }, () => 'p'.repeat(500)) } },
    })
    expect(context.user).toHaveLength(256)
    expect(context.tags?.size).toBe(32)
    expect([...(context.tags ?? [])][0]).toEqual(['mine', expect.stringMatching(/^x{239}~/)])
    const { tags } = read({ body: { metadata: { [`n${'x'.repeat(999)}`]: 'v' } } }).context
    expect([...(tags?.keys() ?? [])]).toEqual([expect.stringMatching(/^nx{46}~[\da-f]{16}$/)])
  })

  it('cannot put a prototype in place of a tag', () => {
    const body = JSON.parse('{"metadata":{"__proto__":{"user":"x"},"constructor":"c"}}')
    const { context } = read({ body, headers: { 'x-llmcost-tag-__proto__': 'p' } })
    expect(Object.getPrototypeOf(context)).toBe(Object.prototype)
    expect(context.user).toBeUndefined()
    expect([...(context.tags ?? [])]).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
  })
})

describe('a tag of the policy', () => {
  const namespace: Namespace = { kind: 'fields', fields: ['tag:Customer'] }
  const policy = mergePolicy(defaultPolicy, {
    cache: { namespace, rules: [{ name: 'r', when: { tags: { Area: ['legal'] } }, exact: false }] },
  })
  const spelling = tagSpelling(policy)

  it('is found whatever case HTTP left it in, so that tenants told apart by it share nothing', () => {
    const spaces = ['a', 'b'].map((customer) => {
      const { context } = read({ headers: { 'x-llmcost-tag-customer': customer }, spelling })
      return namespaceOf(namespace, {
        model: 'm',
        operation: 'chat',
        status: 'ok',
        ...context,
      })
    })
    expect(spaces).toEqual(['tag:Customer=a', 'tag:Customer=b'])
    const { context } = read({ body: { metadata: { AREA: 'legal', Other: 'x' } }, spelling })
    expect(Object.fromEntries(context.tags ?? [])).toEqual({ Area: 'legal', Other: 'x' })
  })
})

describe('what only steers a decision', () => {
  test.each([
    ['simple', 'simple'],
    [' HARD ', 'hard'],
    ['easy', null],
  ])('a hint %j is %j', (given, hint) => {
    expect(read({ headers: { 'x-llmcost-hint': given } }).hint).toBe(hint)
  })

  test.each([
    ['batch', 'batch'],
    ['Interactive', 'interactive'],
    ['forever', null],
  ])('a timeout class %j is %j', (given, timeoutClass) => {
    expect(read({ headers: { 'x-llmcost-timeout-class': given } }).timeoutClass).toBe(timeoutClass)
  })
})
