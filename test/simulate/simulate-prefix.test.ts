import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { totalInputTokens } from '../../src/domain/usage.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { passThroughPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import { type CallsAt, loggedCalls } from '../../src/simulate/routing-calls.ts'
import { simulatePrefix } from '../../src/simulate/simulate-prefix.ts'
import { decideHistory } from '../../src/worlds/decide-history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { openHistoryPrefix } from '../../src/worlds/history-prefix.ts'
import { openHistoryWorld } from '../../src/worlds/history-world.ts'
import { tokenRatios } from '../../src/worlds/model-costs.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { hasRealData, realData } from '../support/real-data.ts'
import { type StoredHistory, storedHistory } from '../support/stored-history.ts'

const open: StoredHistory[] = []
afterEach(() => {
  for (const stored of open.splice(0)) stored.close()
})

async function stored(records: readonly object[], prices?: string): Promise<StoredHistory> {
  const history = await storedHistory(records, prices)
  open.push(history)
  return history
}

const simulated = (
  { history, costOf }: StoredHistory,
  patch: PolicyPatch,
  callsAt: CallsAt = loggedCalls(),
) => {
  const ratioOf = tokenRatios(history, null)
  const policy = patched(patch)
  return simulatePrefix({
    history,
    costOf,
    ratioOf,
    known: null,
    policy,
    callsAt,
  })
}

const patched = (patch: PolicyPatch) => mergePolicy(passThroughPolicy, patch)
const start = Date.parse('2026-08-01T10:00:00Z')
const after = (seconds: number) => new Date(start + seconds * 1000).toISOString()

const claude = (seconds: number, messages: readonly string[], rest: object = {}) => ({
  at: after(seconds),
  provider: 'anthropic',
  model: 'claude-sonnet-4-5',
  session: 's',
  usage: { inputTokens: 5000, outputTokens: 10 },
  prompt: {
    system: 'a rule '.repeat(2500),
    messages: messages.map((content, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content,
    })),
  },
  ...rest,
})

describe('the article’s prompt cache', () => {
  it('costs $0.16875 for a hundred reads of 5,000 tokens in place of $1.515', async () => {
    const prices = `prices:
  - target: anthropic:claude-sonnet-4-5
    rates: { input: 3, cacheWrite5m: 3.75, cacheRead: 0.3, output: 15 }
`
    const ids = Array.from({ length: 50 }, (_, index) => index)
    const log = await stored(
      Array.from({ length: 101 }, (_, minute) => ({
        at: after(minute * 60),
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        usage: { inputTokens: 5000, outputTokens: 0 },
        promptBlocks: { tokensPerBlock: 100, ids },
      })),
      prices,
    )
    const { layer, run } = simulated(log, { prefix: { mode: 'inject', idealised: true } })
    expect(run.cost.total()).toBe(168_750_000n)
    expect(layer).toMatchObject({
      costUsd: 0.16875,
      uncachedCostUsd: 1.515,
      savingUsd: 1.34625,
      readTokens: 500_000,
      writtenTokens: 5000,
    })
  })
})

