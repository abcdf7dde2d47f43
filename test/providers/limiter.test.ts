import { describe, expect, it } from 'vitest'
import type { FaultKind } from '../../src/domain/fault.ts'
import { noCallLimits, type Provider, type ProviderAnswer } from '../../src/domain/provider.ts'
import { limitProvider, longestPauseMs } from '../../src/providers/limiter.ts'
import { plainCall } from './calls.ts'
import { openTestClock } from './test-clock.ts'

const answered: ProviderAnswer = {
  kind: 'answered',
  reply: { id: null, model: null, blocks: [], finish: 'stop', usage: null },
  latencyMs: 1,
  firstTokenMs: null,
}
const failed = (kind: FaultKind, retryAfterMs: number | null = null): ProviderAnswer => ({
  kind: 'failed',
  fault: { kind, message: kind, status: null, retryAfterMs },
  partial: null,
  latencyMs: 1,
  firstTokenMs: null,
})

/** A provider that answers when it is told to, behind a limiter with a clock that is set by hand. */
function open(mostAtOnce?: number) {
  const clock = openTestClock()
  const underWay: ((answer: ProviderAnswer) => void)[] = []
  const provider: Provider = {
    name: 'p',
    ask: () => new Promise((resolve) => underWay.push(resolve)),
  }
  const limited = limitProvider(provider, {
    clock,
    ...(mostAtOnce !== undefined && { mostAtOnce }),
  })
  const ask = (signal?: AbortSignal) => limited.ask(plainCall, { limits: noCallLimits, signal })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return {
    clock,
    ask,
    async askMany(count: number) {
      for (let i = 0; i < count; i++) void ask()
      await settled()
    },
    atOnce: () => underWay.length,
    async answer(answer: ProviderAnswer, count = 1) {
      for (let i = 0; i < count; i++) underWay.shift()?.(answer)
      await settled()
    },
  }
}

describe('a limited provider', () => {
  it('has eight requests under way, and the next as one ends', async () => {
    const limited = open()
    await limited.askMany(20)
    expect(limited.atOnce()).toBe(8)
    await limited.answer(answered, 3)
    expect(limited.atOnce()).toBe(8)
    await limited.answer(failed('server'), 2)
    expect(limited.atOnce()).toBe(8)
  })

  it('halves once for all that were under way, and recovers by one a round', async () => {
    const limited = open(8)
    await limited.askMany(100)
    limited.clock.advance(1)
    await limited.answer(failed('rate-limit'), 8)
    expect(limited.atOnce()).toBe(4)
    await limited.answer(answered, 4)
    expect(limited.atOnce()).toBe(4)
    await limited.answer(answered, 1)
    expect(limited.atOnce()).toBe(5)
    limited.clock.advance(1)
    await limited.answer(failed('overloaded'))
    await limited.answer(answered, 3)
    expect(limited.atOnce()).toBe(2)
    await limited.answer(answered, 60)
    expect(limited.atOnce()).toBeLessThanOrEqual(8)
  })

  it('never falls below one, and never climbs above its most', async () => {
    const limited = open(2)
    await limited.askMany(60)
    for (let i = 0; i < 5; i++) {
      limited.clock.advance(1)
      await limited.answer(failed('rate-limit'), limited.atOnce())
    }
    expect(limited.atOnce()).toBe(1)
    for (let i = 0; i < 10; i++) await limited.answer(answered)
    expect(limited.atOnce()).toBe(2)
  })

  it('waits for everybody as long as the provider asks', async () => {
    const limited = open(4)
    await limited.askMany(4)
    limited.clock.advance(1)
    await limited.answer(failed('rate-limit', 5000))
    await limited.askMany(4)
    expect(limited.atOnce()).toBe(3)
    await limited.answer(answered, 3)
    expect(limited.atOnce()).toBe(0)
    limited.clock.advance(4999)
    await limited.askMany(1)
    expect(limited.atOnce()).toBe(0)
    limited.clock.advance(1)
    await limited.askMany(0)
    expect(limited.atOnce()).toBe(2)
  })

  it('fails at once, and unasked, while a longer wait is asked for', async () => {
    const limited = open(1)
    const first = limited.ask()
    const waiting = limited.ask()
    await limited.askMany(0)
    await limited.answer(failed('rate-limit', longestPauseMs + 1000))
    expect(await first).toMatchObject({ fault: { kind: 'rate-limit', message: 'rate-limit' } })
    const refusal = { kind: 'failed', fault: { kind: 'rate-limit', retryAfterMs: 121_000 } }
    expect(await waiting).toMatchObject(refusal)
    expect(await limited.ask()).toMatchObject(refusal)
    expect(limited.atOnce()).toBe(0)
    limited.clock.advance(longestPauseMs + 1000)
    await limited.askMany(1)
    expect(limited.atOnce()).toBe(1)
  })

  it('lets a caller go who waits, and keeps no place and no timer for them', async () => {
    const limited = open(1)
    await limited.askMany(1)
    await limited.answer(failed('rate-limit', 1000))
    const controller = new AbortController()
    const waiting = limited.ask(controller.signal)
    expect(limited.clock.timers()).toBe(1)
    controller.abort()
    expect(await waiting).toMatchObject({ kind: 'failed', fault: { kind: 'cancelled' } })
    expect(limited.clock.timers()).toBe(0)
    expect(await limited.ask(AbortSignal.abort())).toMatchObject({ fault: { kind: 'cancelled' } })
    limited.clock.advance(1000)
    await limited.askMany(1)
    expect(limited.atOnce()).toBe(1)
  })

  it('frees the place of an ask that throws', async () => {
    const broken: Provider = { name: 'p', ask: () => Promise.reject(new Error('a bug')) }
    const limited = limitProvider(broken, { mostAtOnce: 1 })
    const ask = () => limited.ask(plainCall, { limits: noCallLimits })
    await expect(ask()).rejects.toThrow('a bug')
    await expect(ask()).rejects.toThrow('a bug')
  })
})
