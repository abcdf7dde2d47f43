import { readAnthropicUsage } from '../../dialects/usage.ts'
import { defined, inTable, isObject, type JsonObject, textOf } from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Request } from '../../domain/request.ts'
import { statedTime } from '../fields.ts'
import type { Reader, Reading } from '../reader.ts'

/**
 * Claude Code's session transcripts (`~/.claude/projects/DIRECTORY/SESSION.jsonl`). Each streamed answer is written
 * several times with growing output under one message id; the store keeps the largest. Neither prompt nor answer text
 * is taken: a row holds one block of the answer, and the conversation would be most of the file.
 */
export const claudeCode: Reader = {
  name: 'claude-code',
  title: 'Claude Code session transcript',
  needle: '"usage"',
  recognise: (records) => records.filter(isTranscriptRow).length / records.length,
  start({ path }) {
    const featureOf = projectNames(path)
    return { read: (record) => readRow(record, featureOf) }
  },
}

/** Rows without usage that nothing else writes: sniffing may see only these. */
const bareRows = new Set(['file-history-snapshot', 'queue-operation', 'last-prompt', 'summary'])

function isTranscriptRow(record: JsonObject): boolean {
  if ('sessionId' in record && ('uuid' in record || 'isSidechain' in record)) return true
  if (typeof record['type'] === 'string' && bareRows.has(record['type'])) return true
  const { message } = record
  return (
    isObject(message) &&
    isObject(message['usage']) &&
    'input_tokens' in message['usage'] &&
    'timestamp' in record
  )
}

function readRow(record: JsonObject, featureOf: (cwd: string | undefined) => string): Reading {
  const row = isObject(record['message']) ? record : agentRow(record)
  const { message } = row
  const usage = isObject(message) ? message['usage'] : undefined
  if (!isObject(message) || !isObject(usage)) return { ignored: kindOf(record) }
  const model = textOf(message['model'])
  if (model === undefined) return { rejected: 'no-model' }
  // Written by Claude Code itself in place of an answer, e.g. when the API failed.
  if (model === '<synthetic>') return { ignored: 'synthetic' }
  const reading = readAnthropicUsage(usage)
  if (reading.rejected !== undefined) return { rejected: reading.rejected }
  const responseId = textOf(message['id'])
  const request: Request = defined({
    model,
    operation: 'chat' as const,
    status: 'ok' as const,
    feature: featureOf(textOf(record['cwd'])),
    id: responseId ?? textOf(row['uuid']) ?? textOf(record['uuid']),
    responseId,
    at: statedTime(row['timestamp'] ?? record['timestamp']),
    provider: providerOf(model, responseId),
    session: textOf(record['sessionId']),
    usage: reading.usage,
    fees: reading.fees,
    answer: answerOf(message['stop_reason']),
    serviceTier: textOf(usage['service_tier']),
    speed: textOf(usage['speed']),
    inferenceGeo: geoOf(usage['inference_geo']),
    loggedCostNanoUsd: readUsd(record['costUSD']) ?? undefined,
    variant: textOf(row['requestId'] ?? record['requestId']),
    replay: record['isSidechain'] === true || undefined,
  })
  return request
}

/** Rows without usage are counted by their kind: user, summary, file-history-snapshot… */
const kindOf = (record: JsonObject): string =>
  record['type'] === 'assistant' ? 'no-usage' : (textOf(record['type']) ?? 'no-usage')

/** A sub-agent's row, nested in the progress row of the tool that runs it; an empty object for any other row. */
function agentRow(record: JsonObject): JsonObject {
  const { data } = record
  return isObject(data) && isObject(data['message']) ? data['message'] : {}
}

const finishReasons: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool',
  refusal: 'filtered',
}

function answerOf(stop: unknown): Request['answer'] {
  return typeof stop === 'string'
    ? { finishReason: inTable(finishReasons, stop) ?? stop }
    : undefined
}

const geoOf = (value: unknown): string | undefined =>
  value === 'not_available' ? undefined : textOf(value)

/** Claude Code also speaks to Bedrock and Vertex, whose message ids say so, and to other vendors' endpoints. */
function providerOf(model: string, responseId: string | undefined): string | undefined {
  if (responseId?.startsWith('msg_bdrk_')) return 'aws'
  if (responseId?.startsWith('msg_vrtx_')) return 'google'
  return model.startsWith('claude') ? 'anthropic' : undefined
}

/**
 * Names the project of a row: the last part of its root folder. The transcript's directory is that folder with every
 * other character than a letter or digit turned into "-", so a row's cwd, which may be deeper, is cut to its length.
 */
function projectNames(path: string): (cwd: string | undefined) => string {
  const parts = path.split(/[\\/]/)
  const projects = parts.lastIndexOf('projects')
  const directory = (projects === -1 ? undefined : parts[projects + 1]) ?? ''
  const known = new Map<string | undefined, string>()
  return (cwd) => {
    const name = known.get(cwd) ?? projectName(cwd, directory)
    known.set(cwd, name)
    return name
  }
}

function projectName(cwd: string | undefined, directory: string): string {
  if (cwd === undefined) return directory === '' ? 'unknown' : directory
  const inside = directory !== '' && cwd.replace(/[^a-zA-Z0-9]/g, '-').startsWith(directory)
  const root = inside ? cwd.slice(0, directory.length) : cwd
  const name = root.split(/[\\/]/).findLast((part) => part !== '')
  return name ?? root
}