describe('prompt caches of a log with text', () => {
  it('would read what marks at the policy’s breakpoints keep', async () => {
    const log = await stored([
      claude(0, ['first']),
      claude(60, ['second']),
      claude(1000, ['third']),
    ])
    const asLogged = simulated(log, {})
    expect(asLogged.layer).toMatchObject({ mode: 'as-logged', readTokens: 0, savingUsd: 0 })
    expect(asLogged.run.cost.total()).toBe(3n * 15_150_000n)
    const injected = simulated(log, { prefix: { mode: 'inject' } })
    // The third comes after the five minutes of the second.
    expect(injected.layer.readTokens).toBeGreaterThan(4900)
    expect(injected.layer.readTokens).toBeLessThanOrEqual(5000)
    expect(injected.layer.savingUsd).toBe(asLogged.layer.ifUsedSavingUsd)
    const longer = simulated(log, { prefix: { mode: 'inject', ttl: '1h' } })
    expect(longer.layer.readTokens).toBe(2 * injected.layer.readTokens)
  })

  it('keep what the log says, to the token, where the policy changes nothing', async () => {
    const used = {
      inputTokens: 40,
      cacheReadTokens: 4460,
      cacheWrite5mTokens: 500,
      outputTokens: 9,
    }
    const log = await stored([
      claude(0, ['a'], { usage: { inputTokens: 100, cacheWrite5mTokens: 4900, outputTokens: 9 } }),
      claude(60, ['a', 'b', 'c'], { usage: used }),
    ])
    const { run, layer } = simulated(log, {})
    expect([...run.costs]).toEqual([...log.history.columns.cost])
    expect(layer).toMatchObject({ readTokens: 4460, writtenTokens: 5400, loggedReadTokens: 4460 })
    expect(layer.modelledReadTokens).toBeGreaterThan(4200)
  })

  it('neither keep nor read what a response cache answered', async () => {
    const log = await stored([
      claude(0, ['first'], { servedFromCache: true }),
      claude(60, ['second']),
      claude(120, ['third'], { servedFromCache: true }),
    ])
    const { run, layer } = simulated(log, { prefix: { mode: 'inject' } })
    const [first, second, third] = run.costs
    expect([first, third]).toEqual([0, 0])
    expect(layer.readTokens).toBe(0)
    // Marks write what is sent, at a quarter more.
    expect(second).toBeGreaterThan(log.history.columns.cost[1] as number)
  })

  it('save of a discounted request its share of the discount', async () => {
    const twice = (rest: object) => stored([claude(0, ['first']), claude(60, ['second'], rest)])
    const [full, half] = [await twice({}), await twice({ serviceTier: 'batch' })]
    const [atFull, atHalf] = [full, half].map((log) => {
      const { run } = simulated(log, { prefix: { mode: 'inject' } })
      return run.costs[1] as number
    })
    expect(half.history.columns.cost[1]).toBe((full.history.columns.cost[1] as number) / 2)
    expect(atHalf).toBe((atFull as number) / 2)
  })

  it('lose the prefix where the request that wrote it no longer reaches the model', async () => {
    const write = { inputTokens: 100, cacheWrite5mTokens: 4900, outputTokens: 9 }
    const read = { inputTokens: 100, cacheReadTokens: 4900, outputTokens: 9 }
    const log = await stored([
      claude(0, ['a'], { usage: write }),
      claude(60, ['b'], { usage: read }),
    ])
    const served = simulated(log, {}, (place) => (place === 0 ? [] : [null]))
    expect(served.layer.readTokens).toBeLessThan(200)
    const reading = log.history.columns.cost[1] as number
    expect(served.run.cost.total()).toBeGreaterThan(BigInt(reading) * 5n)
    const toHaiku = ['anthropic:claude-haiku-4-5']
    const routed = simulated(log, {}, (place) => (place === 0 ? toHaiku : [null]))
    expect(routed.run.costs[1]).toBe(Number(served.run.cost.total()))
  })

  it('say that nothing is known where the log holds neither text nor blocks', async () => {
    const { prompt: _, ...blind } = claude(0, [])
    const { layer } = simulated(await stored([blind]), {})
    expect(layer.ifUsedSavingUsd).toBeNull()
  })

  it('say the same where only the short requests need no prompt to be judged', async () => {
    const { prompt: _, ...blind } = claude(0, [])
    const short = { ...blind, at: after(60), usage: { inputTokens: 20, outputTokens: 1 } }
    const { layer } = simulated(await stored([blind, short]), {})
    expect(layer.ifUsedSavingUsd).toBeNull()
    const alone = simulated(await stored([short]), {})
    expect(alone.layer.ifUsedSavingUsd).toBe(0)
  })

  it('never change how many tokens a request has', async () => {
    const { history } = await stored([
      claude(0, ['a'], { usage: { inputTokens: 5000, outputTokens: 3 } }),
      claude(10, ['a', 'b', 'c'], { usage: { inputTokens: 3000, cacheReadTokens: 2500 } }),
      claude(20, ['a', 'b', 'c', 'd', 'e'], { usage: { inputTokens: 1, cacheReadTokens: 6000 } }),
    ])
    const prefix = openHistoryPrefix(history, patched({ prefix: { mode: 'inject' } }))
    const totals = [0, 1, 2].map((place) =>
      totalInputTokens(prefix.usageOf(place, 'anthropic:claude-haiku-4-5')),
    )
    expect(totals).toEqual([5000, 5500, 6001])
  })
})

