import {
  booleanOf,
  defined,
  firstText,
  type JsonObject,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd, zeroNanoUsd } from '../../domain/money.ts'
import type { Request } from '../../domain/request.ts'
import { isEmpty } from '../bodies.ts'
import { readContext, restAsTags } from '../identity.ts'
import type { Reader, Reading } from '../reader.ts'
import { operationOf } from './canonical.ts'
import {
  isToolCall,
  keyContext,
  litellmBodies,
  litellmModel,
  litellmProvider,
  litellmStatus,
  litellmTimes,
  litellmUsage,
  providerResponseId,
  requestedModel,
  usageObject,
} from './litellm.ts'

/** Rows of LiteLLM's table LiteLLM_SpendLogs, as JSON or as CSV with JSON text in its columns. */
export const litellmSpend: Reader = {
  name: 'litellm-spend',
  title: 'LiteLLM SpendLogs (table LiteLLM_SpendLogs)',
  recognise: (records) => records.filter(isSpendRow).length / records.length,
  start: () => ({ read: readRow }),
}

const isSpendRow = (record: JsonObject): boolean =>
  'request_id' in record && 'call_type' in record && 'spend' in record && 'startTime' in record

function readRow(record: JsonObject): Reading {
  const metadata = objectOf(record['metadata'])
  const model = litellmModel(record, metadata)
  if (isToolCall(record['call_type'])) return { ignored: 'tool-call' }
  if (model === undefined) return { rejected: 'no-model' }
  const { usage, rejected } = litellmUsage(record, usageObject(record, metadata))
  if (rejected !== undefined) return { rejected }
  const cached = booleanOf(record['cache_hit']) === true
  const { responseId, ...bodies } = litellmBodies(model, { ...record, messages: askedOf(record) })
  const error = objectOf(metadata['error_information'])
  return {
    ...contextOf(record, metadata),
    ...defined({
      ...bodies,
      ...litellmTimes(record),
      id: textOf(record['request_id']),
      responseId: cached ? undefined : (providerResponseId(record['request_id']) ?? responseId),
      provider: litellmProvider(record, model),
      requestedModel: requestedModel(record, model),
      usage: usage ?? bodies.usage,
      error: firstText(error['error_message'], error['error_class']),
      statusCode: numberOf(error['error_code']),
      loggedCostNanoUsd: cached ? zeroNanoUsd : (readUsd(record['spend']) ?? undefined),
      servedFromCache: cached || undefined,
    }),
    model,
    operation: operationOf(record['call_type']),
    status: litellmStatus(record['status'] ?? metadata['status'], error),
  } as Request
}

/** `{}` unless prompts are stored; newer versions keep them only in the whole request that the proxy got. */
function askedOf(record: JsonObject): JsonObject[string] {
  if (!isEmpty(record['messages'])) return record['messages']
  const body = objectOf(record['proxy_server_request'])
  return isEmpty(body) ? undefined : (body['body'] ?? body)
}

/** `user` is the owner of the key and `end_user` who asked; retries and fallbacks share the session id. */
function contextOf(record: JsonObject, metadata: JsonObject): Partial<Request> {
  const key = keyContext(metadata)
  const session = textOf(record['session_id'])
  return readContext(
    [
      {
        user: firstText(record['end_user'], key['user'], record['user']),
        team: firstText(metadata['user_api_key_team_alias'], record['team_id']),
        namespace: textOf(record['organization_id']),
        key: firstText(metadata['user_api_key_alias'], record['api_key']),
        trace: firstText(metadata['trace_id'], session),
        agentRole: textOf(record['agent_id']),
        session,
      },
      metadata['requester_metadata'],
      metadata['spend_logs_metadata'],
      key,
    ],
    [record['request_tags'], restAsTags(metadata['requester_metadata'])],
  )
}
