import { promptOf } from '../../dialects/openai-chat.ts'
import { problemOfCounts, readAnyUsage } from '../../dialects/usage.ts'
import {
  booleanOf,
  countOf,
  defined,
  inTable,
  isLeftOut,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  openObject,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { AttemptOutcome } from '../../domain/receipt.ts'
import type {
  Answer,
  AttemptAnswer,
  Operation,
  Prompt,
  PromptBlocks,
  Request,
  Status,
} from '../../domain/request.ts'
import type { Fees, Usage } from '../../domain/usage.ts'
import { statedTime } from '../fields.ts'
import { readContext } from '../identity.ts'
import type { Reader, Reading } from '../reader.ts'

/** llmcost's own JSONL (docs/formats.md): what `export --canonical` writes, and what --map maps onto. */
export const canonical: Reader = {
  name: 'canonical',
  title: 'llmcost canonical JSONL',
  recognise: (records) =>
    records.filter((record) => record['v'] === 1 && 'model' in record).length / records.length,
  start: () => ({ read: readCanonical }),
}

const usageFields = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
] as const

/** One canonical record, its fields as they stand. Everything may be missing but the model. */
export function readCanonical(record: JsonObject): Reading {
  const model = textOf(record['model'])
  if (model === undefined) return { rejected: 'no-model' }
  const at = record['at']
  const moment = statedTime(at)
  if (Number.isNaN(moment)) return { rejected: 'bad-time' }
  const { usage, rejected } = readCounts(record['usage'])
  const { fees, rejected: badFees } = readFees(record['fees'])
  const problem = rejected ?? badFees ?? negativeOf(record)
  if (problem !== undefined) return { rejected: problem }
  return {
    ...readContext([record, record['metadata']], [record['tags'], record['metadata']]),
    ...defined({
      id: textOf(record['id']),
      responseId: textOf(record['responseId']),
      at: moment,
      provider: textOf(record['provider']),
      requestedModel: textOf(record['requestedModel']),
      prompt: readPrompt(record['prompt']),
      promptBlocks: readBlocks(record['promptBlocks']),
      params: readParams(record['params']),
      answer: readAnswer(record['answer']),
      answerLabel: textOf(record['answerLabel']),
      embedding: readEmbedding(record['embedding']),
      usage,
      usageEstimated: booleanOf(record['usageEstimated']),
      latencyMs: numberOf(record['latencyMs']),
      firstTokenMs: numberOf(record['firstTokenMs']),
      streamed: booleanOf(record['streamed']),
      statusCode: numberOf(record['statusCode']),
      error: errorText(record['error']),
      serviceTier: textOf(record['serviceTier']),
      speed: textOf(record['speed']),
      inferenceGeo: textOf(record['inferenceGeo']),
      region: textOf(record['region']),
      fees,
      loggedCostNanoUsd: readUsd(record['costUsd']) ?? undefined,
      servedFromCache: booleanOf(record['servedFromCache']),
      attempts: readAttempts(record['attempts']),
      variant: textOf(record['variant']),
      replay: booleanOf(record['replay']),
    }),
    model,
    operation: operationOf(record['operation']),
    status: statusOf(record['status'], record['error']),
  } as Request
}

function readCounts(wire: unknown): { readonly usage?: Usage; readonly rejected?: string } {
  if (!isObject(wire)) return {}
  if (!('inputTokens' in wire) && !('outputTokens' in wire)) return readAnyUsage(wire)
  // A CSV has an empty cell where a record would leave the count out.
  if (usageFields.every((field) => isLeftOut(wire[field]))) return {}
  const counts = usageFields.map((field) => countOf(wire[field]) ?? 0)
  const problem = problemOfCounts(counts)
  if (problem !== undefined) return { rejected: problem }
  const usage = Object.fromEntries(
    usageFields.map((field, index) => [field, counts[index]]),
  ) as Usage
  return usage.reasoningTokens > usage.outputTokens
    ? { rejected: 'reasoning-exceeds-output' }
    : { usage }
}

const feeNames = [
  'webSearches',
  'fileSearches',
  'codeSessions',
  'inputAudioTokens',
  'cacheReadAudioTokens',
  'outputAudioTokens',
  'inputImageTokens',
  'outputImageTokens',
  'otherCallsNanoUsd',
] as const satisfies readonly (keyof Fees)[]

/** Each a whole number, also as text; without those that are left out. */
function readFees(wire: unknown): { readonly fees?: Fees; readonly rejected?: string } {
  if (!isObject(wire)) return {}
  const fees: Record<string, number> = {}
  for (const name of feeNames) {
    const count = countOf(wire[name])
    if (count !== undefined) fees[name] = count
  }
  const rejected = problemOfCounts(Object.values(fees))
  return rejected === undefined ? { fees } : { rejected }
}