type Turn = {
  readonly t: number
  readonly model: string
  readonly in: number
  readonly out: number
  readonly hash_ids: readonly number[]
  readonly requests?: readonly Turn[]
}
type Totals = {
  readonly readTokens: number
  readonly readShare: number
  readonly costUsd: number
  readonly uncachedCostUsd: number
}

const flattened = (turns: readonly Turn[], from: number): Turn[] =>
  turns.flatMap((turn) =>
    turn.requests === undefined
      ? [{ ...turn, t: from + turn.t }]
      : flattened(turn.requests, from + turn.t),
  )

const flat = (model: string, input: number) => `
  - target: anthropic:${model}
    rates: { input: ${input}, cacheRead: ${input / 10}, cacheWrite5m: ${input * 1.25}, cacheWrite1h: ${input * 2}, output: ${input * 5} }`
const flatPrices = `prices:${flat('claude-opus-4-5-20251101', 5)}${flat('claude-sonnet-4-5-20250929', 3)}${flat('claude-haiku-4-5-20251001', 1)}${flat('claude-haiku-4-5', 1)}`

const haiku = 'anthropic:claude-haiku-4-5'

/** Sessions on days of their own: block ids are local to each, and so is the prompt cache. */
function agentRecords(): readonly object[] {
  const folder = realData('prefix/claude-code')
  return readdirSync(folder)
    .sort()
    .flatMap((file, session) => {
      const { id, requests } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        id: string
        requests: readonly Turn[]
      }
      return flattened(requests, 0)
        .sort((a, b) => a.t - b.t)
        .map((turn, index) => ({
          at: new Date(start + session * 86_400_000 + turn.t * 1000).toISOString(),
          provider: 'anthropic',
          model: turn.model,
          session: id,
          tags: { session: `${session % 2}`, request: `${index % 2}` },
          usage: { inputTokens: turn.in, outputTokens: turn.out },
          promptBlocks: { tokensPerBlock: 64, ids: turn.hash_ids },
        }))
    })
}

describe.skipIf(!hasRealData)('566 requests of coding agents, from a store', () => {
  const expected = () =>
    JSON.parse(readFileSync(realData('prefix/claude-code.expected.json'), 'utf8')) as {
      readonly [row: string]: Totals
    }
  const rounded = (value: number | null) => Math.round((value ?? Number.NaN) * 1e6) / 1e6

  it.each<readonly [string, '5m' | '1h', 'session' | 'request' | null]>([
    ['5m TTL, write 1.25x, read 0.1x', '5m', null],
    ['1h TTL, write 2x, read 0.1x', '1h', null],
    [
      'every other session (sorted by file name, first included) wholly on haiku-4.5, 5m',
      '5m',
      'session',
    ],
    ['every other request of each session (first included) on haiku-4.5, 5m', '5m', 'request'],
  ])('read and cost what was worked out elsewhere: %s', async (row, ttl, moved) => {
    const log = await stored(agentRecords(), flatPrices)
    const isMoved = (place: number) =>
      moved !== null && log.history.requestAt(place).tags?.get(moved) === '0'
    const prefix = { mode: 'inject', idealised: true, ttl, scope: 'session' } as const
    const { layer } = simulated(log, { prefix }, (place) => (isMoved(place) ? [haiku] : [null]))
    const { readTokens, readShare, costUsd, uncachedCostUsd } = layer
    const {
      readTokens: reads,
      readShare: share,
      costUsd: cost,
      uncachedCostUsd: uncached,
    } = expected()[row] as Totals
    expect([readTokens, rounded(readShare), rounded(costUsd), rounded(uncachedCostUsd)]).toEqual([
      reads,
      share,
      cost,
      uncached,
    ])
  })
})

