import fc from 'fast-check'

/** Texts that a log may hold and a report must survive. */
export const hostileText = (): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), traps), {
      maxLength: 6,
    })
    .map((pieces) => pieces.join(''))

const traps = fc.constantFrom(
  '\x1b[31mred\x1b[0m',
  '\x1b]8;;https://example.com\x07link\x1b]8;;\x07',
  '\x1b[2J\x9b1A',
  '\u202egnirts\u2066',
  'line\nline\r\nline\ttab',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='x",
  '</style></title>',
  '=cmd|calc!A1',
  '+1+1',
  '"=1+1',
  '@SUM(A1)',
  '-2',
  '| a | b |',
  '`` ` ``',
  '[a](javascript:x) ![b](http://c)',
  '日本語のテキスト',
  '한국어',
  '👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 ❤️ 1️⃣',
  'z̸̢̧̨̡̛͖͚͇a̵l̴g̶o̷',
  '\ud800',
  'a'.repeat(200),
  ' '.repeat(30),
)
