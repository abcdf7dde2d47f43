import { disjointUsage } from '../../dialects/usage.ts'
import {
  booleanOf,
  countOf,
  defined,
  firstNumber,
  firstText,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Operation, Request } from '../../domain/request.ts'
import { rowNames } from '../aggregates.ts'
import { timeOf } from '../fields.ts'
import type { Reader, Reading, RecordReader } from '../reader.ts'
import { modalityFees } from './span-facts.ts'

/**
 * OpenAI's usage and costs: the console's CSV, and the pages, buckets and results of the Usage and Costs APIs. Each
 * row sums the requests of a bucket (one minute to one day) and one combination of model, project, key…
 */
export const openaiUsage: Reader = {
  name: 'openai-usage',
  title: 'OpenAI usage and costs (aggregates)',
  resumable: false,
  recognise: (records) => records.filter(isUsage).length / records.length,
  start: () => startReading(),
}

/** The only columns of the CSV of a period without usage. */
const timeColumns = new Set(['start_time', 'end_time', 'start_time_iso', 'end_time_iso'])

function isUsage(record: JsonObject): boolean {
  if (bucketsOf(record) !== null) return true
  const kind = textOf(record['object'])
  if (kind !== undefined) return isResult(kind)
  if (!('start_time' in record && 'end_time' in record)) return false
  if (Object.keys(record).every((name) => timeColumns.has(name))) return true
  return 'num_model_requests' in record || 'amount_value' in record || 'line_item' in record
}

const isResult = (kind: string): boolean =>
  kind.startsWith('organization.usage.') || kind.startsWith('organization.costs.')

/** The buckets of a page, or the record itself when it is one; null when it is a row. */
function bucketsOf(record: JsonObject): readonly JsonObject[] | null {
  if (record['object'] === 'bucket') return [record]
  const data = listOf(record['data']).map(objectOf)
  return data.some((bucket) => bucket['object'] === 'bucket') ? data : null
}

type NameOf = ReturnType<typeof rowNames>

function startReading(): RecordReader {
  const nameOf = rowNames()
  return {
    read(record) {
      const buckets = bucketsOf(record)
      return buckets === null ? readRow(record, nameOf) : readBuckets(buckets, nameOf)
    },
  }
}

function readBuckets(buckets: readonly JsonObject[], nameOf: NameOf): Reading {
  const readings = buckets.flatMap((bucket) => {
    const { start_time, end_time } = bucket
    const rows = listOf(bucket['results'] ?? bucket['result'])
    return rows.map((row) => readRow({ start_time, end_time, ...objectOf(row) }, nameOf))
  })
  const requests = readings.filter((reading): reading is Request => 'model' in reading)
  return requests.length > 0 ? requests : (readings[0] ?? { ignored: 'empty-bucket' })
}

const dimensions = [
  'start_time',
  'end_time',
  'object',
  'project_id',
  'user_id',
  'api_key_id',
  'model',
  'batch',
  'service_tier',
  'line_item',
] as const

function readRow(record: JsonObject, nameOf: NameOf): Reading {
  const at = timeOf(record['start_time'] ?? record['start_time_iso'])
  if (at === undefined) return { rejected: 'no-time' }
  if (isCost(record)) return readCost(record, at, nameOf)
  const counts = countsOf(record)
  const pieces = fees(record)
  if (counts.input === undefined && counts.output === undefined && pieces === undefined) {
    return { ignored: 'empty-bucket' }
  }
  const { usage, rejected } = disjointUsage(counts, 'included')
  if (rejected !== undefined) return { rejected }
  // "3.0" in the CSV.
  const requests = countOf(record['num_model_requests']) ?? 0
  if (!Number.isSafeInteger(requests)) return { rejected: 'request-count-not-whole' }
  return {
    ...shared(record, at, nameOf),
    ...defined({ usage, fees: pieces, serviceTier: tierOf(record) }),
    model: textOf(record['model']) ?? 'unknown',
    operation: operationOf(textOf(record['object']) ?? '', textOf(record['model']) ?? ''),
    aggregateOf: requests,
  } as Request
}

const shared = (record: JsonObject, at: number, nameOf: NameOf) =>
  defined({
    id: nameOf(dimensions.map((name) => record[name])),
    at,
    provider: 'openai',
    user: textOf(record['user_id']),
    team: firstText(record['project_name'], record['project_id']),
    key: firstText(record['api_key_name'], record['api_key_id']),
    status: 'ok' as const,
  })

const countsOf = (record: JsonObject) => ({
  input: countOf(record['input_tokens']),
  cacheRead: countOf(record['input_cached_tokens']),
  cacheWrite5m: countOf(record['input_cache_write_tokens']),
  output: countOf(record['output_tokens']),
})

function fees(record: JsonObject) {
  const tokens = modalityFees({
    inputAudioTokens: record['input_audio_tokens'],
    cacheReadAudioTokens: record['input_cached_audio_tokens'],
    outputAudioTokens: record['output_audio_tokens'],
    inputImageTokens: record['input_image_tokens'],
    outputImageTokens: record['output_image_tokens'],
  })
  const codeSessions = countOf(record['num_sessions']) ?? 0
  return codeSessions !== 0 ? { ...tokens, codeSessions } : tokens
}

function tierOf(record: JsonObject): string | undefined {
  return booleanOf(record['batch']) === true ? 'batch' : textOf(record['service_tier'])
}

function operationOf(kind: string, model: string): Operation {
  if (kind.includes('embedding') || model.includes('embedding')) return 'embedding'
  return kind === '' || kind.includes('completions') ? 'chat' : 'other'
}

const isCost = (record: JsonObject): boolean =>
  isObject(record['amount']) || 'amount_value' in record

/** A row of the Costs API: money of a day and a line item ("gpt-4o-2024-08-06, input"), no requests. */
function readCost(record: JsonObject, at: number, nameOf: NameOf): Reading {
  const amount = objectOf(record['amount'])
  const currency = firstText(amount['currency'], record['amount_currency'])?.toLowerCase() ?? 'usd'
  if (currency !== 'usd') return { rejected: 'currency-not-usd' }
  const cost = readUsd(firstNumber(amount['value'], record['amount_value']))
  if (cost === null) return { rejected: 'no-amount' }
  const item = textOf(record['line_item'])
  return {
    ...shared(record, at, nameOf),
    ...(item !== undefined && { tags: new Map([['line_item', item]]) }),
    model: item?.split(',')[0] ?? 'unknown',
    operation: 'other',
    loggedCostNanoUsd: cost,
    aggregateOf: 0,
  } as Request
}
