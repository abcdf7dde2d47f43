import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  openPrefixCache,
  type PrefixRequest,
  type PrefixUsage,
} from '../../src/engine/prefix-cache.ts'

const minute = 60_000

/** A prompt of so many blocks of 64 tokens, that differs from others of its name from a block on. */
function request(
  rest: Partial<PrefixRequest> & { readonly count: number; readonly from?: number },
) {
  const { count, from = count, ...given } = rest
  const blocks = Array.from({ length: count }, (_, at) => (at < from ? at : `new ${at}`))
  return {
    at: 0,
    provider: 'openai',
    model: 'gpt-4o',
    scope: 'one',
    blocks,
    tokensPerBlock: 64,
    totalInputTokens: count * 64,
    ...given,
  }
}

const claude = { provider: 'anthropic', model: 'claude-sonnet-4-5' }
const split = ({ inputTokens, cacheReadTokens, ...rest }: PrefixUsage) => [
  inputTokens,
  cacheReadTokens,
  rest.cacheWrite5mTokens,
  rest.cacheWrite1hTokens,
]
const readOf = (usage: PrefixUsage) => usage.cacheReadTokens

describe('an automatic prompt cache', () => {
  it('reads what an earlier prompt began with, in whole steps, and bills no writes', () => {
    const cache = openPrefixCache()
    expect(split(cache.read(request({ count: 30 })))).toEqual([1920, 0, 0, 0])
    // 25 equal blocks are 1,600 tokens: 12 steps of 128.
    expect(split(cache.read(request({ count: 30, from: 25 })))).toEqual([384, 1536, 0, 0])
  })

  it.each([
    [15, 0],
    [16, 1024],
    [17, 1024],
    [18, 1152],
  ])('reads of %i equal blocks %i tokens', (from, tokens) => {
    const cache = openPrefixCache()
    cache.read(request({ count: 40 }))
    expect(readOf(cache.read(request({ count: 40, from })))).toBe(tokens)
  })

  it('keeps nothing of a prompt shorter than its minimum', () => {
    const cache = openPrefixCache()
    cache.read(request({ count: 15 }))
    expect(cache.size).toBe(0)
  })

  it.each([
    ['the end of its life', { at: 5 * minute }, 1920],
    ['a moment later', { at: 5 * minute + 1 }, 0],
  ])('reads until %s', (_, later, tokens) => {
    const cache = openPrefixCache()
    cache.read(request({ count: 30 }))
    expect(readOf(cache.read(request({ count: 30, ...later })))).toBe(tokens)
  })

  it('lives from its last use on', () => {
    const cache = openPrefixCache()
    const reads = [0, 4, 8, 12, 18].map((at) =>
      readOf(cache.read(request({ count: 16, at: at * minute }))),
    )
    expect(reads).toEqual([0, 1024, 1024, 1024, 0])
  })

  it('keeps for a day what a model that offers it was asked to keep', () => {
    const cache = openPrefixCache()
    for (const model of ['gpt-5.1', 'gpt-4o']) {
      cache.read(request({ count: 16, model, ttl: '24h' }))
    }
    const nextDay = (model: string) =>
      readOf(cache.read(request({ count: 16, model, at: 24 * 60 * minute })))
    expect([nextDay('gpt-5.1'), nextDay('gpt-4o')]).toEqual([1024, 0])
  })

  it('bills writes of models that price them, in whole steps', () => {
    const cache = openPrefixCache()
    const model = 'gpt-5.6'
    const tail = { totalInputTokens: 30 * 64 + 20 }
    expect(split(cache.read(request({ count: 30, model, ...tail })))).toEqual([20, 0, 1920, 0])
    const second = cache.read(request({ count: 31, from: 25, model, totalInputTokens: 31 * 64 }))
    expect(split(second)).toEqual([1984 - 1920, 1536, 384, 0])
  })

  it('has one state for dated and undated ids, others for other models, providers, scopes', () => {
    const cache = openPrefixCache()
    cache.read(request({ count: 16, model: 'gpt-4o-2024-08-06' }))
    expect(readOf(cache.read(request({ count: 16, model: 'gpt-4o' })))).toBe(1024)
    expect(readOf(cache.read(request({ count: 16, model: 'gpt-4o-mini' })))).toBe(0)
    expect(readOf(cache.read(request({ count: 16, provider: 'azure' })))).toBe(0)
    expect(readOf(cache.read(request({ count: 16, scope: 'other' })))).toBe(0)
  })

  it('reads nothing of models without known rules, unless idealised', () => {
    const reads = [false, true].map((idealised) => {
      const cache = openPrefixCache({ idealised })
      const local = request({ count: 16, provider: 'vllm', model: 'llama-3.3-70b' })
      cache.read(local)
      return split(cache.read(local))
    })
    expect(reads).toEqual([
      [1024, 0, 0, 0],
      [0, 1024, 0, 0],
    ])
  })
})

