import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Asked } from '../../src/domain/world.ts'
import type { AlertEvent } from '../../src/worlds/alert-event.ts'
import type { LiveLedger } from '../../src/worlds/live-ledger.ts'
import { sharedNotice } from '../../src/worlds/shared-notice.ts'
import {
  askedOf,
  budgetOf,
  ledgerPolicy,
  noon,
  openLedger,
  settledOf,
  usd,
} from '../support/ledger.ts'

const dayMs = 86_400_000
const block = { budget: 'cap', action: 'block' } as const
const standing = (ledger: LiveLedger, at = noon) =>
  ledger.standings(at, 9).flatMap(({ members }) => members)

const limit = 1000
const limitOfAll = 1500

type Admit = { readonly user: string; readonly most: number; readonly hour: number }
type Raise = { readonly pick: number; readonly more: number }
type Settle = { readonly pick: number; readonly share: number }
type Step =
  | ({ readonly kind: 'admit' } & Admit)
  | ({ readonly kind: 'raise' } & Raise)
  | ({ readonly kind: 'settle' } & Settle)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('admit' as const),
    user: fc.constantFrom('ann', 'bob'),
    most: fc.nat(400),
    hour: fc.nat(3),
  }),
  fc.record({ kind: fc.constant('raise' as const), pick: fc.nat(), more: fc.nat(300) }),
  fc.record({
    kind: fc.constant('settle' as const),
    pick: fc.nat(),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
)

/** Requests of two users that come and end in any order, and what they spent, counted by hand. */
class Play {
  readonly #ledger = openLedger(
    ledgerPolicy([
      budgetOf({ limitNanoUsd: limit as NanoUsd }),
      budgetOf({ name: 'all', scope: 'all', limitNanoUsd: limitOfAll as NanoUsd }),
    ]),
  )
  readonly #open: { readonly asked: Asked; most: number }[] = []
  /** By day and member. */
  readonly #spent = new Map<string, number>()
  #count = 0
  #at = noon

  admit({ user, most, hour }: Admit): void {
    this.#at += hour * 3_600_000
    const asked = askedOf(`${this.#count++}`, most, { user }, this.#at)
    if (this.#ledger.admit(asked) === null) this.#open.push({ asked, most })
  }

  raise({ pick, more }: Raise): void {
    const one = this.#open[pick % Math.max(1, this.#open.length)]
    if (one === undefined) return
    const most = one.most + more
    if (this.#ledger.raise(one.asked, () => most, 'further') === null) one.most = most
  }

  settle({ pick, share }: Settle): void {
    const [done] = this.#open.splice(pick % Math.max(1, this.#open.length), 1)
    if (done === undefined) return
    const cost = Math.floor(done.most * share) as NanoUsd
    this.#ledger.settle(done.asked, cost)
    const day = Math.floor(done.asked.at / dayMs)
    for (const member of [done.asked.request.user, '']) {
      const name = `${day} ${member}`
      this.#spent.set(name, (this.#spent.get(name) ?? 0) + cost)
    }
  }

  settleAll(): void {
    while (this.#open.length > 0) this.settle({ pick: 0, share: 1 })
  }

  expectWithinLimits(): void {
    for (const [name, cost] of this.#spent)
      expect(cost).toBeLessThanOrEqual(name.endsWith(' ') ? limitOfAll : limit)
    for (const { member, spentNanoUsd, reservedNanoUsd } of standing(this.#ledger, this.#at))
      expect(spentNanoUsd + reservedNanoUsd).toBeLessThanOrEqual(member === '' ? limitOfAll : limit)
  }

  expectAllCounted(): void {
    const day = Math.floor(this.#at / dayMs)
    for (const { member, spentNanoUsd, reservedNanoUsd } of standing(this.#ledger, this.#at)) {
      expect(spentNanoUsd).toBe(this.#spent.get(`${day} ${member}`) ?? 0)
      expect(reservedNanoUsd).toBe(0)
    }
  }
}

describe('a live ledger', () => {
  it('never lets more through at once than fits', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const asked = Array.from({ length: 1000 }, (_, index) => askedOf(`${index}`, usd(0.07)))
    const passed = asked.filter((each) => ledger.admit(each) === null)
    // 71 × $0.07 = $4.97.
    expect(passed).toHaveLength(71)
    for (const each of passed) ledger.settle(each, usd(0.07))
    expect(standing(ledger)).toEqual([
      { member: 'ann', spentNanoUsd: usd(4.97), reservedNanoUsd: 0 },
    ])
    expect(ledger.admit(askedOf('late', usd(0.04)))).toEqual(block)
    expect(ledger.admit(askedOf('small', usd(0.03)))).toBeNull()
  })

  it('keeps what a hard budget settles below its limit, in whatever order requests come and end', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 80 }), (steps) => {
        const play = new Play()
        for (const step of steps) {
          play[step.kind](step as never)
          play.expectWithinLimits()
        }
        play.settleAll()
        play.expectAllCounted()
      }),
      { numRuns: 300 },
    )
  })

  it('says what the severest of several budgets says, and holds nothing for whom it refuses', () => {
    const soft = (name: string, action: 'alert' | 'downgrade' | 'block', dollars: number) =>
      budgetOf({ name, action, mode: 'soft', limitNanoUsd: usd(dollars) })
    const budgets = [soft('a', 'alert', 1), soft('d', 'downgrade', 2), soft('b', 'block', 3)]
    const ledger = openLedger(ledgerPolicy(budgets))
    const words = [0.9, 0.9, 0.9, 0.9].map((dollars, index) =>
      ledger.admit(askedOf(`${index}`, usd(dollars))),
    )
    expect(words).toEqual([
      null,
      { budget: 'a', action: 'alert' },
      { budget: 'd', action: 'downgrade' },
      { budget: 'b', action: 'block' },
    ])
    const held = ledger.standings(noon, 1).map(({ members }) => members[0]?.reservedNanoUsd)
    expect(held).toEqual([usd(2.7), usd(2.7), usd(2.7)])
  })

  it('settles once, and only what it has admitted', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const asked = askedOf('a', usd(2))
    ledger.settle(asked, usd(2))
    ledger.admit(asked)
    for (let again = 0; again < 3; again++) ledger.settle(asked, usd(1))
    expect(standing(ledger)).toEqual([{ member: 'ann', spentNanoUsd: usd(1), reservedNanoUsd: 0 }])
  })

  const nameless = (id: string, most: number) => {
    const { request, ...asked } = askedOf(id, most)
    const { user: _, ...rest } = request
    return { ...asked, request: rest }
  }

  it('keeps a user’s dollars apart from another’s, and from those of all who say no name', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    expect(ledger.admit(askedOf('a', usd(5)))).toBeNull()
    expect(ledger.admit(askedOf('b', usd(5), { user: 'bob' }))).toBeNull()
    expect(ledger.admit(nameless('c', usd(3)))).toBeNull()
    const over = nameless('d', usd(3))
    expect(ledger.admit(over)).toEqual(block)
    expect(ledger.refusalOf(over, 'cap')?.text).toMatch(
      /^budget cap: all who name no user together/,
    )
    expect(ledger.admit(askedOf('e', 1))).toEqual(block)
    // The gateway's own questions are on the account of all alone.
    expect(ledger.admit({ ...nameless('f', usd(50)), bypass: 'audit' })).toBeNull()
  })

  it('tells of each budget once that those who name nobody share an account', () => {
    const told: string[] = []
    const budgets = [
      budgetOf(),
      budgetOf({ name: 'rooms', scope: 'team' }),
      budgetOf({ name: 'all', scope: 'all' }),
      budgetOf({ name: 'traces', scope: 'trace' }),
    ]
    const ledger = openLedger(ledgerPolicy(budgets), {
      onHeld: sharedNotice((text) => told.push(text)),
    })
    ledger.replay({ ...settledOf(nameless('old', 0), usd(1)), spender: {} })
    ledger.admit({ ...nameless('own', 0), bypass: 'audit' })
    ledger.admit(askedOf('a', usd(1), { team: 'red' }))
    expect(told).toEqual([])
    ledger.admit(askedOf('b', usd(1)))
    expect(told).toEqual([
      expect.stringMatching(
        /^budget rooms: requests that name no team share one account \(keys and headers/,
      ),
    ])
    ledger.admit(nameless('c', usd(9)))
    ledger.admit(nameless('d', usd(1)))
    expect(told.slice(1)).toEqual([
      expect.stringMatching(/^budget cap: requests that name no user share one account/),
    ])
  })

  it.each([
    ['key', block],
    ['team', block],
    ['feature', block],
    ['session', null],
    ['trace', null],
  ] as const)('of a %s that requests do not name: %s', (scope, second) => {
    const ledger = openLedger(ledgerPolicy([budgetOf({ scope })]))
    expect(ledger.admit(askedOf('a', usd(5)))).toBeNull()
    expect(ledger.admit(askedOf('b', usd(5)))).toEqual(second)
  })

  it('counts only requests that meet the condition', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf({ when: { model: ['gpt-4o*'] } })]))
    expect(ledger.admit(askedOf('a', usd(9), { model: 'o3' }))).toBeNull()
    expect(ledger.admit(askedOf('b', usd(9)))).toEqual(block)
  })

  it('charges a request to the day it came, though it is admitted or settled on the next', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const midnight = Date.parse('2026-08-06T00:00:00Z')
    const first = askedOf('a', usd(3), {}, midnight - 10)
    const second = askedOf('b', usd(4), {}, midnight + 5)
    const delayed = askedOf('c', usd(3), {}, midnight - 5)
    expect([first, second, delayed].map((asked) => ledger.admit(asked))).toEqual([
      null,
      null,
      block,
    ])
    ledger.settle(second, usd(4))
    ledger.settle(first, usd(3))
    expect(standing(ledger, midnight)).toMatchObject([{ spentNanoUsd: usd(4) }])
    expect(standing(ledger, midnight - 1)).toMatchObject([{ spentNanoUsd: usd(3) }])
  })

  it('lets nobody’s call pass a hard budget whose cost nobody can bound', () => {
    const policy = ledgerPolicy([budgetOf(), budgetOf({ name: 'soft', mode: 'soft' })])
    const ledger = openLedger(policy, { reserve: (_, mode) => (mode === 'hard' ? null : 0) })
    expect(ledger.admit(askedOf('a'))).toEqual(block)
    expect(ledger.refusalOf(askedOf('a'), 'cap')).toMatchObject({
      retryAt: null,
      amounts: { askedNanoUsd: null },
      text: 'budget cap: user ann spent $0.00 of $5.00 a day, $0.00 more is held for calls under way; nobody can tell beforehand what this request costs',
    })
  })

  it('holds nothing in a soft budget where nobody can estimate, and counts what it came to', () => {
    const budget = budgetOf({ mode: 'soft', limitNanoUsd: usd(1) })
    const ledger = openLedger(ledgerPolicy([budget]), { reserve: () => null })
    const [first, second] = [askedOf('a'), askedOf('b')]
    expect(ledger.admit(first)).toBeNull()
    expect(ledger.raise(first, () => null, 'first')).toBeNull()
    ledger.settle(first, usd(1.5))
    expect(ledger.admit(second)).toEqual(block)
  })

  it('holds more back before another attempt, or says that it must not be made', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const asked = askedOf('a', usd(2))
    ledger.admit(asked)
    expect(ledger.raise(asked, () => usd(4), 'further')).toBeNull()
    expect(ledger.raise(asked, () => usd(6), 'further')).toEqual(block)
    expect(ledger.raise(asked, () => usd(1), 'further')).toBeNull()
    expect(standing(ledger)).toMatchObject([{ reservedNanoUsd: usd(4) }])
    ledger.settle(asked, usd(3.5))
    expect(standing(ledger)).toMatchObject([{ spentNanoUsd: usd(3.5), reservedNanoUsd: 0 }])
  })

  it('lets a request that was kept on the cheapest rung try that rung again', () => {
    const budget = budgetOf({ action: 'downgrade', mode: 'soft', limitNanoUsd: usd(1) })
    const ledger = openLedger(ledgerPolicy([budget]))
    const over = askedOf('over', usd(2))
    const within = askedOf('within', usd(0.1), { user: 'bob' })
    expect(ledger.admit(over)?.action).toBe('downgrade')
    expect(ledger.admit(within)).toBeNull()
    expect(ledger.raise(over, () => usd(3), 'further')).toBeNull()
    expect(ledger.raise(within, () => usd(3), 'further')?.action).toBe('downgrade')
    for (const each of [over, within])
      expect(ledger.raise(each, () => usd(4), 'question')?.action).toBe('downgrade')
    const held = standing(ledger).map(({ member, reservedNanoUsd }) => [member, reservedNanoUsd])
    expect(held).toEqual([
      ['ann', usd(3)],
      ['bob', usd(0.1)],
    ])
  })

  it('lets a call be made that it holds enough for, whatever others have spent since', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf({ mode: 'soft', limitNanoUsd: usd(3) })]))
    const [first, second] = [askedOf('a', usd(1)), askedOf('b', usd(1))]
    expect([ledger.admit(first), ledger.admit(second)]).toEqual([null, null])
    ledger.settle(first, usd(2.5))
    expect(ledger.raise(second, () => usd(1), 'first')).toBeNull()
    expect(ledger.raise(second, () => usd(2), 'further')).toEqual(block)
  })
})

