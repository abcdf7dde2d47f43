import { describe, expect, test } from 'vitest'
import { firstValues, jsonValues, wrapsRecords } from '../../src/ingest/json-values.ts'
import { readers } from '../../src/ingest/readers.ts'
import { chooseReader, containerOf, looksInside, sampleRecords } from '../../src/ingest/sniff.ts'
import { canonicalRecord } from '../support/cli.ts'

const records = [1, 2, 3].map((id) => ({ v: 1, id: `r${id}`, model: 'gpt-4o' }))
const lines = records.map((record) => JSON.stringify(record)).join('\n')
const long = 'x'.repeat(100_000)
const head = (text: string) => Buffer.from(text).subarray(0, 65_536)

describe('the container of a file', () => {
  test.each([
    ['JSON lines', `${lines}\n`, 'json-lines'],
    ['JSON lines behind a byte order mark', `\ufeff${lines}\n`, 'json-lines'],
    ['JSON lines after a broken first line', `{"v":1,"id":"r0","mod\n${lines}\n`, 'json-lines'],
    [
      'JSON lines of a kilobyte after a broken one',
      `{"v":1,"id"\n${canonicalRecord({ user: 'u'.repeat(1000) })}\n${canonicalRecord()}\n`,
      'json-lines',
    ],
    ['a first line longer than the sample', canonicalRecord({ prompt: long }), 'json-lines'],
    ['an array on one line', JSON.stringify(records), 'json'],
    ['a pretty-printed array', JSON.stringify(records, null, 2), 'json'],
    ['a pretty-printed envelope', JSON.stringify({ data: records }, null, 2), 'json'],
    ['an envelope around lines', `{"data": [\n${lines.replaceAll('\n', ',\n')}\n]}`, 'json'],
    ['several pretty-printed objects', JSON.stringify(records[0], null, 2).repeat(2), 'json'],
    ['CSV', 'model,at\ngpt-4o,1\n', 'csv'],
    ['a database', 'SQLite format 3\0', 'sqlite'],
    ['bytes', '\0\x01\x02', null],
    ['prose', 'Dear diary', null],
    ['nothing', '', null],
  ])('%s', (_, text, container) => {
    expect(containerOf(head(text))).toBe(container)
  })
})

describe('the format of a file', () => {
  test.each([
    ['a pretty-printed array', JSON.stringify(records, null, 2)],
    ['a pretty-printed envelope', JSON.stringify({ data: records, total: 3 }, null, 2)],
    ['an envelope on one line', JSON.stringify({ object: 'list', data: records, more: false })],
    ['several documents', records.map((record) => JSON.stringify(record, null, 1)).join('\n')],
    ['a first line longer than the sample', `${canonicalRecord({ prompt: long })}\n`],
    ['a document longer than the sample', JSON.stringify([{ v: 1, model: 'm', prompt: long }])],
  ])('is known of %s', (_, text) => {
    const bytes = head(text)
    const outside = containerOf(bytes)
    expect(outside).not.toBeNull()
    if (outside === null) return
    const container = looksInside(outside, bytes, readers, 'log')
    const chosen = chooseReader(readers, sampleRecords(container, bytes), 'log')
    expect(chosen?.reader.name).toBe('canonical')
  })

  test('of traces that a line wraps is left to their reader', () => {
    const line = head(`${JSON.stringify({ resourceSpans: [{ scopeSpans: [] }] })}\n`)
    expect(looksInside('json-lines', line, readers, 'log')).toBe('json-lines')
  })
})

describe('records of a document', () => {
  test.each([
    ['an array', '[{"a":1},{"a":2}]', ['{"a":1}', '{"a":2}']],
    ['an envelope', '{"x":{"y":[1]},"data":[{"a":1},{"a":2}],"z":[{}]}', ['{"a":1}', '{"a":2}']],
    [
      'results in results',
      '{"results":{"prompts":[{"p":1}],"results":[{"a":1}],"stats":{}},"config":{}}',
      ['{"a":1}'],
    ],
    ['objects in a row', '{"a":1}\n{"a":{"data":[2]}}', ['{"a":1}', '{"a":{"data":[2]}}']],
    ['envelopes in a row', '{"data":[{"a":1}]}{"data":[{"a":2}]}', ['{"a":1}', '{"a":2}']],
    ['a document cut off', '[{"a":1},{"a', ['{"a":1}', '{"a']],
    ['brackets in strings', '[{"a":"]}\\"{"},{"b":1}]', ['{"a":"]}\\"{"}', '{"b":1}']],
  ])('%s', async (_, text, expected) => {
    expect(Array.from(firstValues(Buffer.from(text)), (value) => value.text)).toEqual(expected)
    for (const size of [1, 2, 3, 7]) {
      const chunks = (async function* () {
        for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
      })()
      const found: string[] = []
      for await (const value of jsonValues(chunks, text)) found.push(value.text)
      expect(found).toEqual(expected)
    }
  })

  test.each([
    ['{"custom_id":"r","result":{"type":"x","message":{"content":["', false],
    ['{"data":{"id":"gen-1","providers":[', false],
    ['{"result":[', true],
    ['{"results":{"version":3,"prompts":[{"raw":"', true],
    ['{"a":{"data":[', false],
    ['[{"data":[', false],
  ])('%s: %s', (text, wraps) => {
    expect(wrapsRecords(text)).toBe(wraps)
  })
})
