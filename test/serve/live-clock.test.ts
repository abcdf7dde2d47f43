import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openLiveClock } from '../../src/serve/live-clock.ts'

/** A machine whose clock somebody sets. */
function machine(wallMs = 1_790_000_000_000) {
  const at = { wall: wallMs, steady: 12.5 }
  const clock = openLiveClock({ wall: () => at.wall, steady: () => at.steady })
  return {
    clock,
    pass: (ms: number) => {
      at.wall += ms
      at.steady += ms
    },
    /** The steady clock of a machine that sleeps may stand still. */
    set: (ms: number) => {
      at.wall += ms
    },
    wall: () => at.wall,
  }
}

test('time never goes back, and is never behind the machine by more than a second', () => {
  const step = fc.record({
    passMs: fc.integer({ min: 0, max: 100_000 }),
    setMs: fc.integer({ min: -10_000_000, max: 10_000_000 }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { clock, pass, set, wall } = machine()
      let last = clock.now()
      for (const { passMs, setMs } of steps) {
        pass(passMs)
        set(setMs)
        const now = clock.now()
        expect(now).toBeGreaterThanOrEqual(last)
        expect(now).toBeGreaterThanOrEqual(wall() - 1_000)
        last = now
      }
    }),
  )
})

describe('the machine’s clock', () => {
  test('as it goes is the gateway’s', () => {
    const { clock, pass, wall } = machine()
    pass(3_600_000)
    expect(clock.now()).toBe(wall())
    expect(clock.problems()).toEqual([])
  })

  test('set forward is followed, and told of for ten minutes', () => {
    const { clock, pass, set, wall } = machine()
    pass(1_000)
    set(3_600_000)
    expect(clock.now()).toBe(wall())
    expect(clock.problems()).toEqual([expect.stringContaining('jumped forward by 3600.0 s')])
    pass(599_000)
    expect(clock.problems()).toHaveLength(1)
    pass(2_000)
    expect(clock.problems()).toEqual([])
  })

  test('set back is left behind until it has come up again', () => {
    const { clock, pass, set, wall } = machine()
    const before = clock.now()
    set(-60_000)
    pass(10_000)
    expect(clock.now()).toBe(before + 10_000)
    expect(clock.problems()).toEqual([expect.stringContaining('60.0 s ahead')])
    set(60_000)
    expect(clock.now()).toBe(wall())
    expect(clock.problems()).toEqual([])
  })

  test('set by less than a second changes nothing', () => {
    const { clock, set } = machine()
    const before = clock.now()
    set(999)
    expect(clock.now()).toBe(before)
    set(-1_500)
    expect(clock.now()).toBe(before)
    expect(clock.problems()).toEqual([])
  })
})
