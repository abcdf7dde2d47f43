import { isObject, type Json, type JsonObject } from '../domain/json.ts'

/** A copy of a wire object from which one known field after the other is taken; what stays is unknown. */
export type OpenFields = Record<string, Json | undefined>

export const openFields = (wire: JsonObject): OpenFields => ({ ...wire })

/** Each takes a field that has the expected type, and null for one that is absent; any other value stays. */
export const takeText = (fields: OpenFields, name: string): string | null =>
  taken(fields, name, (value) => typeof value === 'string')

export const takeNumber = (fields: OpenFields, name: string): number | null =>
  taken(fields, name, (value) => typeof value === 'number')

export const takeBoolean = (fields: OpenFields, name: string): boolean | null =>
  taken(fields, name, (value) => typeof value === 'boolean')

export const takeList = (fields: OpenFields, name: string): readonly Json[] | null =>
  taken<readonly Json[]>(fields, name, (value) => Array.isArray(value))

function taken<T extends Json>(
  fields: OpenFields,
  name: string,
  fits: (value: Json) => boolean,
): T | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value !== undefined && value !== null && !fits(value)) return null
  delete fields[name]
  return (value ?? null) as T | null
}

/** Whether a wire object has no field beside these, so that nothing is lost by reading them alone. */
export const hasOnly = (wire: JsonObject, ...names: readonly string[]): boolean =>
  Object.keys(wire).every((name) => names.includes(name))

/** Leaves out what is null or undefined, and objects without a field. */
export function sparse(wire: JsonObject): OpenFields {
  const kept: OpenFields = {}
  for (const name in wire) {
    const value = wire[name]
    if (value === null || value === undefined) continue
    if (isObject(value) && Object.keys(value).length === 0) continue
    kept[name] = value
  }
  return kept
}

/** A written body with what only its origin knew, inside nested objects too; what was written wins. */
export function mergeFields(written: JsonObject, more: JsonObject): JsonObject {
  const merged: OpenFields = { ...written }
  for (const [name, value] of Object.entries(more)) {
    const known = Object.hasOwn(merged, name) ? merged[name] : undefined
    if (known === undefined) merged[name] = value
    else if (isObject(known) && isObject(value)) merged[name] = mergeFields(known, value)
  }
  return merged
}
