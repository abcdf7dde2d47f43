import { describe, expect, test } from 'vitest'
import { type CallLimits, noCallLimits } from '../../src/domain/provider.ts'
import type { Part } from '../../src/domain/reply.ts'
import { type MockFaultName, mockFaultNames, mockFaults } from '../../src/providers/mock-faults.ts'
import { openMockProvider } from '../../src/providers/mock-provider.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { callOf } from './mock-call.ts'

const latency = { p50Ms: 200, p95Ms: 200, tokensPerSecond: 40, spikeShare: 0, spikeFactor: 1 }
const ask = async (
  fault: MockFaultName | null,
  { streamed = false, limits = {} }: { streamed?: boolean; limits?: Partial<CallLimits> } = {},
) => {
  const faults = fault === null ? {} : { [fault]: 1 }
  const provider = openMockProvider({ ...defaultMockSettings, latency, faults }, () =>
    'x'.repeat(64),
  )
  const parts: Part[] = []
  const answer = await provider.ask(callOf('why?', { streamed }), {
    limits: { ...noCallLimits, ...limits },
    onPart: (part) => parts.push(part),
  })
  return { ...answer, parts }
}

test('times are told: 200 ms to the first content, then four chunks of 4 tokens, 100 ms apart', async () => {
  expect(await ask(null)).toMatchObject({ kind: 'answered', latencyMs: 500, firstTokenMs: null })
  const { parts, ...streamed } = await ask(null, { streamed: true })
  expect(streamed).toMatchObject({ kind: 'answered', latencyMs: 500, firstTokenMs: 200 })
  expect(parts.map(({ kind }) => kind)).toEqual(['start', 'text', 'finish'])
})

test.each(mockFaultNames.filter((name) => mockFaults[name].stage !== 'pace'))(
  '%s is its fault, with what had come of a stream',
  async (name) => {
    const { kind, status, stage } = mockFaults[name]
    const body = await ask(name)
    expect(body).toMatchObject({ kind: 'failed', fault: { kind, status }, partial: null })
    const stream = await ask(name, { streamed: true })
    const half = stage === 'within' ? { blocks: [{ text: 'x'.repeat(32) }] } : null
    expect(stream).toMatchObject({ kind: 'failed', fault: { kind } })
    expect('partial' in stream && stream.partial).toEqual(
      half === null
        ? null
        : expect.objectContaining({
            finish: 'other',
            usage: expect.objectContaining({ outputTokens: 8 }),
          }),
    )
  },
)

test('only a 429 that says so asks to wait', async () => {
  expect(await ask('429')).toMatchObject({ fault: { retryAfterMs: 1_000 } })
  expect(await ask('429-bare')).toMatchObject({ fault: { retryAfterMs: null } })
})

describe('limits of time', () => {
  const streamed = true
  const timedOut = { kind: 'failed', fault: { kind: 'timeout' } }

  test('to the first content', async () => {
    const limits = { firstTokenMs: 10_000 }
    expect(await ask('slow', { streamed, limits })).toMatchObject({
      ...timedOut,
      latencyMs: 10_000,
      partial: null,
    })
    expect(await ask('slow', { streamed })).toMatchObject({
      kind: 'answered',
      firstTokenMs: 30_000,
    })
    // Without a stream there is no first content to wait for.
    expect(await ask('slow', { limits })).toMatchObject({ kind: 'answered', latencyMs: 30_300 })
  })

  test('between two chunks, and in all', async () => {
    expect(await ask('stall', { streamed, limits: { idleMs: 700 } })).toMatchObject({
      ...timedOut,
      latencyMs: 900,
      firstTokenMs: 200,
      partial: { finish: 'other' },
    })
    expect(await ask(null, { streamed, limits: { idleMs: 99 } })).toMatchObject(timedOut)
    expect(await ask(null, { streamed, limits: { idleMs: 100 } })).toMatchObject({
      kind: 'answered',
    })
    expect(await ask(null, { limits: { totalMs: 499 } })).toMatchObject({
      ...timedOut,
      latencyMs: 499,
    })
    expect(await ask(null, { limits: { totalMs: 500 } })).toMatchObject({ kind: 'answered' })
    expect(await ask('endless', { streamed, limits: { totalMs: 9_000 } })).toMatchObject({
      ...timedOut,
      latencyMs: 9_000,
    })
  })

  test('what never ends is a timeout also where nothing limits it', async () => {
    for (const name of ['stall', 'endless'] as const)
      expect(await ask(name)).toMatchObject(timedOut)
  })
})

test('a caller who is gone gets nothing', async () => {
  const provider = openMockProvider(defaultMockSettings)
  const asked = provider.ask(callOf('?'), { limits: noCallLimits, signal: AbortSignal.abort() })
  expect(await asked).toMatchObject({ kind: 'failed', fault: { kind: 'cancelled' } })
})
