import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSimulate } from '../../src/report/format-simulate.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptySimulateResult,
  richSimulateResult,
  simulateResultWithText,
  unmeasuredSimulateResult,
} from '../support/simulate-result.ts'

const view = { width: 80, color: false, unicode: true }
const print = (result: SimulateResult) => formatSimulate(result, 'html', view)

test('golden HTML', async () => {
  await expect(print(richSimulateResult())).toMatchFileSnapshot('golden/simulate.html.txt')
  await expect(print(emptySimulateResult())).toMatchFileSnapshot('golden/simulate-empty.html.txt')
})

test('the page loads nothing and runs nothing', () => {
  const page = print(richSimulateResult())
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`)
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\shref=|\son\w+=|url\(|@import/i)
})

test('no text of a log becomes markup', () => {
  const tags = (page: string) =>
    (page.match(/<[^>]*>/g) ?? []).filter((tag) => !/^<\/?span>$/.test(tag))
  const calm = tags(print(simulateResultWithText('x')))
  fc.assert(
    fc.property(hostileText(), (text) => {
      expect(tags(print(simulateResultWithText(`x${text}`)))).toEqual(calm)
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['rich', richSimulateResult],
  ['unmeasured', unmeasuredSimulateResult],
  ['empty', emptySimulateResult],
])('the %s page holds no number that is none', (_name, result) => {
  expect(print(result())).not.toMatch(/NaN|Infinity|undefined|\bnull\b/)
})

test('the bars of the waterfall lead from the baseline to the policy', () => {
  const bars = [
    ...print(richSimulateResult()).matchAll(
      /class="step (\w+)" x="([\d.]+)"[^>]* width="([\d.]+)"/g,
    ),
  ].map(([, kind, x, width]) => ({ kind, left: Number(x), right: Number(x) + Number(width) }))
  const [baseline, ...rest] = bars
  const policy = rest.pop()
  let edge = baseline?.right ?? 0
  for (const { kind, left, right } of rest) {
    expect(Math.abs((kind === 'gain' ? right : left) - edge)).toBeLessThan(leastBar)
    edge = kind === 'gain' ? left : right
  }
  expect(Math.abs((policy?.right ?? 0) - edge)).toBeLessThan(leastBar)
  expect(rest).toHaveLength(6)
})

/** A bar is drawn at least this wide, so that none is lost. */
const leastBar = 1.01

test('a sweep that nobody judged has no band of wrong hits', () => {
  expect(print(richSimulateResult())).toContain('class="wrong-range"')
  expect(print(unmeasuredSimulateResult())).not.toContain('class="wrong-range"')
})
