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
const print = (result: ReturnType<typeof richAnalyzeResult>) =>
  formatAnalyze(result, 'markdown', view)

test('golden Markdown', async () => {
  await expect(print(richAnalyzeResult())).toMatchFileSnapshot('golden/analyze.md.txt')
  await expect(print(emptyAnalyzeResult())).toMatchFileSnapshot('golden/analyze-empty.md.txt')
})

test('no text of a log changes the shape of the page', () => {
  // A code span is literal; everything else must hold no markup but its own.
  const lines = (text: string) =>
    print(analyzeResultWithText(text))
      .split('\n')
      .map((line) => line.replace(/Try: .*/, 'Try').replace(/<\/?sub>/g, ''))
  const cells = (all: readonly string[]) =>
    all.map((line) => line.replace(/\\./g, '').split('|').length)
  const calm = lines('x')
  fc.assert(
    fc.property(hostileText(), (text) => {
      const page = lines(`x${text}`)
      expect(cells(page)).toEqual(cells(calm))
      expect(page.join('\n')).not.toMatch(/[<>]/)
    }),
  )
})
