import { completionFields } from '../../dialects/chat/added-fields.ts'
import { paramsOf } from '../../dialects/openai-chat.ts'
import {
  defined,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  openObject,
  textOf,
} from '../../domain/json.ts'
import type { Request } from '../../domain/request.ts'
import { readContext, restAsTags } from '../identity.ts'
import type { Reader, Reading } from '../reader.ts'
import { readExchange } from './pairs.ts'

/**
 * Chat completions stored at OpenAI, as `client.chat.completions.list()` gives them: objects, or pages of them. The
 * messages asked need a further call each and are not there.
 */
export const openaiStored: Reader = {
  name: 'openai-stored',
  title: 'OpenAI stored chat completions',
  recognise: (records) =>
    (records.filter((record) => isStored(record) || isPage(record)).length / records.length) * 0.95,
  start: () => ({ read: readStored }),
}

/** Only stored completions hold the request's metadata and settings beside the answer. */
const isStored = (record: JsonObject): boolean =>
  record['object'] === 'chat.completion' &&
  ('metadata' in record || 'input_user' in record || 'request_id' in record)

function isPage(record: JsonObject): boolean {
  const first = objectOf(listOf(record['data'])[0])
  return record['object'] === 'list' && first['object'] === 'chat.completion'
}

function readStored(record: JsonObject): Reading {
  if (record['object'] !== 'list') return readCompletion(record)
  const data = listOf(record['data'])
  if (data.length === 0) return { ignored: 'empty-page' }
  const readings = data.map((each) => readCompletion(objectOf(each)))
  const requests = readings.filter((reading): reading is Request => 'model' in reading)
  if (requests.length > 0) return requests
  return readings[0] ?? { ignored: 'empty-page' }
}

/** What of a completion is its answer; the rest are settings of the request. */
const answerFields = new Set<string>([
  ...completionFields,
  'request_id',
  'metadata',
  'input_user',
  'tools',
])

function readCompletion(record: JsonObject): Reading {
  if (record['object'] !== 'chat.completion') return { rejected: 'not-a-completion' }
  const { metadata, input_user: user, ...answered } = record
  const reading = readExchange({}, undefined, answered)
  if (!('model' in reading)) return reading
  const params = settingsOf(record)
  return {
    ...reading,
    ...readContext([{ user } as JsonObject, metadata], [restAsTags(metadata)]),
    ...defined({
      id: textOf(record['id']),
      params: Object.keys(params).length > 0 ? params : undefined,
    }),
  } as Request
}

function settingsOf(record: JsonObject): JsonObject {
  const settings = openObject<Json>()
  for (const [name, value] of Object.entries(paramsOf(record, answerFields))) {
    if (value !== null && value !== undefined && !(isObject(value) && name === 'error'))
      settings[name] = value
  }
  return settings
}
