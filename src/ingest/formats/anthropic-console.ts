import { disjointUsage } from '../../dialects/usage.ts'
import { countOf, defined, type JsonObject, textOf } from '../../domain/json.ts'
import type { Request } from '../../domain/request.ts'
import { rowNames } from '../aggregates.ts'
import { timeOf } from '../fields.ts'
import { safeKeyName } from '../identity.ts'
import type { Reader, Reading } from '../reader.ts'

/** The usage CSV of Anthropic's console: sums per day, model, key… Its input column excludes cached tokens. */
export const anthropicConsole: Reader = {
  name: 'anthropic-console',
  title: 'Anthropic console usage CSV (aggregates)',
  resumable: false,
  recognise: (records) => records.filter(isRow).length / records.length,
  start() {
    const nameOf = rowNames()
    return { read: (record) => readRow(record, nameOf) }
  },
}

const isRow = (record: JsonObject): boolean =>
  'usage_date_utc' in record && 'usage_input_tokens_no_cache' in record

const dimensions = [
  'usage_date_utc',
  'model_version',
  'api_key',
  'workspace',
  'usage_type',
  'context_window',
  'inference_geo',
  'speed',
] as const

function readRow(record: JsonObject, nameOf: ReturnType<typeof rowNames>): Reading {
  const at = timeOf(record['usage_date_utc'])
  if (at === undefined) return { rejected: 'no-time' }
  const model = textOf(record['model_version'])
  if (model === undefined) return { rejected: 'no-model' }
  const { usage, rejected } = disjointUsage(
    {
      input: countOf(record['usage_input_tokens_no_cache']),
      cacheWrite5m: countOf(record['usage_input_tokens_cache_write_5m']),
      cacheWrite1h: countOf(record['usage_input_tokens_cache_write_1h']),
      cacheRead: countOf(record['usage_input_tokens_cache_read']),
      output: countOf(record['usage_output_tokens']),
    },
    'separate',
  )
  if (rejected !== undefined) return { rejected }
  const key = textOf(record['api_key'])
  const window = windowOf(record['context_window'])
  const webSearches = countOf(record['web_search_count']) ?? 0
  return {
    ...defined({
      usage,
      key: key === undefined ? undefined : safeKeyName(key),
      team: textOf(record['workspace']),
      serviceTier: textOf(record['usage_type']),
      inferenceGeo: textOf(record['inference_geo']),
      speed: textOf(record['speed']),
      fees: webSearches !== 0 ? { webSearches } : undefined,
      tags: window === undefined ? undefined : new Map([['context_window', window]]),
    }),
    id: nameOf(dimensions.map((name) => record[name])),
    at,
    provider: 'anthropic',
    model,
    operation: 'chat',
    status: 'ok',
    aggregateOf: 0,
  } as Request
}

/** "≤ 200k" as a person would type it: "<= 200k". */
const windowOf = (wire: unknown): string | undefined =>
  textOf(wire)?.replace('≤', '<=').replace('≥', '>=')
