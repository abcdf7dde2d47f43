import { type JsonObject, textOf } from '../domain/json.ts'
import type { Request } from '../domain/request.ts'
import { lookUp } from './mapping.ts'

/** Keeps a column or dotted path of the record as a tag of that name. A tag that a request already has stays. */
export function keepTag(
  requests: readonly Request[],
  record: JsonObject,
  path: string,
): readonly Request[] {
  const value = lookUp(record, path)
  const text = typeof value === 'boolean' ? String(value) : textOf(value)
  if (text === undefined) return requests
  return requests.map((request) => ({
    ...request,
    tags: new Map([[path, text], ...(request.tags ?? [])]),
  }))
}
