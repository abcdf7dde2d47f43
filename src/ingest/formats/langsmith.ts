import { disjointUsage, type UsageReading } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstCount,
  firstText,
  inTable,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Request, Status } from '../../domain/request.ts'
import { answeredBody, readBodies } from '../bodies.ts'
import { statedTime, timeOf } from '../fields.ts'
import { readContext } from '../identity.ts'
import { providerIdOf, splitModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { statusOf } from './canonical.ts'
import { providerResponseId } from './litellm.ts'

/** LangSmith's runs. Only runs of type "llm" are requests: chains and agents repeat the totals of those below them. */
export const langsmith: Reader = {
  name: 'langsmith',
  title: 'LangSmith run export',
  recognise: (records) => records.filter(isRun).length / records.length,
  start: () => ({ read: readRun }),
}

const isRun = (record: JsonObject): boolean => 'run_type' in record && 'start_time' in record

function readRun(record: JsonObject): Reading {
  const kind = record['run_type']
  if (kind !== 'llm') return { ignored: textOf(kind) ?? 'not-an-llm-run' }
  const extra = objectOf(record['extra'])
  const metadata = objectOf(extra['metadata'])
  const outputs = objectOf(record['outputs'])
  const params = objectOf(extra['invocation_params'])
  const name = modelName(metadata, params, outputs)
  if (name === undefined) return { rejected: 'no-model' }
  const split = splitModel(name)
  const { usage, rejected } = usageOf(record, outputs)
  if (rejected !== undefined) return { rejected }
  const message = messageOf(outputs)
  const bodies = readBodies({
    model: split.model,
    asked: askedOf(record, split.model, params),
    answered: answeredBody(message),
  })
  return {
    ...contextOf(record, metadata),
    ...timesOf(record),
    ...defined({
      ...bodies,
      id: textOf(record['id']),
      responseId: responseIdOf(message, outputs),
      provider: providerIdOf(textOf(metadata['ls_provider'])) ?? split.provider,
      usage: usage ?? bodies.usage,
      error: textOf(record['error']),
      loggedCostNanoUsd: readUsd(record['total_cost']) ?? undefined,
    }),
    model: split.model,
    operation: metadata['ls_model_type'] === 'llm' ? 'completion' : 'chat',
    status: statusOfRun(record),
  } as Request
}

const modelName = (metadata: JsonObject, params: JsonObject, outputs: JsonObject) =>
  firstText(
    metadata['ls_model_name'],
    params['model'],
    params['model_name'],
    objectOf(outputs['llm_output'])['model_name'],
    outputs['model'],
  )

/** `input_tokens` is the sum of all input, the cache buckets are details of it. */
function usageOf(record: JsonObject, outputs: JsonObject): UsageReading {
  const detail = usageMetadata(outputs)
  const input = objectOf(detail['input_token_details'])
  const output = objectOf(detail['output_token_details'])
  const written5m = countOf(input['ephemeral_5m_input_tokens'])
  const written1h = countOf(input['ephemeral_1h_input_tokens'])
  const split = (written5m ?? 0) + (written1h ?? 0) !== 0
  return disjointUsage(
    {
      input: firstCount(detail['input_tokens'], record['prompt_tokens']),
      cacheRead: countOf(input['cache_read']),
      cacheWrite5m: split ? written5m : countOf(input['cache_creation']),
      cacheWrite1h: split ? written1h : undefined,
      output: firstCount(detail['output_tokens'], record['completion_tokens']),
      reasoning: countOf(output['reasoning']),
    },
    'included',
  )
}

/** Where the integrations put it: beside the outputs, on the message, or on LangChain's serialised message. */
function usageMetadata(outputs: JsonObject): JsonObject {
  if (isObject(outputs['usage_metadata'])) return outputs['usage_metadata']
  return objectOf(messageOf(outputs)['usage_metadata'])
}

/** The first answer of the run, without LangChain's wrapping; the outputs themselves where there is none. */
function messageOf(outputs: JsonObject): JsonObject {
  const generations = listOf(outputs['generations'])
  const first = Array.isArray(generations[0]) ? generations[0][0] : generations[0]
  if (isObject(first)) {
    return isObject(first['message']) ? unwrapped(first['message']) : first
  }
  if (isObject(outputs['message'])) return unwrapped(outputs['message'])
  const messages = listOf(outputs['messages'])
  const last = messages[messages.length - 1]
  return isObject(last) ? unwrapped(last) : outputs
}

/** LangChain serialises a message as {"lc":1,"type":"constructor","id":[…,"AIMessage"],"kwargs":{…}}. */
function unwrapped(message: JsonObject): JsonObject {
  const inner = isObject(message['kwargs']) ? message['kwargs'] : message
  const calls = objectOf(inner['additional_kwargs'])['tool_calls']
  return Array.isArray(calls) ? { ...inner, tool_calls: calls } : inner
}

/** The prompt in OpenAI's shape; LangChain nests the messages of a batch one list deeper. */
function askedOf(record: JsonObject, model: string, params: JsonObject): JsonObject | undefined {
  const inputs = objectOf(record['inputs'])
  const { _type, model: _, model_name, ...rest } = params
  const list = listOf(inputs['messages'])
  const messages = Array.isArray(list[0]) ? list[0] : list
  if (messages.length > 0) {
    const tools = inputs['tools'] ?? rest['tools']
    return { ...rest, model, messages: messages.map(wireMessage), ...(tools && { tools }) }
  }
  const prompt = firstText(listOf(inputs['prompts'])[0], inputs['prompt'], inputs['input'])
  return prompt === undefined
    ? undefined
    : { ...rest, model, messages: [{ role: 'user', content: prompt }] }
}

const roles: Readonly<Record<string, string>> = {
  human: 'user',
  ai: 'assistant',
  HumanMessage: 'user',
  AIMessage: 'assistant',
  AIMessageChunk: 'assistant',
  SystemMessage: 'system',
  ToolMessage: 'tool',
}

function wireMessage(message: Json): JsonObject {
  if (!isObject(message)) return { role: 'user', content: message }
  const inner = unwrapped(message)
  if (typeof inner['role'] === 'string' && inner === message) return message
  const kind = firstText(inner['role'], inner['type'], listOf(message['id']).at(-1)) ?? 'user'
  const { content, tool_calls, tool_call_id } = inner
  return {
    role: inTable(roles, kind) ?? kind,
    content: content ?? '',
    ...(Array.isArray(tool_calls) && tool_calls.length > 0 && { tool_calls }),
    ...(typeof tool_call_id === 'string' && { tool_call_id }),
  }
}

function responseIdOf(message: JsonObject, outputs: JsonObject): string | undefined {
  const metadata = objectOf(message['response_metadata'])
  return [metadata['id'], objectOf(outputs['llm_output'])['id'], outputs['id'], message['id']]
    .map(providerResponseId)
    .find((id) => id !== undefined)
}

/** The column `session_id` is the project; a conversation's id is in the metadata. */
function contextOf(record: JsonObject, metadata: JsonObject): Partial<Request> {
  const own: Record<string, Json | undefined> = {}
  for (const name in metadata) {
    if (!/^(?:ls_|langgraph_|revision_id$)/.test(name)) own[name] = metadata[name]
  }
  return readContext(
    [{ trace: textOf(record['trace_id']), session: sessionOf(metadata) }, own],
    [record['tags']],
  )
}

const sessionOf = (metadata: JsonObject) =>
  firstText(metadata['session_id'], metadata['thread_id'], metadata['conversation_id'])

function timesOf(record: JsonObject): Partial<Request> {
  const at = statedTime(record['start_time'])
  const end = timeOf(record['end_time'])
  const first = timeOf(record['first_token_time'])
  return defined({
    at,
    latencyMs: at !== undefined && end !== undefined && end >= at ? end - at : undefined,
    firstTokenMs: at !== undefined && first !== undefined && first >= at ? first - at : undefined,
  })
}

function statusOfRun(record: JsonObject): Status {
  const word = textOf(record['status'])
  return word === 'pending' ? 'ok' : statusOf(word, record['error'])
}
