import { disjointUsage } from '../../dialects/usage.ts'
import {
  booleanOf,
  countOf,
  defined,
  firstText,
  isObject,
  type JsonObject,
  numberOf,
  textOf,
} from '../../domain/json.ts'
import type { Request } from '../../domain/request.ts'
import { statedTime } from '../fields.ts'
import type { Reader, Reading } from '../reader.ts'
import { costOf, outcomeOf } from './openrouter.ts'
import { finishReasonOf } from './span-facts.ts'

/** Generation records of OpenRouter's API, also inside the {"data":…} that the API answers. */
export const openrouterGeneration: Reader = {
  name: 'openrouter-generation',
  title: 'OpenRouter generation records',
  recognise: (records) =>
    records.filter((record) => isGeneration(generationOf(record))).length / records.length,
  start: () => ({ read: (record) => readGeneration(generationOf(record)) }),
}

const generationOf = (record: JsonObject): JsonObject =>
  isObject(record['data']) ? record['data'] : record

const isGeneration = (record: JsonObject): boolean =>
  'native_tokens_prompt' in record && 'provider_name' in record && 'id' in record

function readGeneration(record: JsonObject): Reading {
  const model = textOf(record['model'])
  if (model === undefined) return { rejected: 'no-model' }
  // The native counts are the provider's own and billed; tokens_prompt counts with one tokenizer for all models.
  const { usage, rejected } = disjointUsage(
    {
      input: countOf(record['native_tokens_prompt']),
      cacheRead: countOf(record['native_tokens_cached']),
      output: countOf(record['native_tokens_completion']),
      reasoning: countOf(record['native_tokens_reasoning']),
    },
    'included',
  )
  if (rejected !== undefined) return { rejected }
  const id = textOf(record['id'])
  const finish = firstText(record['finish_reason'], record['native_finish_reason'])
  const upstream = booleanOf(record['is_byok']) === true ? record['upstream_inference_cost'] : null
  return {
    ...defined({
      id,
      responseId: id,
      at: statedTime(record['created_at']),
      user: textOf(record['external_user']),
      session: textOf(record['session_id']),
      tags: tagsOf(record),
      region: regionOf(record['data_region']),
      usage,
      answer: finish === undefined ? undefined : { finishReason: finishReasonOf(finish) },
      ...times(record),
      streamed: booleanOf(record['streamed']),
      serviceTier: textOf(record['service_tier']),
      loggedCostNanoUsd: costOf(record['total_cost'] ?? record['usage'], upstream),
    }),
    provider: 'openrouter',
    model,
    operation: textOf(record['api_type']) === 'embeddings' ? 'embedding' : 'chat',
    status: outcomeOf(booleanOf(record['cancelled']), finish),
  } as Request
}

/** `latency` is the time to the first token of a stream; `generation_time` the whole. */
function times(record: JsonObject): Partial<Request> {
  const [latency, whole] = [numberOf(record['latency']), numberOf(record['generation_time'])]
  const streamed = booleanOf(record['streamed']) === true
  return defined({
    latencyMs:
      whole !== undefined && latency !== undefined ? Math.max(whole, latency) : (whole ?? latency),
    firstTokenMs:
      streamed && whole !== undefined && latency !== undefined && latency < whole
        ? latency
        : undefined,
  })
}

const regionOf = (wire: unknown): string | undefined =>
  wire === 'global' ? undefined : textOf(wire)

function tagsOf(record: JsonObject): ReadonlyMap<string, string> | undefined {
  const tags = new Map<string, string>()
  for (const name of ['provider_name', 'origin', 'router'])
    if (textOf(record[name]) !== undefined) tags.set(name, String(record[name]))
  return tags.size === 0 ? undefined : tags
}
