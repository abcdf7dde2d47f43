import { isObject, type JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'

/** Whether a JSON value fits. */
export type Check = (value: unknown) => boolean

/** Every one of them; of none anything fits. */
export function everyCheck(checks: readonly Check[]): Check {
  const [first, second] = checks
  if (first === undefined) return () => true
  return second === undefined ? first : (value) => checks.every((check) => check(value))
}

/** A keyword about one type says nothing about values of another. */
export const ifObject =
  (check: (value: JsonObject) => boolean): Check =>
  (value) =>
    !isObject(value) || check(value)

export const ifList =
  (check: (value: readonly unknown[]) => boolean): Check =>
  (value) =>
    !Array.isArray(value) || check(value)

const ifText =
  (check: (value: string) => boolean): Check =>
  (value) =>
    typeof value !== 'string' || check(value)

const ifNumber =
  (check: (value: number) => boolean): Check =>
  (value) =>
    typeof value !== 'number' || check(value)

/** Keywords that say something of a value by themselves. */
export const assertions: Readonly<Record<string, (of: unknown) => Check>> = {
  type: (of) => {
    const types = [of].flat().map(typeName)
    return (value) => types.some((type) => isOfType(value, type))
  },
  enum: (of) => (value) => Array.isArray(of) && of.some((each) => isSameJson(each, value)),
  const: (of) => (value) => isSameJson(of, value),
  minimum: (of) => ifNumber((value) => value >= Number(of)),
  maximum: (of) => ifNumber((value) => value <= Number(of)),
  exclusiveMinimum: (of) => ifNumber((value) => value > Number(of)),
  exclusiveMaximum: (of) => ifNumber((value) => value < Number(of)),
  multipleOf: (of) => ifNumber((value) => isMultiple(value, Number(of))),
  minLength: (of) => ifText((value) => codePoints(value) >= Number(of)),
  maxLength: (of) => ifText((value) => codePoints(value) <= Number(of)),
  pattern: (of) => {
    const pattern = schemaPattern(String(of))
    return ifText((value) => pattern.test(value))
  },
  minItems: (of) => ifList((value) => value.length >= Number(of)),
  maxItems: (of) => ifList((value) => value.length <= Number(of)),
  uniqueItems: (of) =>
    ifList((value) => of !== true || new Set(value.map(sortedJson)).size === value.length),
  required: (of) =>
    ifObject(
      (value) => Array.isArray(of) && of.every((name) => Object.hasOwn(value, String(name))),
    ),
  minProperties: (of) => ifObject((value) => Object.keys(value).length >= Number(of)),
  maxProperties: (of) => ifObject((value) => Object.keys(value).length <= Number(of)),
  dependentRequired: (of) => {
    const needed = Object.entries(isObject(of) ? of : {})
    return ifObject((value) =>
      needed.every(
        ([name, others]) =>
          !Object.hasOwn(value, name) ||
          (Array.isArray(others) && others.every((other) => Object.hasOwn(value, String(other)))),
      ),
    )
  },
}

const typeNames: ReadonlySet<unknown> = new Set([
  'null',
  'boolean',
  'object',
  'array',
  'number',
  'string',
  'integer',
])

function typeName(type: unknown): unknown {
  if (typeNames.has(type)) return type
  throw new UserError(`a JSON Schema knows no type ${JSON.stringify(type)}`, {
    hint: `types are ${[...typeNames].join(', ')}`,
  })
}

/** A regular expression of a schema; it may match anywhere. */
export function schemaPattern(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch (error) {
    throw new UserError(`no regular expression: ${source} (${(error as Error).message})`, {
      hint: 'patterns of a JSON Schema are ECMAScript regular expressions',
    })
  }
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

/** Of decimals such as 0.3 and 0.1, whose quotient in doubles is a little off. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient))
}

/** The standard counts characters, not UTF-16 code units. */
function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

const isSameJson = (a: unknown, b: unknown): boolean => a === b || sortedJson(a) === sortedJson(b)

/** JSON with its keys in order, so that equal values are equal texts. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'null'
  const entries = Object.keys(value).sort()
  return `{${entries.map((name) => `${JSON.stringify(name)}:${sortedJson(value[name])}`).join()}}`
}
