import { describe, expect, it, test } from 'vitest'
import type { Headers } from '../../src/serve/header-text.ts'
import { readWishes } from '../../src/serve/read-wishes.ts'
import { noWishes, type Wishes } from '../../src/serve/wishes.ts'

const fresh = { exact: false, semantic: false }
const off = { ...fresh, mayStore: false }
const unlogged = { logRequest: false, logAnswer: false }

const cases: readonly (readonly [Headers, Partial<Wishes>])[] = [
  [{ 'cache-control': 'no-cache' }, fresh],
  [{ 'cache-control': 'No-Store' }, { mayStore: false }],
  [{ 'cache-control': 'no-cache, no-store' }, off],
  [{ 'cache-control': 'max-age=60, only-if-cached' }, { maxAgeMs: 60_000, onlyIfCached: true }],
  [{ 'cache-control': 'max-age=0' }, { maxAgeMs: 0 }],
  [{ pragma: 'no-cache' }, fresh],
  [{ 'x-vsr-cache-control': 'no-store' }, { mayStore: false }],
  [{ 'x-llmcost-cache': 'off' }, off],
  [{ 'x-llmcost-cache': 'refresh' }, fresh],
  [{ 'x-llmcost-cache': 'exact' }, { semantic: false }],
  [{ 'helicone-cache-enabled': 'false' }, off],
  [{ 'x-openrouter-cache': 'false' }, off],
  [{ 'cf-aig-skip-cache': 'true' }, fresh],
  [{ 'x-portkey-cache-force-refresh': 'True' }, fresh],
  [{ 'x-openrouter-cache-clear': 'true' }, fresh],
  [{ 'x-bf-cache-no-store': 'true' }, { mayStore: false }],
  [{ 'x-bf-cache-type': 'direct' }, { semantic: false }],
  [{ 'x-bf-cache-type': 'semantic' }, { exact: false }],
  [{ 'x-cache-type': 'exact' }, { semantic: false }],
  [{ 'cf-aig-cache-ttl': '300' }, { ttlMs: 300_000 }],
  [{ 'x-bf-cache-ttl': '5m' }, { ttlMs: 300_000 }],
  [{ 'x-openrouter-cache-ttl': '0' }, { ttlMs: 0 }],
  [{ 'x-llmcost-cache-ttl': '1.5s' }, { ttlMs: 1500 }],
  [{ 'x-bf-cache-threshold': '0.97' }, { threshold: 0.97 }],
  [{ 'x-cache-semantic-threshold': '.9' }, { threshold: 0.9 }],
  [{ 'x-portkey-cache-namespace': 'mine' }, { namespace: 'mine' }],
  [{ 'helicone-cache-seed': 's', 'cf-aig-cache-key': 'k' }, { namespace: 'k\ns' }],
  [{ 'x-litellm-timeout': '2.5' }, { totalMs: 2500 }],
  [{ 'x-portkey-request-timeout': '2500' }, { totalMs: 2500 }],
  [{ 'cf-aig-request-timeout': '2500' }, { totalMs: 2500 }],
  [{ 'x-litellm-stream-timeout': '2' }, { firstTokenMs: 2000 }],
  [{ 'cf-aig-max-attempts': '2' }, { maxAttempts: 2 }],
  [{ 'x-litellm-num-retries': '2' }, { maxAttempts: 3 }],
  [{ 'helicone-retry-enabled': 'false' }, { maxAttempts: 1 }],
  [{ 'helicone-retry-num': '0' }, { maxAttempts: 1 }],
  [{ 'cf-aig-collect-log': 'false' }, unlogged],
  [{ 'cf-aig-collect-log-payload': 'false' }, unlogged],
  [{ 'x-litellm-enable-message-redaction': 'true' }, unlogged],
  [{ 'x-bf-disable-content-logging': 'true' }, unlogged],
  [{ 'helicone-omit-request': 'true' }, { logRequest: false }],
  [{ 'helicone-omit-response': 'true' }, { logAnswer: false }],
  [{ 'x-llmcost-usage-event': 'true' }, { usageEvent: true }],
  [{ 'x-llmcost-usage-event': 'false' }, { usageEvent: false }],
  [{ 'x-llmcost-on-disconnect': 'abort' }, { abortOnDisconnect: true }],
]

describe('what a request wishes', () => {
  test.each(cases)('%j is %j', (headers, wished) => {
    expect(readWishes(headers)).toEqual({ ...noWishes, ...wished })
  })

  it('is nothing, and costs nothing, where no header says anything', () => {
    expect(readWishes({ accept: '*/*', 'content-type': 'application/json' })).toBe(noWishes)
  })

  test.each<Headers>([
    { 'cache-control': 'max-age=soon, max-stale=600, public' },
    { 'helicone-cache-enabled': 'true' },
    { 'x-openrouter-cache': 'true' },
    { 'cf-aig-skip-cache': 'false' },
    { 'x-bf-cache-type': 'both' },
    { 'x-bf-cache-ttl': '-5' },
    { 'x-bf-cache-threshold': '-1' },
    { 'x-bf-cache-threshold': 'NaN' },
    { 'x-litellm-timeout': '0' },
    { 'x-litellm-timeout': '1e9' },
    { 'cf-aig-max-attempts': 'many' },
    { 'cf-aig-collect-log': 'true' },
    { 'x-llmcost-on-disconnect': 'drain' },
  ])('cannot be more than the policy gives: %j', (headers) => {
    expect(readWishes(headers)).toEqual(noWishes)
  })

  it('is the strictest of what several headers say, in any order', () => {
    const headers: readonly (readonly [string, string])[] = [
      ['cf-aig-cache-ttl', '300'],
      ['x-bf-cache-ttl', '60'],
      ['x-bf-cache-threshold', '0.9'],
      ['x-cache-semantic-threshold', '0.95'],
      ['cf-aig-max-attempts', '5'],
      ['x-litellm-num-retries', '1'],
      ['helicone-cache-seed', 's'],
      ['x-portkey-cache-namespace', 'n'],
    ]
    const strictest = { ttlMs: 60_000, threshold: 0.95, maxAttempts: 2, namespace: 'n\ns' }
    for (const each of [headers, headers.toReversed()])
      expect(readWishes(Object.fromEntries(each))).toEqual({ ...noWishes, ...strictest })
  })

  it('keeps a part of the namespace apart however long its name is', () => {
    const named = (end: string) => readWishes({ 'helicone-cache-seed': 'n'.repeat(4000) + end })
    expect(named('1').namespace).not.toBe(named('2').namespace)
    expect(named('1').namespace).toHaveLength(256)
  })
})
