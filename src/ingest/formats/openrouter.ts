import { disjointUsage, type UsageReading } from '../../dialects/usage.ts'
import {
  booleanOf,
  countOf,
  defined,
  firstText,
  type JsonObject,
  numberOf,
  textOf,
} from '../../domain/json.ts'
import { type NanoUsd, readUsd } from '../../domain/money.ts'
import type { Request } from '../../domain/request.ts'
import { timeOf } from '../fields.ts'
import { safeKeyName } from '../identity.ts'
import type { Reader, Reading } from '../reader.ts'
import { finishReasonOf } from './span-facts.ts'

/** OpenRouter's activity CSV: one row per generation. */
export const openrouter: Reader = {
  name: 'openrouter',
  title: 'OpenRouter activity CSV',
  recognise: (records) => records.filter(isRow).length / records.length,
  start: () => ({ read: readRow }),
}

const isRow = (record: JsonObject): boolean =>
  'generation_id' in record && 'model_permaslug' in record && 'cost_total' in record

function readRow(record: JsonObject): Reading {
  const id = textOf(record['generation_id'])
  const slug = textOf(record['model_permaslug'])
  if (slug === undefined) return { rejected: 'no-model' }
  const at = timeOf(record['created_at'])
  if (at === undefined) return { rejected: 'bad-time' }
  const { usage, rejected } = usageOf(record)
  if (rejected !== undefined) return { rejected }
  const key = textOf(record['api_key_name'])
  const finish = firstText(record['finish_reason_normalized'], record['finish_reason_raw'])
  return {
    ...defined({
      id,
      responseId: id,
      user: textOf(record['user']),
      feature: textOf(record['app_name']),
      key: key === undefined ? undefined : safeKeyName(key),
      tags: tagsOf(record),
      usage,
      answer: finish === undefined ? undefined : { finishReason: finishReasonOf(finish) },
      latencyMs: numberOf(record['generation_time_ms']),
      firstTokenMs: numberOf(record['time_to_first_token_ms']),
      streamed: booleanOf(record['streamed']),
      loggedCostNanoUsd: costOf(record['cost_total'], record['byok_usage_inference']),
    }),
    at,
    provider: 'openrouter',
    model: withVariant(slug, textOf(record['variant'])),
    operation: slug.includes('embedding') ? 'embedding' : 'chat',
    status: outcomeOf(booleanOf(record['cancelled']), finish),
  } as Request
}

const usageOf = (record: JsonObject): UsageReading =>
  disjointUsage(
    {
      input: countOf(record['tokens_prompt']),
      cacheRead: countOf(record['tokens_cached']),
      output: countOf(record['tokens_completion']),
      reasoning: countOf(record['tokens_reasoning']),
    },
    'included',
  )

function tagsOf(record: JsonObject): ReadonlyMap<string, string> | undefined {
  const name = textOf(record['provider_name'])
  return name === undefined ? undefined : new Map([['provider_name', name]])
}

/** The variant is part of the name that has a price: "vendor/model:free" costs nothing. */
export function withVariant(slug: string, variant: string | undefined): string {
  return variant === undefined || variant === 'standard' || slug.includes(':')
    ? slug
    : `${slug}:${variant}`
}

/** What OpenRouter charged, and what the upstream provider charged to the customer's own key. */
export function costOf(charged: unknown, upstream: unknown): NanoUsd | undefined {
  const own = readUsd(charged)
  if (own === null) return undefined
  return (own + (readUsd(upstream) ?? 0)) as NanoUsd
}

/** A stream that the client left is cancelled: it is billed as far as it came. */
export function outcomeOf(
  cancelled: boolean | undefined,
  finish: string | undefined,
): Request['status'] {
  if (cancelled === true) return 'cancelled'
  return finish === 'error' ? 'error' : 'ok'
}
