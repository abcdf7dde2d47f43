import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatSimulate } from '../../src/report/format-simulate.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { type JsonSchema, resolve, schemaProblems } from '../support/json-schema.ts'
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
  const described = describedKeys(schema, schema, '').filter(
    (key) => !head.includes(key.split(/[.[]/)[0] ?? ''),
  )
  expect(described.filter((key) => !keys.includes(key))).toEqual([])
  expect(keys.filter((key) => described.includes(key))).toEqual(described)
})

/** Paths as the page writes them; what has a definition of its own is described once, where it first stands. */
function describedKeys(
  part: JsonSchema,
  root: JsonSchema,
  path: string,
  seen = new Set<string>(),
): string[] {
  const named = part.anyOf?.find(({ type }) => type !== 'null') ?? part
  const own = path === '' || path.endsWith('[]') ? [] : [path]
  if (named.$ref !== undefined) {
    if (seen.has(named.$ref)) return own
    seen.add(named.$ref)
  }
  const inner = named.$ref === undefined ? named : resolve(named.$ref, root)
  const keys = Object.entries(inner.properties ?? {}).flatMap(([key, next]) =>
    describedKeys(next, root, path === '' ? key : `${path}.${key}`, seen),
  )
  const items = inner.items === undefined ? [] : describedKeys(inner.items, root, `${path}[]`, seen)
  return [...own, ...keys, ...items]
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
