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
} from '../support/replay-result.ts'

const view = { width: 80, color: false, unicode: true }
const print = (result: ReplayResult) => formatReplay(result, 'markdown', view)

test.each([
  ['replay', richReplayResult],
  ['replay-judged', judgedReplayResult],
  ['replay-planned', plannedReplayResult],
  ['replay-empty', emptyReplayResult],
])('golden %s', async (name, result) => {
  await expect(print(result())).toMatchFileSnapshot(`golden/${name}.md.txt`)
})

test('the verdict and what it cost stand above what is folded away', () => {
  const [open = '', ...folded] = print(richReplayResult()).split('<details>')
  expect(open).toContain(
    '**non-inferior: the policy loses less than 5 points on changed requests**',
  )
  expect(open).toContain('| cost | -$0.0041 a request')
  expect(folded.join()).toContain('### Strata')
})

test.each([
  ['judged', judgedReplayResult],
  ['planned', plannedReplayResult],
])('no text of a log changes the shape of the %s page', (_name, result) => {
  const lines = (text: string) =>
    print(replayResultWithText(text, result()))
      .split('\n')
      .map((line) => line.replace(/<\/?(?:sub|details|summary)>/g, ''))
  const cells = (all: readonly string[]) =>
    all.map((line) => line.replace(/\\./g, '').split('|').length)
  const calm = lines('x')
  fc.assert(
    fc.property(hostileText(), (text) => {
      const page = lines(`x${text}`)
      expect(cells(page)).toEqual(cells(calm))
      expect(page.join('\n')).not.toMatch(/[<>]/)
    }),
    { numRuns: 60 },
  )
})
