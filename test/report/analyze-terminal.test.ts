import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import { formatAnalyze } from '../../src/report/format-analyze.ts'
import { textWidth } from '../../src/report/text-width.ts'
import {
  analyzeResultWithText,
  emptyAnalyzeResult,
  richAnalyzeResult,
} from '../support/analyze-result.ts'
import { hostileText } from '../support/hostile-text.ts'

type View = { readonly width: number; readonly color: boolean; readonly unicode: boolean }

const plain: View = { width: 80, color: false, unicode: true }

const print = (result: AnalyzeResult, view: Partial<View> = {}) =>
  formatAnalyze(result, 'terminal', { ...plain, ...view })

describe('golden reports', () => {
  test.each([
    ['analyze-120', { width: 120 }],
    ['analyze-80', { width: 80 }],
    ['analyze-60', { width: 60 }],
    ['analyze-40-ascii', { width: 40, unicode: false }],
    ['analyze-80-ascii', { unicode: false }],
    ['analyze-80-color', { color: true }],
  ])('%s', async (name, view) => {
    await expect(print(richAnalyzeResult(), view)).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  test('of an empty log', async () => {
    await expect(print(emptyAnalyzeResult())).toMatchFileSnapshot('golden/analyze-empty.txt')
  })
})

test('the same result prints the same bytes', () => {
  expect(print(richAnalyzeResult())).toBe(print(richAnalyzeResult()))
})

test('no text of a log makes a line too wide, adds a line end or reaches the terminal raw', () => {
  const views = fc.record({
    width: fc.integer({ min: 40, max: 130 }),
    color: fc.boolean(),
    unicode: fc.boolean(),
  })
  fc.assert(
    fc.property(hostileText(), views, (text, view) => {
      const printed = print(analyzeResultWithText(text), view)
      for (const line of printed.split('\n')) {
        expect(textWidth(line)).toBeLessThanOrEqual(Math.min(120, view.width))
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are taken off, then none may be left.
      const bare = view.color ? printed.replace(/\x1b\[\d+m/g, '') : printed
      expect(bare).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}]|(?!\u200d)\p{Cf}|[\p{Zl}\p{Zp}]/u)
      if (!view.unicode) expect(bare).toMatch(/^[\x20-\x7e\n]*$/)
    }),
    { numRuns: 60 },
  )
})

test('colour changes nothing but colour', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character.
  const bare = print(richAnalyzeResult(), { color: true }).replace(/\x1b\[\d+m/g, '')
  const trimmed = (text: string) => text.replace(/ +$/gm, '').replace(/[▓░▒▚▞█#]/g, '█')
  expect(trimmed(bare)).toBe(trimmed(print(richAnalyzeResult())))
})

test('opportunities come with the warning that they must not be added up', () => {
  expect(print(richAnalyzeResult())).toContain('they overlap: do not add them up')
})

test('the facts come before the groups and begin with dollars a month', () => {
  const printed = print(richAnalyzeResult())
  expect(printed).toContain('  1  $3,120 a month  21% of the spend')
  expect(printed.indexOf('THE THREE FACTS')).toBeLessThan(printed.indexOf('BY FEATURE'))
})

test('sections with nothing to say are left out', () => {
  const printed = print({ ...richAnalyzeResult(), alerts: [], facts: [], opportunities: [] })
  expect(printed).not.toMatch(/ALERTS|FACTS|OPPORTUNITIES/)
})

test('a single day has no chart and a log without a month has no projection', () => {
  const rich = richAnalyzeResult()
  const printed = print({
    ...rich,
    daily: rich.daily.slice(0, 1),
    projection: { costUsdPerMonth: null, interval: null, days: 0, notes: [] },
  })
  expect(printed).not.toMatch(/peak|projected/)
})
