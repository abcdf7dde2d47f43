import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeText } from '../../src/report/escape.ts'
import {
  flowPieces,
  padText,
  textWidth,
  toAscii,
  truncateText,
  wrapText,
} from '../../src/report/text-width.ts'
import { hostileText } from '../support/hostile-text.ts'

test.each([
  ['', 0],
  ['abc', 3],
  ['日本語', 6],
  ['한국', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['🙂', 2],
  ['👨‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['❤️', 2],
  ['❤', 1],
  ['1️⃣', 2],
  ['Ａ', 2],
  ['█▌░–…', 5],
  ['\x1b[1mbold\x1b[22m', 4],
])('%j takes %i columns', (text, width) => expect(textWidth(text)).toBe(width))

test.each([
  ['abcdef', 4, 'abc…'],
  ['abc', 3, 'abc'],
  ['日本語', 4, '日…'],
  ['日本語', 5, '日本…'],
  ['abc', 1, '…'],
  ['abc', 0, ''],
  ['ab cd', 4, 'ab…'],
])('%j cut to %i is %j', (text, width, cut) => expect(truncateText(text, width)).toBe(cut))

test('a wide text is padded by columns, not by characters', () => {
  expect(padText('日本', 6)).toBe('日本  ')
  expect(padText('日本', 6, 'right')).toBe('  日本')
})

test('text is broken at spaces, and inside a word only when it is too long for a line', () => {
  expect(wrapText('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrapText('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k'])
  expect(wrapText('', 4)).toEqual([''])
  expect(wrapText('日本語です', 4)).toEqual(['日本', '語で', 'す'])
})

test('pieces flow over lines unbroken', () => {
  expect(flowPieces(['aaa', 'bbb', 'ccc'], 8, '  ')).toEqual(['aaa  bbb', 'ccc'])
})

test('no line of safe text is wider than asked for', () => {
  fc.assert(
    fc.property(hostileText(), fc.integer({ min: 2, max: 30 }), (text, width) => {
      const safe = safeText(text)
      for (const line of [...wrapText(safe, width), truncateText(safe, width)]) {
        expect(textWidth(line)).toBeLessThanOrEqual(width)
      }
    }),
  )
})

test('nothing but spaces is lost by wrapping', () => {
  fc.assert(
    fc.property(hostileText(), fc.integer({ min: 2, max: 30 }), (text, width) => {
      const safe = safeText(text)
      expect(wrapText(safe, width).join('').replaceAll(' ', '')).toBe(safe.replaceAll(' ', ''))
    }),
  )
})

test('a long text is measured in time in proportion to its length', () => {
  const family = '👨‍👩‍👧‍👦'
  expect(textWidth(`日${'x'.repeat(300_000)}${family.repeat(20_000)}`)).toBe(340_002)
  expect(truncateText(family.repeat(20_000), 9)).toBe(`${family.repeat(4)}…`)
})

test('ASCII takes as many columns as what it stands for', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const safe = safeText(text)
      expect(toAscii(safe)).toMatch(/^[\x20-\x7e]*$/)
      expect(textWidth(toAscii(safe))).toBe(textWidth(safe))
    }),
  )
})