describe.skipIf(!hasRealData)('sessions that stay where their first request went', () => {
  const prefix = { mode: 'inject', idealised: true, scope: 'session' } as const
  const ladder = [{ target: haiku, validators: [], timeoutMs: null }]

  it('cost what whole sessions elsewhere cost, and each request what was modelled for it', async () => {
    const seen = new Set<string>()
    // Only the first request of every other session says that it is simple.
    const records = agentRecords().map((record) => {
      const { session, tags } = record as { session: string; tags: Record<string, string> }
      const isFirst = !seen.has(session)
      seen.add(session)
      return isFirst && tags['session'] === '0' ? { ...record, tags: { hint: 'simple' } } : record
    })
    const log = await stored(records, flatPrices)
    const { history, costOf } = log
    const policy = patched({
      prefix,
      sticky: 'session',
      routes: [{ name: 'easy', when: { hint: ['simple'] }, to: { kind: 'ladder', ladder } }],
    })
    const inputs = { questions: lastUserQuestions(history), neighbours: null }
    const cache = new HistoryCache(history, inputs, policy.cache)
    const world = openHistoryWorld({
      history,
      cache,
      policy,
      costOf,
      prefix: openHistoryPrefix(history, policy),
    })
    const costs: number[] = []
    await decideHistory(history, compilePolicy(policy), world, {
      onReceipt: ({ costNanoUsd }) => costs.push(costNanoUsd),
    })
    expect(costs.reduce((sum, cost) => sum + cost, 0)).toBeCloseTo(28.38526e9, -4)
    const own = await stored(agentRecords(), flatPrices)
    const isMoved = (place: number) => own.history.requestAt(place).tags?.get('session') === '0'
    const { run } = simulated(own, { prefix }, (place) => (isMoved(place) ? [haiku] : [null]))
    expect(costs).toEqual([...run.costs])
  })
})

describe.skipIf(!hasRealData)('a trace of an inference server, from a store', () => {
  type Row = {
    readonly timestamp: number
    readonly input_length: number
    readonly output_length: number
    readonly hash_ids: readonly number[]
  }
  const expected = () =>
    JSON.parse(readFileSync(realData('prefix/mooncake_synthetic.expected.json'), 'utf8')) as {
      readonly blocks: number
    } & { readonly [row: string]: { readonly hitBlocks: number } }

  it('meets one pool of blocks as often as was worked out elsewhere', async () => {
    const lines = readFileSync(realData('prefix/mooncake_synthetic.jsonl'), 'utf8').trimEnd()
    const records = lines.split('\n').map((line) => {
      const row = JSON.parse(line) as Row
      return {
        at: after(row.timestamp / 1000),
        model: 'trace',
        usage: { inputTokens: row.input_length, outputTokens: row.output_length },
        promptBlocks: { tokensPerBlock: 512, ids: row.hash_ids },
      }
    })
    const log = await stored(records)
    for (const blocks of [null, 1000, 10_000, 30_000, 50_000]) {
      const { layer } = simulated(log, { prefix: { pool: { blocks } } })
      const name = blocks === null ? 'unlimited' : `lru ${blocks}`
      expect(layer.pool).toEqual({
        blocks,
        readBlocks: expected().blocks,
        hitBlocks: expected()[name]?.hitBlocks,
      })
    }
  })
})
