import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatAnalyze } from '../../src/report/format-analyze.ts'
import { formatJson } from '../../src/report/json.ts'
import { emptyAnalyzeResult, richAnalyzeResult } from '../support/analyze-result.ts'
import { type JsonSchema, resolve, schemaProblems } from '../support/json-schema.ts'

const view = { width: 80, color: false, unicode: true }
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const schema = JSON.parse(read('../../src/report/schema/analyze.schema.json')) as JsonSchema

test('golden JSON', async () => {
  const json = formatAnalyze(richAnalyzeResult(), 'json', view)
  await expect(json).toMatchFileSnapshot('golden/analyze.json.txt')
  expect(JSON.parse(json)).toEqual(richAnalyzeResult())
})

test.each([
  ['rich', richAnalyzeResult],
  ['empty', emptyAnalyzeResult],
])('the %s result fits the schema, key for key', (_name, result) => {
  const parsed = JSON.parse(formatAnalyze(result(), 'json', view))
  expect(schemaProblems(parsed, schema)).toEqual([])
})

test('the schema finds what does not fit', () => {
  const bad = { ...richAnalyzeResult(), kind: 'simulate', by: [1], surprise: true }
  expect(schemaProblems(bad, schema)).toEqual([
    '$.kind: is not analyze',
    '$.by[0]: 1 is not string',
    '$: has undescribed surprise',
  ])
})

test('the keys come in one order however the result was built', () => {
  const json = formatAnalyze(richAnalyzeResult(), 'json', view)
  const backwards = reversed(richAnalyzeResult()) as ReturnType<typeof richAnalyzeResult>
  expect(formatAnalyze(backwards, 'json', view)).toBe(json)
})

test('every key is described in docs/json-output.md, in the order it is printed', () => {
  const docs = read('../../docs/json-output.md')
  const keys = [...docs.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key]) => key)
  const missing = describedKeys(schema, schema, '').filter((key) => !keys.includes(key))
  expect(missing).toEqual([])
})

test('numbers have no float noise and no exponent is needed for money', () => {
  expect(formatJson({ share: 0.1 + 0.2, costUsd: 0.1 + 0.2, zero: -0 })).toBe(
    '{\n  "share": 0.3,\n  "costUsd": 0.3,\n  "zero": 0\n}\n',
  )
  expect(formatJson({ costUsd: 1_123_456.123456789 })).toContain('1123456.123456789')
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is refused by name', (value) => {
  expect(() => formatJson({ latencyMs: { p50: value } })).toThrow(/latencyMsp50 is/)
})

test('an integer past 2^53 is text', () => {
  expect(formatJson([2n ** 60n, 5n])).toBe('[\n  "1152921504606846976",\n  5\n]\n')
})

/** Paths as the page writes them; what has a definition of its own is described once. */
function describedKeys(part: JsonSchema, root: JsonSchema, path: string): string[] {
  const inner = part.$ref === undefined ? part : resolve(part.$ref, root)
  const once = path.includes('.') && part.$ref !== undefined && !path.startsWith('totals.')
  if (once || path.startsWith('groups[].') || path.startsWith('opportunities')) return [path]
  const keys = Object.entries(inner.properties ?? {}).flatMap(([key, next]) =>
    describedKeys(next, root, path === '' ? key : `${path}.${key}`),
  )
  const items = inner.items === undefined ? [] : describedKeys(inner.items, root, `${path}[]`)
  const own = path === '' || path.endsWith('[]') ? [] : [path]
  return [...own, ...keys, ...items.filter((key) => !key.endsWith('[]'))]
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}
