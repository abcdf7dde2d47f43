import { disjointUsage, sumOf, type UsageReading } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstCount,
  firstText,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Request } from '../../domain/request.ts'
import type { Fees } from '../../domain/usage.ts'
import { answeredBody, askedBody, readBodies } from '../bodies.ts'
import { statedTime, timeOf } from '../fields.ts'
import { readContext, restAsTags } from '../identity.ts'
import { splitModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { providerResponseId } from './litellm.ts'
import { modalityFees } from './span-facts.ts'

/** Langfuse observations: the events export (camelCase), the API's and older exports (snake_case). */
export const langfuse: Reader = {
  name: 'langfuse',
  title: 'Langfuse observations export',
  recognise: (records) => records.filter(isObservation).length / records.length,
  start: () => ({ read: readObservation }),
}

const kinds = new Set(
  'GENERATION EMBEDDING SPAN EVENT AGENT TOOL CHAIN RETRIEVER EVALUATOR GUARDRAIL'.split(' '),
)

function isObservation(record: JsonObject): boolean {
  if (typeof record['type'] !== 'string' || !kinds.has(record['type'].toUpperCase())) return false
  return ('traceId' in record || 'trace_id' in record) && of(record, 'startTime') !== undefined
}

/** A field by its camelCase or snake_case name. */
function of(record: JsonObject, name: string): Json | undefined {
  return record[name] ?? record[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

/** Only generations and embeddings asked a model: spans and agents above them repeat their totals. */
function readObservation(record: JsonObject): Reading {
  const kind = textOf(record['type'])?.toUpperCase()
  if (kind !== 'GENERATION' && kind !== 'EMBEDDING')
    return { ignored: kind?.toLowerCase() ?? 'not-a-generation' }
  const name = firstText(of(record, 'providedModelName'), record['model'])
  if (name === undefined) return { rejected: 'no-model' }
  const { provider, model } = splitModel(name)
  const counts = countsOf(record)
  const { usage, rejected } = usageOf(counts)
  if (rejected !== undefined) return { rejected }
  const params = of(record, 'modelParameters')
  const bodies = readBodies({
    model,
    asked: askedBody(model, record['input'], params),
    answered: answeredBody(record['output']),
  })
  const error = textOf(record['level']) === 'ERROR'
  return {
    ...contextOf(record),
    ...timesOf(record),
    ...defined({
      ...bodies,
      id: textOf(record['id']),
      responseId: bodies.responseId ?? providerResponseId(objectOf(record['output'])['id']),
      provider,
      params: bodies.params ?? paramsOf(params),
      usage: usage ?? bodies.usage,
      fees: feesOf(counts) ?? bodies.fees,
      error: error ? textOf(of(record, 'statusMessage')) : undefined,
      loggedCostNanoUsd: costOf(record),
      // Blob exports hold a row again after each update.
      revision: timeOf(of(record, 'eventTs')) ?? timeOf(of(record, 'updatedAt')),
    }),
    model,
    operation: kind === 'EMBEDDING' ? 'embedding' : 'chat',
    status: error ? 'error' : 'ok',
  } as Request
}

function paramsOf(wire: unknown): JsonObject | undefined {
  const params = objectOf(wire)
  return Object.keys(params).length === 0 ? undefined : params
}

function costOf(record: JsonObject): Request['loggedCostNanoUsd'] {
  const cost =
    of(record, 'totalCost') ??
    of(record, 'calculatedTotalCost') ??
    objectOf(of(record, 'costDetails'))['total']
  return readUsd(cost) ?? undefined
}

/** The counts by name: `usageDetails`, the older `usage`, or the oldest columns. */
function countsOf(record: JsonObject): JsonObject {
  const details = objectOf(of(record, 'usageDetails'))
  if (Object.keys(details).length > 0) return details
  const usage = objectOf(record['usage'])
  return {
    input: firstCount(usage['input'], usage['promptTokens'], of(record, 'promptTokens')),
    output: firstCount(usage['output'], usage['completionTokens'], of(record, 'completionTokens')),
    total: firstCount(usage['total'], usage['totalTokens'], of(record, 'totalTokens')),
  }
}

type Buckets = {
  input: number | undefined
  output: number | undefined
  total: number | undefined
  read: number
  write: number
  write5m: number
  write1h: number
  reasoning: number
  /** Other modalities, which Langfuse takes out of `input` and `output` too. */
  otherInput: number
  otherOutput: number
}

/**
 * `input` and `output` are net: cached and reasoning tokens stand beside them under names that vary with the
 * integration. Where the total is just input and output, whoever sent them had not subtracted.
 */
function usageOf(counts: JsonObject): UsageReading {
  const buckets = sorted(counts)
  const { input = 0, output = 0, total, otherInput, otherOutput, reasoning } = buckets
  const known = buckets.input !== undefined || buckets.output !== undefined
  const gross = known && total === input + output
  const split = sumOf(buckets.write5m, buckets.write1h)
  return disjointUsage(
    {
      input: known || otherInput !== 0 ? sumOf(input, gross ? 0 : otherInput) : undefined,
      cacheRead: buckets.read,
      cacheWrite5m: sumOf(
        buckets.write5m,
        buckets.write < 0 ? buckets.write : Math.max(buckets.write - split, 0),
      ),
      cacheWrite1h: buckets.write1h,
      output: known || otherOutput !== 0 ? sumOf(output, gross ? 0 : otherOutput) : undefined,
      reasoning,
    },
    gross ? 'included' : 'separate',
    gross ? 'included' : 'separate',
  )
}

function sorted(counts: JsonObject): Buckets {
  const buckets: Buckets = {
    input: undefined,
    output: undefined,
    total: undefined,
    read: 0,
    write: 0,
    write5m: 0,
    write1h: 0,
    reasoning: 0,
    otherInput: 0,
    otherOutput: 0,
  }
  for (const name in counts) {
    const count = countOf(counts[name])
    const bucket = bucketOf(name)
    if (count !== undefined && bucket !== undefined)
      buckets[bucket] = sumOf(buckets[bucket] ?? 0, count)
  }
  return buckets
}

const mediaPatterns: readonly (readonly [pattern: RegExp, name: keyof Fees])[] = [
  [/cache.*audio|audio.*cache/i, 'cacheReadAudioTokens'],
  [/^(?:input|prompt).*audio/i, 'inputAudioTokens'],
  [/^(?:output|completion).*audio/i, 'outputAudioTokens'],
  [/^(?:input|prompt).*image/i, 'inputImageTokens'],
  [/^(?:output|completion).*image/i, 'outputImageTokens'],
]

/** Sound and pictures within these counts, which have prices of their own. */
function feesOf(counts: JsonObject): Fees | undefined {
  const found: Record<string, number> = {}
  for (const name in counts) {
    const kind = mediaPatterns.find(([pattern]) => pattern.test(name))?.[1]
    const count = countOf(counts[name])
    if (kind !== undefined && count !== undefined) found[kind] = sumOf(found[kind] ?? 0, count)
  }
  return modalityFees(found)
}

const bucketPatterns: readonly (readonly [pattern: RegExp, bucket: keyof Buckets])[] = [
  [/^total/, 'total'],
  [/^(?:input|prompt)(?:_?tokens)?$/i, 'input'],
  [/^(?:output|completion)(?:_?tokens)?$/i, 'output'],
  [/cache.*(?:creation|write).*1h|ephemeral_1h/, 'write1h'],
  [/cache.*(?:creation|write).*5m|ephemeral_5m/, 'write5m'],
  [/cache.*(?:creation|write)/, 'write'],
  [/cache/, 'read'],
  [/reason|thought|thinking/, 'reasoning'],
  [/^(?:input|prompt)/, 'otherInput'],
  [/^(?:output|completion)/, 'otherOutput'],
]

const bucketOf = (name: string): keyof Buckets | undefined =>
  bucketPatterns.find(([pattern]) => pattern.test(name))?.[1]

function contextOf(record: JsonObject): Partial<Request> {
  const metadata = record['metadata']
  return readContext(
    [
      {
        user: textOf(of(record, 'userId')),
        session: textOf(of(record, 'sessionId')),
        trace: textOf(of(record, 'traceId')),
        promptVersion: promptVersion(record),
      },
      metadata,
      { feature: firstText(of(record, 'traceName'), record['name']) },
    ],
    [record['tags'], { environment: record['environment'] ?? null }, restAsTags(metadata)],
  )
}

function promptVersion(record: JsonObject): string | undefined {
  const name = textOf(of(record, 'promptName'))
  const version = textOf(of(record, 'promptVersion'))
  return name === undefined || version === undefined ? (name ?? version) : `${name}@${version}`
}

/** The API gives `latency` and `timeToFirstToken` in seconds, so the moments come first. */
function timesOf(record: JsonObject): Partial<Request> {
  const at = statedTime(of(record, 'startTime'))
  const end = timeOf(of(record, 'endTime'))
  const first = timeOf(of(record, 'completionStartTime'))
  const since = (moment: number | undefined) =>
    at !== undefined && moment !== undefined && moment >= at ? moment - at : undefined
  return defined({
    at,
    latencyMs: numberOf(of(record, 'latencyMs')) ?? since(end) ?? seconds(record['latency']),
    firstTokenMs:
      numberOf(of(record, 'timeToFirstTokenMs')) ??
      since(first) ??
      seconds(of(record, 'timeToFirstToken')),
  })
}

function seconds(value: unknown): number | undefined {
  const number = numberOf(value)
  return number === undefined ? undefined : Math.round(number * 1000)
}
