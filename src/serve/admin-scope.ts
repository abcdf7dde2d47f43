import { isObject, type Json, type JsonObject } from '../domain/json.ts'
import type { CacheScope } from '../worlds/cache-scope.ts'
import { AdminError } from './admin-error.ts'

/** How a body names what it means, each with what stands beside the name. */
const scopes: Readonly<Record<string, (value: Json | undefined) => CacheScope>> = {
  all: (value) => {
    if (value === true) return { kind: 'all' }
    throw invalid('all is not true')
  },
  request: (value) => ({ kind: 'request', id: textOf('request', value) }),
  namespace: (value) => ({ kind: 'namespace', namespace: textOf('namespace', value) }),
  prefix: (value) => ({ kind: 'pattern', pattern: textOf('prefix', value) }),
  documentVersion: (value) => fieldScope('documentVersion', textOf('documentVersion', value)),
  feature: (value) => fieldScope('feature', textOf('feature', value)),
  tag: (value) => {
    if (!isObject(value)) throw invalid('tag is no {"name": …, "value": …}')
    return fieldScope(
      `tag:${textOf('tag.name', value['name'])}`,
      textOf('tag.value', value['value']),
    )
  },
}

const fieldScope = (field: 'documentVersion' | 'feature' | `tag:${string}`, value: string) =>
  ({ kind: 'field', field, value }) as const

/**
 * Which cached answers a body means: one of `request`, `namespace`, `prefix`, `documentVersion` and `feature` with a
 * text, `"tag": {"name": …, "value": …}`, or `"all": true`; with `"dryRun": true` they are only counted. Throws an
 * AdminError where it says nothing, more than one of them, or anything else: what is not understood must not be passed
 * over where things are removed.
 */
export function readScope(body: JsonObject): {
  readonly scope: CacheScope
  readonly dryRun: boolean
} {
  const { dryRun = false, ...said } = body
  if (typeof dryRun !== 'boolean') throw invalid('dryRun is neither true nor false')
  const [name, ...others] = Object.keys(said)
  if (name === undefined) throw invalid('nothing is named')
  if (others.length > 0) throw invalid(`${[name, ...others].join(', ')} are more than one`)
  const read = Object.hasOwn(scopes, name) ? scopes[name] : undefined
  if (read === undefined) throw invalid(`"${name}" is not known`)
  return { scope: read(said[name]), dryRun }
}

function textOf(name: string, value: Json | undefined): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalid(`${name} is no text`)
}

const invalid = (message: string): AdminError =>
  new AdminError(400, message, `name one of ${Object.keys(scopes).join(', ')}`)