describe('a prompt cache with breakpoints', () => {
  it('writes up to the last breakpoint and reads where an earlier one stood', () => {
    const cache = openPrefixCache()
    const first = cache.read(request({ ...claude, count: 40, breakpoints: [20, 30] }))
    expect(split(first)).toEqual([640, 0, 1920, 0])
    const same = cache.read(request({ ...claude, count: 50, from: 40, breakpoints: [40] }))
    expect(split(same)).toEqual([640, 1920, 640, 0])
    // 25 equal blocks, but no breakpoint stood there: the one after 20 is read.
    const other = cache.read(request({ ...claude, count: 40, from: 25, breakpoints: [40] }))
    expect(split(other)).toEqual([0, 1280, 1280, 0])
  })

  it('reads and writes nothing without breakpoints, and none below the minimum', () => {
    const cache = openPrefixCache()
    expect(split(cache.read(request({ ...claude, count: 40 })))).toEqual([2560, 0, 0, 0])
    const early = cache.read(request({ ...claude, count: 40, breakpoints: [15] }))
    expect(split(early)).toEqual([2560, 0, 0, 0])
    expect(cache.size).toBe(0)
  })

  it('writes for an hour where asked, and reads it after one', () => {
    const cache = openPrefixCache()
    const asked = { ...claude, count: 40, breakpoints: [40], ttl: '1h' } as const
    expect(split(cache.read(request(asked)))).toEqual([0, 0, 0, 2560])
    expect(split(cache.read(request({ ...asked, at: 60 * minute })))).toEqual([0, 2560, 0, 0])
    expect(split(cache.read(request({ ...asked, at: 121 * minute })))).toEqual([0, 0, 0, 2560])
  })

  it('keeps for its hour what is read by requests that ask for less', () => {
    const cache = openPrefixCache()
    const asked = { ...claude, count: 40, breakpoints: [40] }
    cache.read(request({ ...asked, ttl: '1h' }))
    const reads = [10, 30].map((at) => readOf(cache.read(request({ ...asked, at: at * minute }))))
    expect(reads).toEqual([2560, 2560])
  })

  it('keeps an earlier breakpoint alive that a later prompt reads over', () => {
    const cache = openPrefixCache()
    cache.read(request({ ...claude, count: 40, breakpoints: [20, 40] }))
    cache.read(request({ ...claude, count: 40, breakpoints: [40], at: 4 * minute }))
    const late = request({ ...claude, count: 40, from: 20, breakpoints: [40], at: 8 * minute })
    expect(readOf(cache.read(late))).toBe(1280)
  })

  it('writes the tail of a prompt whose end has a breakpoint', () => {
    const cache = openPrefixCache()
    const tail = { totalInputTokens: 20 * 64 + 30 }
    const usage = cache.read(request({ ...claude, count: 20, breakpoints: [20], ...tail }))
    expect(split(usage)).toEqual([0, 0, 1310, 0])
  })

  it.each([
    [19, 1280],
    [20, 0],
  ])('looks back over few contents: %i new ones read %i tokens', (contents, tokens) => {
    const cache = openPrefixCache()
    cache.read(request({ ...claude, count: 20, breakpoints: [20], contentEnds: [10, 20] }))
    const count = 20 + contents
    const contentEnds = [10, 20, ...Array.from({ length: contents }, (_, at) => 21 + at)]
    const next = request({ ...claude, count, breakpoints: [count], contentEnds })
    expect(readOf(cache.read(next))).toBe(tokens)
  })

  it('refuses what a provider refuses', () => {
    const cache = openPrefixCache()
    const asked = (breakpoints: readonly number[]) => () =>
      cache.read(request({ ...claude, count: 40, breakpoints }))
    expect(asked([1, 2, 3, 4, 5])).toThrow(RangeError)
    expect(asked([41])).toThrow(RangeError)
    expect(asked([1.5])).toThrow(RangeError)
    expect(asked([-1])).toThrow(RangeError)
  })
})

