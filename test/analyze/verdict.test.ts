import { expect, test } from 'vitest'
import { report, usd } from '../support/analyze-source.ts'
import type { PlainRequest } from '../support/request-source.ts'

const dayMs = 86_400_000
const first = Date.parse('2026-07-06T00:00:00Z')

const wholeDay = (cost: number, fields: PlainRequest = {}): readonly PlainRequest[] => [
  { at: first, costs: { input: usd(cost) }, ...fields },
  { at: first + dayMs - 1, ...fields },
]
const verdict = (log: readonly PlainRequest[]) => report(log).verdict

test.each([
  [49.99, 'does-not-pay'],
  [50, 'look-again'],
  [199.99, 'look-again'],
  [200, 'worth-a-trial'],
])('at $%d a day', (usdPerDay, gateway) => {
  expect(verdict(wholeDay(usdPerDay))).toMatchObject({ gateway, usdPerDay })
})

test('hours are no day: nothing is projected, hosted or judged', () => {
  const log = [9, 10, 11].map((hour) => ({
    at: first + hour * 3_600_000,
    costs: { input: usd(5000) },
    flags: 128,
  }))
  const { projection, verdict: judged, opportunities, usdPerThousandRequests } = report(log)
  expect(projection).toMatchObject({ costUsdPerMonth: null, interval: null, days: 0 })
  expect(judged).toMatchObject({ gateway: 'unknown', usdPerDay: null })
  // Savings are those of the log.
  expect(opportunities.map(({ kind, savingUsdPerMonth }) => [kind, savingUsdPerMonth])).toEqual([
    ['truncated-answers', 15_000],
  ])
  expect(usdPerThousandRequests).toBe(5_000_000)
})

test('nearly all hard', () => {
  const log = (hard: number) =>
    Array.from(
      { length: 20 },
      (_, index): PlainRequest => ({
        difficulty: index < hard ? 'hard' : 'simple',
      }),
    )
  expect(verdict(log(19)).reasons.join()).toContain('nearly every request is hard')
  expect(verdict(log(18)).reasons.join()).not.toContain('hard')
})

test.each([
  ['legal_review', true],
  ['medicalAdvice', true],
  ['tax-returns', true],
  ['syntax', false],
  ['paralegals', false],
])('strictness by name: %s', (feature, strict) => {
  expect(verdict([{ feature }]).reasons.join().includes('exact cache only')).toBe(strict)
})

test('a main system prompt that changes every week', () => {
  const log = (promptOf: (week: number) => string) =>
    [0, 1, 2].flatMap((week) =>
      [0, 1].map((day) => ({ at: first + (week * 7 + day) * dayMs, system: promptOf(week) })),
    )
  const changed = 'the main system prompt changed every week'
  expect(verdict(log(String)).reasons.join()).toContain(changed)
  expect(verdict(log((week) => String(week > 1))).reasons.join()).not.toContain(changed)
})
