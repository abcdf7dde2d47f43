import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { costTotal } from '../../src/domain/price.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { breakEvenReads } from '../../src/engine/prefix-break-even.ts'
import { openPrefixCache, type PrefixRequest } from '../../src/engine/prefix-cache.ts'
import { parseOverrides } from '../../src/prices/overrides.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { hasRealData, realData } from '../support/real-data.ts'

const flat = (target: string, input: number) => ({
  target: `anthropic:${target}`,
  rates: {
    input,
    cacheRead: input * 0.1,
    cacheWrite5m: input * 1.25,
    cacheWrite1h: input * 2,
    output: input * 5,
  },
})

/** Flat prices, without the bands for long contexts. */
const book = openPriceBook({
  overrides: [
    parseOverrides(
      [
        flat('claude-opus-4-5-20251101', 5),
        flat('claude-sonnet-4-5-20250929', 3),
        flat('claude-haiku-4-5-20251001', 1),
        flat('claude-haiku-4-5', 1),
      ],
      'flat.yaml',
    ),
  ],
})

type Turn = {
  readonly t: number
  readonly model: string
  readonly in: number
  readonly out: number
  readonly hash_ids: readonly number[]
  readonly requests?: readonly Turn[]
}
type Session = { readonly id: string; readonly requests: readonly Turn[] }
type Totals = {
  readonly requests: number
  readonly inputTokens: number
  readonly readTokens: number
  readonly readShare: number
  readonly outputTokens: number
  readonly costUsd: number
  readonly uncachedCostUsd: number
}

/** A sub-agent's requests have times relative to its own. */
const flattened = (turns: readonly Turn[], from: number): Turn[] =>
  turns.flatMap((turn) =>
    turn.requests === undefined
      ? [{ ...turn, t: from + turn.t }]
      : flattened(turn.requests, from + turn.t),
  )

function sessions(): readonly Session[] {
  const folder = realData('prefix/claude-code')
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Session)
    .map(({ id, requests }) => ({
      id,
      requests: flattened(requests, 0).sort((a, b) => a.t - b.t),
    }))
}

type Rerouting = (session: number, request: number) => boolean

function totals(ttl: '5m' | '1h', isMoved: Rerouting): Totals {
  const sum = { requests: 0, inputTokens: 0, readTokens: 0, outputTokens: 0 }
  let cost = 0
  let uncached = 0
  for (const [place, { id, requests }] of sessions().entries()) {
    const cache = openPrefixCache({ idealised: true })
    for (const [index, turn] of requests.entries()) {
      const model = isMoved(place, index) ? 'claude-haiku-4-5' : turn.model
      const request = requestOf(turn, { model, scope: id, ttl })
      const usage = { ...noUsage, ...cache.read(request), outputTokens: turn.out }
      sum.requests += 1
      sum.inputTokens += turn.in
      sum.readTokens += usage.cacheReadTokens
      sum.outputTokens += turn.out
      cost += nanoUsd(model, usage)
      uncached += nanoUsd(model, { ...noUsage, inputTokens: turn.in, outputTokens: turn.out })
    }
  }
  const rounded = (value: number) => Math.round(value * 1e6) / 1e6
  return {
    ...sum,
    readShare: rounded(sum.readTokens / sum.inputTokens),
    costUsd: rounded(cost / 1e9),
    uncachedCostUsd: rounded(uncached / 1e9),
  }
}

const requestOf = (turn: Turn, rest: Pick<PrefixRequest, 'model' | 'scope' | 'ttl'>) => ({
  ...rest,
  at: turn.t * 1000,
  provider: 'anthropic',
  blocks: turn.hash_ids,
  tokensPerBlock: 64,
  totalInputTokens: turn.in,
})

function nanoUsd(model: string, usage: typeof noUsage): number {
  const pricing = book.price({ provider: 'anthropic', model }, usage)
  if (pricing.kind !== 'priced') throw new Error(`no price for ${model}`)
  return costTotal(pricing.cost)
}

const nobody: Rerouting = () => false

describe.skipIf(!hasRealData)('566 requests of coding agents', () => {
  const expected = () =>
    JSON.parse(readFileSync(realData('prefix/claude-code.expected.json'), 'utf8')) as {
      readonly [row: string]: Totals
    }

  test.each<readonly [string, '5m' | '1h', Rerouting]>([
    ['5m TTL, write 1.25x, read 0.1x', '5m', nobody],
    ['1h TTL, write 2x, read 0.1x', '1h', nobody],
    [
      'every other session (sorted by file name, first included) wholly on haiku-4.5, 5m',
      '5m',
      (session) => session % 2 === 0,
    ],
    [
      'every other request of each session (first included) on haiku-4.5, 5m',
      '5m',
      (_, request) => request % 2 === 0,
    ],
  ])('read and cost what was worked out elsewhere: %s', (row, ttl, isMoved) => {
    expect(totals(ttl, isMoved)).toEqual(expected()[row])
  })

  it('read from one cache of all sessions what they read from caches of their own', () => {
    const all = openPrefixCache({ idealised: true })
    for (const [day, { id, requests }] of sessions().entries()) {
      const own = openPrefixCache({ idealised: true })
      for (const turn of requests) {
        const request = requestOf(turn, { model: turn.model, scope: id, ttl: '5m' })
        const later = { ...request, at: request.at + day * 86_400_000 }
        expect(all.read(later)).toEqual(own.read(request))
      }
    }
  })
})

describe('the price of prompt caching', () => {
  it('of 5,000 tokens written once and read a hundred times is a ninth of the plain one', () => {
    const cache = openPrefixCache({ idealised: true })
    const rates = { input: 3, cacheWrite5m: 3.75, cacheRead: 0.3, output: 15 }
    const prices = openPriceBook({
      overrides: [parseOverrides([{ target: 'anthropic:some-model', rates }], 'prices.yaml')],
    })
    const query = { provider: 'anthropic', model: 'some-model' }
    const blocks = Array.from({ length: 50 }, (_, index) => index)
    const costs = Array.from({ length: 101 }, (_, minute) => {
      const usage = cache.read({
        ...query,
        at: minute * 60_000,
        scope: '',
        blocks,
        tokensPerBlock: 100,
        totalInputTokens: 5000,
      })
      const pricing = prices.price(query, { ...noUsage, ...usage })
      return pricing.kind === 'priced' ? costTotal(pricing.cost) : Number.NaN
    })
    expect(costs[0]).toBe(18_750_000)
    expect(costs.slice(1).reduce((sum, cost) => sum + cost, 0)).toBe(150_000_000)
    const plain = prices.price(query, { ...noUsage, inputTokens: 101 * 5000 })
    expect(plain.kind === 'priced' && costTotal(plain.cost)).toBe(1_515_000_000)
  })

  it.each([
    [1.25, 0.1, 0.28],
    [2, 0.1, 1.11],
    [1, 0.5, 0],
  ])('is earned back, writing at %f and reading at %f of the input, after %f reads', (w, r, n) => {
    expect(breakEvenReads({ input: 3, cacheWrite: 3 * w, cacheRead: 3 * r })).toBeCloseTo(n, 2)
  })

  it('is never earned back where reads are no cheaper than input', () => {
    expect(breakEvenReads({ input: 3, cacheWrite: 3.75, cacheRead: 3 })).toBeNull()
  })
})