describe('a refusal', () => {
  const nextDay = Date.parse('2026-08-06T00:00:00Z')

  it.each([
    ['the day’s end, where the money is spent', 4, 0, 2, nextDay],
    ['a moment, where only calls under way are in the way', 1, 3, 2, noon + 1000],
    ['never, where the request is larger than the budget', 0, 0, 6, null],
  ])('says to ask again after %s', (_, spent, held, asked, retryAt) => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const done = askedOf('done', usd(spent))
    ledger.admit(done)
    ledger.settle(done, usd(spent))
    ledger.admit(askedOf('held', usd(held)))
    const late = askedOf('late', usd(asked))
    expect(ledger.admit(late)).toEqual(block)
    expect(ledger.refusalOf(late, 'cap')).toMatchObject({
      budget: 'cap',
      retryAt,
      amounts: {
        limitNanoUsd: usd(5),
        spentNanoUsd: usd(spent),
        reservedNanoUsd: usd(held),
        askedNanoUsd: usd(asked),
      },
    })
  })

  it('tells people what was spent, and when it begins anew', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()], {}, 'Europe/Berlin'))
    const done = askedOf('done', usd(4.99))
    ledger.admit(done)
    ledger.settle(done, usd(4.99))
    expect(ledger.refusalOf(askedOf('x', usd(0.0213)), 'cap')?.text).toBe(
      'budget cap: user ann spent $4.99 of $5.00 a day, $0.00 more is held for calls under way; this request may cost $0.0213; begins anew 2026-08-05T22:00:00.000Z',
    )
    expect(ledger.refusalOf(askedOf('x'), 'no such budget')).toBeNull()
  })
})

