import { disjointUsage } from '../../dialects/usage.ts'
import { defined, firstText, type JsonObject, numberOf, textOf } from '../../domain/json.ts'
import type { Request } from '../../domain/request.ts'
import { timeOf } from '../fields.ts'
import { safeKeyName } from '../identity.ts'
import type { Reader, Reading, RecordReader } from '../reader.ts'

/**
 * DeepSeek's amount CSV: one row per bucket, model, key and kind of amount. Rows of a bucket are brought together at
 * the end of the file. Its prices are in the account's currency, which it does not name: no cost is read.
 */
export const deepseek: Reader = {
  name: 'deepseek',
  title: 'DeepSeek usage CSV (aggregates)',
  resumable: false,
  recognise: (records) => records.filter(isRow).length / records.length,
  start: () => new Buckets(),
}

const amountTypes = new Set([
  'input_cache_hit_tokens',
  'input_cache_miss_tokens',
  'output_tokens',
  'request_count',
])

const isRow = (record: JsonObject): boolean =>
  'amount' in record && 'api_key_name' in record && amountTypes.has(String(record['type']))

const dimensions = [
  'user_id',
  'start_time_iso',
  'end_time_iso',
  'utc_date',
  'model',
  'api_key_name',
  'api_key',
] as const

type Bucket = { readonly row: JsonObject; readonly amounts: Map<string, number> }

class Buckets implements RecordReader {
  readonly #buckets = new Map<string, Bucket>()

  read(record: JsonObject): Reading {
    const type = String(record['type'])
    if (!amountTypes.has(type)) return { ignored: 'other-amount' }
    if (textOf(record['model']) === undefined) return { rejected: 'no-model' }
    if (timeOf(startOf(record)) === undefined) return { rejected: 'no-time' }
    const amount = numberOf(record['amount'])
    if (amount === undefined) return { rejected: 'no-amount' }
    if (amount < 0) return { rejected: 'negative-tokens' }
    if (!Number.isSafeInteger(amount)) return { rejected: 'token-count-not-whole' }
    const name = dimensions.map((field) => record[field] ?? '').join('|')
    const bucket = this.#buckets.get(name) ?? { row: record, amounts: new Map() }
    bucket.amounts.set(type, (bucket.amounts.get(type) ?? 0) + amount)
    this.#buckets.set(name, bucket)
    return []
  }

  end(): readonly Request[] {
    return [...this.#buckets].map(([name, bucket]) => readBucket(name, bucket))
  }
}

const startOf = (record: JsonObject): unknown => record['start_time_iso'] ?? record['utc_date']

function readBucket(id: string, { row, amounts }: Bucket): Request {
  const { usage } = disjointUsage(
    {
      input: amounts.get('input_cache_miss_tokens') ?? 0,
      cacheRead: amounts.get('input_cache_hit_tokens') ?? 0,
      output: amounts.get('output_tokens') ?? 0,
    },
    'separate',
  )
  const key = firstText(row['api_key_name'], row['api_key'])
  return {
    ...defined({
      id,
      at: timeOf(startOf(row)),
      user: textOf(row['user_id']),
      key: key === undefined ? undefined : safeKeyName(key),
      usage,
    }),
    provider: 'deepseek',
    model: String(row['model']),
    operation: 'chat',
    status: 'ok',
    aggregateOf: amounts.get('request_count') ?? 0,
  } as Request
}
