import { isObject, type Json, type JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { type TimeUnit, timeOf } from './fields.ts'
import type { Settings } from './settings.ts'

/** Fields of the canonical record that --map and --set can fill. */
const mappable = new Set([
  'id',
  'responseId',
  'at',
  'provider',
  'model',
  'requestedModel',
  'operation',
  'user',
  'session',
  'trace',
  'feature',
  'plan',
  'team',
  'namespace',
  'route',
  'target',
  'key',
  'documentVersion',
  'task',
  'agentRole',
  'promptVersion',
  'prompt',
  'promptBlocks',
  'params',
  'answer',
  'answerLabel',
  'embedding',
  'usage',
  'latencyMs',
  'firstTokenMs',
  'status',
  'error',
  'serviceTier',
  'speed',
  'costUsd',
  'servedFromCache',
  'requiresReasoning',
  'outputUsed',
  'diffLines',
  'paths',
  'tags',
])
const nested = new Set(['usage', 'promptBlocks', 'tags', 'params', 'prompt', 'answer'])
const units: ReadonlySet<string> = new Set(['s', 'ms', 'us', 'ns', 'iso'])

type Step = { readonly field: string; readonly value: (record: JsonObject) => Json | undefined }

/** --map FIELD=path and --set FIELD=value as a function from a foreign record to a canonical one. */
export function mappingOf(
  settings: Settings,
): ((record: JsonObject) => JsonObject | null) | undefined {
  const { map = {}, set = {} } = settings
  if (Object.keys(map).length + Object.keys(set).length === 0) return undefined
  const steps: Step[] = [
    ...Object.entries(map).map(([field, path]) =>
      mapStep(checked(field, '--map'), path, settings.atBase),
    ),
    ...Object.entries(set).map(([field, value]) => ({
      field: checked(field, '--set'),
      value: () => value,
    })),
  ]
  return (record) => {
    const mapped: Record<string, Json | undefined> = {}
    for (const { field, value } of steps) assign(mapped, field, value(record))
    return mapped
  }
}

function checked(field: string, flag: string): string {
  const [top = ''] = field.split('.')
  if (mappable.has(top) && (top === field || nested.has(top))) return field
  throw new UserError(`unknown field "${field}" in ${flag}`, {
    hint: `fields: ${[...mappable].join(', ')}; usage.inputTokens, tags.NAME and the like reach inside`,
  })
}

function mapStep(field: string, source: string, atBase: string | undefined): Step {
  if (field !== 'at') return { field, value: (record) => lookUp(record, source) }
  const colon = source.lastIndexOf(':')
  const unit =
    colon > 0 && units.has(source.slice(colon + 1))
      ? (source.slice(colon + 1) as TimeUnit)
      : undefined
  const path = unit === undefined ? source : source.slice(0, colon)
  const base = atBase === undefined ? 0 : baseOf(atBase)
  return {
    field,
    value(record) {
      const stated = lookUp(record, path)
      const moment = timeOf(stated, unit)
      // What is no time is handed on, for the reader to reject.
      return moment === undefined ? stated : new Date(moment + base).toISOString()
    },
  }
}

function baseOf(text: string): number {
  const base = timeOf(text)
  if (base !== undefined) return base
  throw new UserError(`--at-base "${text}" is no time`, {
    hint: 'write it as ISO 8601, e.g. 2026-08-01T00:00:00Z',
  })
}

/** A column of that very name, else a dotted path, list positions included: "choices.0.text". */
export function lookUp(record: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(record, path)) return record[path]
  let value: Json | undefined = record
  for (const name of path.split('.')) {
    if (Array.isArray(value)) value = (value as readonly Json[])[Number(name)]
    else if (isObject(value) && Object.hasOwn(value, name)) value = value[name]
    else return undefined
  }
  return value
}

function assign(
  target: Record<string, Json | undefined>,
  field: string,
  value: Json | undefined,
): void {
  if (value === undefined) return
  const dot = field.indexOf('.')
  if (dot < 0) {
    target[field] = value
    return
  }
  const top = field.slice(0, dot)
  const inner = isObject(target[top]) ? { ...target[top] } : {}
  target[top] = { ...inner, [field.slice(dot + 1)]: value }
}
