import { describe, expect, test } from 'vitest'
import { hasServe, referenceProgram, serveProgram } from '../support/gateway-program.ts'
import { policyText } from './gateway/llmcost-subjects.ts'
import { growthOf, type ResourceSample } from './soak/resource-samples.ts'
import { runSoak } from './soak/run-soak.ts'
import { openSoakMix, soakKinds } from './soak/soak-mix.ts'
import { soakText, soakVerdict } from './soak/soak-verdict.ts'

const isPosix = process.platform !== 'win32'
const brief = { durationMs: 4000, clients: 12, seed: '1' }

test.runIf(isPosix)(
  'a gateway that keeps its word passes the soak',
  async () => {
    const found = await runSoak({ program: referenceProgram(), ...brief, settleMs: 30_000 })
    const verdict = soakVerdict(found)
    expect(verdict.breaches, soakText(found, verdict)).toEqual([])
    expect(found.receipts.owed).toBeGreaterThan(20)
    expect(found.samples.every(({ rssBytes }) => rssBytes > 1e6)).toBe(true)
    expect(soakText(found, verdict)).toMatch(/0 missing, 0 doubled, 0 unknown\nno breach\n$/)
  },
  60_000,
)

test.runIf(isPosix)(
  'each leak and each wrong receipt is a breach',
  async () => {
    const program = referenceProgram(
      'leaks-memory',
      'leaks-sockets',
      'leaks-timers',
      'loses-receipts',
      'doubles-receipts',
    )
    const found = await runSoak({ program, ...brief, settleMs: 100 })
    const { breaches } = soakVerdict(found)
    for (const words of [
      /^memory grew steadily by \d+ MB/,
      /sockets are open at the end/,
      /timers run at the end/,
      /requests have no receipt$/,
      /requests have more than one receipt$/,
    ])
      expect(breaches).toContainEqual(expect.stringMatching(words))
  },
  60_000,
)

test.runIf(isPosix && hasServe())(
  'llmcost serve passes the short soak',
  async () => {
    const program = serveProgram((upstreamUrl) => policyText('soak.yaml', upstreamUrl))
    const found = await runSoak({ program, ...brief, durationMs: 45_000, settleMs: 30_000 })
    const verdict = soakVerdict(found)
    expect(verdict.breaches, soakText(found, verdict)).toEqual([])
  },
  180_000,
)

test('equal seeds send equal traffic, with every kind in it', () => {
  const [one, same, other] = ['1', '1', '2'].map((seed) => {
    const next = openSoakMix(seed)
    return Array.from({ length: 500 }, (_, number) => next(number))
  })
  expect(one).toEqual(same)
  expect(one).not.toEqual(other)
  expect(new Set(one?.map(({ kind }) => kind))).toEqual(new Set(soakKinds))
})

describe('growth of memory', () => {
  /** One a second for an hour. */
  const series = (bytesAt: (second: number) => number): readonly ResourceSample[] =>
    Array.from({ length: 3600 }, (_, second) => ({
      atMs: 1000 * (second + 1),
      rssBytes: bytesAt(second),
      heapUsedBytes: 0,
      sockets: 0,
      timers: 0,
    }))
  const growth = (bytesAt: (second: number) => number) =>
    growthOf(series(bytesAt), ({ rssBytes }) => rssBytes)
  /** What a collector does: up and down within a minute. */
  const saw = (second: number) => 1e6 * (second % 60)

  test('is none where memory goes up and down, or has grown in the warm-up alone', () => {
    expect(growth((second) => 100e6 + saw(second))).toEqual({
      bytes: 0,
      bytesPerHour: 0,
      isSteady: false,
    })
    expect(growth((second) => 100e6 + 1e5 * Math.min(second, 1200) + saw(second))?.isSteady).toBe(
      false,
    )
  })

  test('is found under what goes up and down', () => {
    const found = growth((second) => 100e6 + 10e3 * second + saw(second))
    expect(found?.isSteady).toBe(true)
    // 10 kB a second over two thirds of an hour.
    expect(found?.bytes).toBeCloseTo(24e6, -5)
    expect(found?.bytesPerHour).toBeCloseTo(36e6, -5)
  })

  test('one step is no trend, and too few samples tell nothing', () => {
    expect(growth((second) => (second < 2400 ? 100e6 : 130e6))?.bytes).toBeGreaterThan(0)
    expect(growth((second) => (second < 3400 ? 100e6 : 130e6))?.isSteady).toBe(false)
    expect(growthOf(series(() => 1).slice(0, 10), ({ rssBytes }) => rssBytes)).toBeNull()
  })
})
