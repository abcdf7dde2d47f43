import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatExplain } from '../../src/report/explain.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { emptyExplanation, richExplanation } from '../support/explanation.ts'
import { hostileText } from '../support/hostile-text.ts'

const view = { width: 80, color: false, unicode: true }

test.each([
  ['explain-80', richExplanation, 80],
  ['explain-60', richExplanation, 60],
  ['explain-empty', emptyExplanation, 80],
])('golden %s', async (name, explanation, width) => {
  const printed = formatExplain(explanation(), 'terminal', { ...view, width })
  await expect(printed).toMatchFileSnapshot(`golden/${name}.txt`)
})

test('JSON holds everything, the head first', async () => {
  const json = formatExplain(richExplanation(), 'json', view)
  expect(JSON.parse(json)).toEqual(richExplanation())
  await expect(json).toMatchFileSnapshot('golden/explain.json.txt')
})

test('no text of a request makes a line too wide', () => {
  fc.assert(
    fc.property(hostileText(), fc.integer({ min: 40, max: 120 }), (text, width) => {
      const printed = formatExplain(
        {
          ...richExplanation(),
          id: text,
          place: { file: text, line: 1, byteOffset: 1 },
          facts: [[text, text]],
          usage: [{ name: text, tokens: 1e15, usdPerMillion: '0.123456789', costUsd: 1e8 }],
          factors: [text],
          prompt: text,
          answer: text,
        },
        'terminal',
        { ...view, width },
      )
      for (const line of printed.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width)
    }),
  )
})
