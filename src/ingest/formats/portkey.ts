import { disjointUsage, readAnyUsage, type UsageReading } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstCount,
  firstText,
  type JsonObject,
  numberOf,
  objectOf,
  parsedOf,
  textOf,
} from '../../domain/json.ts'
import { type NanoUsd, readUsd, zeroNanoUsd } from '../../domain/money.ts'
import type { Request } from '../../domain/request.ts'
import { readBodies } from '../bodies.ts'
import { statedTime } from '../fields.ts'
import { readContext, restAsTags } from '../identity.ts'
import { providerIdOf, providerOfModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { operationOf, statusOf } from './canonical.ts'

/** Portkey's log export. An administrator may have denied any of the fields. */
export const portkey: Reader = {
  name: 'portkey',
  title: 'Portkey log export',
  recognise: (records) => records.filter(isPortkey).length / records.length,
  start: () => ({ read: readRow }),
}

const ownFields = [
  'ai_org',
  'ai_model',
  'req_units',
  'res_units',
  'total_units',
  'response_status_code',
  'prompt_slug',
  'cost_currency',
]

const isPortkey = (record: JsonObject): boolean =>
  ownFields.filter((name) => name in record).length >= 2

function readRow(record: JsonObject): Reading {
  const answered = parsedOf(record['response']) ?? record['response']
  const asked = parsedOf(record['request']) ?? record['request']
  const answer = objectOf(answered)
  const model = firstText(record['ai_model'], answer['model'], objectOf(asked)['model'])
  if (model === undefined) return { rejected: 'no-model' }
  const { usage, rejected, warnings } = usageOf(record, objectOf(answer['usage']))
  if (rejected !== undefined) return { rejected }
  const bodies = readBodies({ model, asked, answered })
  const cached = /\bhit\b/i.test(textOf(record['cache_status']) ?? '')
  const metadata = record['metadata']
  return {
    ...readContext(
      [
        { trace: textOf(record['trace_id']) },
        metadata,
        { promptVersion: textOf(record['prompt_slug']) },
      ],
      [restAsTags(metadata)],
    ),
    ...defined({
      ...bodies,
      id: textOf(record['id']),
      responseId: cached ? undefined : bodies.responseId,
      at: statedTime(record['created_at']),
      latencyMs: numberOf(record['response_time']),
      provider: providerIdOf(textOf(record['ai_org'])) ?? providerOfModel(model),
      requestedModel: requestedModel(objectOf(asked), model),
      usage,
      warnings,
      statusCode: numberOf(record['response_status_code']),
      error: textOf(objectOf(answer['error'])['message']),
      loggedCostNanoUsd: cached ? zeroNanoUsd : costOf(record),
      servedFromCache: cached || undefined,
    }),
    model,
    operation: operationOf(operationHint(record, model)),
    status: statusOf(record['response_status_code']),
  } as Request
}

/** Portkey counts cost in cents. Another currency than the dollar is no cost that we can compare. */
function costOf(record: JsonObject): NanoUsd | undefined {
  const currency = textOf(record['cost_currency'])?.toUpperCase() ?? 'USD'
  return currency === 'USD' ? (readUsd(record['cost'], 100) ?? undefined) : undefined
}

/**
 * The answer's own usage, which alone has the cache buckets, else the units. Portkey writes Anthropic's counts under
 * OpenAI's names, with the cache counts beside and not in `prompt_tokens`: the total tells.
 */
function usageOf(record: JsonObject, wire: JsonObject): UsageReading {
  const hasCacheFields = 'cache_read_input_tokens' in wire || 'cache_creation_input_tokens' in wire
  if (!hasCacheFields || !('prompt_tokens' in wire)) {
    const own = readAnyUsage(wire)
    if (own.usage !== undefined || own.rejected !== undefined) return own
  }
  return disjointUsage(
    {
      input: firstCount(wire['prompt_tokens'], record['req_units']),
      cacheRead: countOf(wire['cache_read_input_tokens']),
      cacheWrite5m: countOf(wire['cache_creation_input_tokens']),
      output: firstCount(wire['completion_tokens'], record['res_units']),
      reasoning: countOf(objectOf(wire['completion_tokens_details'])['reasoning_tokens']),
      total: firstCount(wire['total_tokens'], record['total_units']),
    },
    'unknown',
  )
}

function requestedModel(asked: JsonObject, model: string): string | undefined {
  const requested = textOf(asked['model'])
  return requested === model ? undefined : requested
}

const operationHint = (record: JsonObject, model: string): string =>
  /embedding/.test(`${textOf(record['request_url']) ?? ''} ${model}`) ? 'embedding' : 'chat'