describe('any prompt cache', () => {
  const models = ['gpt-4o', 'gpt-5.6', 'claude-sonnet-4-5', 'claude-opus-4-5', 'deepseek-chat']
  const anyRequest = fc
    .record({
      wait: fc.nat(8 * minute),
      model: fc.constantFrom(...models),
      scope: fc.constantFrom('a', 'b'),
      branches: fc.array(fc.nat(1), { maxLength: 5 }),
      size: fc.integer({ min: 1, max: 40 }),
      tail: fc.nat(200),
      ttl: fc.constantFrom('5m', '1h', undefined),
      marks: fc.array(fc.nat(1000), { maxLength: 4 }),
    })
    .map(({ wait, model, branches, size, tail, marks, ...rest }) => {
      // A tree of prompts: each branch is a message of so many blocks.
      const blocks = branches.flatMap((branch) => Array.from({ length: size }, () => branch))
      return {
        ...rest,
        wait,
        provider: undefined,
        model,
        blocks,
        tokensPerBlock: 64,
        totalInputTokens: blocks.length * 64 + tail,
        breakpoints: marks.map((mark) => Math.round((mark / 1000) * blocks.length)),
      }
    })
  const log = fc.array(anyRequest, { maxLength: 40 }).map((list) => {
    let at = 0
    return list.map(({ wait, ...rest }): PrefixRequest => {
      at += wait
      return { ...rest, at }
    })
  })
  const reads = (list: readonly PrefixRequest[], idealised: boolean) => {
    const cache = openPrefixCache({ idealised })
    return list.map((each) => cache.read(each))
  }

  it('divides the input into whole disjoint counts that add up to it', () => {
    fc.assert(
      fc.property(log, fc.boolean(), (list, idealised) => {
        for (const [index, usage] of reads(list, idealised).entries()) {
          const counts = split(usage)
          expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true)
          expect(counts.reduce((a, b) => a + b, 0)).toBe(list[index]?.totalInputTokens)
        }
      }),
    )
  })

  it('reads no less, request for request, for living longer', () => {
    fc.assert(
      fc.property(log, fc.boolean(), (list, idealised) => {
        const [short, long] = (['5m', '1h'] as const).map((ttl) =>
          reads(
            list.map((each) => ({ ...each, ttl })),
            idealised,
          ),
        )
        for (const [index, usage] of (short ?? []).entries()) {
          expect(readOf(usage)).toBeLessThanOrEqual(long?.[index]?.cacheReadTokens ?? -1)
        }
      }),
    )
  })

  it('reads in a scope, of a model, what it reads alone', () => {
    fc.assert(
      fc.property(log, fc.boolean(), (list, idealised) => {
        const together = reads(list, idealised)
        const isMine = ({ scope, model }: PrefixRequest) => scope === 'a' && model === models[0]
        const mine = together.filter((_, index) => isMine(list[index] as PrefixRequest))
        expect(mine).toEqual(reads(list.filter(isMine), idealised))
      }),
    )
  })

  it('equals, idealised, a plain search of earlier prompts', () => {
    const ttlMs = { '5m': 5 * minute, '1h': 60 * minute }
    const plainRead = (list: readonly PrefixRequest[], index: number): number => {
      const mine = list[index] as PrefixRequest
      // Alive: some chain of earlier uses of the same prefix, each within the life of the one before.
      const isAlive = (count: number) => {
        let until = Number.NEGATIVE_INFINITY
        for (const other of list.slice(0, index)) {
          const shares =
            other.model === mine.model &&
            other.scope === mine.scope &&
            other.blocks.length >= count &&
            Array.from({ length: count }).every((_, at) => other.blocks[at] === mine.blocks[at])
          const life = other.ttl === '1h' ? ttlMs['1h'] : ttlMs['5m']
          if (shares) until = Math.max(until, other.at + life)
        }
        return until >= mine.at
      }
      let live = 0
      while (live < mine.blocks.length && isAlive(live + 1)) live++
      return live * mine.tokensPerBlock
    }
    fc.assert(
      fc.property(log, (list) => {
        const expected = list.map((_, index) => plainRead(list, index))
        expect(reads(list, true).map(readOf)).toEqual(expected)
      }),
    )
  })

  it('gives the places of expired prefixes back', () => {
    const cache = openPrefixCache({ idealised: true })
    let most = 0
    for (let index = 0; index < 3000; index++) {
      const blocks = Array.from({ length: 100 }, (_, at) => index * 100 + at)
      cache.read({ ...request({ count: 100 }), blocks, at: index * minute })
      most = Math.max(most, cache.size)
    }
    // 6 prompts are alive at a time; 300,000 blocks went through.
    expect(most).toBeLessThan(3000)
  })

  it('takes a time before the last as the last', () => {
    const cache = openPrefixCache()
    cache.read(request({ count: 16, at: 10 * minute, scope: 'other' }))
    cache.read(request({ count: 16, at: 0 }))
    expect(readOf(cache.read(request({ count: 16, at: 15 * minute })))).toBe(1024)
  })

  it('takes a prompt that counted no tokens', () => {
    const cache = openPrefixCache({ idealised: true })
    const none = request({ count: 3, tokensPerBlock: 0, totalInputTokens: 0 })
    expect([cache.read(none), cache.read(none)].map(split)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ])
  })

  it('refuses times and sizes that are none', () => {
    const cache = openPrefixCache()
    expect(() => cache.read(request({ count: 16, at: Number.NaN }))).toThrow(RangeError)
    expect(() => cache.read(request({ count: 16, tokensPerBlock: -1 }))).toThrow(RangeError)
    expect(() => cache.read(request({ count: 16, tokensPerBlock: 1 / 0 }))).toThrow(RangeError)
    expect(() => cache.read(request({ count: 16, totalInputTokens: -1 }))).toThrow(RangeError)
  })
})