describe('the loop guard', () => {
  const inTrace = (id: string, step = id, most = 0) => askedOf(id, most, { trace: 't', step })
  const looping = { budget: 'loop guard', action: 'block' }

  it('stops a trace after so many calls, and tells why', () => {
    const ledger = openLedger(ledgerPolicy([], { maxCalls: 2, action: 'block' }))
    const words = ['a', 'b', 'c', 'd'].map((id) => ledger.admit(inTrace(id)))
    expect(words).toEqual([null, null, looping, looping])
    expect(ledger.refusalOf(inTrace('d'), 'loop guard')).toEqual({
      budget: 'loop guard',
      retryAt: null,
      amounts: null,
      text: 'loop guard: trace t made 4 calls, of 2 that it may',
    })
    expect(ledger.admit(askedOf('other', 0, { trace: 'u' }))).toBeNull()
    expect(ledger.admit(askedOf('none'))).toBeNull()
  })

  it('stops nearly identical steps in a row, and lets a trace go on with another', () => {
    const ledger = openLedger(ledgerPolicy([], { maxSimilarInRow: 2, action: 'block' }))
    const steps = ['x', 'x', 'x', 'y', 'x', 'x', 'x']
    const words = steps.map((step, index) => ledger.admit(inTrace(`${index}`, step)))
    expect(words).toEqual([null, null, looping, null, null, null, looping])
    expect(ledger.refusalOf(inTrace('z', 'x'), 'loop guard')?.text).toBe(
      'loop guard: trace t took nearly the same step 3 times in a row, of 2 that it may',
    )
  })

  it('stops a trace by its dollars, those of calls under way too', () => {
    const ledger = openLedger(ledgerPolicy([], { maxNanoUsd: usd(1), action: 'block' }))
    expect(ledger.admit(inTrace('a', 'a', usd(0.6)))).toBeNull()
    expect(ledger.admit(inTrace('b', 'b', usd(0.6)))).toEqual(looping)
    ledger.settle(inTrace('a'), usd(0.3))
    expect(ledger.admit(inTrace('c', 'c', usd(0.6)))).toBeNull()
    expect(ledger.refusalOf(inTrace('d', 'd', usd(0.6)), 'loop guard')).toMatchObject({
      retryAt: noon + 1000,
      amounts: { spentNanoUsd: usd(0.3), reservedNanoUsd: usd(0.6) },
    })
  })

  it('forgets the traces that were not seen for longest, but none that is under way', () => {
    const policy = ledgerPolicy([], { maxCalls: 1, maxNanoUsd: usd(1), action: 'block' })
    const ledger = openLedger(policy, { mostTraces: 2 })
    const call = (trace: string) => askedOf(trace, usd(0.1), { trace })
    ledger.admit(call('under way'))
    for (const trace of ['a', 'b', 'c']) {
      ledger.admit(call(trace))
      ledger.settle(call(trace), usd(0.1))
    }
    const kept = ledger.standings(noon, 9).flatMap(({ members }) => members)
    expect(kept.map(({ member }) => member)).toEqual(['c', 'under way'])
    const again = (trace: string) => ledger.admit({ ...call(trace), id: `${trace} again` })
    expect([again('under way'), again('c'), again('a')]).toEqual([looping, looping, null])
  })
})

