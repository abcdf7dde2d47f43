import { disjointUsage, type UsageReading } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstText,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  parsedOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd, zeroNanoUsd } from '../../domain/money.ts'
import type { Request, Status } from '../../domain/request.ts'
import { type BodyFacts, readBodies } from '../bodies.ts'
import { statedTime, timeOf } from '../fields.ts'
import { readContext } from '../identity.ts'
import { providerIdOf, providerOfModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { operationOf, statusOf } from './canonical.ts'
import { providerResponseId } from './litellm.ts'

/** Helicone's export (`npx @helicone/export`) as JSONL or JSON, and its CSV of twelve columns. */
export const helicone: Reader = {
  name: 'helicone',
  title: 'Helicone request export',
  recognise: (records) => records.filter(isHelicone).length / records.length,
  start: () => ({ read: readRow }),
}

const isHelicone = (record: JsonObject): boolean =>
  'request_created_at' in record && 'response_status' in record && 'response_created_at' in record

function readRow(record: JsonObject): Reading {
  const { asked, answered } = bodiesOf(record)
  const model = firstText(
    record['model_override'],
    record['response_model'],
    record['request_model'],
    record['model'],
    objectOf(answered)['model'],
    objectOf(asked)['model'],
  )
  if (model === undefined) return { rejected: 'no-model' }
  const bodies = readBodies({ model, asked, answered })
  const { usage, rejected, warnings } = usageOf(record, model, bodies)
  if (rejected !== undefined) return { rejected }
  const cached = isCacheHit(record)
  return {
    ...contextOf(record),
    ...defined({
      ...bodies,
      ...timesOf(record),
      id: firstText(record['request_id'], record['response_id']),
      responseId: cached ? undefined : responseIdOf(record, bodies),
      provider: providerOf(record, model),
      requestedModel: requestedModel(record, model),
      usage,
      warnings,
      statusCode: positive(record['response_status']),
      loggedCostNanoUsd: cached
        ? zeroNanoUsd
        : (readUsd(record['costUSD'] ?? record['cost']) ?? undefined),
      servedFromCache: cached || undefined,
    }),
    model,
    operation: operationOf(/embedding/.test(operationHint(record, model)) ? 'embedding' : 'chat'),
    status: statusOfRow(record['response_status']),
  } as Request
}

/** Bodies stand under their names, or together under `body`; the CSV escapes their JSON twice. */
function bodiesOf(record: JsonObject): { readonly asked: unknown; readonly answered: unknown } {
  const both = objectOf(record['body'] ?? record['signed_body'])
  return {
    asked: unescaped(record['request_body'] ?? both['request']),
    answered: unescaped(record['response_body'] ?? both['response']),
  }
}

function unescaped(value: Json | undefined): unknown {
  if (typeof value !== 'string') return value
  const direct = parsedOf(value)
  if (direct !== undefined) return direct
  const doubled = parsedOf(value.replaceAll('""', '"').replace(/^"(.*)"$/s, '$1'))
  if (doubled !== undefined) return doubled
  try {
    const inner = JSON.parse(value) as unknown
    return typeof inner === 'string' ? (parsedOf(inner) ?? inner) : inner
  } catch {
    return value
  }
}

/**
 * The provider's own usage where the answer's body is there. Else the columns, of which nothing says whether they hold
 * the cached tokens, except that Anthropic's never do.
 */
function usageOf(record: JsonObject, model: string, bodies: BodyFacts): UsageReading {
  if (bodies.usage !== undefined) return { usage: bodies.usage }
  return disjointUsage(
    {
      input: countOf(record['prompt_tokens']),
      cacheRead: countOf(record['prompt_cache_read_tokens']),
      cacheWrite5m: countOf(record['prompt_cache_write_tokens']),
      output: countOf(record['completion_tokens']),
      reasoning: countOf(record['reasoning_tokens']),
      total: countOf(record['total_tokens']),
    },
    providerOf(record, model) === 'anthropic' || model.includes('claude') ? 'separate' : 'unknown',
  )
}

/** Milliseconds by the two times; the CSV's `latency` states no unit, so it is only the last resort. */
function timesOf(record: JsonObject): Partial<Request> {
  const at = statedTime(record['request_created_at'])
  const end = timeOf(record['response_created_at'])
  const between = at !== undefined && end !== undefined && end >= at ? end - at : undefined
  return defined({
    at,
    latencyMs: positive(record['delay_ms']) ?? between ?? positive(record['latency']),
    firstTokenMs: positive(record['time_to_first_token']),
  })
}

function positive(value: unknown): number | undefined {
  const number = numberOf(value)
  return number !== undefined && number > 0 ? number : undefined
}

/** Session and prompt are properties with Helicone's own names; all others are the user's. */
function contextOf(record: JsonObject): Partial<Request> {
  const properties = objectOf(unescaped(record['request_properties'] ?? record['properties']))
  const own: Record<string, Json | undefined> = Object.create(null)
  const lower: Record<string, Json | undefined> = Object.create(null)
  for (const name of Object.keys(properties)) {
    if (/^helicone-/i.test(name)) continue
    own[name] = properties[name]
    lower[name.toLowerCase()] = properties[name]
  }
  const helicone = (name: string) =>
    textOf(properties[`Helicone-${name}`] ?? properties[`helicone-${name.toLowerCase()}`])
  return readContext(
    [
      {
        user: textOf(record['request_user_id']),
        session: helicone('Session-Id'),
        promptVersion: firstText(record['prompt_id'], helicone('Prompt-Id')),
      },
      lower,
      { feature: firstText(helicone('Session-Name'), helicone('Session-Path')) },
    ],
    [own],
  )
}

/** Helicone numbers responses itself; only what looks like a provider's id links logs. */
const responseIdOf = (record: JsonObject, bodies: BodyFacts): string | undefined =>
  bodies.responseId ?? providerResponseId(record['response_id'])

function providerOf(record: JsonObject, model: string): string | undefined {
  const provider = providerIdOf(textOf(record['provider']))
  return provider === undefined || provider === 'custom' ? providerOfModel(model) : provider
}

function requestedModel(record: JsonObject, model: string): string | undefined {
  const requested = textOf(record['request_model'])
  return requested === model ? undefined : requested
}

const operationHint = (record: JsonObject, model: string): string =>
  `${textOf(record['request_path']) ?? ''} ${model}`

const noReference = '00000000-0000-0000-0000-000000000000'

function isCacheHit(record: JsonObject): boolean {
  const reference = textOf(record['cache_reference_id'])
  return reference !== undefined && reference !== noReference
}

/** Below zero stands what is no HTTP status: -3 for a call that the client gave up. */
function statusOfRow(value: unknown): Status {
  const code = numberOf(value)
  if (code === -3) return 'cancelled'
  if (code !== undefined && code < 0) return 'error'
  return statusOf(value)
}
