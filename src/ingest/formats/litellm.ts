import { disjointUsage, type UsageReading } from '../../dialects/usage.ts'
import {
  booleanOf,
  countOf,
  defined,
  firstCount,
  firstText,
  isObject,
  type JsonObject,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd, zeroNanoUsd } from '../../domain/money.ts'
import type { Request, Status } from '../../domain/request.ts'
import { askedBody, readBodies } from '../bodies.ts'
import { statedTime, timeOf } from '../fields.ts'
import { readContext, restAsTags } from '../identity.ts'
import { providerIdOf, providerOfModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { operationOf, statusOf } from './canonical.ts'

/** LiteLLM's StandardLoggingPayload, alone or under `standard_logging_object`. */
export const litellm: Reader = {
  name: 'litellm',
  title: 'LiteLLM standard logging payload',
  recognise: (records) => records.filter(isPayload).length / records.length,
  start: () => ({ read: readPayload }),
}

const payloadOf = (record: JsonObject): JsonObject =>
  isObject(record['standard_logging_object']) ? record['standard_logging_object'] : record

function isPayload(record: JsonObject): boolean {
  const payload = payloadOf(record)
  return 'call_type' in payload && 'response_cost' in payload && 'startTime' in payload
}

function readPayload(record: JsonObject): Reading {
  const payload = payloadOf(record)
  const metadata = objectOf(payload['metadata'])
  const model = litellmModel(payload, metadata)
  if (model === undefined) return { rejected: 'no-model' }
  if (isToolCall(payload['call_type'])) return { ignored: 'tool-call' }
  const { usage, rejected } = litellmUsage(payload, usageObject(payload, metadata))
  if (rejected !== undefined) return { rejected }
  const cached = booleanOf(payload['cache_hit']) === true
  const bodies = litellmBodies(model, payload)
  return {
    ...readContext(
      [
        { user: textOf(payload['end_user']) },
        payload,
        metadata['requester_metadata'],
        metadata['spend_logs_metadata'],
        keyContext(metadata),
      ],
      [payload['request_tags'], restAsTags(metadata['requester_metadata'])],
    ),
    ...defined({
      ...bodies,
      id: textOf(payload['id']),
      responseId: cached ? undefined : (providerResponseId(payload['id']) ?? bodies.responseId),
      ...litellmTimes(payload),
      provider: litellmProvider(payload, model),
      requestedModel: requestedModel(payload, model),
      usage: usage ?? bodies.usage,
      streamed: booleanOf(payload['stream']) ?? bodies.streamed,
      error: errorText(payload),
      statusCode: numberOf(objectOf(payload['error_information'])['error_code']),
      loggedCostNanoUsd: cached ? zeroNanoUsd : (readUsd(payload['response_cost']) ?? undefined),
      servedFromCache: cached || undefined,
    }),
    model,
    operation: operationOf(payload['call_type']),
    status: litellmStatus(payload['status'], objectOf(payload['error_information'])),
  } as Request
}

/** Calls of tools through the proxy: no model was asked. */
export const isToolCall = (callType: unknown): boolean =>
  callType === 'call_mcp_tool' || callType === 'list_mcp_tools'

/** The raw usage of the provider, which alone has the cache buckets. */
export function usageObject(payload: JsonObject, metadata: JsonObject): JsonObject {
  const found =
    metadata['usage_object'] ??
    metadata['additional_usage_values'] ??
    objectOf(payload['hidden_params'])['usage_object'] ??
    objectOf(payload['response'])['usage']
  return objectOf(found)
}

/**
 * LiteLLM adds both cache counts to `prompt_tokens`, for Anthropic too. Where they exceed it all the same, an old
 * version or a pass-through endpoint left them out.
 */
export function litellmUsage(payload: JsonObject, raw: JsonObject): UsageReading {
  const input = objectOf(raw['prompt_tokens_details'] ?? raw['input_tokens_details'])
  const output = objectOf(raw['completion_tokens_details'] ?? raw['output_tokens_details'])
  const cacheRead = firstCount(raw['cache_read_input_tokens'], input['cached_tokens'])
  const written = firstCount(
    raw['cache_creation_input_tokens'],
    input['cache_creation_tokens'],
    input['cache_write_tokens'],
  )
  const written1h = countOf(
    objectOf(raw['cache_creation'] ?? input['cache_creation_token_details'])[
      'ephemeral_1h_input_tokens'
    ],
  )
  const prompt = countOf(payload['prompt_tokens'])
  const separate = (cacheRead ?? 0) + (written ?? 0) > (prompt ?? 0)
  return disjointUsage(
    {
      input: prompt,
      cacheRead,
      cacheWrite5m: rest(written, written1h),
      cacheWrite1h: written1h,
      output: countOf(payload['completion_tokens']),
      reasoning: countOf(output['reasoning_tokens']),
    },
    separate ? 'separate' : 'included',
  )
}

/** All writes less those for an hour; a count that is none stays as it is. */
function rest(written: number | undefined, hour = 0): number | undefined {
  return written === undefined || written < 0 ? written : Math.max(written - hour, 0)
}

/**
 * The model that answered, without LiteLLM's provider prefix. On Azure `model` is the name of a deployment, and what
 * it runs stands in the cost map's key.
 */
export function litellmModel(payload: JsonObject, metadata: JsonObject): string | undefined {
  const provider = textOf(payload['custom_llm_provider'])
  const map = objectOf(payload['model_map_information'] ?? metadata['model_map_information'])
  const model = textOf(payload['model'])
  const azure = provider?.startsWith('azure') || model?.startsWith('azure/')
  const name = azure && isObject(map['model_map_value']) ? textOf(map['model_map_key']) : undefined
  const full = name ?? model
  const prefix = full?.split('/')[0]
  const known = prefix === provider || prefix === 'azure' || prefix === 'bedrock'
  return full !== undefined && known ? full.slice(full.indexOf('/') + 1) : full
}

export function litellmProvider(payload: JsonObject, model: string): string | undefined {
  const written = textOf(payload['model'])
  const prefix = written?.includes('/') ? written.split('/')[0] : undefined
  return providerIdOf(firstText(payload['custom_llm_provider'], prefix)) ?? providerOfModel(model)
}

/** The name the application asked for, where the router mapped it onto another. */
export function requestedModel(payload: JsonObject, model: string): string | undefined {
  const group = textOf(payload['model_group'])
  return group === model ? undefined : group
}

/** Start, length and time to the first token; unstreamed calls complete their start when they end. */
export function litellmTimes(payload: JsonObject): Partial<Request> {
  const start = payload['startTime']
  const at = momentOf(start) ?? (start === 0 ? undefined : statedTime(start))
  const end = momentOf(payload['endTime'])
  const first = momentOf(payload['completionStartTime'])
  const streamed = first !== undefined && end !== undefined && first < end
  return {
    ...(at !== undefined && { at }),
    ...(at !== undefined && end !== undefined && end >= at && { latencyMs: end - at }),
    ...(at !== undefined && streamed && first >= at && { firstTokenMs: first - at }),
  }
}

/** Seconds with a fraction in the payload, ISO text in the database. Zero stands for "not known". */
const momentOf = (value: unknown): number | undefined =>
  value === 0 ? undefined : timeOf(value, numberOf(value) === undefined ? undefined : 's')

/** The provider's id of the response; LiteLLM's own uuids and the altered ids of cache hits link nothing. */
export function providerResponseId(value: unknown): string | undefined {
  const id = textOf(value)
  if (id === undefined || id.includes('_cache_hit')) return undefined
  return /^(?:chatcmpl-|cmpl-|resp_|msg_|gen-)/.test(id) ? id : undefined
}

/** Who asked, by the proxy's key: its owner, team and organisation. */
export function keyContext(metadata: JsonObject): JsonObject {
  const owner = textOf(metadata['user_api_key_user_id'])
  return {
    user: firstText(
      metadata['user_api_key_end_user_id'],
      owner === 'default_user_id' ? undefined : owner,
    ),
    team: firstText(metadata['user_api_key_team_alias'], metadata['user_api_key_team_id']),
    namespace: textOf(metadata['user_api_key_org_id']),
    key: firstText(metadata['user_api_key_alias'], metadata['user_api_key_hash']),
  }
}

/** What LiteLLM writes in place of a body that it was told not to log. */
const redacted = 'redacted-by-litellm'

/** Prompt, parameters and answer. Redacted bodies are dropped: they would all look like the same question. */
export function litellmBodies(model: string, payload: JsonObject): ReturnType<typeof readBodies> {
  const { messages, response } = payload
  const params = objectOf(payload['model_parameters'])
  const asked = isRedacted(messages) ? undefined : askedBody(model, messages, params)
  const bodies = readBodies({ model, asked, answered: isRedacted(response) ? undefined : response })
  if (asked !== undefined || Object.keys(params).length === 0) return bodies
  return { ...bodies, params }
}

function isRedacted(value: unknown): boolean {
  if (typeof value === 'string') return value.length < 2_000 && value.includes(redacted)
  if (Array.isArray(value)) return value.length === 1 && objectOf(value[0])['content'] === redacted
  if (!isObject(value)) return false
  if (value['text'] === redacted) return true
  const choice = Array.isArray(value['choices']) ? objectOf(value['choices'][0]) : {}
  return objectOf(choice['message'])['content'] === redacted
}

function errorText(payload: JsonObject): string | undefined {
  const details = objectOf(payload['error_information'])
  return firstText(payload['error_str'], details['error_message'], details['error_class'])
}

/** "failure" says only that; the exception's class tells a timeout. */
export function litellmStatus(status: unknown, error: JsonObject): Status {
  const word = statusOf(status)
  if (word !== 'error') return word
  return /timeout/i.test(textOf(error['error_class']) ?? '') ? 'timeout' : 'error'
}
