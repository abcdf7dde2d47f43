import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReplayResult } from '../../src/replay/result.ts'
import { formatReplay } from '../../src/report/format-replay.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptyReplayResult,
  judgedReplayResult,
  plannedReplayResult,
  replayResultWithText,
  richReplayResult,
  suiteReplayResult,
} from '../support/replay-result.ts'

const view = { width: 80, color: false, unicode: true }
const print = (result: ReplayResult) => formatReplay(result, 'html', view)

test('golden HTML', async () => {
  await expect(print(richReplayResult())).toMatchFileSnapshot('golden/replay.html.txt')
  await expect(print(emptyReplayResult())).toMatchFileSnapshot('golden/replay-empty.html.txt')
})

test('the page loads nothing and runs nothing', () => {
  const page = print(judgedReplayResult())
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`)
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\shref=|\son\w+=|url\(|@import/i)
})

test.each([
  ['judged', judgedReplayResult],
  ['planned', plannedReplayResult],
])('no text of a log becomes markup of the %s page', (_name, result) => {
  const tags = (page: string) =>
    (page.match(/<[^>]*>/g) ?? []).filter((tag) => !/^<\/?span>$/.test(tag))
  const calm = tags(print(replayResultWithText('x', result())))
  fc.assert(
    fc.property(hostileText(), (text) => {
      expect(tags(print(replayResultWithText(`x${text}`, result())))).toEqual(calm)
    }),
    { numRuns: 40 },
  )
})

test.each([
  ['rich', richReplayResult],
  ['judged', judgedReplayResult],
  ['suite', suiteReplayResult],
  ['planned', plannedReplayResult],
  ['empty', emptyReplayResult],
])('the %s page holds no number that is none', (_name, result) => {
  expect(print(result())).not.toMatch(/NaN|Infinity|undefined|\bnull\b/)
})

test('the chart puts the difference of all pairs on one scale with zero and the margin', () => {
  const { delta, plan } = richReplayResult()
  const page = print(richReplayResult())
  const at = (pattern: RegExp) => Number(pattern.exec(page)?.[1])
  const zero = at(/class="zero" x1="([\d.]+)"/)
  const perPoint = (zero - at(/class="margin" x1="([\d.]+)"/)) / plan.margin
  const all = page.slice(page.indexOf('<g class="all non-inferior">'))
  const [, low, high, dot] =
    /x1="([\d.]+)" x2="([\d.]+)"[^>]*><circle class="dot" cx="([\d.]+)"/.exec(all) ?? []
  expect((Number(low) - zero) / perPoint).toBeCloseTo(delta.interval?.low ?? 0, 3)
  expect((Number(high) - zero) / perPoint).toBeCloseTo(delta.interval?.high ?? 0, 3)
  expect((Number(dot) - zero) / perPoint).toBeCloseTo(delta.quality ?? 0, 3)
})
