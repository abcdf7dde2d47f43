import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { openSpendCap } from '../../src/replay/spend-cap.ts'
import { randomFrom } from '../../src/stats/random.ts'

const call = fc.record({
  most: fc.integer({ min: 0, max: 60 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  isUnknown: fc.boolean(),
})

test('nobody waits for ever, the limit holds, and who fits alone at the end is let in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { maxLength: 60 }),
      fc.integer({ min: 1, max: 200 }),
      fc.option(fc.integer({ min: 0, max: 40 }), { nil: null }),
      fc.string(),
      async (calls, limit, abortAfter, seed) => {
        const random = randomFrom(seed)
        const cap = openSpendCap(limit as NanoUsd, 0)
        const controller = new AbortController()
        let held = 0
        let settled = 0
        const asks = calls.map(async ({ most, share, isUnknown }) => {
          const amount = most as NanoUsd
          if (!(await cap.reserve(amount, controller.signal))) return amount
          held += amount
          expect(cap.spent + held).toBeLessThanOrEqual(limit)
          for (let turns = Math.floor(random() * 10); turns > 0; turns--) await Promise.resolve()
          held -= amount
          cap.settle(amount, isUnknown ? null : (Math.floor(most * share) as NanoUsd))
          settled++
          if (settled === abortAfter) controller.abort()
          return null
        })
        if (abortAfter === 0) controller.abort()
        const refused = (await Promise.all(asks)).flatMap((amount) => amount ?? [])
        expect(cap.spent).toBeLessThanOrEqual(limit)
        if (controller.signal.aborted) return
        for (const amount of refused) expect(cap.spent + amount).toBeGreaterThan(limit)
      },
    ),
    { numRuns: 500 },
  )
})
