import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ReplayResult } from '../../src/replay/result.ts'
import { formatReplay } from '../../src/report/format-replay.ts'
import { describedKeys, type JsonSchema, reversed, schemaProblems } from '../support/json-schema.ts'
import {
  emptyReplayResult,
  judgedReplayResult,
  plannedReplayResult,
  richReplayResult,
  suiteReplayResult,
} from '../support/replay-result.ts'

const view = { width: 80, color: false, unicode: true }
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const schema = JSON.parse(read('../../src/report/schema/replay.schema.json')) as JsonSchema
const print = (result: ReplayResult) => formatReplay(result, 'json', view)

test('golden JSON', async () => {
  await expect(print(richReplayResult())).toMatchFileSnapshot('golden/replay.json.txt')
})

test.each([
  ['rich', richReplayResult],
  ['judged', judgedReplayResult],
  ['suite', suiteReplayResult],
  ['planned', plannedReplayResult],
  ['empty', emptyReplayResult],
])('the %s result says all it holds and fits the schema, key for key', (_name, result) => {
  const parsed = JSON.parse(print(result()))
  expect(parsed).toEqual(result())
  expect(schemaProblems(parsed, schema)).toEqual([])
})

test('the schema finds what does not fit', () => {
  const rich = richReplayResult()
  const bad = { ...rich, verdict: 'fine', plan: { ...rich.plan, margin: null }, more: 1 }
  expect(schemaProblems(bad, schema)).toEqual([
    '$.plan.margin: null is not number',
    '$.verdict: fine is not listed',
    '$: has undescribed more',
  ])
})

test('the keys come in one order, that of the schema, however the result was built', () => {
  const backwards = reversed(judgedReplayResult()) as ReplayResult
  expect(print(backwards)).toBe(print(judgedReplayResult()))
  expect(Object.keys(JSON.parse(print(backwards)))).toEqual(Object.keys(schema.properties ?? {}))
})

test('every key is described in docs/json-output.md, in the order it is printed', () => {
  const [, docs = ''] = read('../../docs/json-output.md').split('\n## `llmcost replay`\n')
  const own = docs.split('\n## ')[0] ?? ''
  const keys = [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key]) => key ?? '')
  const head = ['kind', 'version', 'generatedAt', 'inputs', 'fingerprints', 'warnings']
  const described = describedKeys(schema).filter(
    (key) => !head.includes(key.split(/[.[]/)[0] ?? ''),
  )
  expect(described.filter((key) => !keys.includes(key))).toEqual([])
  expect(keys.filter((key) => described.includes(key))).toEqual(described)
})
