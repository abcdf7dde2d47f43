import { readMessagesRequest, readMessagesResponse } from '../../dialects/anthropic-messages.ts'
import {
  defined,
  firstText,
  isObject,
  type JsonObject,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Request, Status } from '../../domain/request.ts'
import { noUsage } from '../../domain/usage.ts'
import type { ReadContext, Reader, Reading } from '../reader.ts'

/** Results of Anthropic's Message Batches. They have no time: the batch's own record does. */
export const anthropicBatch: Reader = {
  name: 'anthropic-batch',
  title: 'Anthropic message batch results',
  recognise: (records) =>
    records.filter((record) => isResult(record) || isInput(record)).length / records.length,
  start: (context) => ({ read: (record) => readResult(record, context) }),
}

const isResult = (record: JsonObject): boolean =>
  'custom_id' in record && typeof objectOf(record['result'])['type'] === 'string'

/** One element of the requests that make a batch. */
const isInput = (record: JsonObject): boolean =>
  'custom_id' in record && isObject(record['params']) && !('result' in record)

/** How results without a message ended; none of them is billed. */
const failures: Readonly<Record<string, Status>> = {
  errored: 'error',
  canceled: 'cancelled',
  expired: 'timeout',
}

function readResult(record: JsonObject, context: ReadContext): Reading {
  if (isInput(record)) return { ignored: 'batch-input' }
  const customId = textOf(record['custom_id'])
  const result = objectOf(record['result'])
  const type = textOf(result['type'])
  if (type === undefined) return { rejected: 'not-a-batch-result' }
  const asked = readMessagesRequest(inputOf(customId, context))
  const known = {
    ...defined({
      prompt: asked.prompt,
      params: Object.keys(asked.params).length > 0 ? asked.params : undefined,
    }),
    provider: 'anthropic',
    operation: 'chat',
    serviceTier: 'batch',
  } as const
  const status = failures[type]
  if (status !== undefined) {
    if (asked.model === undefined) return { ignored: `batch-${type}` }
    const error = errorOf(result)
    const id = defined({ id: customId, error })
    return { ...known, ...id, model: asked.model, status, usage: noUsage } as Request
  }
  if (!isObject(result['message'])) return { rejected: 'no-answer' }
  const answered = readMessagesResponse(result['message'])
  if (answered.rejected !== undefined) return { rejected: answered.rejected }
  if (answered.model === undefined) return { rejected: 'no-model' }
  const { id: responseId, usage, fees, answer, inferenceGeo, speed, warnings } = answered
  return {
    ...known,
    ...defined({ usage, fees, answer, inferenceGeo, speed, warnings, responseId }),
    ...defined({ id: responseId ?? customId }),
    model: answered.model,
    status: 'ok',
  } as Request
}

/** The body asked, which Anthropic's batches hold under `params`. */
function inputOf(customId: string | undefined, context: ReadContext): JsonObject {
  const input = customId === undefined ? undefined : context.batchInput?.(customId)
  return objectOf(input?.['params'])
}

function errorOf(result: JsonObject): string | undefined {
  const error = objectOf(result['error'])
  const inner = isObject(error['error']) ? error['error'] : error
  return firstText(inner['message'], inner['type'])
}
