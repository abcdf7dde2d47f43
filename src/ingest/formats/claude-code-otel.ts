import { disjointUsage } from '../../dialects/usage.ts'
import {
  defined,
  firstCount,
  firstNumber,
  firstText,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Request } from '../../domain/request.ts'
import { statedTime } from '../fields.ts'
import { providerOfModel } from '../provider.ts'
import { isReading, type Reader, type Reading } from '../reader.ts'

/** Claude Code's OpenTelemetry event `claude_code.api_request`: flat JSON, one log record, or OTLP batches of them. */
export const claudeCodeOtel: Reader = {
  name: 'claude-code-otel',
  title: 'Claude Code OpenTelemetry events',
  recognise: (records) => records.filter(isOurs).length / records.length,
  start: () => ({ read: readBatch }),
}

type Event = {
  readonly name: string
  readonly at: unknown
  readonly attributes: JsonObject
  /** What the exporter was configured to say of every event: team, department, cost centre. */
  readonly resource: JsonObject
}

const prefix = 'claude_code.'

function isOurs(record: JsonObject): boolean {
  return eventsOf(record).some(
    ({ name, attributes }) =>
      name.startsWith(prefix) || (name === 'api_request' && 'cost_usd' in attributes),
  )
}

function readBatch(record: JsonObject): Reading {
  const readings = eventsOf(record).map(readEvent)
  const [only] = readings
  if (readings.length === 1 && only !== undefined) return only
  const requests = readings.filter(isReading).flat()
  if (requests.length > 0) return requests
  return readings.find((reading) => 'rejected' in reading) ?? { ignored: 'no-api-request' }
}

/** The events of a record, whichever of the three shapes it has. */
function eventsOf(record: JsonObject): readonly Event[] {
  if (!Array.isArray(record['resourceLogs'])) return [eventOf(record, objectOf(record['resource']))]
  return listOf(record['resourceLogs']).flatMap((logs) => {
    const { resource, scopeLogs } = objectOf(logs)
    return listOf(scopeLogs).flatMap((scope) =>
      listOf(objectOf(scope)['logRecords']).map((log) =>
        eventOf(objectOf(log), objectOf(resource)),
      ),
    )
  })
}

function eventOf(log: JsonObject, resource: JsonObject): Event {
  const attributes = 'attributes' in log ? attributesOf(log['attributes']) : log
  const name = firstText(
    attributes['event.name'],
    log['eventName'],
    log['event'],
    log['name'],
    typedValue(log['body']),
  )
  return {
    name: name ?? '',
    at:
      attributes['event.timestamp'] ??
      log['timeUnixNano'] ??
      log['observedTimeUnixNano'] ??
      log['timestamp'] ??
      log['time'],
    attributes,
    resource: attributesOf(resource['attributes'] ?? resource),
  }
}

/** Attributes as OTLP writes them, a list of keys and typed values, or as a plain object. */
function attributesOf(wire: unknown): JsonObject {
  if (!Array.isArray(wire)) return objectOf(wire)
  const attributes: Record<string, Json | undefined> = {}
  for (const { key, value } of wire.map(objectOf)) {
    if (typeof key === 'string') attributes[key] = typedValue(value)
  }
  return attributes
}

/** OTLP's typed value: {"intValue":"12"} → "12". */
function typedValue(wire: Json | undefined): Json | undefined {
  if (!isObject(wire)) return wire
  return wire['stringValue'] ?? wire['intValue'] ?? wire['doubleValue'] ?? wire['boolValue']
}

function readEvent(event: Event): Reading {
  const { name, attributes } = event
  if (name !== 'api_request' && name !== 'claude_code.api_request') {
    const kind = name.replace(prefix, '').replaceAll('_', '-')
    return { ignored: kind === '' ? 'no-api-request' : kind }
  }
  const model = textOf(attributes['model'])
  if (model === undefined) return { rejected: 'no-model' }
  const { usage, rejected } = disjointUsage(
    {
      input: firstCount(attributes['input_tokens'], attributes['input']),
      cacheRead: firstCount(attributes['cache_read_tokens'], attributes['cacheRead']),
      cacheWrite5m: firstCount(attributes['cache_creation_tokens'], attributes['cacheCreation']),
      output: firstCount(attributes['output_tokens'], attributes['output']),
    },
    'separate',
  )
  if (rejected !== undefined) return { rejected }
  return {
    ...identityOf(event),
    ...defined({
      at: statedTime(event.at),
      provider: providerOfModel(model),
      usage,
      latencyMs: numberOf(attributes['duration_ms']),
      firstTokenMs: firstNumber(attributes['ttft_ms'], attributes['time_to_first_token_ms']),
      speed: textOf(attributes['speed']),
      loggedCostNanoUsd: readUsd(attributes['cost_usd']) ?? undefined,
    }),
    model,
    operation: 'chat',
    status: 'ok',
  } as Request
}

function identityOf({ attributes, resource }: Event): Partial<Request> {
  const of = (name: string) => attributes[name] ?? resource[name]
  const session = textOf(of('session.id'))
  const sequence = textOf(of('event.sequence'))
  const inSession =
    session !== undefined && sequence !== undefined ? `${session}:${sequence}` : undefined
  return defined({
    id: firstText(of('request_id'), of('client_request_id'), inSession),
    session,
    trace: textOf(of('prompt.id')),
    user: firstText(of('user.email'), of('user.account_uuid'), of('user.id')),
    team: firstText(of('team.id'), of('team'), of('department')),
    namespace: firstText(of('organization.name'), of('organization.id')),
    feature: textOf(of('feature')),
    agentRole: textOf(of('query_source')),
    tags: tagsFrom(of),
  })
}

const tagNames = ['cost_center', 'department', 'team.id', 'terminal.type', 'app.version']

function tagsFrom(of: (name: string) => Json | undefined): Request['tags'] {
  const tags = new Map<string, string>()
  for (const name of tagNames) {
    const text = textOf(of(name))
    if (text !== undefined) tags.set(name, text)
  }
  return tags.size === 0 ? undefined : tags
}
