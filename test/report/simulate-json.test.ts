import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatSimulate } from '../../src/report/format-simulate.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { describedKeys, type JsonSchema, reversed, schemaProblems } from '../support/json-schema.ts'
import {
  emptySimulateResult,
  richSimulateResult,
  unmeasuredSimulateResult,
} from '../support/simulate-result.ts'

const view = { width: 80, color: false, unicode: true }
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const schema = JSON.parse(read('../../src/report/schema/simulate.schema.json')) as JsonSchema
const print = (result: SimulateResult) => formatSimulate(result, 'json', view)

test('golden JSON', async () => {
  await expect(print(richSimulateResult())).toMatchFileSnapshot('golden/simulate.json.txt')
})

test.each([
  ['rich', richSimulateResult],
  ['unmeasured', unmeasuredSimulateResult],
  ['empty', emptySimulateResult],
])('the %s result says all it holds and fits the schema, key for key', (_name, result) => {
  const parsed = JSON.parse(print(result()))
  expect(parsed).toEqual(result())
  expect(schemaProblems(parsed, schema)).toEqual([])
})

test('the schema finds what does not fit', () => {
  const rich = richSimulateResult()
  const bad = { ...rich, kind: 'analyze', quality: { ...rich.quality, status: 'guessed' }, more: 1 }
  expect(schemaProblems(bad, schema)).toEqual([
    '$.kind: is not simulate',
    '$.quality.status: guessed is not listed',
    '$: has undescribed more',
  ])
})

test('the keys come in one order however the result was built', () => {
  const backwards = reversed(richSimulateResult()) as SimulateResult
  expect(print(backwards)).toBe(print(richSimulateResult()))
})

test('every key is described in docs/json-output.md, in the order it is printed', () => {
  const [, docs = ''] = read('../../docs/json-output.md').split('\n## `llmcost simulate`\n')
  const own = docs.split('\n## ')[0] ?? ''
  const keys = [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key]) => key ?? '')
  const head = ['kind', 'version', 'generatedAt', 'inputs', 'fingerprints', 'warnings']
  const described = describedKeys(schema).filter(
    (key) => !head.includes(key.split(/[.[]/)[0] ?? ''),
  )
  expect(described.filter((key) => !keys.includes(key))).toEqual([])
  expect(keys.filter((key) => described.includes(key))).toEqual(described)
})
