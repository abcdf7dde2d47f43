import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keywordPattern, pathMatcher } from '../../src/engine/name-patterns.ts'
import { timeMatcher } from '../../src/engine/time-window.ts'
import { nameMatcher } from '../../src/policy/name-matcher.ts'

describe('names with stars', () => {
  it('match as the regular expression does that says the same', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\n'), maxLength: 8 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 6 })
    fc.assert(
      fc.property(pattern, text, (name, each) => {
        const source = name.replaceAll('.', '\\.').replaceAll('*', '.*')
        expect(nameMatcher([name])(each)).toBe(new RegExp(`^${source}$`, 's').test(each))
      }),
      { numRuns: 2_000 },
    )
  })

  it('stay quick on names made to be slow', () => {
    const before = process.cpuUsage().user
    expect(nameMatcher([`${'*a'.repeat(40)}*b`])('a'.repeat(20_000))).toBe(false)
    expect(process.cpuUsage().user - before).toBeLessThan(1_000_000)
  })

  it('are any of several', () => {
    const fits = nameMatcher(['gpt-4o', 'claude-*'])
    expect(['gpt-4o', 'claude-haiku', 'gpt-4o-mini', 'Claude-x'].map(fits)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

describe('paths', () => {
  it.each([
    ['src/*.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/a/b.ts', false],
    ['src/**', 'src/a/b.ts', true],
    ['src/**/test.ts', 'src/test.ts', true],
    ['src/**/test.ts', 'src/a/b/test.ts', true],
    ['src/**/test.ts', 'src/a/mytest.ts', false],
    ['**/auth/**', 'lib/auth/x.ts', true],
    ['**/auth/**', 'auth/x.ts', true],
    ['**/*.sql', 'db/up.sql', true],
    ['./src/a+b.ts', 'src/a+b.ts', true],
    ['src/a.ts', 'src\\a.ts', true],
    ['src/a.ts', 'src/axts', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(pathMatcher([pattern])(path)).toBe(expected)
  })
})

describe('keywords', () => {
  it.each([
    ['plan', 'the plane is late', false],
    ['plan', 'Our PLAN: go', true],
    ['step by step', 'explain step\nby  step', true],
    ['c++', 'write c++ code', true],
    ['c++', 'write c++11', true],
    ['.net', 'use .NET core', true],
    ['naïve', 'a Naïve idea', true],
    ['é', 'été', false],
    ['設計', 'この設計を見て', true],
    ['node.js', 'nodexjs', false],
    ['x_1', 'x_12', false],
  ])('%j in %j: %s', (word, text, expected) => {
    expect(keywordPattern([word]).test(text)).toBe(expected)
  })

  it('match nothing when there are none', () => {
    expect(keywordPattern([]).test('anything')).toBe(false)
    expect(keywordPattern([' ']).test('any thing')).toBe(false)
  })
})

describe('a window of the week', () => {
  const at = (text: string) => Date.parse(text)

  it('is on the clock of its zone, summer time included', () => {
    const office = timeMatcher({
      timezone: 'Europe/Berlin',
      days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      from: '09:00',
      to: '17:30',
    })
    expect(office(at('2026-01-14T08:00:00Z'))).toBe(true)
    expect(office(at('2026-01-14T07:59:59Z'))).toBe(false)
    expect(office(at('2026-07-15T07:00:00Z'))).toBe(true)
    expect(office(at('2026-07-15T15:29:59Z'))).toBe(true)
    expect(office(at('2026-07-15T15:30:00Z'))).toBe(false)
    expect(office(at('2026-01-17T10:00:00Z'))).toBe(false)
  })

  it('past midnight belongs to the day it began', () => {
    const night = timeMatcher({ timezone: 'UTC', days: ['fri'], from: '22:00', to: '06:00' })
    expect(night(at('2026-01-16T23:00:00Z'))).toBe(true)
    expect(night(at('2026-01-17T05:59:00Z'))).toBe(true)
    expect(night(at('2026-01-17T06:00:00Z'))).toBe(false)
    expect(night(at('2026-01-16T05:00:00Z'))).toBe(false)
  })

  it('may be whole days, before 1970 too', () => {
    const weekend = timeMatcher({ timezone: 'UTC', days: ['sat', 'sun'] })
    expect(weekend(at('1969-12-27T00:00:00Z'))).toBe(true)
    expect(weekend(at('1969-12-26T23:59:59Z'))).toBe(false)
  })

  it('agrees with the clock that Intl writes out', () => {
    const zones = ['America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Auckland']
    const moments = fc.integer({ min: at('1975-01-01'), max: at('2035-01-01') })
    fc.assert(
      fc.property(fc.constantFrom(...zones), moments, (timezone, moment) => {
        const clock = new Intl.DateTimeFormat('en-GB', {
          timeZone: timezone,
          weekday: 'short',
          hour: '2-digit',
          minute: '2-digit',
        })
        const parts = new Map(clock.formatToParts(moment).map(({ type, value }) => [type, value]))
        const day = (parts.get('weekday') ?? '').toLowerCase() as 'mon'
        const from = `${parts.get('hour')}:${parts.get('minute')}`
        const to = `${parts.get('hour')}:${String(Number(parts.get('minute')) + 1).padStart(2, '0')}`
        expect(timeMatcher({ timezone, days: [day], from, to })(moment)).toBe(true)
      }),
    )
  })
})
