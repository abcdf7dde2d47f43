import { disjointUsage, type UsageReading } from '../../dialects/usage.ts'
import {
  booleanOf,
  countOf,
  defined,
  firstText,
  isObject,
  type JsonObject,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd, zeroNanoUsd } from '../../domain/money.ts'
import type { Request, Status } from '../../domain/request.ts'
import { answeredBody, askedBody, readBodies } from '../bodies.ts'
import { statedTime } from '../fields.ts'
import { readContext } from '../identity.ts'
import { providerIdOf, providerOfModel, splitModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'

/** promptfoo's results.json: each element of results.results is one prompt put to one provider, and its verdict. */
export const promptfoo: Reader = {
  name: 'promptfoo',
  title: 'promptfoo evaluation results',
  recognise: (records) => records.filter(isResult).length / records.length,
  start: () => ({ read: readResult }),
}

const isResult = (record: JsonObject): boolean =>
  'provider' in record &&
  'success' in record &&
  ('promptIdx' in record || 'gradingResult' in record || 'namedScores' in record)

function readResult(record: JsonObject): Reading {
  const id = firstText(objectOf(record['provider'])['id'], record['provider'])
  if (id === undefined) return { rejected: 'no-model' }
  const { provider, model } = targetOf(id)
  const response = objectOf(record['response'])
  const cached = booleanOf(response['cached']) === true
  const { usage, rejected } = usageOf(tokenUsageOf(record, response))
  if (rejected !== undefined) return { rejected }
  const bodies = readBodies({
    model,
    asked: askedBody(model, promptText(record), configOf(record)),
    answered: answeredBody(response['output']),
  })
  const status = statusOf(record, response)
  return {
    ...contextOf(record, id),
    ...defined({
      prompt: bodies.prompt,
      params: bodies.params,
      answer: finished(bodies.answer, textOf(response['finishReason'])),
      id: idOf(record, id),
      at: statedTime(record['timestamp'] ?? record['createdAt']),
      latencyMs: numberOf(record['latencyMs']),
      provider,
      usage,
      error: status === 'ok' ? undefined : firstText(response['error'], record['error']),
      loggedCostNanoUsd: cached
        ? zeroNanoUsd
        : (readUsd(record['cost'] ?? response['cost']) ?? undefined),
      servedFromCache: cached || undefined,
    }),
    model,
    operation: 'chat',
    status,
  } as Request
}

/** "openai:chat:gpt-4o", "anthropic:messages:claude-…", "openrouter:openai/gpt-4o", "bedrock:us.anthropic.claude-…:0". */
function targetOf(id: string): { readonly provider?: string; readonly model: string } {
  const colon = id.indexOf(':')
  if (colon <= 0) return splitModel(id)
  const provider = providerIdOf(id.slice(0, colon))
  const rest = id.slice(colon + 1).replace(wireNames, '')
  const known = provider !== undefined && !/^(?:https?|file|exec|python|package)$/.test(provider)
  if (!known) return { model: id }
  const maker = provider === 'litellm' ? providerOfModel(rest) : provider
  return { model: rest, ...(maker !== undefined && { provider: maker }) }
}

/** Between provider and model may stand the name of the API. */
const wireNames =
  /^(?:chat|messages|completion|completions|responses|embedding|embeddings|realtime|converse):/

/** A result's own id, or its place in the evaluation. */
function idOf(record: JsonObject, provider: string): string | undefined {
  const place = [record['evalId'], record['testIdx'], record['promptIdx']].map(textOf)
  const named = place.every((part) => part !== undefined)
  return textOf(record['id']) ?? (named ? `${place.join(':')}:${provider}` : undefined)
}

function tokenUsageOf(record: JsonObject, response: JsonObject): JsonObject {
  const own = response['tokenUsage']
  return isObject(own) ? own : objectOf(record['tokenUsage'])
}

/**
 * promptfoo's `cached` counts the tokens of answers that its own cache gave, and then nothing else: they are no reads
 * of a provider's prompt cache. Those stand among the completion's details.
 */
function usageOf(tokens: JsonObject): UsageReading {
  const details = objectOf(tokens['completionDetails'])
  const input = countOf(tokens['prompt'])
  const output = countOf(tokens['completion'])
  if ((input ?? 0) + (output ?? 0) === 0 && (countOf(tokens['cached']) ?? 0) > 0) {
    return {}
  }
  return disjointUsage(
    {
      input,
      cacheRead: countOf(details['cacheReadInputTokens']),
      cacheWrite5m: countOf(details['cacheCreationInputTokens']),
      output,
      reasoning: countOf(details['reasoning']),
      total: countOf(tokens['total']),
    },
    'unknown',
  )
}

/** The prompt as it was sent: chat prompts are JSON text of their messages. */
const promptText = (record: JsonObject): unknown =>
  isObject(record['prompt']) ? record['prompt']['raw'] : record['prompt']

const configOf = (record: JsonObject): JsonObject =>
  objectOf(objectOf(record['provider'])['config'])

function finished(answer: Request['answer'], reason: string | undefined): Request['answer'] {
  return answer === undefined || reason === undefined ? answer : { ...answer, finishReason: reason }
}

/** A failed assertion also sets `error`; only reason 2 says that the provider failed. */
function statusOf(record: JsonObject, response: JsonObject): Status {
  const reason = numberOf(record['failureReason'])
  if (reason !== undefined) return reason === 2 ? 'error' : 'ok'
  if (textOf(response['error']) !== undefined) return 'error'
  const silent = response['output'] === undefined || response['output'] === null
  return silent && textOf(record['error']) !== undefined ? 'error' : 'ok'
}

/** What was judged, and how: evidence for comparing models. */
function contextOf(record: JsonObject, provider: string): Partial<Request> {
  const test = objectOf(record['testCase'])
  const verdict = {
    provider,
    success: booleanOf(record['success']) ?? null,
    score: numberOf(record['score']) ?? null,
    test: firstText(test['description'], record['testIdx']) ?? null,
  }
  const metadata = objectOf(test['metadata'])
  const prompt = objectOf(record['prompt'])
  const label = textOf(prompt['label'])
  const version = label === undefined || label === prompt['raw'] ? textOf(prompt['id']) : label
  return readContext(
    [
      { trace: textOf(record['traceId']), promptVersion: firstText(record['promptId'], version) },
      metadata,
    ],
    [verdict],
  )
}
