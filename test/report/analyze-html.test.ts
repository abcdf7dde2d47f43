import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAnalyze } from '../../src/report/format-analyze.ts'
import {
  analyzeResultWithText,
  emptyAnalyzeResult,
  richAnalyzeResult,
} from '../support/analyze-result.ts'
import { hostileText } from '../support/hostile-text.ts'

const view = { width: 80, color: false, unicode: true }
const print = (result: ReturnType<typeof richAnalyzeResult>) => formatAnalyze(result, 'html', view)

test('golden HTML', async () => {
  await expect(print(richAnalyzeResult())).toMatchFileSnapshot('golden/analyze.html.txt')
  await expect(print(emptyAnalyzeResult())).toMatchFileSnapshot('golden/analyze-empty.html.txt')
})

test('the page loads nothing and runs nothing', () => {
  const page = print(richAnalyzeResult())
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`)
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\shref=|\son\w+=|url\(|@import/i)
})

test('no text of a log becomes markup', () => {
  // A command has one span for each of its words; everything else is fixed.
  const tags = (page: string) =>
    (page.match(/<[^>]*>/g) ?? []).filter((tag) => !/^<\/?span>$/.test(tag))
  const calm = tags(print(analyzeResultWithText('x')))
  fc.assert(
    fc.property(hostileText(), (text) => {
      expect(tags(print(analyzeResultWithText(`x${text}`)))).toEqual(calm)
    }),
    { numRuns: 60 },
  )
})

test('a hostile string is shown as text', () => {
  const page = print(analyzeResultWithText('<script>alert("1")</script>'))
  expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
})

test('an attribute never holds a number that is none', () => {
  expect(print(richAnalyzeResult())).not.toMatch(/NaN|Infinity|undefined/)
  expect(print(emptyAnalyzeResult())).not.toMatch(/NaN|Infinity|undefined/)
})
