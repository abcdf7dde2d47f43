import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StreamEvent } from '../../src/dialects/dialect.ts'
import { openEventReader, overlongEvent } from '../../src/dialects/sse.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function eventsOf(chunks: readonly Uint8Array[], longest?: number): readonly StreamEvent[] {
  const reader = openEventReader(longest)
  return [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end()]
}

const told = (text: string) => eventsOf([bytes(text)])

test.each<[string, string, readonly StreamEvent[]]>([
  ['a plain event', 'data: a\n\n', [{ event: null, data: 'a' }]],
  ['a named one', 'event: ping\ndata: {}\n\n', [{ event: 'ping', data: '{}' }]],
  [
    'CR',
    'data: a\r\rdata: b\r\r',
    [
      { event: null, data: 'a' },
      { event: null, data: 'b' },
    ],
  ],
  ['CRLF', 'event: x\r\ndata: a\r\n\r\n', [{ event: 'x', data: 'a' }]],
  ['line ends of all kinds', 'event: x\rdata: a\ndata: b\r\n\r\n', [{ event: 'x', data: 'a\nb' }]],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ event: null, data: 'a' }]],
  ['a second mark is text', 'data: \uFEFFa\n\n', [{ event: null, data: '\uFEFFa' }]],
  ['comments', ': OPENROUTER PROCESSING\n\n:\ndata: a\n\n', [{ event: null, data: 'a' }]],
  ['id and retry', 'id: 1\nretry: 5\ndata: a\n\n', [{ event: null, data: 'a' }]],
  ['unknown fields', 'daten: b\ndata: a\n\n', [{ event: null, data: 'a' }]],
  ['no blank after the colon', 'data:a\n\n', [{ event: null, data: 'a' }]],
  ['one blank only', 'data:  a\n\n', [{ event: null, data: ' a' }]],
  ['a field without colon', 'data\n\n', [{ event: null, data: '' }]],
  ['several lines', 'data: a\ndata:\ndata: b\n\n', [{ event: null, data: 'a\n\nb' }]],
  ['a name alone', 'event: x\n\ndata: a\n\n', [{ event: null, data: 'a' }]],
  ['a colon in the value', 'data: a: b\n\n', [{ event: null, data: 'a: b' }]],
  ['no empty line at the end', 'data: [DONE]\n', [{ event: null, data: '[DONE]' }]],
  ['a last line that is cut', 'data: a\n\ndata: b', [{ event: null, data: 'a' }]],
  ['nothing', '', []],
])('reads %s', (_name, text, events) => {
  expect(told(text)).toEqual(events)
})

const tricky =
  '\uFEFFevent: a\r\ndata: gr\u00fc\u00df 😀\r\n\r\n: c\rdata: x\rdata: 漢\r\rdata: y\n\nevent: z\ndata: q\r\n\r\n'

test('a stream cut at any two bytes gives the same events', () => {
  const all = bytes(tricky)
  const whole = eventsOf([all])
  expect(whole).toHaveLength(4)
  for (let first = 0; first <= all.length; first++)
    for (let second = first; second <= all.length; second++)
      expect(
        eventsOf([all.subarray(0, first), all.subarray(first, second), all.subarray(second)]),
      ).toEqual(whole)
})

const piece = fc.constantFrom('data', 'event', ':', ' ', '\r', '\n', '\n', 'é', '😀', 'x', '\uFEFF')

test('any text, a byte at a time, gives the same events', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const all = bytes(pieces.join(''))
      const singles = Array.from(all, (_, index) => all.subarray(index, index + 1))
      expect(eventsOf(singles)).toEqual(eventsOf([all]))
    }),
  )
})

test('an event that does not end is given up, also as many short lines', () => {
  const long = bytes(`data: a\n\ndata: ${'x'.repeat(200)}`)
  const lines = bytes('data: x\n'.repeat(200))
  const after = bytes('\n\ndata: b\n\n')
  expect(eventsOf([long, after], 100)).toEqual([{ event: null, data: 'a' }, overlongEvent])
  expect(eventsOf([lines, after], 100)).toEqual([overlongEvent])
  expect(() => JSON.parse(overlongEvent.data)).toThrow()
})

test('many events in one chunk are no long event', () => {
  expect(eventsOf([bytes('data: x\n\n'.repeat(200))], 100)).toHaveLength(200)
})