/** Money and time that went backwards. */
function negativeOf(record: JsonObject): string | undefined {
  if ((readUsd(record['costUsd']) ?? 0) < 0) return 'negative-cost'
  const times = [numberOf(record['latencyMs']), numberOf(record['firstTokenMs'])]
  return times.some((time) => time !== undefined && time < 0) ? 'negative-latency' : undefined
}

function readPrompt(wire: unknown): Prompt | undefined {
  if (typeof wire === 'string') return { messages: [{ role: 'user', content: wire }] }
  if (Array.isArray(wire)) return promptOf(wire)
  if (!isObject(wire)) return undefined
  const prompt = promptOf(listOf(wire['messages']), wire['tools'])
  const system = wire['system']
  return system === undefined || system === null || system === '' ? prompt : { ...prompt, system }
}

function readBlocks(wire: unknown): PromptBlocks | undefined {
  if (!isObject(wire) || !Array.isArray(wire['ids'])) return undefined
  const tokensPerBlock = numberOf(wire['tokensPerBlock'])
  if (tokensPerBlock === undefined || tokensPerBlock <= 0) return undefined
  return { tokensPerBlock, ids: wire['ids'] as readonly (number | string)[] }
}

/** Our own names beside the wire's: both reach the key under the wire name. */
const paramNames: Readonly<Record<string, string>> = {
  maxTokens: 'max_tokens',
  responseFormat: 'response_format',
  topP: 'top_p',
}

function readParams(wire: unknown): JsonObject | undefined {
  if (!isObject(wire)) return undefined
  const params = openObject<Json>()
  for (const name in wire) {
    const value = wire[name]
    if (value !== null && value !== undefined) params[inTable(paramNames, name) ?? name] = value
  }
  return Object.keys(params).length === 0 ? undefined : params
}

function readAnswer(wire: unknown): Answer | undefined {
  if (typeof wire === 'string') return { text: wire }
  if (!isObject(wire)) return undefined
  const calls = listOf(wire['toolCalls'])
  return defined({
    text: typeof wire['text'] === 'string' ? wire['text'] : undefined,
    toolCalls: calls.length > 0 ? calls : undefined,
    finishReason: textOf(wire['finishReason']),
    choices: numberOf(wire['choices']),
  })
}

const attemptOutcomes: ReadonlySet<string> = new Set<AttemptOutcome>([
  'accepted',
  'rejected',
  'failed',
  'timeout',
  'unknown',
])

/** What models said that a gateway asked; one that is not told as it should be is no attempt. */
function readAttempts(wire: unknown): readonly AttemptAnswer[] | undefined {
  const attempts = listOf(wire).flatMap((each): readonly AttemptAnswer[] => {
    const { target, outcome, answer } = objectOf(each)
    if (typeof target !== 'string' || !attemptOutcomes.has(String(outcome))) return []
    const attempt = { target, outcome: outcome as AttemptOutcome, answer: readAnswer(answer) }
    return [defined(attempt) as AttemptAnswer]
  })
  return attempts.length === 0 ? undefined : attempts
}

function readEmbedding(wire: unknown): readonly number[] | undefined {
  const list = listOf(wire)
  return list.length > 0 && list.every((item) => typeof item === 'number')
    ? (list as readonly number[])
    : undefined
}

const errorText = (wire: unknown): string | undefined =>
  textOf(wire) ??
  textOf(objectOf(wire)['message']) ??
  (isObject(wire) ? JSON.stringify(wire) : undefined)

const operations: ReadonlySet<string> = new Set(['chat', 'completion', 'embedding', 'other'])

/** The operation by our names or by the ones in use: embeddings, text_completion, acompletion… */
export function operationOf(wire: unknown): Operation {
  const word = textOf(wire)?.toLowerCase() ?? 'chat'
  if (operations.has(word)) return word as Operation
  if (word.includes('embed')) return 'embedding'
  if (word === 'text_completion' || word === 'atext_completion') return 'completion'
  if (/image|speech|transcri|moderation|rerank|audio/.test(word)) return 'other'
  return 'chat'
}

/** ok, error, timeout or cancelled, from a word, an HTTP status or the presence of an error. */
export function statusOf(wire: unknown, error?: unknown): Status {
  const code = numberOf(wire)
  if (code !== undefined && code >= 100) return statusOfCode(code)
  const word = textOf(wire)?.toLowerCase()
  if (word === undefined) return isPresent(error) ? 'error' : 'ok'
  if (/^(ok|success|succeeded|completed|complete|incomplete|default|unset|in_progress)$/.test(word))
    return 'ok'
  if (/time/.test(word)) return 'timeout'
  if (/cancel|abort/.test(word)) return 'cancelled'
  return 'error'
}

function statusOfCode(code: number): Status {
  if (code === 408 || code === 504) return 'timeout'
  if (code === 499) return 'cancelled'
  return code >= 400 ? 'error' : 'ok'
}

const isPresent = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && value !== false
