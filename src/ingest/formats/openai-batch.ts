import {
  defined,
  firstText,
  isObject,
  type JsonObject,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Request, Status } from '../../domain/request.ts'
import { noUsage } from '../../domain/usage.ts'
import type { ReadContext, Reader, Reading } from '../reader.ts'
import { statusOf } from './canonical.ts'
import { readExchange } from './pairs.ts'

/**
 * OpenAI's batch output and error files (Azure's are alike). The prompt is in the input file alone and is joined by
 * custom_id where that file was given too; the input file's own lines are no requests.
 */
export const openaiBatch: Reader = {
  name: 'openai-batch',
  title: 'OpenAI batch output',
  recognise: (records) =>
    records.filter((record) => isOutput(record) || isInput(record)).length / records.length,
  start: (context) => ({ read: (record) => readLine(record, context) }),
}

const isInput = (record: JsonObject): boolean =>
  'custom_id' in record && 'url' in record && isObject(record['body'])

const isOutput = (record: JsonObject): boolean =>
  'custom_id' in record &&
  !('result' in record) &&
  (isObject(record['response']) || isObject(record['error']))

function readLine(record: JsonObject, context: ReadContext): Reading {
  if (isInput(record)) return { ignored: 'batch-input' }
  if (!isOutput(record)) return { rejected: 'not-a-batch-line' }
  const customId = textOf(record['custom_id'])
  const asked = customId === undefined ? undefined : context.batchInput?.(customId)
  const response = objectOf(record['response'])
  const body = objectOf(response['body'])
  const code = numberOf(response['status_code'])
  const error = isObject(record['error']) ? record['error'] : body['error']
  if (isObject(error) || (code !== undefined && code >= 400)) {
    return failedLine(record, asked, objectOf(error), code)
  }
  const reading = readExchange({ status_code: response['status_code'] ?? 200 }, asked, body)
  if (!('model' in reading)) return reading
  return { ...reading, ...identityOf(record), serviceTier: 'batch' }
}

/** custom_id is unique within one batch only. */
const identityOf = (record: JsonObject): Partial<Request> =>
  defined({ id: firstText(record['id'], record['custom_id']) })

/** A failed or expired line: billed nothing. Its model is in the input file alone. */
function failedLine(
  record: JsonObject,
  asked: JsonObject | undefined,
  error: JsonObject,
  code: number | undefined,
): Reading {
  if (textOf(asked?.['model']) === undefined) return { ignored: 'batch-error' }
  const reading = readExchange({}, asked, undefined)
  if (!('model' in reading)) return reading
  return {
    ...reading,
    ...identityOf(record),
    ...defined({ statusCode: code, error: firstText(error['message'], error['code']) }),
    usage: noUsage,
    serviceTier: 'batch',
    status: failureOf(firstText(error['code']) ?? code),
  }
}

function failureOf(reason: string | number | undefined): Status {
  if (reason === 'batch_expired') return 'timeout'
  const status = reason === undefined ? 'error' : statusOf(reason)
  return status === 'ok' ? 'error' : status
}
