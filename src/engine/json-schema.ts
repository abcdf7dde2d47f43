import { inTable, isObject, type JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import {
  assertions,
  type Check,
  everyCheck,
  ifList,
  ifObject,
  schemaPattern,
} from './json-schema-checks.ts'

/**
 * A JSON Schema (2020-12, and draft 7 where it says the same) as a check of a value. Every keyword
 * that asserts something is either understood or refused with a UserError: one passed over in
 * silence would pass wrong answers. `format` and the like assert nothing, as the standard has it.
 */
export function compileSchema(schema: unknown): Check {
  const references = new Map<string, Check>()
  const compile: Compile = (part) => {
    if (typeof part === 'boolean') return () => part
    if (!isObject(part)) throw mistake('a JSON Schema is an object, true or false')
    const checks: Check[] = []
    for (const [keyword, value] of Object.entries(part)) {
      if (value === undefined || isAnnotation(keyword)) continue
      checks.push(compileKeyword(keyword, value, part))
    }
    return everyCheck(checks)
  }
  const compileKeyword = (keyword: string, value: unknown, part: JsonObject): Check => {
    if (keyword === '$ref') return reference(String(value))
    const applicator = inTable(applicators, keyword)
    if (applicator !== undefined) return applicator(value, part, compile)
    const assertion = inTable(assertions, keyword)
    if (assertion !== undefined) return assertion(value)
    throw mistake(`the JSON Schema keyword "${keyword}" is not supported`)
  }
  // A definition may refer to itself, so it is compiled when it is first needed.
  const reference = (pointer: string): Check => {
    const target = lookUp(schema, pointer)
    return (value) => {
      let check = references.get(pointer)
      if (check === undefined) {
        check = compile(target)
        references.set(pointer, check)
      }
      return check(value)
    }
  }
  return compile(schema)
}

type Compile = (schema: unknown) => Check

const annotations = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'deprecated',
  'examples',
  'readOnly',
  'writeOnly',
  'format',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
])

const isAnnotation = (keyword: string): boolean =>
  annotations.has(keyword) || keyword.startsWith('x-')

/** A part of the schema by its JSON pointer (RFC 6901), "#" being all of it. */
function lookUp(schema: unknown, pointer: string): unknown {
  let part: unknown = schema
  const steps = pointer.split('/')
  if (steps[0] === '#') {
    for (const step of steps.slice(1)) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      const isPart = typeof part === 'object' && part !== null && Object.hasOwn(part, name)
      part = isPart ? (part as JsonObject)[name] : undefined
    }
    if (part !== undefined) return part
  }
  throw new UserError(`the JSON Schema has nothing at "${pointer}"`, {
    hint: 'only references within the schema are followed, such as #/$defs/NAME',
  })
}

type Applicator = (value: unknown, schema: JsonObject, compile: Compile) => Check

/** Keywords whose value is a schema, or holds some. */
const applicators: Readonly<Record<string, Applicator>> = {
  allOf: (value, _, compile) => everyCheck(schemasOf(value).map(compile)),
  anyOf: (value, _, compile) => {
    const checks = schemasOf(value).map(compile)
    return (each) => checks.some((check) => check(each))
  },
  oneOf: (value, _, compile) => {
    const checks = schemasOf(value).map(compile)
    return (each) => checks.filter((check) => check(each)).length === 1
  },
  not: (value, _, compile) => {
    const check = compile(value)
    return (each) => !check(each)
  },
  if: (value, schema, compile) => {
    const [condition, then, otherwise] = [
      value,
      schema['then'] ?? true,
      schema['else'] ?? true,
    ].map(compile) as [Check, Check, Check]
    return (each) => (condition(each) ? then(each) : otherwise(each))
  },
  // Both belong to `if`, and say nothing without it.
  // biome-ignore lint/suspicious/noThenProperty: the keyword's name
  then: () => () => true,
  else: () => () => true,
  properties: (value, _, compile) => {
    const checks = checksOf(value, compile)
    return ifObject((each) =>
      checks.every(([name, check]) => !Object.hasOwn(each, name) || check(each[name])),
    )
  },
  patternProperties: (value, _, compile) => {
    const checks = patternChecks(value, compile)
    return ifObject((each) =>
      Object.keys(each).every((name) =>
        checks.every(([pattern, check]) => !pattern.test(name) || check(each[name])),
      ),
    )
  },
  additionalProperties: (value, schema, compile) => {
    const check = compile(value)
    const named = new Set(Object.keys(objectIn(schema['properties'] ?? {})))
    const patterns = patternChecks(schema['patternProperties'] ?? {}, () => () => true)
    const isNamed = (name: string) =>
      named.has(name) || patterns.some(([pattern]) => pattern.test(name))
    return ifObject((each) => Object.keys(each).every((name) => isNamed(name) || check(each[name])))
  },
  propertyNames: (value, _, compile) => {
    const check = compile(value)
    return ifObject((each) => Object.keys(each).every(check))
  },
  dependentSchemas: (value, _, compile) => {
    const checks = checksOf(value, compile)
    return ifObject((each) =>
      checks.every(([name, check]) => !Object.hasOwn(each, name) || check(each)),
    )
  },
  prefixItems: (value, _, compile) => tupleCheck(schemasOf(value).map(compile)),
  items: (value, schema, compile) => {
    // Draft 7 has the tuple here.
    if (Array.isArray(value)) return tupleCheck(value.map(compile))
    const check = compile(value)
    const start = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0
    return ifList((each) => each.slice(start).every(check))
  },
  contains: (value, schema, compile) => {
    const check = compile(value)
    const least = Number(schema['minContains'] ?? 1)
    const most = Number(schema['maxContains'] ?? Number.POSITIVE_INFINITY)
    return ifList((each) => {
      const count = each.filter(check).length
      return count >= least && count <= most
    })
  },
  // Both belong to `contains`.
  minContains: () => () => true,
  maxContains: () => () => true,
}

const tupleCheck = (checks: readonly Check[]): Check =>
  ifList((each) => checks.every((check, index) => index >= each.length || check(each[index])))

function schemasOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw mistake('allOf, anyOf, oneOf and prefixItems of a JSON Schema are lists')
}

const checksOf = (value: unknown, compile: Compile): readonly (readonly [string, Check])[] =>
  Object.entries(objectIn(value)).map(([name, schema]) => [name, compile(schema)])

const patternChecks = (value: unknown, compile: Compile): readonly (readonly [RegExp, Check])[] =>
  checksOf(value, compile).map(([source, check]) => [schemaPattern(source), check])

const mistake = (message: string): UserError =>
  new UserError(message, {
    hint: `supported: $ref, ${[...Object.keys(applicators), ...Object.keys(assertions)].sort().join(', ')}`,
  })

function objectIn(value: unknown): JsonObject {
  if (isObject(value)) return value
  throw mistake('properties and the like of a JSON Schema are objects')
}
