import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noUsage, totalInputTokens, type Usage } from '../../src/domain/usage.ts'
import { historyUsage } from '../../src/engine/history-usage.ts'

const usage = (input: number, read: number, write5m = 0, write1h = 0): Usage => ({
  ...noUsage,
  inputTokens: input,
  cacheReadTokens: read,
  cacheWrite5mTokens: write5m,
  cacheWrite1hTokens: write1h,
  outputTokens: 77,
  reasoningTokens: 7,
})

const counts = fc.tuple(fc.nat(5000), fc.nat(5000), fc.nat(5000), fc.nat(5000))
const anyUsage = counts.map((list) => usage(...list))
/** Some total, divided in four in two ways. */
const twoModels = fc
  .tuple(counts, fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), counts)
  .map(([list, order, amounts]) => {
    const moved = [...list] as [number, number, number, number]
    for (const [index, from] of order.entries()) {
      const to = order[(index + 1) % 4] as number
      const amount = Math.min(moved[from] as number, amounts[index] as number)
      moved[from] = (moved[from] as number) - amount
      moved[to] = (moved[to] as number) + amount
    }
    return { asLogged: usage(...list), underPolicy: usage(...moved) }
  })

describe('the usage of a request under a policy', () => {
  it('is the logged one and what the model says changes', () => {
    const changed = historyUsage({
      logged: usage(100, 950, 24),
      asLogged: usage(50, 900, 124),
      underPolicy: usage(0, 0, 1074),
    })
    expect(changed).toEqual(usage(50, 50, 974))
  })

  it('changes no more than the log allows', () => {
    // The log read 300 where the model thought 900: 300 are lost, to input and writes as 1 to 2.
    const changed = historyUsage({
      logged: usage(700, 300),
      asLogged: usage(100, 900),
      underPolicy: usage(400, 0, 600),
    })
    expect(changed).toEqual(usage(800, 0, 200))
  })

  it('divides what is left over by the largest remainder', () => {
    const changed = historyUsage({
      logged: usage(0, 10),
      asLogged: usage(0, 90),
      underPolicy: usage(20, 0, 30, 40),
    })
    // 10 × 2/9, 3/9, 4/9 = 2.2, 3.3, 4.4.
    expect(changed).toEqual(usage(2, 0, 3, 5))
  })

  it('is the logged one to the token where the model says the same', () => {
    fc.assert(
      fc.property(anyUsage, anyUsage, (logged, model) => {
        expect(historyUsage({ logged, asLogged: model, underPolicy: model })).toEqual(logged)
      }),
    )
  })

  it('is the policy’s own where the model says what was logged', () => {
    fc.assert(
      fc.property(twoModels, ({ asLogged, underPolicy }) => {
        const changed = historyUsage({ logged: asLogged, asLogged, underPolicy })
        expect(changed).toEqual(underPolicy)
      }),
    )
  })

  it('keeps the sum of the input and all of the output, in whole counts from 0 on', () => {
    fc.assert(
      fc.property(anyUsage, anyUsage, anyUsage, (logged, asLogged, underPolicy) => {
        const changed = historyUsage({ logged, asLogged, underPolicy })
        expect(Object.values(changed).every((n) => Number.isInteger(n) && n >= 0)).toBe(true)
        expect(totalInputTokens(changed)).toBe(totalInputTokens(logged))
        expect(changed).toMatchObject({ outputTokens: 77, reasoningTokens: 7 })
      }),
    )
  })

  it('moves each class the way the model moves it, and no further', () => {
    fc.assert(
      fc.property(anyUsage, twoModels, (logged, { asLogged, underPolicy }) => {
        const changed = historyUsage({ logged, asLogged, underPolicy })
        for (const name of Object.keys(noUsage) as (keyof Usage)[]) {
          const asked = underPolicy[name] - asLogged[name]
          const made = changed[name] - logged[name]
          expect(made * asked).toBeGreaterThanOrEqual(0)
          expect(Math.abs(made)).toBeLessThanOrEqual(Math.abs(asked))
        }
      }),
    )
  })
})
