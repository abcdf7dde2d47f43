import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GroupDelta, ReplayResult } from '../../src/replay/result.ts'
import { formatReplay } from '../../src/report/format-replay.ts'
import { hostileText } from '../support/hostile-text.ts'
import { group } from '../support/replay-parts.ts'
import {
  judgedReplayResult,
  plannedReplayResult,
  replayResultWithText,
  richReplayResult,
  suiteReplayResult,
} from '../support/replay-result.ts'

const view = { width: 80, color: false, unicode: true }
const print = (result: ReplayResult) => formatReplay(result, 'junit', view)

/** Name and outcome of each test case. */
const casesOf = (page: string) =>
  [...page.matchAll(/<testcase [^>]*name="([^"]*)">\n\s*<([\w-]+)/g)].map(([, name, element]) => [
    name,
    element,
  ])

test('golden JUnit', async () => {
  await expect(print(richReplayResult())).toMatchFileSnapshot('golden/replay.junit.txt')
})

test.each([
  ['non-inferior', richReplayResult, 'system-out'],
  ['inferior', suiteReplayResult, 'failure'],
  ['undecided', judgedReplayResult, 'skipped'],
  ['planned', plannedReplayResult, 'skipped'],
])('a verdict that is %s', (_name, result, element) => {
  expect(casesOf(print(result()))[0]).toEqual(['verdict', element])
})

test('each stratum is judged by its interval, and the counts add up', () => {
  const unknown: GroupDelta = { ...group('unknown', 1, 0, 0), quality: null, interval: null }
  const strata = [
    group('fine', 400, 2, 2),
    group('bad', 100, 0, 40),
    group('few', 8, 1, 1),
    unknown,
  ]
  const page = print({ ...richReplayResult(), strata })
  expect(casesOf(page).slice(1)).toEqual([
    ['fine', 'system-out'],
    ['bad', 'failure'],
    ['few', 'skipped'],
    ['unknown', 'skipped'],
  ])
  expect(page).toContain('tests="5" failures="1" errors="0" skipped="2"')
})

test('the message of what is undecided says what would decide', () => {
  expect(print(judgedReplayResult())).toContain(
    '<skipped message="undecided: about 824 pairs would decide (',
  )
})

test('no text of a log breaks the XML', () => {
  const names = (page: string) => page.match(/<[^\s/>]+|<\/[^>]+>|\/>/g)
  const calm = names(print(replayResultWithText('x')))
  fc.assert(
    fc.property(hostileText(), (text) => {
      const page = print(replayResultWithText(`x${text}`))
      expect(names(page)).toEqual(calm)
      for (const [tag] of page.matchAll(/<[^>]*>/g)) expect(tag).toMatch(wholeTag)
      expect(page).toMatch(allowed)
      expect(page.replace(/&(?:amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&')
    }),
  )
})

const wholeTag = /^<(?:\?xml .*\?|\/?[a-z-]+(?: [a-z]+="[^"<]*")*\/?)>$/

/** XML 1.0, without the controls it allows but for line ends. */
const allowed = /^[\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u
