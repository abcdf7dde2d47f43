import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { SelfHosted } from '../../src/policy/levers.ts'
import { selfHostedCost } from '../../src/simulate/levers-self-hosted.ts'

const hosted = (usdPerHour: number, rest: Partial<SelfHosted> = {}): SelfHosted => ({
  target: 'local:small',
  gpuHourNanoUsd: (usdPerHour * 1e9) as NanoUsd,
  gpus: 1,
  throughput: { kind: 'tokens', outputTokensPerSecond: 1000 },
  utilisationShare: 0.5,
  operationsNanoUsdPerMonth: 0 as NanoUsd,
  ...rest,
})
const days = 30.4375
const volume = {
  outputTokensPerMonth: 5e6 * days,
  requestsPerMonth: 10_000 * days,
  elsewhereUsdPerMillion: 10,
}

describe('a model on one’s own machines', () => {
  it.each([
    [2, 9.6],
    [3, 14.4],
  ])(
    'at $%d an hour and 5 M output tokens a day costs $%d a million, not cents',
    (hour, million) => {
      const cost = selfHostedCost(hosted(hour), volume)
      expect(cost.usdPerMillion).toBeCloseTo(million, 10)
      // Were the half of the time that is used filled: 43.2 M tokens a day.
      expect(cost.usdPerMillionFilled).toBeCloseTo((hour * 24) / 43.2, 10)
      expect(cost.filledShare).toBeCloseTo(5 / 43.2, 10)
    },
  )

  it('breaks even where a million costs what it costs elsewhere', () => {
    const { breakEvenTokens, usdPerMonth } = selfHostedCost(hosted(2), volume)
    expect(usdPerMonth).toBeCloseTo(2 * 24 * days, 10)
    expect(breakEvenTokens).toBeCloseTo((2 * 24 * days * 1e6) / 10, 3)
    const dearer = { operationsNanoUsdPerMonth: 1e12 as NanoUsd }
    expect(selfHostedCost(hosted(2, dearer), volume).usdPerMonth).toBeCloseTo(
      2 * 24 * days + 1000,
      8,
    )
  })

  it('never does where the machines cannot make so many tokens, or nobody sells them', () => {
    const cheap = { ...volume, elsewhereUsdPerMillion: 0.5 }
    expect(selfHostedCost(hosted(2), cheap).breakEvenTokens).toBeNull()
    const unsold = { ...volume, elsewhereUsdPerMillion: null }
    expect(selfHostedCost(hosted(2), unsold).breakEvenTokens).toBeNull()
  })

  it('counts requests as long as those of the log', () => {
    const throughput = { kind: 'requests', requestsPerSecond: 2 } as const
    // 2 requests/s of 500 tokens are 1,000 tokens/s.
    expect(selfHostedCost(hosted(2, { throughput }), volume)).toEqual(
      selfHostedCost(hosted(2), volume),
    )
  })
})
