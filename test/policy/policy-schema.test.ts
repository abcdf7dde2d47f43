import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { compileSchema } from '../../src/engine/json-schema.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { policyJsonSchema } from '../../src/policy/policy-schema.ts'
import { writePolicy } from '../../src/policy/write-policy.ts'
import { policyText } from './support.ts'

const root = resolve(import.meta.dirname, '../..')

/** `vitest -u` writes it anew. */
test('the published JSON Schema is the one of the reader', async () => {
  const schema = `${JSON.stringify(policyJsonSchema(), null, 2)}\n`
  await expect(schema).toMatchFileSnapshot('../../src/report/schema/policy.schema.json')
})

test('an editor finds the fixtures right, and the wrong one wrong', () => {
  const fits = compileSchema(policyJsonSchema())
  const read = (name: string) => parse(policyText(name))
  expect(fits(read('support.yaml'))).toBe(true)
  expect(fits(read('code-review.yaml'))).toBe(true)
  expect(fits(read('wrong.yaml'))).toBe(false)
  expect(fits(parse(writePolicy(defaultPolicy)))).toBe(true)
})

type Schema = {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly additionalProperties?: Schema | boolean
}

/** Every key with its path, of sections within sections and lists. */
function keysOf(schema: Schema, path: string): readonly (readonly [string, Schema])[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [[at, inner] as const, ...keysOf(inner, at)]
  })
  const more = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
  const within = [
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...more,
  ]
  return [...own, ...within.flatMap((inner) => keysOf(inner, path))]
}

test('every key says what it means', () => {
  const schema = policyJsonSchema() as Schema
  const silent = keysOf(schema, '').filter(([, { description = '' }]) => description.length < 3)
  const known = ['cache.semantic.cacheText.template', 'cache.semantic.cacheText.pattern']
  expect(silent.map(([path]) => path)).toEqual(known)
})

test('docs/policy.md names every key of the file', () => {
  const docs = readFileSync(resolve(root, 'docs/policy.md'), 'utf8')
  const words = new Set(
    [...docs.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.split(/[^\w-]+/)),
  )
  const schema = policyJsonSchema() as Schema & {
    readonly $defs?: Readonly<Record<string, Schema>>
  }
  const keys = [schema, ...Object.values(schema.$defs ?? {})].flatMap((each) => keysOf(each, ''))
  const missing = keys
    .map(([path]) => path)
    .filter((path) => !words.has(path.split('.').at(-1) ?? ''))
  expect(missing).toEqual([])
})
