import { disjointUsage } from '../../dialects/usage.ts'
import {
  booleanOf,
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
import { readBodies } from '../bodies.ts'
import { statedTime } from '../fields.ts'
import { readContext, restAsTags } from '../identity.ts'
import { providerIdOf } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { operationOf, statusOf } from './canonical.ts'

/** Cloudflare AI Gateway's logs API: log entries, or its answer {"result":[…]}. */
export const cloudflare: Reader = {
  name: 'cloudflare',
  title: 'Cloudflare AI Gateway logs',
  recognise: (records) =>
    records.filter((record) => isEntry(objectOf(entriesOf(record)[0]))).length / records.length,
  start: () => ({ read: readRecord }),
}

const isEntry = (record: JsonObject): boolean =>
  'tokens_in' in record && 'tokens_out' in record && 'cached' in record && 'provider' in record

const entriesOf = (record: JsonObject): readonly Json[] =>
  Array.isArray(record['result']) ? record['result'] : [record]

function readRecord(record: JsonObject): Reading {
  const entries = entriesOf(record)
  const readings = entries.map((entry) => readEntry(objectOf(entry)))
  if (readings.length === 1 && readings[0] !== undefined) return readings[0]
  const requests = readings.filter((reading): reading is Request => 'model' in reading)
  return requests.length > 0 ? requests : (readings[0] ?? { ignored: 'empty-page' })
}

function readEntry(record: JsonObject): Request | { readonly rejected: string } {
  const model = textOf(record['model'])
  if (model === undefined) return { rejected: 'no-model' }
  const failed = booleanOf(record['success']) === false
  const bodies = bodiesOf(record, model)
  const { usage, rejected } = disjointUsage(countsOf(record, failed), 'included')
  if (rejected !== undefined) return { rejected }
  const cached = booleanOf(record['cached']) === true
  const metadata = record['metadata']
  return {
    ...readContext([metadata], [restAsTags(metadata), placeTags(record)]),
    ...defined({
      ...bodies,
      id: textOf(record['id']),
      // A cached answer repeats the id of the one it copies.
      responseId: cached ? undefined : bodies.responseId,
      at: statedTime(record['created_at']),
      provider: providerIdOf(textOf(record['provider'])),
      usage: bodies.usage ?? usage,
      latencyMs: numberOf(record['duration']),
      statusCode: numberOf(record['status_code']),
      loggedCostNanoUsd: cached ? zeroNanoUsd : (readUsd(record['cost']) ?? undefined),
      servedFromCache: cached || undefined,
    }),
    model,
    operation: operationOf(firstText(record['model_type'], record['request_type'])),
    status: outcomeOf(failed, numberOf(record['status_code'])),
  } as Request
}

/** A failed call that names no tokens has none that are known. */
function countsOf(record: JsonObject, failed: boolean) {
  const [input, output] = [countOf(record['tokens_in']), countOf(record['tokens_out'])]
  return failed && (input ?? 0) === 0 && (output ?? 0) === 0 ? {} : { input, output }
}

/** Bodies need a further call per log, and the heads of long ones are cut off: only whole JSON is read. */
function bodiesOf(record: JsonObject, model: string): Partial<Request> {
  const asked = parsedOf(record['request'] ?? record['request_head'])
  const answered = parsedOf(record['response'] ?? record['response_head'])
  return readBodies({ model, asked, answered })
}

/** `step` counts the fallbacks of the gateway's universal endpoint: above 0 an earlier target had failed. */
function placeTags(record: JsonObject): JsonObject {
  const step = numberOf(record['step']) ?? 0
  return step > 0 ? { step } : {}
}

function outcomeOf(failed: boolean, code: number | undefined): Status {
  const status = code === undefined ? 'ok' : statusOf(code)
  return failed && status === 'ok' ? 'error' : status
}
