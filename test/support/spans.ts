import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { Request } from '../../src/domain/request.ts'
import { otel } from '../../src/ingest/formats/otel.ts'

export const start = () => otel.start({ path: 'traces.jsonl' })
export const read = (record: JsonObject) => start().read(record)
export const readOne = (record: JsonObject) => read(record) as Request

export type Plain = { readonly [name: string]: string | number | boolean | readonly string[] }

/** Attributes as OTLP writes them: typed values, integers as text. */
export const otlpAttributes = (plain: Plain): Json =>
  Object.entries(plain).map(([key, value]) => ({ key, value: otlpValue(value) }))

function otlpValue(value: Plain[string]): JsonObject {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } }
}

export const span = (attributes: Plain, more: JsonObject = {}): JsonObject => ({
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  name: 'chat gpt-4o',
  kind: 3,
  startTimeUnixNano: '1785578400123456789',
  endTimeUnixNano: '1785578401623456789',
  attributes: otlpAttributes(attributes),
  status: {},
  ...more,
})

const resource = { attributes: otlpAttributes({ 'service.name': 'shop' }) }
export const exported = (
  spans: readonly JsonObject[],
  scope = 'opentelemetry.instrumentation.openai',
) => ({
  resourceSpans: [{ resource, scopeSpans: [{ scope: { name: scope }, spans }] }],
})
