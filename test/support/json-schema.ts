/** The part of JSON Schema (2020-12) that the schemas of this project use. */
export type JsonSchema = {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly anyOf?: readonly JsonSchema[]
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema
  readonly items?: JsonSchema
}

/**
 * What is wrong with a value, as "path: problem"; empty when it fits. Stricter than the standard in
 * one point: a key that the schema does not name is a problem, so that none goes undescribed.
 */
export function schemaProblems(
  value: unknown,
  schema: JsonSchema,
  root = schema,
  path = '$',
): string[] {
  if (schema.$ref !== undefined)
    return schemaProblems(value, resolve(schema.$ref, root), root, path)
  if (schema.anyOf !== undefined) {
    const tries = schema.anyOf.map((each) => schemaProblems(value, each, root, path))
    return tries.some((problems) => problems.length === 0) ? [] : tries.flat()
  }
  const problems = plainProblems(value, schema).map((problem) => `${path}: ${problem}`)
  if (Array.isArray(value)) {
    const items = schema.items ?? {}
    return [
      ...problems,
      ...value.flatMap((each, index) => schemaProblems(each, items, root, `${path}[${index}]`)),
    ]
  }
  if (typeof value !== 'object' || value === null) return problems
  return [...problems, ...keyProblems(value, schema, root, path)]
}

/** Follows a reference inside the schema. */
export function resolve(ref: string, root: JsonSchema): JsonSchema {
  const found = root.$defs?.[ref.replace('#/$defs/', '')]
  if (found === undefined) throw new Error(`no definition ${ref}`)
  return found
}

function keyProblems(value: object, schema: JsonSchema, root: JsonSchema, path: string): string[] {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key))
  return [
    ...missing.map((key) => `${path}: lacks ${key}`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const next = schema.properties?.[key] ?? schema.additionalProperties
      if (next === undefined) return [`${path}: has undescribed ${key}`]
      return schemaProblems(inner, next, root, `${path}.${key}`)
    }),
  ]
}

function plainProblems(value: unknown, schema: JsonSchema): string[] {
  const types = schema.type === undefined ? null : [schema.type].flat()
  const isBelow = typeof value === 'number' && value < (schema.minimum ?? value)
  const isAbove = typeof value === 'number' && value > (schema.maximum ?? value)
  return [
    ...(types !== null && !types.some((type) => isOfType(value, type))
      ? [`${JSON.stringify(value)} is not ${types.join(' or ')}`]
      : []),
    ...('const' in schema && value !== schema.const ? [`is not ${schema.const}`] : []),
    ...(schema.enum !== undefined && !schema.enum.includes(value)
      ? [`${value} is not listed`]
      : []),
    ...(isBelow || isAbove ? [`${value} is out of range`] : []),
  ]
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

/** Paths as the page writes them; what has a definition of its own is described once, where it first stands. */
export function describedKeys(
  part: JsonSchema,
  root = part,
  path = '',
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

/** The value with the keys of every object in the opposite order. */
export function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}