describe('alerts of budgets', () => {
  function spending(budget: Parameters<typeof budgetOf>[0], costs: readonly number[]) {
    const alerts: AlertEvent[] = []
    const onAlert = (alert: AlertEvent) => alerts.push(alert)
    const ledger = openLedger(ledgerPolicy([budgetOf(budget)]), { onAlert })
    for (const [index, cost] of costs.entries()) {
      const asked = askedOf(`${index}`, usd(cost), {}, noon + index * 3_600_000)
      if (ledger.admit(asked)?.action !== 'block') ledger.settle(asked, usd(cost))
    }
    return alerts.map(({ at, value }) => [(at - noon) / 3_600_000, value])
  }

  it('come once a window when four fifths of a hard limit are spent', () => {
    const ones = Array.from({ length: 24 }, () => 1)
    // The day is over after twelve hours.
    expect(spending({}, ones)).toEqual([
      [3, 4],
      [15, 4],
    ])
  })

  it('come once when a soft limit is reached, and when it stops a request before it is', () => {
    expect(spending({ mode: 'soft', action: 'alert' }, [2, 2, 2, 2])).toEqual([[2, 4]])
    expect(spending({ mode: 'soft', action: 'block' }, [2, 2, 2, 2])).toEqual([[2, 4]])
    expect(spending({ mode: 'soft', action: 'alert' }, [5, 1])).toEqual([[0, 5]])
  })

  it('do not come for one request that is larger than the budget', () => {
    expect(spending({ mode: 'soft' }, [6, 1])).toEqual([])
  })

  it('name budget and member', () => {
    const texts: string[] = []
    const onAlert = ({ text }: AlertEvent) => texts.push(text)
    const budgets = [budgetOf(), budgetOf({ name: 'team', scope: 'all', window: 'month' })]
    const ledger = openLedger(ledgerPolicy(budgets), { onAlert })
    ledger.admit(askedOf('a', usd(4.5)))
    ledger.settle(askedOf('a'), usd(4.5))
    expect(texts).toEqual([
      'budget cap: user ann spent $4.50 of $5.00 a day',
      'budget team: all together spent $4.50 of $5.00 a month',
    ])
  })
})
