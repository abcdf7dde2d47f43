import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openFrameReader } from '../../src/serve/sse-frames.ts'

const lines = ['event: a', 'data: {"x":1}', '', ': a comment', 'data: two', 'data: lines', '']

test.each([
  ['LF', '\n'],
  ['CR', '\r'],
  ['CRLF', '\r\n'],
])('events whose lines end in %s are the same however their bytes are cut', (_, end) => {
  const bytes = Buffer.from(lines.map((line) => line + end).join(''))
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
      const reader = openFrameReader()
      const frames = places
        .slice(1)
        .flatMap((place, index) => reader.read(bytes.subarray(places[index], place)))
      // The last line end of a stream of CR may be the first half of one more: nobody waits for that.
      const last = reader.end()
      const all = last === null ? frames : [...frames, last]
      expect(Buffer.concat(all.map((frame) => frame.bytes))).toEqual(bytes)
      expect(frames.map(({ event }) => event)).toEqual([
        { event: 'a', data: '{"x":1}' },
        { event: null, data: 'two\nlines' },
      ])
    }),
  )
})
