import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  csvCell,
  escapeHtml,
  escapeMarkdown,
  markdownCode,
  safeText,
} from '../../src/report/escape.ts'
import { hostileText } from '../support/hostile-text.ts'

test.each([
  ['\x1b[31mred\x1b[0m', 'red'],
  ['\x1b]0;title\x07after', 'after'],
  ['a\x9b2Jb', 'ab'],
  ['a\nb\tc\r\nd', 'a b c d'],
  ['\u202eabc\u2069', 'abc'],
  ['a\u200bb\ufeff', 'ab'],
  ['a\ud800b', 'a\ufffdb'],
  ['bell\x07', 'bell\ufffd'],
  ['👨‍👩‍👧', '👨‍👩‍👧'],
  ['a\u200db', 'ab'],
  ['日本語', '日本語'],
])('text %j is printed as %j', (text, safe) => expect(safeText(text)).toBe(safe))

test('safe text has no controls, format characters or line ends, and stays safe', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      const safe = safeText(text)
      expect(safe).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}/u)
      expect(safeText(safe)).toBe(safe)
    }),
  )
})

test('HTML text has no markup left', () => {
  expect(escapeHtml(`<a href="x" b='y'>&\``)).toBe(
    '&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;&#96;',
  )
  fc.assert(fc.property(hostileText(), (text) => !/[<>"'`]/.test(escapeHtml(text))))
})

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@x', "'@x"],
  ['\tx', "'\tx"],
  ['\rx', '"\'\rx"'],
  ['"=1+1', '"\'""=1+1"'],
  [' =1+1', "' =1+1"],
  [-12.5, '-12.5'],
  [null, ''],
])('cell %j is written as %j', (value, cell) => expect(csvCell(value)).toBe(cell))

test('Markdown text stays one line of plain text', () => {
  expect(escapeMarkdown('a|b `c` <d> [e](f) @g #1')).toBe(
    'a\\|b \\`c\\` &lt;d&gt; \\[e\\](f) @\u200bg \\#1',
  )
  fc.assert(
    fc.property(hostileText(), (text) => {
      const escaped = escapeMarkdown(text)
      expect(escaped).not.toMatch(/[<>\n]/)
      expect(escaped.replace(/\\[\s\S]/g, '')).not.toMatch(/[|`*_[\]{}#~\\]/)
    }),
  )
})

test('a code span holds backticks', () => {
  expect(markdownCode('a `b` c')).toBe('``a `b` c``')
  expect(markdownCode('`')).toBe('`` ` ``')
})
