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
const print = (result: SimulateResult) => formatSimulate(result, 'markdown', view)

test('golden Markdown', async () => {
  await expect(print(richSimulateResult())).toMatchFileSnapshot('golden/simulate.md.txt')
  await expect(print(emptySimulateResult())).toMatchFileSnapshot('golden/simulate-empty.md.txt')
})

test('no text of a log changes the shape of the page', () => {
  const lines = (text: string) =>
    print(simulateResultWithText(text))
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
  )
})

test('nothing unknown is printed as a word of the language', () => {
  expect(print(unmeasuredSimulateResult())).not.toMatch(/NaN|undefined|\bnull\b/)
})
